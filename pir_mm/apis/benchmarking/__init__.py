"""How fast the package is, each time against a named alternative in the same run."""

from pir_mm.apis.benchmarking.cases import CASES, QUICK
from pir_mm.apis.benchmarking.contest import BUDGET, QUICK_BUDGET
from pir_mm.apis.benchmarking.report import run_cases

__all__ = ['BUDGET', 'CASES', 'QUICK', 'QUICK_BUDGET', 'run_cases']
