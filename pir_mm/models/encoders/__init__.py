from pir_mm.models.encoders.bert_encoder import BertEncoder
from pir_mm.models.encoders.image_encoder import ImageEncoder

__all__ = ['BertEncoder', 'ImageEncoder']
