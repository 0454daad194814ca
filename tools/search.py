"""Search an index by sentences and by pictures.

python tools/search.py INDEX "two piers in a harbour" --top-k 5
python tools/search.py INDEX --image harbour.jpg --out result.png
python tools/search.py INDEX "two piers in a harbour" --rerank CONFIG CKPT --rerank-top 128
"""

import argparse
import os
import sys
from pathlib import Path

ENDINGS = ('.csv', '.geojson', '.png')


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('index', metavar='INDEX', help='made by tools/index.py')
    parser.add_argument('texts', nargs='*', metavar='TEXT', help='sentences; each is a query')
    parser.add_argument(
        '--image',
        action='append',
        default=[],
        metavar='P',
        help='picture to search with; can be repeated',
    )
    parser.add_argument('--top-k', type=int, default=10, metavar='N', help='results per query [10]')
    parser.add_argument(
        '--out', metavar='F', help='also write results to a .png, .csv or .geojson file'
    )
    parser.add_argument(
        '--root',
        metavar='DIR',
        help='where the archive lies now, if it has moved: the place of "root" in index.json',
    )
    parser.add_argument(
        '--model', nargs=2, metavar=('CONFIG', 'CKPT'), help='[the files stored in the index]'
    )
    parser.add_argument(
        '--rerank',
        nargs=2,
        metavar=('CONFIG', 'CKPT'),
        help='a fusion model that reads the first pictures of each query again',
    )
    parser.add_argument(
        '--rerank-top', type=int, default=128, metavar='K', help='how many it reads again [128]'
    )
    parser.add_argument('--device', choices=['cpu', 'cuda'], default='cpu', help='[cpu]')
    arguments = parser.parse_intermixed_args()
    if not arguments.texts and not arguments.image:
        parser.error('give a sentence, or a picture by --image')
    if arguments.rerank_top < 1:
        parser.error(f'--rerank-top must be at least 1, got {arguments.rerank_top}')
    if arguments.out and not arguments.out.lower().endswith(ENDINGS):
        parser.error(f'--out {arguments.out} must end in {", ".join(ENDINGS)}')
    for picture in arguments.image:
        if arguments.out and os.path.realpath(picture) == os.path.realpath(arguments.out):
            parser.error(f'--out {arguments.out} is the picture to search with')
    return arguments


def main() -> None:
    arguments = parse_arguments()
    try:
        from pir_mm.command import exit_with_reason
    except ModuleNotFoundError:
        raise SystemExit('error: this Python has no pir_mm: use .venv/bin/python, which bash '
                         'tools/quickstart.sh makes, or pip install -e .') from None  # fmt: skip

    with exit_with_reason():
        from pir_mm.apis.search import (
            format_hits,
            list_hits,
            load_index_model,
            open_index,
            query_notes,
            rank_queries,
            rerank_index,
            write_results,
        )
        from pir_mm.apis.training import check_devices
        from pir_mm.apis.weights import load_retriever

        check_devices(arguments.device, gpus=None)
        index = open_index(arguments.index, arguments.root)
        model = load_index_model(index, *(arguments.model or ()), device=arguments.device)
        queries = [*arguments.texts, *map(Path, arguments.image)]
        notes = query_notes(model, queries)
        if arguments.rerank:
            reranker = load_retriever(*arguments.rerank, device=arguments.device)
            found = rerank_index(
                index, model, reranker, queries, arguments.top_k, arguments.rerank_top
            )
            ranking = found.ranking
            notes = [*dict.fromkeys([*notes, *query_notes(reranker, queries)]), found.timing()]
        else:
            ranking = rank_queries(index, model, queries, arguments.top_k)
        for note in notes:
            print(note, file=sys.stderr)
        print(format_hits(list_hits(index, queries, ranking)))
        if arguments.out:
            for note in write_results(arguments.out, index, queries, ranking):
                print(note, file=sys.stderr)


if __name__ == '__main__':
    main()
