"""Each ablation of MTGFE differs from the full model by what its name says."""

import pytest

from tests.conftest import ROOT
from tests.test_paper_tables import differences, load

FOLDER = ROOT / 'configs' / 'mtgfe'
NO_SECOND_VIEW = {'train_dataloader.dataset.pipeline'}
DIFFERENCES = {
    'mtgfe_lite_itm_rsicd': {'model.losses.mlm': None, 'model.losses.mvjrc': None},
    'mtgfe_lite_itm_mlm_rsicd': {'model.losses.mvjrc': None},
    'mtgfe_lite_itm_mvjrc_rsicd': {'model.losses.mlm': None},
    'mtgfe_lite_hard_rsicd': {'model.losses.itm.negatives': 'hard'},
}


@pytest.mark.parametrize('name', DIFFERENCES)
def test_differs_by_its_losses_and_the_view_that_these_need(name):
    full, ablation = load(FOLDER / 'mtgfe_lite_rsicd.py'), load(FOLDER / f'{name}.py')
    found = differences(ablation.to_dict(), full.to_dict())
    pipeline = found.pop('train_dataloader.dataset.pipeline', None)
    assert found == DIFFERENCES[name]
    steps = [step['type'] for step in pipeline or full.train_dataloader.dataset.pipeline]
    compares = ablation.model.losses.mvjrc is not None
    assert ('pir_mm.TwoViews' in steps) == compares
    assert compares == (pipeline is None)
