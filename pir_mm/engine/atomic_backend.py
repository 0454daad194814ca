"""A local file backend whose writes are all or nothing."""

import os
from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend


@register_backend('pir_mm.atomic')
class AtomicBackend(LocalBackend):
    """Write to a temporary name, then rename: a killed run never leaves half a checkpoint."""

    def put(self, obj: bytes | memoryview, filepath: str | Path) -> None:
        path = Path(filepath)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f'.{path.name}.{os.getpid()}')
        try:
            with open(temporary, 'wb') as file:
                file.write(obj)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
