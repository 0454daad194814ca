"""Take a model or the vectors of an index to other programs."""

from pir_mm.apis.export.onnx_model import ExportReport, export_onnx
from pir_mm.apis.export.recall import compare_recall
from pir_mm.apis.export.vectors import export_vectors

__all__ = ['ExportReport', 'compare_recall', 'export_onnx', 'export_vectors']
