"""Pictures with what the words of a sentence take of them, by models that read both together."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import nn

from pir_mm.apis.drawing.seen_picture import see_picture
from pir_mm.files.names import shortest_names
from pir_mm.models.fusion import attended_pairs
from pir_mm.visualization.figure_file import check_ending, save_picture
from pir_mm.visualization.word_map import WordMaps, draw_words


def draw_word_maps(
    models: Mapping[str, nn.Module],
    picture: str | Path,
    text: str,
    out: str | Path,
    layer: int | None = None,
) -> list[WordMaps]:
    """Draw what each word takes of a picture, the models below each other.

    Args:
        models: name to model, see :func:`word_maps`.
        picture: a file.
        text: a sentence.
        out: ``.png`` or ``.pdf``.
        layer: as for :func:`word_maps`, of every model.

    Returns:
        What was drawn.
    """
    check_ending(out)
    maps = [word_maps(model, picture, text, layer, name) for name, model in models.items()]
    save_picture(draw_words(text, maps), out)
    return maps


def model_names(files: Sequence[tuple[str, str]]) -> list[str]:
    """A name for each config and checkpoint: the config's, with the checkpoint's if it comes again.

    Raises:
        ValueError: if a pair is given twice.
    """
    if len(set(files)) < len(files):
        raise ValueError('a config and checkpoint are given twice: compare with another model')
    configs, checkpoints = (shortest_names(paths) for paths in zip(*files, strict=True))
    times = Counter(configs)
    return [
        config.removesuffix('.py') + (f' {checkpoint}' if times[config] > 1 else '')
        for config, checkpoint in zip(configs, checkpoints, strict=True)
    ]


def word_maps(
    model: nn.Module,
    picture: str | Path,
    text: str,
    layer: int | None = None,
    name: str = 'the model',
) -> WordMaps:
    """What each word of a sentence takes of the cells of a picture, and how well both fit.

    The attention to the image in one layer, mean over heads, as Zhang et al. show it in figures 6
    and 7 of MTGFE (Remote Sensing 2023, 15(18):4637); of a word of several pieces, the mean over
    these. A cell of the grid is the part of the picture that its token stands for; through the
    layers below, it has also seen what is around, and a word what is said around it.

    Args:
        model: a :class:`FusionRetriever` from :func:`pir_mm.apis.load_retriever`.
        picture: a file; it goes through the model's test pipeline.
        text: a sentence.
        layer: of the fusion encoder, counted from 1. By default the last but one, the fifth of the
            paper's six, or the only one.
        name: of the model, for the picture and for errors.

    Raises:
        FileNotFoundError, ValueError: if the picture or the text cannot be used, the model does
            not read both together, its tokenizer does not tell where words are, there is no such
            layer, or the tokens of the image form no grid.
    """
    encoder = getattr(model, 'fusion_encoder', None)
    if encoder is None:
        raise ValueError(
            f'{name} does not read an image into its words: give a FusionRetriever, such as one of '
            'configs/mtgfe'
        )
    if not hasattr(model.tokenizer, 'spans'):
        raise ValueError(
            f'the tokenizer of {name}, a {type(model.tokenizer).__name__}, does not tell which '
            'pieces make a word: give a model with pir_mm.WordPieceTokenizer'
        )
    layers = len(encoder.layer)
    layer = max(layers - 1, 1) if layer is None else layer
    if not 1 <= layer <= layers:
        raise ValueError(f'{name} has no fusion layer {layer}: give one of 1 to {layers}')
    seen, spans = see_picture(model, picture), model.tokenizer.spans(text)
    with torch.inference_mode():
        states = model.encode_image_tokens(seen.images(model))
        grid = seen.grid(states.size(1) - 1)
        one = torch.zeros(1, dtype=torch.long, device=states.device)
        read = attended_pairs(
            encoder, encoder.read_images(states), model.encode_text_tokens(*model.tokenize([text])),
            one, one, layer - 1,
        )  # fmt: skip
        log_odds = float(model.score(read.tokens[:, 0]))
        pieces = read.shares[0].mean(dim=0)
        shares = torch.stack([pieces[span.pieces].mean(dim=0) for span in spans]).cpu().numpy()
    words = tuple(span.word for span in spans)
    cells = shares[:, 1:].reshape(len(words), *grid)
    return WordMaps(name, seen.shown, words, cells, shares[:, 0], layer, layers, log_odds)
