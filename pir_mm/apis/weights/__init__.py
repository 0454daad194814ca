"""Load a trained retriever, convert weights of other layouts, and list the models we have."""

from pir_mm.apis.weights.conversion import convert_checkpoint
from pir_mm.apis.weights.loading import load_retriever, retriever_files
from pir_mm.apis.weights.model_hub import model_index_file, register_models

__all__ = [
    'convert_checkpoint',
    'load_retriever',
    'model_index_file',
    'register_models',
    'retriever_files',
]
