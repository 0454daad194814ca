"""The command classifies folders of pictures by their names, and refuses in a sentence."""

import json
import shutil


def test_says_and_writes_how_many_are_right(tool, tiny, photos, tmp_path):
    for name, files in (('Bay', ('a.png', 'b.png')), ('Field', ('c.jpg',))):
        (tmp_path / 'set' / name).mkdir(parents=True)
        for file in files:
            shutil.copy(photos / file, tmp_path / 'set' / name)
    out, picture = tmp_path / 'out.json', tmp_path / 'out.png'
    model = ('--model', tiny.config, tiny.checkpoint)
    done = tool('zero_shot', tmp_path / 'set', *model, '--out', out, '--picture', picture)
    assert done.code == 0, done.err
    result = json.loads(out.read_text())
    assert result['classes'] == ['bay', 'field'] and result['pictures'] == [2, 1]
    assert f'3 pictures of 2 scenes: top-1 {result["top1"]:.2f} %' in done.out
    assert 'chance 50.00 %' in done.out and picture.stat().st_size > 1000


def test_one_sentence_for_what_is_wrong(tool, tiny, tmp_path):
    model = ('--model', tiny.config, tiny.checkpoint)
    done = tool('zero_shot', tmp_path / 'nowhere', *model)
    assert done.code == 1 and 'has no folders with pictures' in done.err
    done = tool('zero_shot', tmp_path, '--model', 'remoteclip')
    assert done.code == 1 and 'did you mean remoteclip-rn50?' in done.err
    done = tool('zero_shot', tmp_path, '--model', 'a', 'b', 'c')
    assert done.code == 1 and '--model takes CONFIG CKPT or a NAME' in done.err
