"""Public CLIPs by name or from their file: fetched, converted, indexed; then without a network."""

import threading
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
from pir_mm.apis.weights.catalogue import CATALOGUE, HUB
from pir_mm.apis.weights.loading import PUBLIC
from pir_mm.files.weights import file_sha256
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
