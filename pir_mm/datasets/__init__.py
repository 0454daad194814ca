"""Caption and scene datasets, their samplers, transforms, tokenizers and preparation."""

from pir_mm.datasets.caption_dataset import CaptionDataset
from pir_mm.datasets.caption_mixture import CaptionMixture
from pir_mm.datasets.collating import collate_pairs
from pir_mm.datasets.samplers import EpochSampler
from pir_mm.datasets.scene_folder import SceneFolder
from pir_mm.datasets.tokenizers import WordPieceTokenizer, train_vocabulary
from pir_mm.datasets.transforms import LoadPicture, RandomTurn

__all__ = [
    'CaptionDataset',
    'CaptionMixture',
    'EpochSampler',
    'LoadPicture',
    'RandomTurn',
    'SceneFolder',
    'WordPieceTokenizer',
    'collate_pairs',
    'train_vocabulary',
]
