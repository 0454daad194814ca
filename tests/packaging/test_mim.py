"""mim finds tools, configs and models of an installed pir_mm, from any folder."""

from pathlib import Path

import pytest

pytest.importorskip('pkg_resources', reason='mim imports pkg_resources: setuptools<82 has it')
pytest.importorskip('mim', reason='openmim is not installed: pip install -r requirements/mim.txt')

pytestmark = pytest.mark.filterwarnings('ignore:pkg_resources is deprecated')
ROOT = Path(__file__).resolve().parents[2]
CONFIG = 'pir_itr_swin_bert.py'
TOOLS = sorted(path.stem for path in (ROOT / 'tools').glob('*.py'))


@pytest.fixture(params=['installed', 'editable'])
def environment(request):
    return request.getfixturevalue(request.param)


def test_search_lists_the_models(environment, tmp_path):
    shown = environment.mim('search', 'pir_mm', folder=tmp_path).stdout
    assert 'config id: pir_itr_swin_bert\n' in shown
    assert 'configs/pir_itr_swin_bert.py' in shown


def test_train_takes_a_packaged_config_by_its_name(environment, tmp_path):
    ended = environment.mim(
        'train',
        'pir_mm',
        f'configs/{CONFIG}',
        '--gpus',
        '0',
        '--unknown',
        folder=tmp_path,
        check=False,
    )
    assert ended.returncode != 0
    assert (
        f'but we find the config file in codebase pir_mm, will use {tmp_path}' not in ended.stdout
    )
    (called,) = (line for line in ended.stdout.splitlines() if 'Training command is' in line)
    assert '/.mim/tools/train.py ' in called
    assert f'/configs/{CONFIG} --launcher none --unknown --device cpu' in called
    assert 'unrecognized arguments: --unknown' in ended.stdout


def test_train_prefers_the_config_at_hand(environment, tmp_path):
    (tmp_path / 'configs').mkdir()
    (tmp_path / 'configs' / CONFIG).write_text('')
    command = ('train', 'pir_mm', f'configs/{CONFIG}', '--unknown')
    ended = environment.mim(*command, folder=tmp_path, check=False)
    assert f'train.py configs/{CONFIG} --launcher none --unknown --gpus 1' in ended.stdout


def test_test_hands_the_checkpoint_on(environment, tmp_path):
    command = ('test', 'pir_mm', CONFIG, '--checkpoint', 'x.pth', '--unknown')
    ended = environment.mim(*command, folder=tmp_path, check=False)
    assert f'/configs/{CONFIG} x.pth --launcher none --unknown' in ended.stdout
    assert 'unrecognized arguments: --unknown' in ended.stdout


@pytest.mark.parametrize('tool', TOOLS)
def test_every_tool_runs(installed, tmp_path, tool):
    shown = installed.mim('run', 'pir_mm', tool, '--', '-h', folder=tmp_path).stdout
    assert f'{installed.site}/pir_mm/.mim/tools/{tool}.py' in shown
    assert f'usage: {tool}.py' in shown


def test_an_editable_checkout_is_found_by_both_ways_of_calling(editable, checkout, tmp_path):
    """`python -m mim` in the checkout meets its egg-info first, `mim` the metadata."""
    expected = f'Use the script {checkout}/pir_mm/.mim/tools/train.py for command train'
    tool = ('run', 'pir_mm', 'train', '--', '-h')
    assert expected in editable.mim(*tool, folder=tmp_path).stdout
    assert expected in editable.mim(*tool, folder=checkout).stdout
    assert expected in editable.run('-m', 'mim', *tool, folder=checkout).stdout


def test_an_edit_in_the_checkout_is_seen_at_once(editable, checkout, tmp_path):
    tool = checkout / 'tools' / 'just_written.py'
    tool.write_text('print("seen")')
    try:
        assert 'seen' in editable.mim('run', 'pir_mm', 'just_written', folder=tmp_path).stdout
    finally:
        tool.unlink()


def test_mmengine_finds_the_package_too(environment, tmp_path):
    code = 'from mmengine.utils import get_installed_path as at; print(at("pir_mm"))'
    found = environment.run('-c', code, folder=tmp_path).stdout.splitlines()[-1]
    assert Path(found, '.mim', 'configs', CONFIG).is_file()
