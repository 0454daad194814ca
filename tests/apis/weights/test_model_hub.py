"""mmpretrain finds our models by task and by name."""

import mmpretrain

import pir_mm.apis  # noqa: F401, registers the models


def test_mmpretrain_lists_our_models_by_task():
    for task in ('Text-To-Image Retrieval', 'Image-To-Text Retrieval'):
        assert 'pir_itr_small_rsicd' in mmpretrain.list_models('pir_*', task=task)


def test_mmpretrain_builds_one_by_its_name():
    model = mmpretrain.get_model('pir_itr_scenes')
    assert type(model).__name__ == 'PIR'
    assert not model.training
    assert model._config.model.selector.keep == 6
