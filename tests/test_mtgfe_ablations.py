"""Configs of MTGFE: an ablation differs by what its name says, and views are the paper's."""

import numpy as np
import pytest
from mmengine.dataset import Compose

from tests.conftest import ROOT
from tests.test_paper_tables import differences, load

FOLDER = ROOT / 'configs' / 'mtgfe'
NO_SECOND_VIEW = {'train_dataloader.dataset.pipeline'}
HOOK = {
    'type': 'pir_mm.FilterSimilarityHook',
    'filter': {
        'config': 'configs/pir/pretrained/pir_itr_lite_rsicd.py',
        'checkpoint': 'work_dirs/pir_itr_lite_rsicd/best_mR_epoch_10.pth',
    },
}
DIFFERENCES = {
    'mtgfe_lite_itm_rsicd': {'model.losses.mlm': None, 'model.losses.mvjrc': None},
    'mtgfe_lite_itm_mlm_rsicd': {'model.losses.mvjrc': None},
    'mtgfe_lite_itm_mvjrc_rsicd': {'model.losses.mlm': None},
    'mtgfe_lite_hard_rsicd': {
        'model.losses.itm.negatives': 'hard',
        'default_hooks.similarity': HOOK,
        'load_from': 'work_dirs/mtgfe_lite_rsicd/epoch_6.pth',
        'optim_wrapper.optimizer.lr': 2.5e-5,
        'train_cfg.max_epochs': 3,
    },
}


@pytest.mark.parametrize('name', DIFFERENCES)
def test_differs_by_its_losses_and_the_view_that_these_need(name):
    full, ablation = load(FOLDER / 'mtgfe_lite_rsicd.py'), load(FOLDER / f'{name}.py')
    found = differences(ablation.to_dict(), full.to_dict())
    schedule = found.pop('param_scheduler', None)
    assert schedule is None or schedule[-1]['end'] == ablation.train_cfg.max_epochs
    pipeline = found.pop('train_dataloader.dataset.pipeline', None)
    assert found == DIFFERENCES[name]
    steps = [step['type'] for step in pipeline or full.train_dataloader.dataset.pipeline]
    compares = ablation.model.losses.mvjrc is not None
    assert ('pir_mm.TwoViews' in steps) == compares
    assert compares == (pipeline is None)


def test_views_are_by_the_nine_operations_of_the_paper():
    """At level 7 of 10: 21 of 30 degrees, 0.21 of 0.3, 7 of 10 pixels, 0.36 more."""
    pipeline = load(FOLDER / 'mtgfe_rsicd.py').train_dataloader.dataset.pipeline
    (augment,) = pipeline[2].transforms
    assert (augment.num_policies, len(augment.policies)) == (2, 9)
    strengths = {}
    for policy in augment.policies:
        name = policy.type.removeprefix('mmpretrain.') + policy.get('direction', '')[:1]
        strengths[name, policy.get('prob', 0.5)] = policy.get('magnitude', policy.get('angle'))
    assert strengths == {
        ('AutoContrast', 0.0): None,  # leaves the picture as it is
        ('AutoContrast', 0.5): None,
        ('Equalize', 0.5): None,
        ('Brightness', 0.5): 0.36,
        ('Sharpness', 0.5): 0.36,
        ('Shearv', 0.5): 0.21,
        ('Translateh', 0.5): 7 / 224,
        ('Translatev', 0.5): 7 / 224,
        ('Rotate', 0.5): 21.0,
    }


def test_the_second_view_is_a_picture_of_the_same_size():
    pipeline = Compose(load(FOLDER / 'mtgfe_rsicd.py').train_dataloader.dataset.pipeline[1:])
    noise = np.random.default_rng(0).integers(0, 255, (80, 60, 3), dtype=np.uint8)
    inputs = pipeline({'img': noise, 'img_path': 'a', 'image_id': 0})['inputs']
    assert [view.shape for view in inputs] == [(3, 224, 224)] * 2
