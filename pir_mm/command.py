"""How a command ends after a wrong input: one sentence on stderr and exit code 1."""

import errno
import os
import re
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

EXPECTED = (ValueError, KeyError, TypeError, OSError, ImportError, FloatingPointError)


@contextmanager
def exit_with_reason() -> Iterator[None]:
    """Turn an expected error into ``error: REASON`` on stderr and exit code 1.

    A data loader's worker wraps its error in a long text. The last line of this text is the
    sentence for the user, and only this line is printed. An error of another kind is a bug and
    keeps its traceback. An interrupt is one word, and a reader that closes the pipe ends the
    command without any; their exit codes are those of a shell. ``PIR_MM_TRACEBACK=1`` shows the
    whole traceback of every error. What Pillow warns of is hidden: a picture that cannot be used is
    told with its reason.
    """
    warnings.filterwarnings('ignore', module=r'PIL\.')
    try:
        yield
        sys.stdout.flush()
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        sys.exit(128 + signal.SIGINT)
    except BrokenPipeError:
        # Who read our output has enough. At its end Python would write what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
    except EXPECTED as error:
        if os.environ.get('PIR_MM_TRACEBACK') == '1':
            raise
        text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
        if getattr(error, 'errno', None) == errno.ENOSPC:
            place = error.filename or 'a file of this command, or what it prints,'
            text = f'the disk is full: {place} is not written'
        lines = [line.strip() for line in text.splitlines() if line.strip()] or [repr(error)]
        reason = ' '.join(lines)
        if 'Original Traceback' in text:
            reason = re.sub(r'^[\w.]+: ', '', lines[-1])  # without the name of the error's class
        print(f'error: {reason}', file=sys.stderr)
        sys.exit(1)
