"""Loops that evaluate."""

from pir_mm.engine.loops.retrieval_loop import (
    RetrievalTestLoop,
    RetrievalValLoop,
)

__all__ = ['RetrievalTestLoop', 'RetrievalValLoop']
