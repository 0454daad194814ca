"""Several processes without an accelerator."""

import torch
import torch.distributed as dist

CPU_MODEL_WRAPPER = {
    'type': 'MMDistributedDataParallel',
    'device_ids': None,
    'broadcast_buffers': False,
}
"""``model_wrapper_cfg`` of a Runner on the CPU: as mmengine wraps on a GPU, without a device."""


def join_cpu_process_group() -> bool:
    """Join a gloo group if there is no accelerator. Returns whether it did.

    Call it in a process that ``torch.distributed.run`` started, before the Runner is built:
    mmengine sets a CUDA device whatever the backend, unless a group exists already.
    """
    if torch.cuda.is_available() or dist.is_initialized():
        return False
    dist.init_process_group('gloo')
    return True
