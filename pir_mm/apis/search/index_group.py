"""Several processes that index together."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from torch import distributed

PATIENCE = timedelta(days=30)
"""Who is done first waits for the slowest."""


def join_index_group() -> None:
    """Join the processes that ``torchrun`` started, to index together."""
    distributed.init_process_group('gloo')


class IndexGroup:
    """The processes of the group that was joined, or this process alone.

    All of them make one at the same time. The first one, of rank 0, leads.
    """

    def __init__(self) -> None:
        together = distributed.is_initialized()
        self.rank = distributed.get_rank() if together else 0
        self.world = distributed.get_world_size() if together else 1
        self._group = None
        if self.world > 1:
            self._group = distributed.new_group(backend='gloo', timeout=PATIENCE)

    def tell(self, value: Any) -> None:
        """Give a value to the others, who :meth:`hear` it."""
        if self.world > 1:
            distributed.broadcast_object_list([value], group=self._group)

    def hear(self) -> Any:
        """What the first process tells.

        Raises:
            ChildProcessError: if it has failed.
        """
        box = [None]
        distributed.broadcast_object_list(box, group=self._group)
        if box[0] is None:
            raise ChildProcessError('the first process of the group has failed, and says why')
        return box[0]

    @contextmanager
    def telling_errors(self) -> Iterator[None]:
        """After an error of the body, the others, who wait to :meth:`hear`, end too."""
        try:
            yield
        except BaseException:
            self.tell(None)
            raise

    def meet(self) -> None:
        """Wait until all processes have come here."""
        if self.world > 1:
            distributed.barrier(group=self._group)
