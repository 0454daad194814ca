"""Test a checkpoint on the test split, or on the validation split to choose something there.

python tools/test.py configs/pir_itr_swin_bert.py work_dirs/pir_itr_swin_bert/best_mR_epoch_40.pth
python tools/test.py remoteclip-vit-b-32 --data data/ucm
mim test pir_mm pir_itr_swin_bert.py --checkpoint CKPT
"""

import argparse
import os


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'config',
        help='config that the checkpoint was trained with, or the name of a public retriever '
        '(tools/get_weights.py list)',
    )
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help="checkpoint file, or 'none' for what a training would start from",
    )
    parser.add_argument(
        '--data', metavar='DIR', help="prepared folder in place of the config's data"
    )
    parser.add_argument('--split', choices=['val', 'test'], default='test', help='[test]')
    parser.add_argument('--work-dir', help='for logs and pictures [work_dirs/CONFIG]')
    parser.add_argument('--out', help='JSON file for the metrics [WORK_DIR/metrics.json]')
    parser.add_argument('--device', choices=['cpu', 'cuda'], help='[cuda if available, else cpu]')
    parser.add_argument('--gpus', type=int, help='processes of the launcher; 0 uses the CPU')
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none')
    parser.add_argument('--local-rank', '--local_rank', type=int, default=0)
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action='extend',
        metavar='KEY=VALUE',
        help='change config values; merged last',
    )
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    os.environ.setdefault('LOCAL_RANK', str(arguments.local_rank))
    if arguments.device == 'cpu' or arguments.gpus == 0:
        os.environ['CUDA_VISIBLE_DEVICES'] = '-1'  # mmengine fixes its device at import

    try:
        from pir_mm.command import exit_with_reason
    except ModuleNotFoundError:
        raise SystemExit('error: this Python has no pir_mm: use .venv/bin/python, which bash '
                         'tools/quickstart.sh makes, or pip install -e .') from None  # fmt: skip

    with exit_with_reason():
        from pir_mm.apis.training import check_devices, load_config, test
        from pir_mm.apis.weights import retriever_files

        check_devices(arguments.device, arguments.gpus)
        path, checkpoint = arguments.config, arguments.checkpoint
        if checkpoint is None:
            path, checkpoint = retriever_files(path)
            if checkpoint is None:
                raise ValueError(f"{path} needs a checkpoint, or 'none' for its initial weights")
        config = load_config(
            path,
            arguments.cfg_options,
            data=arguments.data,
            work_dir=arguments.work_dir,
            launcher=arguments.launcher,
        )
        weights = None if checkpoint == 'none' else str(checkpoint)
        test(config, weights, out=arguments.out, split=arguments.split)


if __name__ == '__main__':
    main()
