"""The user's own captions."""

import json

import pytest

from pir_mm.datasets.preparation.caption_tables import read_own_captions

WANTED = [
    {
        'filename': 'a.jpg',
        'sentences': [{'raw': 'a pond'}, {'raw': 'water, blue'}],
        'class': 'pond',
    },
    {'filename': 'b.jpg', 'sentences': [{'raw': 'a road'}]},
]


def read(tmp_path, content, name='pairs.csv'):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding='utf-8')
    return read_own_captions(path)


def test_reads_a_table(tmp_path):
    table = '\ufeffimage,id,caption,class,split\na.jpg,1,a pond,pond,\nb.jpg,2,a road,,\n'
    assert read(tmp_path, table + 'a.jpg,3,"water, blue",pond,\n') == WANTED
    assert read(tmp_path, 'caption,image\na road,b.jpg\n') == WANTED[1:]


def test_reads_a_list_or_a_published_file(tmp_path):
    items = [
        {'image': 'a.jpg', 'captions': ['a pond'], 'class': 'pond'},
        {'image': 'b.jpg', 'caption': 'a road'},
        {'image': 'a.jpg', 'captions': ['water, blue']},
    ]
    assert read(tmp_path, items, 'pairs.json') == WANTED
    assert read(tmp_path, {'images': WANTED}, 'pairs.JSON') == WANTED


def test_takes_splits(tmp_path):
    assert read(tmp_path, 'image,caption,split\na,b,val\n')[0]['split'] == 'val'


@pytest.mark.parametrize(
    ('name', 'content', 'reason'),
    [
        ('a.csv', 'file,caption\n', 'header that has image and caption, got file, caption'),
        ('a.csv', '', 'header that has image and caption, got nothing'),
        ('a.csv', 'image,caption\n', 'the caption file has no captions'),
        ('a.csv', 'image,caption\na.jpg,x\n,y\n', 'line 3: "image" must be a file name, got \'\''),
        ('a.csv', 'image,caption\na.jpg\n', r'line 2: the captions must be texts, got \[None\]'),
        (
            'a.csv',
            'image,caption,split\na,x,val\na,y,test\n',
            "line 3: a has split 'test', but an earlier row says 'val'",
        ),
        ('a.json', [{'image': 'a.jpg'}], 'item 0: the captions must be texts, got None'),
        ('a.json', ['a.jpg'], 'item 0 must be an object'),
        (
            'a.json',
            [{'image': 'a', 'caption': 'b', 'class': 3}],
            'item 0: the class must be a text',
        ),
        ('a.json', '[', 'is not a JSON file'),
        ('a.txt', 'a', 'must be a .json or .csv file, got .*a.txt'),
    ],
)
def test_says_where_it_is_wrong(tmp_path, name, content, reason):
    with pytest.raises(ValueError, match=reason):
        read(tmp_path, content, name)


def test_refuses_other_encodings_and_missing_files(tmp_path):
    (tmp_path / 'a.csv').write_bytes('image,caption\na.jpg,Stra\xdfe\n'.encode('latin-1'))
    with pytest.raises(ValueError, match='a.csv is not a CSV file in UTF-8'):
        read_own_captions(tmp_path / 'a.csv')
    with pytest.raises(FileNotFoundError, match='the caption file .*b.csv does not exist'):
        read_own_captions(tmp_path / 'b.csv')
