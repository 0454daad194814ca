"""How fast the package is, each time against a named alternative in the same run."""

from pir_mm.apis.benchmarking.cases import CASES, QUICK
from pir_mm.apis.benchmarking.report import run_cases

__all__ = ['CASES', 'QUICK', 'run_cases']
