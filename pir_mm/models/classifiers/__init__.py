"""Models that tell scenes, which become priors."""

from pir_mm.models.classifiers.scene_classifier import SceneClassifier

__all__ = ['SceneClassifier']
