"""Reports on captions, on small files and on the published sets."""

import json

import pytest

from pir_mm.apis.data.caption_audit import audit_captions, data_card, read_caption_set


def write(path, *images):
    content = {
        'images': [
            {'filename': name, 'split': split, 'sentences': [{'raw': c} for c in captions]}
            for name, split, captions in images
        ]
    }
    path.write_text(json.dumps(content))
    return str(path)


@pytest.fixture
def sets(tmp_path):
    first = write(
        tmp_path / 'a.json',
        ('a.jpg', 'test', ['a river', 'a bay', 'a road near a lake with trees']),
        ('b.jpg', 'test', ['a river', 'planes']),
        ('c.jpg', 'train', ['a mountain']),
    )
    second = write(
        tmp_path / 'b.json',
        ('x.jpg', 'train', ['A bay.', 'A river!', 'a road near a lake with some trees']),
        ('y.jpg', 'test', ['planes']),
    )
    return first, second


def test_a_report_says_what_is_shared(sets, tmp_path):
    out = tmp_path / 'report.json'
    report = audit_captions(f'{sets[0]}:test', f'{sets[1]}:train', out)
    assert json.loads(out.read_text()) == report
    assert (report['distinct'], report['verbatim'], report['near']) == (4, 2, 1)
    assert (report['images'], report['images_that_share']) == (2, 2)
    assert report['images_that_share_two'] == 1
    assert report['together'] == [{'image': 'a.jpg', 'with': 'x.jpg', 'captions': 2}]
    (near,) = report['examples_near']
    assert near['like'] == 'a road near a lake with some trees' and near['similarity'] > 0.8


def test_a_card_has_the_ceiling_of_its_captions(sets, tmp_path):
    card = data_card(f'{sets[0]}:test', tmp_path / 'card.json')
    assert card['captions'] == 5 and card['ceiling']['t2i/R@1'] == pytest.approx(80)
    assert json.loads((tmp_path / 'card.json').read_text())['distinct'] == 4


def test_what_cannot_be_is_told(sets, tmp_path):
    with pytest.raises(ValueError, match="has the splits test, train, not 'val'"):
        read_caption_set(f'{sets[0]}:val')
    with pytest.raises(FileNotFoundError, match='nowhere'):
        read_caption_set(str(tmp_path / 'nowhere.json'))
    assert len(read_caption_set(sets[0]).annotations) == 3


@pytest.mark.parametrize(
    ('file', 'distinct_per_image'),
    [
        ('ucm_captions/dataset_ucm.json', 0.97),
        ('rsicd/dataset_rsicd.json', 1.67),
        ('rsitmd/dataset_rsitmd.json', 4.60),
    ],
)
def test_published_sets_have_the_sentences_that_a_paper_counted(
    shared_dir, file, distinct_per_image
):
    """Distinct sentences an image of Zhang et al., MTGFE, which counted them before cleaning."""
    card = data_card(str(shared_dir / 'data' / file))
    assert card['distinct_per_image'] == pytest.approx(distinct_per_image, abs=0.06)
