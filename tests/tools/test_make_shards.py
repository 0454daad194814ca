"""The command writes shards and says how many samples they hold."""


def test_says_what_was_written(tool, scenes, tmp_path):
    done = tool('make_shards', scenes, '--out', tmp_path / 'shards', '--size', 50)
    assert done.code == 0, done.err
    assert f'{tmp_path / "shards"}: ' in done.out and '0 pictures left out' in done.out
    assert len(list((tmp_path / 'shards').glob('train-*.tar'))) > 1
    done = tool('make_shards', scenes, '--out', tmp_path / 'shards', '--split', 'x')
    assert done.code == 1 and "no picture of split 'x'" in done.err
