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
        ('a.csv', 'size,caption\n', 'header that has image and caption, got size,caption'),
        ('a.csv', 'a.jpg;a pond\n', 'header that has image and caption, got a.jpg;a pond'),
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
        ('a.xlsx', 'a', 'must be a .json, .jsonl, .csv or .tsv file, got .*a.xlsx'),
        ('a.json', '3', 'must hold a list or an object, got 3'),
    ],
)
def test_says_where_it_is_wrong(tmp_path, name, content, reason):
    with pytest.raises(ValueError, match=reason):
        read(tmp_path, content, name)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='the caption file .*b.csv does not exist'):
        read_own_captions(tmp_path / 'b.csv')


def lines_of(tmp_path, content, name='pairs.csv'):
    (tmp_path / name).write_bytes(content)
    lines = []
    return read_own_captions(tmp_path / name, lines.append), lines


PLAIN = 'image,caption,class\na.jpg,a pond,pond\na.jpg,"water, blue",pond\nb.jpg,a road,\n'
SPACED = """Image; Caption ;CLASS
a.jpg; a pond ;pond
;;

a.jpg;water, blue;pond
b.jpg;a road;
"""


@pytest.mark.parametrize(
    ('content', 'assumed'),
    [
        (PLAIN.encode(), None),
        (PLAIN.encode('utf-8-sig'), None),
        (PLAIN.encode('utf-16'), 'as utf-16'),
        (PLAIN.encode('utf-16-le'), 'as utf-16-le'),
        (PLAIN.encode('utf-16-be'), 'as utf-16-be'),
        (PLAIN.replace('\n', '\r\n').encode(), None),
        (PLAIN.replace('\n', '\r').encode(), None),
        (b'\n\n' + PLAIN.encode(), None),
        (b'sep=,\r\n' + PLAIN.encode(), None),
        (
            SPACED.replace('\n', '\r\n').encode(),
            'as a table with semicolons, with Image as image, Caption as caption, CLASS as class, '
            'without 1 empty rows',
        ),
        (
            b'File Name\tText\tscene\na.jpg\ta pond\tpond\na.jpg\twater, blue\tpond\n'
            b'b.jpg\ta road\t\na.jpg\ta pond\tpond\n',
            'as a table with tabs, with File Name as image, Text as caption, scene as class, '
            'without 1 repeated captions',
        ),
        (
            b'image|caption_1|caption_2|class\na.jpg|a pond|water, blue|pond\nb.jpg|a road||\n',
            'as a table with bars, with caption_1 as caption',
        ),
    ],
)
def test_reads_the_tables_that_people_have(tmp_path, content, assumed):
    annotations, lines = lines_of(tmp_path, content)
    assert annotations == WANTED
    assert lines == ([] if assumed is None else [f'{tmp_path}/pairs.csv is read {assumed}'])


@pytest.mark.parametrize(
    ('encoding', 'caption'),
    [
        ('latin-1', 'un pr\xe9'),
        (
            'latin-1',
            'H\xe4user mit gr\xfcnen D\xe4chern an gro\xdfen Stra\xdfen und B\xe4umen',
        ),
        ('gb18030', '\u8bb8\u591a\u98de\u673a\u505c\u5728\u673a\u573a'),
    ],
)
def test_reads_old_code_pages(tmp_path, encoding, caption):
    table = f'image,caption\na.jpg,{caption}\n'.encode(encoding)
    ((annotation,), (line,)) = lines_of(tmp_path, table)
    assert annotation['sentences'] == [{'raw': caption}]
    assert 'is read as ' in line


def test_a_quoted_caption_may_have_two_lines(tmp_path):
    ((annotation,), _) = lines_of(tmp_path, b'image,caption\r\na.jpg,"one\r\ntwo"\r\n')
    assert annotation['sentences'] == [{'raw': 'one\ntwo'}]


def test_other_forms_of_json(tmp_path):
    mapping = {'a.jpg': ['a pond', 'water, blue'], 'b.jpg': 'a road'}
    bare = [{k: v for k, v in annotation.items() if k != 'class'} for annotation in WANTED]
    assert read(tmp_path, mapping, 'pairs.json') == bare
    lines = '{"image": "b.jpg", "caption": "a road"}\n\n'
    assert read(tmp_path, lines, 'pairs.jsonl') == WANTED[1:]


def test_repeated_rows_are_counted(tmp_path):
    content = json.dumps([{'image': 'b.jpg', 'captions': ['a road', 'a road']}] * 2).encode()
    annotations, lines = lines_of(tmp_path, content, 'pairs.json')
    assert annotations == WANTED[1:]
    assert lines == [f'{tmp_path}/pairs.json is read without 3 repeated captions']


def test_a_line_of_json_ends_at_a_line_feed_alone(tmp_path):
    line = json.dumps({'image': 'b.jpg', 'caption': 'one\u2028two'}, ensure_ascii=False)
    ((annotation,), _) = lines_of(tmp_path, f'{line}\r\n'.encode(), 'pairs.jsonl')
    assert annotation['sentences'] == [{'raw': 'one\u2028two'}]
