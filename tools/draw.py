"""Draw the pictures that a paper on text-image retrieval needs.

python tools/draw.py embeddings CONFIG CKPT --out tsne.png
python tools/draw.py rankings CONFIG CKPT --text "two piers in a harbour" --out sheet.png
python tools/draw.py beliefs CONFIG CKPT harbour.jpg bridge.jpg --out beliefs.png
python tools/draw.py words CONFIG CKPT harbour.jpg --text "two piers in a harbour" --out words.png
python tools/draw.py curves work_dirs/one work_dirs/other --out curves.pdf
python tools/draw.py scenes CONFIG CKPT --out scenes.png
"""

import argparse
import sys

ENDINGS = ('.png', '.pdf')


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    of_file = argparse.ArgumentParser(add_help=False)
    of_file.add_argument('--out', required=True, metavar='F', help='a .png or .pdf')
    of_model = argparse.ArgumentParser(add_help=False)
    of_model.add_argument('config', metavar='CONFIG')
    of_model.add_argument('checkpoint', metavar='CKPT')
    of_model.add_argument('--device', choices=['cpu', 'cuda'], default='cpu', help='[cpu]')
    of_split = argparse.ArgumentParser(add_help=False)
    of_split.add_argument('--split', choices=['val', 'test'], default='test', help='[test]')
    commands = parser.add_subparsers(dest='command', required=True, metavar='PICTURE')

    def add(name: str, help_: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=help_, description=help_, parents=[*parents, of_file])

    one = add('embeddings', 'a t-SNE map, with the scenes that are confused', of_model, of_split)
    one.add_argument('--texts', action='store_true', help='map the captions along')
    one.add_argument('--neighbours', type=int, default=10, metavar='K', help='looked at [10]')
    one.add_argument('--pairs', type=int, default=8, metavar='N', help='of scenes, named [8]')
    one.add_argument('--seed', type=int, default=0, help='[0]')
    one = add('rankings', 'the best results of some queries', of_model, of_split)
    one.add_argument('--text', action='append', default=[], help='a sentence; repeatable')
    one.add_argument(
        '--image', action='append', default=[], metavar='P',
        help='a picture file, or the name of a picture of the split; repeatable',
    )  # fmt: skip
    one.add_argument(
        '--queries', type=int, default=4, metavar='N', help='drawn where none is given [4]'
    )
    one.add_argument('--top-k', type=int, default=5, metavar='K', help='results per query [5]')
    one.add_argument('--seed', type=int, default=0, help='of that draw [0]')
    one = add('beliefs', 'what the prior believes in', of_model)
    one.add_argument('pictures', nargs='+', metavar='PICTURE')
    one = add('words', 'what each word takes of a picture, by a fusion model', of_model)
    one.add_argument('picture', metavar='PICTURE')
    one.add_argument('--text', required=True, help='a sentence')
    one.add_argument(
        '--layer', type=int, metavar='N', help='fusion layer, from 1 [the last but one]'
    )
    one.add_argument(
        '--compare', nargs=2, action='append', default=[], metavar=('CONFIG', 'CKPT'),
        help='another model, drawn below; repeatable',
    )  # fmt: skip
    one = add('curves', 'losses and recalls of training runs')
    one.add_argument('work_dirs', nargs='+', metavar='WORK_DIR')
    one = add('scenes', 'recall of each scene', of_model, of_split)
    one.add_argument('--k', type=int, default=10, help='recall at [10]')
    arguments = parser.parse_args()
    if not arguments.out.lower().endswith(ENDINGS):
        parser.error(f'--out {arguments.out} must end in {" or ".join(ENDINGS)}')
    return arguments


def embedded(arguments: argparse.Namespace):
    from pir_mm.apis.search.embedded_split import embed_split

    model = loaded(arguments)
    return model, embed_split(model, arguments.split)


def loaded(arguments: argparse.Namespace):
    return one_loaded(arguments.config, arguments.checkpoint, arguments.device)


def one_loaded(config: str, checkpoint: str, device: str):
    from pir_mm.apis.training.running import check_devices
    from pir_mm.apis.weights.loading import load_retriever

    check_devices(device, gpus=None)
    return load_retriever(config, checkpoint, device)


def embeddings(arguments: argparse.Namespace) -> None:
    from pir_mm.apis.drawing.embeddings import draw_embeddings

    chosen = (arguments.texts, arguments.neighbours, arguments.pairs, arguments.seed)
    for a, b, share in draw_embeddings(embedded(arguments)[1], arguments.out, *chosen):
        print(f'{100 * share:5.1f} %  {a} - {b}')


def rankings(arguments: argparse.Namespace) -> None:
    from pir_mm.apis.drawing.rankings import draw_rankings

    chosen = (arguments.text, arguments.image, arguments.queries, arguments.top_k, arguments.seed)
    for note in draw_rankings(*embedded(arguments), arguments.out, *chosen):
        print(note, file=sys.stderr)


def beliefs(arguments: argparse.Namespace) -> None:
    from pir_mm.apis.drawing.beliefs import draw_picture_beliefs

    for one in draw_picture_beliefs(loaded(arguments), arguments.pictures, arguments.out):
        print(f'{one.name}: {one.caption}')


def words(arguments: argparse.Namespace) -> None:
    from pir_mm.apis.drawing.words import draw_word_maps, model_names
    from pir_mm.apis.search import query_notes

    files = [(arguments.config, arguments.checkpoint), *map(tuple, arguments.compare)]
    models = {
        name: one_loaded(*pair, arguments.device)
        for name, pair in zip(model_names(files), files, strict=True)
    }
    asked = (arguments.picture, arguments.text, arguments.out, arguments.layer)
    for one in draw_word_maps(models, *asked):
        print(f'{one.name}: {one.score}')
    notes = [note for model in models.values() for note in query_notes(model, [arguments.text])]
    for note in dict.fromkeys(notes):
        print(note, file=sys.stderr)


def curves(arguments: argparse.Namespace) -> None:
    from pir_mm.apis.drawing.curves import draw_curves

    for run in draw_curves(arguments.work_dirs, arguments.out):
        counted = f'{run.starts} start(s), {max(run.training)} iterations'
        print(f'{run.name}: {counted}, {len(run.validation)} validations')


def scenes(arguments: argparse.Namespace) -> None:
    from pir_mm.apis.drawing.scene_recall import draw_scenes

    print('pictures  image to text  text to image  scene')
    for row in draw_scenes(embedded(arguments)[1], arguments.out, arguments.k):
        print(f'{row.pictures:8d}  {row.i2t:13.2f}  {row.t2i:13.2f}  {row.name}')


def main() -> None:
    arguments = parse_arguments()
    try:
        from pir_mm.command import exit_with_reason
    except ModuleNotFoundError:
        raise SystemExit('error: this Python has no pir_mm: use .venv/bin/python, which bash '
                         'tools/quickstart.sh makes, or pip install -e .') from None  # fmt: skip

    draw = {f.__name__: f for f in (embeddings, rankings, beliefs, words, curves, scenes)}
    with exit_with_reason():
        draw[arguments.command](arguments)
        print(f'drawn: {arguments.out}')


if __name__ == '__main__':
    main()
