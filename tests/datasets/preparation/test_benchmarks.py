"""Published sizes."""

from pir_mm.datasets.layout import BENCHMARKS
from pir_mm.datasets.preparation.benchmarks import PUBLISHED


def test_sizes_add_up_to_the_published_totals():
    totals = {name: sum(benchmark.splits.values()) for name, benchmark in PUBLISHED.items()}
    assert totals == {'rsicd': 10921, 'ucm': 2100, 'rsitmd': 4743, 'sydney': 613}
    assert tuple(PUBLISHED) == BENCHMARKS
