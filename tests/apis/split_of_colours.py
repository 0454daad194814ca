"""A split of coloured pictures, small enough to know by heart."""

import torch

from pir_mm.apis.search.embedded_split import EmbeddedSplit
from pir_mm.evaluation import EmbeddedSet

CAPTIONS = ['a red roof', 'a grey road', 'a green field', 'a red roof', 'a blue lake', 'a red lake']


def split_of_colours(model, pictures):
    """red, green, blue and grey with 2, 1, 2 and 1 captions; `a red roof` is of red and of blue.

    Red and blue are of scene 0, green of scene 1, grey has none. Captions are embedded by their
    first colour, so that `a grey road` and `a red lake` are wrong for their pictures.
    """
    from pir_mm.apis.search.embedding import embed_images, embed_texts

    paths = [str(pictures / name) for name in ('red.png', 'green.png', 'blue.jpg', 'grey.tif')]
    captions = [CAPTIONS[i] for i in (0, 1, 2, 3, 4, 5)]
    embedded = EmbeddedSet(
        torch.from_numpy(embed_images(model, paths)),
        torch.tensor([0, 1, 0, -1]),
        torch.from_numpy(embed_texts(model, captions)),
        torch.tensor([0, 0, 1, 2, 2, 3]),
    )
    text_id = torch.tensor([0, 1, 2, 0, 3, 4])
    return EmbeddedSplit(embedded, text_id, paths, captions, ['city', 'field'])
