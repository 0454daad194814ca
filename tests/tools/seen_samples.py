"""A hook that writes down which samples a run sees, and holds the run where it is to be killed."""

import hashlib
import json
import time
from pathlib import Path

from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

HELD_SECONDS = 200


@HOOKS.register_module()
class SeenSamplesHook(Hook):
    """Append a line for each step to ``FOLDER/RANK.jsonl``.

    Args:
        folder: of the lists.
        hold: epoch and iteration after which the process waits for its end.
    """

    def __init__(self, folder, hold=None):
        self.folder, self.hold = Path(folder), hold

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        line = {
            'epoch': runner.epoch,
            'samples': data_batch.image_id.tolist(),
            'texts': data_batch.text_id.tolist(),
            'pixels': hashlib.sha256(data_batch.images.numpy().tobytes()).hexdigest(),
        }
        self.folder.mkdir(exist_ok=True)
        with open(self.folder / f'{get_rank()}.jsonl', 'a') as file:
            file.write(json.dumps(line) + '\n')
        if self.hold is not None and [runner.epoch, batch_idx] == list(self.hold):
            time.sleep(HELD_SECONDS)
