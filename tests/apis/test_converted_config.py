"""The config beside converted weights stands alone."""

from mmengine.config import Config

from pir_mm.apis.converted_config import HEADER, converted_config

MODEL = dict(
    type='pir_mm.PIR',
    tokenizer=dict(vocab='{{ fileDirname }}/vocab.txt'),
    image_encoder=dict(backbone=dict(img_size=96)),
)


def test_loads_from_its_folder(tmp_path):
    text = converted_config(MODEL)
    (tmp_path / 'weights.py').write_text(text)
    assert text.startswith(HEADER)
    assert '_base_' not in text
    config = Config.fromfile(tmp_path / 'weights.py')
    assert config.model.tokenizer.vocab == f'{tmp_path}/vocab.txt'
    assert config.default_scope == 'pir_mm'
    load, resize, _ = config.test_dataloader.dataset.pipeline
    assert load.type == 'pir_mm.LoadPicture'
    assert (resize.scale, resize.interpolation) == ((96, 96), 'bicubic')
    assert config.test_dataloader.dataset.data_root == 'data/rsicd/'
