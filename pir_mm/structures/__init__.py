"""Values with checked invariants."""

from pir_mm.structures.pairing import Pairing
from pir_mm.structures.ranking import Ranking

__all__ = ['Pairing', 'Ranking']
