"""Search an index by sentences and by pictures.

python tools/search.py INDEX "two piers in a harbour" --top-k 5
python tools/search.py INDEX --image harbour.jpg --out result.png --out result.html
python tools/search.py INDEX "a harbour" --bbox 5.9,45.8,10.5,47.8 --since 2020 --where "gsd <= 10"
python tools/search.py INDEX "a harbour" --more-like this.jpg --less-like that.jpg
python tools/search.py INDEX "two piers in a harbour" --rerank CONFIG CKPT --rerank-top 128
python tools/search.py INDEX "two piers in a harbour" --model EXPORT      made by tools/export.py
python tools/search.py INDEX                    a prompt that stays warm; :help tells what it knows
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ENDINGS = ('.csv', '.geojson', '.gpkg', '.html', '.png')


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('index', metavar='INDEX', help='made by tools/index.py')
    parser.add_argument(
        'texts',
        nargs='*',
        metavar='TEXT',
        help='sentences; each is a query. Without any and without a picture, each line of the '
        'standard input is one',
    )

    def add(name: str, metavar: str, text: str, **options: object) -> None:
        parser.add_argument(name, metavar=metavar, help=text, **options)

    repeated = {'action': 'append', 'default': []}
    add('--image', 'P', 'picture to search with; can be repeated, each is a query', **repeated)
    add('--more-like', 'P', 'picture that joins each query; can be repeated', **repeated)
    add('--less-like', 'P', 'picture that counts half against each query; likewise', **repeated)
    add('--bbox', 'W,S,E,N', 'only tiles that meet this box in degrees of WGS84', type=_box)
    add('--polygon', 'F', 'only tiles that meet the polygons of this GeoJSON file')
    add('--since', 'D', 'only what was taken from this day, month or year on: 2020-06-30, 2020')
    add('--until', 'D', 'only what was taken until the end of this day, month or year')
    add(
        '--where',
        'EXPR',
        'only tiles that meet a condition on source, name, folder, date, date_from, crs, gsd, '
        'column, row, width, height: "gsd <= 10 and name glob \'S2*\'"',
    )
    add('--min-score', 'X', 'only results with at least this score', type=float)
    add('--top-k', 'N', 'results per query [10]', type=int, default=10)
    parser.add_argument(
        '--every-tile',
        action='store_true',
        help='list all tiles of one place, of which else the best is kept and the rest counted',
    )
    add('--out', 'F', 'also write results to a .csv, .geojson, .gpkg, .html or .png file; can be '
        'repeated', **repeated)  # fmt: skip
    add('--root', 'DIR', 'where the archive lies now, if it has moved: the place of "root" in '
        'index.json')  # fmt: skip
    parser.add_argument(
        '--model',
        nargs='+',
        metavar='MODEL',
        help='CONFIG CKPT, or the folder of an exported model, which needs no torch [as stored in '
        'the index]',
    )
    parser.add_argument(
        '--rerank',
        nargs=2,
        metavar=('CONFIG', 'CKPT'),
        help='a fusion model that reads the first pictures of each query again',
    )
    add('--rerank-top', 'K', 'how many it reads again [128]', type=int, default=128)
    parser.add_argument('--device', choices=['cpu', 'cuda'], default='cpu', help='[cpu]')
    arguments = parser.parse_intermixed_args(_with_signs(sys.argv[1:]))
    for name in ('top_k', 'rerank_top'):
        if getattr(arguments, name) < 1:
            option = name.replace('_', '-')
            parser.error(f'--{option} must be at least 1, got {getattr(arguments, name)}')
    pictures = [*arguments.image, *arguments.more_like, *arguments.less_like]
    is_prompt = not (arguments.texts or arguments.image or arguments.more_like)
    if is_prompt and arguments.less_like:
        parser.error('--less-like needs a sentence, or a picture to be like')
    for out in arguments.out:
        if is_prompt:
            parser.error(f'--out {out} needs a query here; the prompt writes by :save {out}')
        if not out.lower().endswith(ENDINGS):
            parser.error(f'--out {out} must end in {", ".join(ENDINGS)}')
        if os.path.realpath(out) in map(os.path.realpath, pictures):
            parser.error(f'--out {out} is the picture to search with')
    return arguments


def _box(text: str) -> tuple[float, ...]:
    numbers = tuple(float(number) for number in text.split(','))
    if len(numbers) != 4:
        raise ValueError
    return numbers


_box.__name__ = 'box of W,S,E,N in degrees, such as 5.9,45.8,10.5,47.8:'  # in argparse's message


def _with_signs(words: Sequence[str]) -> list[str]:
    """The words of a command, a box that begins with a minus tied to its option."""
    tied: list[str] = []
    for word in words:
        if tied and tied[-1] == '--bbox' and word[:1] == '-':
            tied[-1] = f'--bbox={word}'
        else:
            tied.append(word)
    return tied


def searcher_of(arguments: argparse.Namespace) -> tuple[Any, dict[str, Any]]:
    """What searches, and what its searches are given beside what all are given."""
    from pir_mm.querying import VectorSearcher, open_index

    index = open_index(arguments.index, arguments.root)
    export = export_of(arguments.model, index.config)
    if export is not None:
        if arguments.rerank or arguments.device != 'cpu':
            option = '--rerank' if arguments.rerank else f'--device {arguments.device}'
            raise ValueError(
                f'{option} needs torch, and {export} is an exported model, which runs without: '
                'give --model CONFIG CKPT'
            )
        from pir_mm.deployment.exported_retriever import ExportedRetriever

        return VectorSearcher(index, ExportedRetriever(export)), {}

    from pir_mm.apis.search import Searcher
    from pir_mm.apis.training import check_devices
    from pir_mm.apis.weights import load_retriever

    check_devices(arguments.device, gpus=None)
    reranker = None
    if arguments.rerank:
        reranker = load_retriever(*arguments.rerank, device=arguments.device)
    files = arguments.model or (None, None)
    options = {'reranker': reranker, 'rerank_top': arguments.rerank_top}
    return Searcher(index, *files, arguments.device), options


def export_of(given: Sequence[str] | None, stored: str | None) -> str | None:
    """The exported model to search with, if it is one: that of the command, else of the index."""
    from pir_mm.deployment.export_card import is_export

    if given is None:
        return stored if is_export(stored) else None
    if len(given) == 1 and is_export(given[0]):
        return given[0]
    if len(given) != 2:
        raise ValueError(
            f'--model takes CONFIG CKPT or the folder of an exported model, got {" ".join(given)}'
        )
    return None


def main() -> None:
    arguments = parse_arguments()
    try:
        from pir_mm.command import exit_with_reason
    except ModuleNotFoundError:
        raise SystemExit('error: this Python has no pir_mm: use .venv/bin/python, which bash '
                         'tools/quickstart.sh makes, or pip install -e .') from None  # fmt: skip

    with exit_with_reason():
        from pir_mm.querying import JoinedQuery, SearchResult, TileFilter

        where = TileFilter(
            arguments.bbox,
            arguments.polygon,
            arguments.since,
            arguments.until,
            arguments.where,
        )
        searcher, options = searcher_of(arguments)

        def search(queries: Sequence[object], top_k: int) -> SearchResult:
            return searcher.search(
                *queries,
                top_k=top_k,
                where=where,
                min_score=arguments.min_score,
                merge=not arguments.every_tile,
                **options,
            )

        def show(found: SearchResult) -> None:
            for note in found.notes:
                print(note, file=sys.stderr)
            print(found.table(links=sys.stdout.isatty()), flush=True)

        queries = [*arguments.texts, *map(Path, arguments.image)]
        more, less = arguments.more_like, arguments.less_like
        if queries and (more or less):
            queries = [
                JoinedQuery.of(query, more, less)
                if isinstance(query, str)
                else JoinedQuery.of((), [query, *more], less)
                for query in queries
            ]
        elif more:
            queries = [JoinedQuery.of((), more, less)]
        if not queries:
            prompt(search, show, searcher.embedder.load, arguments.top_k)
            return
        found = search(queries, arguments.top_k)
        show(found)
        for out in arguments.out:
            for note in found.save(out):
                print(note, file=sys.stderr)


def prompt(search: object, show: object, load: object, top_k: int) -> None:
    """Answer the lines of the standard input."""
    from pir_mm.querying import SearchPrompt

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def timed(query: object, count: int) -> object:
        began = time.perf_counter()
        found = search([query], count)
        say(f'{1000 * (time.perf_counter() - began):.0f} ms')
        return found

    at_terminal = sys.stdin.isatty()
    if at_terminal:
        load()
        say('a sentence to search, :help for more, :quit to end')
    asked = SearchPrompt(timed, show, say, top_k).run(_typed_lines() if at_terminal else sys.stdin)
    if not asked and not at_terminal:
        raise ValueError('no query: give a sentence, a picture by --image, or lines to read')


def _typed_lines() -> Iterator[str]:
    import readline  # noqa: F401, input() then edits its line and knows the lines before

    while True:
        try:
            yield input('> ')
        except EOFError:
            print(file=sys.stderr)
            return


if __name__ == '__main__':
    main()
