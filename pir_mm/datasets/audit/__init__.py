"""Finding what two data sets share but should not share."""

from pir_mm.datasets.audit.near_copies import Descriptors, NearCopies, describe, find_near_copies

__all__ = ['Descriptors', 'NearCopies', 'describe', 'find_near_copies']
