"""Rankings as pictures."""

from pir_mm.visualization.ranking_sheet import RankingSheet

__all__ = ['RankingSheet']
