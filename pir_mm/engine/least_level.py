"""How much mmengine's logger tells."""

from collections.abc import Iterator
from contextlib import contextmanager

from mmengine.logging import MMLogger


@contextmanager
def least_level(level: int) -> Iterator[None]:
    """Keep from the log of the current run what is below a level, while the body runs."""
    logger = MMLogger.get_current_instance()
    before = logger.level
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.setLevel(before)
