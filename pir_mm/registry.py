"""Every registry of the plugin, each a child of mmengine's root registry.

``locations`` make a name such as ``pir_mm.BeliefSelector`` resolve without the user importing
anything. All root nodes are mirrored: one that is missing costs a warning at each look-up.
"""

from mmengine import registry as root
from mmengine.registry import Registry


def _child(node: Registry, room: str) -> Registry:
    return Registry(node.name, parent=node, scope='pir_mm', locations=[f'pir_mm.{room}'])


RUNNERS = _child(root.RUNNERS, 'engine')
RUNNER_CONSTRUCTORS = _child(root.RUNNER_CONSTRUCTORS, 'engine')
LOOPS = _child(root.LOOPS, 'engine')
HOOKS = _child(root.HOOKS, 'engine')
STRATEGIES = _child(root.STRATEGIES, 'engine')
OPTIMIZERS = _child(root.OPTIMIZERS, 'engine')
OPTIM_WRAPPERS = _child(root.OPTIM_WRAPPERS, 'engine')
OPTIM_WRAPPER_CONSTRUCTORS = _child(root.OPTIM_WRAPPER_CONSTRUCTORS, 'engine')
PARAM_SCHEDULERS = _child(root.PARAM_SCHEDULERS, 'engine')
LOG_PROCESSORS = _child(root.LOG_PROCESSORS, 'engine')

DATASETS = _child(root.DATASETS, 'datasets')
DATA_SAMPLERS = _child(root.DATA_SAMPLERS, 'datasets')
TRANSFORMS = _child(root.TRANSFORMS, 'datasets')

MODELS = _child(root.MODELS, 'models')
MODEL_WRAPPERS = _child(root.MODEL_WRAPPERS, 'models')
WEIGHT_INITIALIZERS = _child(root.WEIGHT_INITIALIZERS, 'models')
TASK_UTILS = _child(root.TASK_UTILS, 'datasets')

METRICS = _child(root.METRICS, 'evaluation')
EVALUATOR = _child(root.EVALUATOR, 'evaluation')

VISUALIZERS = _child(root.VISUALIZERS, 'visualization')
VISBACKENDS = _child(root.VISBACKENDS, 'visualization')

INFERENCERS = _child(root.INFERENCERS, 'apis')
FUNCTIONS = _child(root.FUNCTIONS, 'datasets')
