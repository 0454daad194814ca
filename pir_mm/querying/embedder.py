"""What a search needs of a model."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pir_mm.files.pictures import Picture
from pir_mm.search.index_card import ModelFingerprint


class Embedder(Protocol):
    """Turns sentences and pictures into vectors, by whatever library.

    ``fingerprint`` is that of the model, which must be the one of the index. ``arithmetic`` names
    what changes its vectors beside that, such as ``'fp32'`` and ``'int8'``. ``tokenizer`` may have
    a method ``reading``, which tells how it reads a text.
    """

    def load(self, for_pictures: bool = False) -> Any:
        """Get ready, for pictures too or for sentences alone, before anything else is asked."""
        ...

    @property
    def fingerprint(self) -> ModelFingerprint: ...

    @property
    def arithmetic(self) -> str: ...

    @property
    def tokenizer(self) -> Any: ...

    def embed_texts(self, strings: Sequence[str]) -> NDArray[np.float32]:
        """Vectors ``(n, D)`` of unit norm, in the order given."""
        ...

    def embed_images(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        """Vectors ``(n, D)`` of unit norm, in the order given."""
        ...
