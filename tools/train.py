"""Train a model.

python tools/train.py configs/pir_itr_swin_bert.py --amp
mim train pir_mm pir_itr_swin_bert.py --gpus 2 --launcher pytorch
"""

import argparse
import os


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--data', metavar='DIR', help="prepared folder in place of the config's data"
    )
    parser.add_argument('--work-dir', help='for logs and checkpoints [work_dirs/CONFIG]')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='continue from the last checkpoint of the work directory, or from this file',
    )
    parser.add_argument(
        '--amp',
        nargs='?',
        const='on',
        choices=['on', 'off'],
        help='train in bfloat16, or in float32 [on for a GPU, else what the config says]',
    )
    parser.add_argument('--no-validate', action='store_true', help='skip validation')
    parser.add_argument(
        '--auto-scale-lr', action='store_true', help='scale the learning rate to the batch size'
    )
    parser.add_argument('--no-pin-memory', action='store_true', help='for the data loaders')
    parser.add_argument('--no-persistent-workers', action='store_true', help='likewise')
    parser.add_argument('--gpus', type=int, help='processes of the launcher; 0 uses the CPU')
    parser.add_argument('--device', choices=['cpu', 'cuda'], help='[cuda if available, else cpu]')
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
        from pir_mm.apis.training import adapt_training, check_devices, load_config, train

        check_devices(arguments.device, arguments.gpus)
        config = load_config(
            arguments.config,
            arguments.cfg_options,
            data=arguments.data,
            work_dir=arguments.work_dir,
            launcher=arguments.launcher,
        )
        adapt_training(
            config,
            amp=arguments.amp,
            validate=not arguments.no_validate,
            scale_lr=arguments.auto_scale_lr,
            pin_memory=not arguments.no_pin_memory,
            persistent_workers=not arguments.no_persistent_workers,
        )
        train(config, resume=arguments.resume)


if __name__ == '__main__':
    main()
