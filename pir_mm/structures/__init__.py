"""Values with checked invariants."""

from pir_mm.structures.embedded_set import EmbeddedSample, EmbeddedSet
from pir_mm.structures.pair_batch import PairBatch
from pir_mm.structures.ranking import Ranking
from pir_mm.structures.text_states import TextStates

__all__ = ['EmbeddedSample', 'EmbeddedSet', 'PairBatch', 'Ranking', 'TextStates']
