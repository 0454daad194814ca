"""What the READMEs show runs, and what they name is there."""

import re
import shutil

import numpy as np
import pytest
import torch

from pir_mm.apis import index_pictures, load_retriever
from pir_mm.apis.training.configuration import load_config
from pir_mm.registry import MODELS
from tests.conftest import DEMO, ROOT

PAGES = [
    'README.md',
    'CONTRIBUTING.md',
    'configs/pir/README.md',
    'projects/README.md',
    'pir_mm/README.md',
    'projects/custom_dual_encoder/README.md',
    'projects/custom_encoder/README.md',
    'projects/custom_selector/README.md',
]
ROOMS = ('configs', 'pir_mm', 'projects', 'requirements', 'tests', 'tools')


def read(page):
    return (ROOT / page).read_text(encoding='utf-8')


def python_block(word):
    """The block of Python in the README that has this word in it."""
    blocks = re.findall(r'```python\n(.*?)```', read('README.md'), flags=re.DOTALL)
    (found,) = [block for block in blocks if word in block]
    return found


def files_named(text):
    """Paths below the checkout's folders that no command writes, and targets of links."""
    place = rf'(?<![\w/.-])(?:{"|".join(ROOMS)})/[\w./-]*[\w]'
    paths = re.findall(rf'(?<!--out )(?<!--results ){place}', text)
    links = re.findall(r'\]\((?!https?:|#)([^)\s]+)\)', text)
    return paths, links


@pytest.mark.parametrize('page', PAGES)
def test_files_that_are_named_exist(page):
    paths, links = files_named(read(page))
    places = [ROOT / path for path in paths]
    places += [(ROOT / page).parent / link for link in links]
    assert [str(place) for place in places if not place.exists()] == []


def test_paths_are_found_in_all_kinds_of_places():
    text = 'run `configs/pir/x.py`, tools/x.sh, [y](y/z.md) [w](https://w.w/tools/w), a/tools/b.'
    assert files_named(text) == (['configs/pir/x.py', 'tools/x.sh'], ['y/z.md'])
    assert files_named('x --out tools/y --results tests/z.json') == ([], [])
    assert files_named('of `pir_mm/`, /tools/x and work_dirs/tools/x') == ([], [])


@pytest.mark.parametrize('page', ['README.md', 'configs/pir/README.md'])
def test_configs_that_are_named_exist(page):
    places = [(ROOT / page).parent, ROOT, ROOT / 'tools']
    files = re.findall(r'`([\w./-]+\.py)`', read(page))
    assert [f for f in files if not any((place / f).is_file() for place in places)] == []
    known = {path.stem for path in (ROOT / 'configs').rglob('*.py')}
    named = set(re.findall(r'\b(pir_itr_\w+?)(?:\.py)?\b(?!\.|/)', read(page)))
    assert named
    assert named <= known


def test_the_python_block_runs(scenes, tiny_options, tmp_path, monkeypatch):
    folder = tmp_path / 'work_dirs' / 'quickstart'
    folder.mkdir(parents=True)
    load_config(DEMO, tiny_options).dump(folder / 'config.py')
    model = load_retriever(folder / 'config.py')
    torch.save({'state_dict': model.state_dict()}, folder / 'best.pth')
    monkeypatch.chdir(tmp_path)
    names = {'paths': sorted((scenes / 'images').iterdir())[:3]}
    exec(python_block('load_retriever'), names)
    similarity = names['similarity']
    assert similarity.shape == (1, 3)
    assert similarity.dtype == np.float32
    assert np.abs(similarity).max() <= 1 + 1e-6


def test_the_search_of_a_notebook_runs(scenes, tiny_options, tmp_path, monkeypatch, capsys):
    folder = tmp_path / 'work_dirs' / 'quickstart'
    folder.mkdir(parents=True)
    load_config(DEMO, tiny_options).dump(folder / 'config.py')
    model = load_retriever(folder / 'config.py')
    torch.save({'state_dict': model.state_dict()}, folder / 'best.pth')
    pictures = sorted((scenes / 'images').iterdir())[:8]
    index_pictures(pictures, model, folder / 'index', checkpoint=folder / 'best.pth')
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(python_block('Searcher'), names)
    assert len(names['found'].hits) == 5 and len(names['like'].hits) == 8
    assert names['found']._repr_html_().count('<img') == 5
    assert len(capsys.readouterr().out.splitlines()) == 5
    assert (tmp_path / 'found.html').is_file()


def test_the_child_config_builds(tmp_path):
    shutil.copytree(ROOT / 'configs', tmp_path / 'configs')
    child = tmp_path / 'configs' / 'pir' / 'child.py'
    child.write_text(python_block('_base_'))
    config = load_config(child)
    assert config.model.image_encoder.init == 'random'
    assert config.optim_wrapper.paramwise_cfg.custom_keys['image_encoder.backbone'].lr_mult == 1
    encoder = MODELS.build(config.model).image_encoder
    assert type(encoder.backbone).__name__ == 'ConvNeXt'
    assert encoder(torch.rand(1, 3, 128, 128))[1].shape == (1, 16, config.model.image_encoder.dim)


def test_the_package_page_names_files_that_are_there():
    page = (ROOT / 'pir_mm' / 'README.md').read_text(encoding='utf-8')
    named = re.findall(r'`((?:\.\./)?[\w/]+\.py)`', page)
    assert len(named) > 20
    assert [name for name in named if not (ROOT / 'pir_mm' / name).is_file()] == []


def test_one_training_step_is_read_in_ten_files():
    page = (ROOT / 'pir_mm' / 'README.md').read_text(encoding='utf-8')
    step = page.partition('## One training step')[2].partition('\n\nThe parts inside')[0]
    assert len(re.findall(r'^\| `[^`]+\.py` \|', step, flags=re.MULTILINE)) <= 10
