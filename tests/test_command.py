import errno
import subprocess
import sys
import warnings

import pytest
from torch.utils.data import DataLoader, Dataset

from pir_mm.apis.training.configuration import load_config
from pir_mm.command import exit_with_reason


class Broken(Dataset):
    def __len__(self):
        return 1

    def __getitem__(self, index):
        raise ValueError('picture a.jpg is cut off')


def reason_of(error, capsys):
    with pytest.raises(SystemExit) as exit_info, exit_with_reason():
        raise error
    assert exit_info.value.code == 1
    return capsys.readouterr().err


def test_an_expected_error_is_one_line(capsys):
    assert reason_of(ValueError('keep is 0'), capsys) == 'error: keep is 0\n'
    assert reason_of(KeyError('no such thing'), capsys) == 'error: no such thing\n'
    assert reason_of(ValueError('two\nlines'), capsys) == 'error: two lines\n'


def test_what_pillow_warns_of_is_hidden_and_nothing_else(recwarn):
    with exit_with_reason():
        for module in ('PIL.TiffImagePlugin', 'other'):
            warnings.warn_explicit('Corrupt EXIF data', UserWarning, f'{module}.py', 1, module)
    assert [entry.filename for entry in recwarn] == ['other.py']


def test_a_full_disk_is_told_with_the_name_where_there_is_one(capsys):
    full = OSError(errno.ENOSPC, 'No space left on device', 'run.log')
    assert reason_of(full, capsys) == 'error: the disk is full: run.log is not written\n'
    full = OSError(errno.ENOSPC, 'No space left on device')
    assert reason_of(full, capsys).startswith('error: the disk is full: a file of this command, or')
    other = OSError(errno.EACCES, 'Permission denied', 'run.log')
    assert reason_of(other, capsys) == "error: [Errno 13] Permission denied: 'run.log'\n"


@pytest.mark.parametrize(
    ('text', 'slip'), [('model = dict(\n', 'never closed'), ('a = b\n', "name 'b' is not defined")]
)
def test_a_slip_in_a_config_is_one_line(tmp_path, capsys, text, slip):
    path = tmp_path / 'config.py'
    path.write_text(text)
    with pytest.raises(SystemExit), exit_with_reason():
        load_config(path)
    said = capsys.readouterr().err
    assert said.startswith(f'error: config {path}, ') and slip in said and said.count('\n') == 1


def test_the_error_of_a_loading_process_is_its_own_sentence(capsys):
    with pytest.raises(SystemExit), exit_with_reason():
        next(iter(DataLoader(Broken(), num_workers=1)))
    assert capsys.readouterr().err == 'error: picture a.jpg is cut off\n'


def test_a_fault_of_ours_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError), exit_with_reason():
        raise ZeroDivisionError


def test_the_traceback_is_there_for_who_asks(monkeypatch):
    monkeypatch.setenv('PIR_MM_TRACEBACK', '1')
    with pytest.raises(ValueError, match='keep'), exit_with_reason():
        raise ValueError('keep is 0')


def test_an_interrupt_is_one_word(capsys):
    with pytest.raises(SystemExit) as exit_info, exit_with_reason():
        raise KeyboardInterrupt
    assert (exit_info.value.code, capsys.readouterr().err) == (130, 'interrupted\n')


def test_a_reader_that_has_enough_ends_the_command():
    code = (
        'from pir_mm.command import exit_with_reason\n'
        'with exit_with_reason():\n    for _ in range(100_000):\n        print("a long line")\n'
    )
    writer = subprocess.Popen(
        [sys.executable, '-c', code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert writer.stdout.readline() == 'a long line\n'
    writer.stdout.close()
    assert (writer.wait(timeout=120), writer.stderr.read()) == (141, '')
