"""Caption and scene datasets, their samplers, transforms, tokenizers and preparation."""

from pir_mm.datasets.caption_dataset import CaptionDataset
from pir_mm.datasets.caption_mixture import CaptionMixture
from pir_mm.datasets.collating import collate_pairs
from pir_mm.datasets.samplers import BlockSampler, EpochSampler
from pir_mm.datasets.scene_folder import SceneFolder
from pir_mm.datasets.shard_dataset import ShardDataset
from pir_mm.datasets.tokenizers import CLIPTokenizer, WordPieceTokenizer, train_vocabulary
from pir_mm.datasets.transforms import LoadPicture, RandomTurn, TwoViews

__all__ = [
    'BlockSampler',
    'CLIPTokenizer',
    'CaptionDataset',
    'CaptionMixture',
    'EpochSampler',
    'LoadPicture',
    'RandomTurn',
    'SceneFolder',
    'ShardDataset',
    'TwoViews',
    'WordPieceTokenizer',
    'collate_pairs',
    'train_vocabulary',
]
