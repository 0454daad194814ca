"""Scene classifiers, which become the backbones of instruction encoders."""

from pir_mm.models.classifiers.scene_classifier import SceneClassifier

__all__ = ['SceneClassifier']
