"""What a model knows of a set that it was never trained on."""

from pir_mm.apis.zero_shot.scenes import (
    TEMPLATES,
    SceneAccuracy,
    class_embeddings,
    classify_scenes,
    in_words,
)

__all__ = ['TEMPLATES', 'SceneAccuracy', 'class_embeddings', 'classify_scenes', 'in_words']
