"""A filter and a fusion model of twelve pictures, two captions each, one of them twice."""

import torch
from mmengine.structures import BaseDataElement
from torch import nn

COUNT = 12
GENERATOR = torch.Generator().manual_seed(0)
IMAGE, TEXT = (torch.randn(n, 8, generator=GENERATOR) for n in (COUNT, 2 * COUNT))


def fields(image_id):
    return dict(
        image_id=image_id,
        scene=image_id % 2,
        text_id=[2 * image_id, 2 * image_id + 1],
        caption_id=[2 * image_id, 2 * image_id + 1, 2 * image_id],
    )


class Filter(nn.Module):
    """Looks its embeddings up."""

    def val_step(self, batch):
        return [
            BaseDataElement(
                metainfo=fields(i), image_embedding=IMAGE[i], text_embedding=TEXT[2 * i : 2 * i + 2]
            )
            for i in batch
        ]

    test_step = val_step


class Fusion(nn.Module):
    """States are numbers; scores are looked up, by default the truth. It counts its pairs."""

    def __init__(self, scores=None):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        truth = torch.arange(2 * COUNT) // 2 == torch.arange(COUNT).unsqueeze(1)
        self.scores = truth.float() if scores is None else scores
        self.asked = []

    def val_step(self, batch):
        return [
            BaseDataElement(
                metainfo=fields(i),
                image_states=torch.tensor([[i, 0]]),
                text_states=[torch.tensor([[2 * i]]), torch.tensor([[2 * i + 1], [0]])],
            )
            for i in batch
        ]

    test_step = val_step

    def match(self, images, texts, image_index, text_index):
        image = images[image_index, 0, 0].long()
        text = texts.tokens[text_index, 0, 0].long()
        self.asked += zip(image.tolist(), text.tolist(), strict=True)
        return self.scores[image, text]


class Other:
    """Stands in for a model from files: hands out what the model gives for a split."""

    def __init__(self, model):
        self.name, self.model, self.splits = 'other', model, []

    def samples(self, dataset, workers):
        self.splits.append(list(dataset))
        return self.model.val_step(dataset)
