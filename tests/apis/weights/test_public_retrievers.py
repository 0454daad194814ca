"""Public CLIPs by name or from their file: fetched, converted, indexed; then without a network."""

import threading
import zipfile
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torch
from PIL import Image
from torch.testing import assert_close

from pir_mm.apis import embed_images, embed_texts, load_retriever
from pir_mm.apis.search import index_pictures
from pir_mm.apis.weights import retriever_files
from pir_mm.apis.weights.catalogue import CATALOGUE, HUB, RemoteFile
from pir_mm.apis.weights.loading import PUBLIC
from pir_mm.files.checksums import file_sha256
from pir_mm.models.converters import RETRIEVERS

open_clip = pytest.importorskip('open_clip')
TINY = dict(
    embed_dim=64,
    vision_cfg=dict(image_size=64, layers=1, width=64, patch_size=32),
    text_cfg=dict(context_length=77, vocab_size=49408, width=64, heads=1, layers=1),
)
FILE = 'RemoteCLIP-ViT-B-32.pt'
NAME = 'remoteclip-vit-b-32'


class Server(SimpleHTTPRequestHandler):
    """Files by their last name, wherever they are asked for; no log."""

    def translate_path(self, path):
        return super().translate_path(path.rpartition('/')[2])

    def log_message(self, *args):
        pass


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Weights go to ``data/weights`` of the current folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def theirs():
    torch.manual_seed(0)
    return open_clip.CLIP(**TINY, quick_gelu=True).eval()


@pytest.fixture
def hub(tmp_path, theirs, monkeypatch):
    """A mirror of the hub that has a tiny model under the public file's name."""
    served = tmp_path / 'served'
    served.mkdir()
    torch.save(theirs.state_dict(), served / FILE)
    server = ThreadingHTTPServer(('127.0.0.1', 0), partial(Server, directory=str(served)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv('HF_ENDPOINT', f'http://127.0.0.1:{server.server_port}')
    monkeypatch.setattr('pir_mm.files.downloading.time.sleep', lambda seconds: None)
    yield served
    server.shutdown()
    server.server_close()


@pytest.fixture
def pictures(tmp_path):
    paths = []
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (70, 90, 3), dtype=np.uint8)
        paths.append(tmp_path / f'{number}.png')
        Image.fromarray(pixels).save(paths[-1])
    return paths


def test_a_name_becomes_an_index_and_the_second_use_needs_no_network(hub, pictures, tmp_path):
    model = load_retriever(NAME)
    assert sorted(path.name for path in (tmp_path / 'data' / 'weights').iterdir()) == [
        f'{NAME}.pth',
        f'{NAME}.py',
    ]
    (hub / FILE).unlink()
    config, checkpoint = retriever_files(NAME)
    again = load_retriever(NAME)
    texts = ['a river', 'many planes are parked beside a terminal']
    assert_close(embed_texts(again, texts), embed_texts(model, texts))
    card = index_pictures(pictures, again, tmp_path / 'index', checkpoint=checkpoint)
    assert card.indexed == 3 and config.is_file()


def test_embeddings_are_those_of_open_clip_with_its_own_preprocessing(hub, theirs, pictures):
    """RemoteCLIP has OpenAI's activation; the short edge is resized and the middle taken."""
    model = load_retriever(NAME)
    resize = open_clip.image_transform(64, is_train=False)
    tokens = open_clip.get_tokenizer('ViT-B-32')
    with torch.no_grad():
        images = torch.stack([resize(Image.open(path)) for path in pictures])
        expected = theirs.encode_image(images, normalize=True)
        # resizing in OpenCV and in Pillow differ by a grey level here and there
        found = torch.from_numpy(embed_images(model, pictures))
        assert (found * expected).sum(dim=1).min() > 0.99
        texts = ['A river.', 'Many planes are parked beside a terminal, 3 of them white.']
        assert_close(
            torch.from_numpy(embed_texts(model, texts)),
            theirs.encode_text(tokens(texts), normalize=True),
        )


def test_a_file_that_the_user_has(theirs, tmp_path):
    torch.save({'epoch': 3, 'name': 'x', 'state_dict': prefixed(theirs)}, tmp_path / 'mine.pt')
    model = load_retriever(checkpoint=tmp_path / 'mine.pt', layout='skyclip')
    assert model.text_encoder.vocab_size == 49408
    config, weights = retriever_files(checkpoint=tmp_path / 'mine.pt', layout='skyclip')
    assert weights.name == f'mine-skyclip-{file_sha256(tmp_path / "mine.pt")[:8]}.pth'
    assert config.parent.resolve() == (tmp_path / 'data' / 'weights').resolve()


def prefixed(model):
    return {f'module.{name}': value for name, value in model.state_dict().items()}


def test_openais_programs_need_a_known_checksum_or_trust(theirs, hub, tmp_path, monkeypatch):
    images, ids = torch.zeros(1, 3, 64, 64), torch.zeros(1, 77, dtype=torch.long)
    program = torch.jit.trace(theirs.half().float(), (images, ids), check_trace=False)
    program.save(hub / 'ViT-B-32.pt')
    with pytest.raises(ValueError, match='a program of TorchScript; if you know who made it'):
        load_retriever(checkpoint=hub / 'ViT-B-32.pt', layout='openai')
    published = CATALOGUE['openai-vit-b-32']
    (file,) = published.files
    own = replace(file, place=f'{HUB}/x/ViT-B-32.pt', sha256=file_sha256(hub / 'ViT-B-32.pt'))
    monkeypatch.setitem(CATALOGUE, 'openai-vit-b-32', replace(published, files=(own,)))
    model = load_retriever('openai-vit-b-32')
    with torch.no_grad():
        expected = theirs.encode_image(images + 1, normalize=True)
        assert_close(model.encode_image(images + 1), expected)


def zipped(path, members):
    """A zip archive as a publisher makes it, with a file of macOS in it."""
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('__MACOSX/._epoch_20.pt', b'x')
        for name, file in members.items():
            archive.write(file, name)


@pytest.fixture
def trained(theirs, tmp_path):
    """A training checkpoint of open_clip, with what lies beside the weights."""
    content = {'epoch': 20, 'name': 'x', 'state_dict': prefixed(theirs), 'optimizer': {'state': {}}}
    torch.save(content, tmp_path / 'trained.pt')
    return tmp_path / 'trained.pt'


def test_a_zip_that_the_user_has(trained, theirs, tmp_path):
    zipped(tmp_path / 'Sky_B32.zip', {'Sky_B32/epoch_20.pt': trained})
    model = load_retriever(checkpoint='Sky_B32.zip', layout='skyclip')
    assert_close(model.state_dict()['image_encoder.proj'], theirs.state_dict()['visual.proj'])
    config, weights = retriever_files(checkpoint='Sky_B32.zip', layout='skyclip')
    assert weights.name == f'Sky_B32-skyclip-{file_sha256(tmp_path / "Sky_B32.zip")[:8]}.pth'
    meta = torch.load(weights)['meta']
    assert (meta['source'], meta['sha256']) == ('Sky_B32.zip', file_sha256(trained))
    assert sorted(path.name for path in weights.parent.iterdir()) == [weights.name, config.name]


def test_what_is_wrong_with_what_is_in_a_zip_is_told_by_its_name(tmp_path):
    torch.save({'x': torch.ones(2)}, tmp_path / 'x.pt')
    zipped(tmp_path / 'a.zip', {'x.pt': tmp_path / 'x.pt'})
    with pytest.raises(ValueError, match=r'^a.zip is not converted: the layout skyclip is for'):
        load_retriever(checkpoint='a.zip', layout='skyclip')
    (tmp_path / 'x.pt').write_bytes(b'x' * 9)
    zipped(tmp_path / 'a.zip', {'x.pt': tmp_path / 'x.pt'})
    with pytest.raises(ValueError, match=r'^a.zip cannot be read as weights: it is damaged'):
        load_retriever(checkpoint='a.zip', layout='skyclip')
    assert not list((tmp_path / 'data').rglob('*.*'))


@pytest.fixture
def sky(hub, monkeypatch):
    """The name of a model whose file is served in a zip archive: how large it may be."""

    def serve(members, megabytes=99):
        zipped(hub / 'Sky.zip', members)
        remote = RemoteFile(f'{HUB}/x/Sky.zip', megabytes, member='epoch_20.pt')
        published = replace(CATALOGUE[NAME], layout='skyclip', out='sky.pth', files=(remote,))
        monkeypatch.setitem(CATALOGUE, NAME, published)
        return NAME

    return serve


def test_a_name_whose_file_comes_in_a_zip(sky, trained, theirs, tmp_path):
    model = load_retriever(sky({'Sky/epoch_20.pt': trained, 'Sky/epoch_19.pt': trained}))
    assert_close(model.state_dict()['image_encoder.proj'], theirs.state_dict()['visual.proj'])
    found = sorted(path.name for path in (tmp_path / 'data' / 'weights').iterdir())
    assert found == ['sky.pth', 'sky.py']


@pytest.mark.parametrize(
    ('member', 'megabytes', 'message'),
    [
        ('Sky/epoch_19.pt', 99, 'Sky.zip has no epoch_20.pt; what came from https://hugg'),
        ('../epoch_20.pt', 99, "a member that points out of it: '../epoch_20.pt'; what came from"),
        ('epoch_20.pt', 7, r'epoch_20.pt claims [0-9]+ bytes, over 8400000; what came from'),
    ],
)
def test_another_zip_is_refused_and_removed(sky, trained, tmp_path, member, megabytes, message):
    torch.save({'x': torch.randint(0, 256, (3_000_000,)).float()}, trained)  # packs well
    with pytest.raises(ValueError, match=message):
        load_retriever(sky({member: trained}, megabytes))
    assert not list((tmp_path / 'data').rglob('*.*[tp]'))


@pytest.mark.parametrize(
    ('given', 'message'),
    [
        (dict(config_or_name='remoteclip'), 'public retriever, did you mean remoteclip-rn50?'),
        (dict(config_or_name='blip'), 'public retriever, these are public: openai-vit-b-32, '),
        (dict(checkpoint='a.pt', layout='blip'), "layout 'blip' is unknown, wanted one of pir-itr"),
        (dict(layout='openai'), "layout='openai' goes with a checkpoint and without a config"),
        (dict(checkpoint='a.pt', arch='RN50'), "arch='RN50' goes with a layout"),
    ],
)
def test_what_cannot_be_is_told(given, message):
    with pytest.raises(ValueError) as error:
        load_retriever(**given)
    assert message in str(error.value) and '\n' not in str(error.value)


def test_a_missing_and_a_strange_file_are_told(theirs, tmp_path):
    with pytest.raises(FileNotFoundError, match='weight file a.pt does not exist'):
        load_retriever(checkpoint='a.pt', layout='openai')
    torch.save({'x': torch.ones(2)}, 'a.pt')
    with pytest.raises(ValueError, match='a.pt is not converted: the layout open-clip is for CLIP'):
        load_retriever(checkpoint='a.pt', layout='open-clip')
    torch.save(theirs.state_dict(), 'a.pt')
    with pytest.raises(ValueError, match='tensors of pir_mm.CLIPRetriever are there; '):
        load_retriever(checkpoint='a.pt', layout='open-clip', arch='ViT-B-16')
    assert not list((tmp_path / 'data').rglob('*.pth'))


def test_offline_is_one_sentence(monkeypatch):
    monkeypatch.setenv('HF_ENDPOINT', 'http://127.0.0.1:9')
    monkeypatch.setattr('pir_mm.files.downloading.time.sleep', lambda seconds: None)
    with pytest.raises(OSError, match='cannot be reached: is this machine online') as error:
        load_retriever(NAME)
    assert '\n' not in str(error.value)


def test_public_names_are_those_of_the_catalogue():
    assert NAME in PUBLIC and 'minilm-l6' not in PUBLIC
    assert all(CATALOGUE[name].layout in RETRIEVERS for name in PUBLIC)
