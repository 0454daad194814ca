"""What tools, notebooks and projects call."""

from pir_mm.apis.embedding import embed_images, embed_texts
from pir_mm.apis.indexing import index_pictures
from pir_mm.apis.model import load_retriever
from pir_mm.apis.model_hub import register_models
from pir_mm.apis.search_results import write_results
from pir_mm.apis.searching import load_index_model, open_index, search_index, search_sheet

__all__ = [
    'embed_images',
    'embed_texts',
    'index_pictures',
    'load_index_model',
    'load_retriever',
    'open_index',
    'register_models',
    'search_index',
    'search_sheet',
    'write_results',
]

register_models()
