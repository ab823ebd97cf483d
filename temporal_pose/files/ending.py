"""How a command ends: what its user can mend is one line, and nobody reading is no error."""

import errno
import logging
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from temporal_pose.errors import UserError
from temporal_pose.files.escaping import one_line

#: Exit status where whoever read the output has gone, as shells have it for a broken pipe.
UNREAD = 128 + 13

_LONGEST = 4000  # characters of an error; some list all that could be chosen

#: What to do about an error of the system.
_REMEDIES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "make room there, or "),
    **dict.fromkeys((errno.EACCES, errno.EPERM), "allow this user to write there, or "),
}


def system_error_line(error: OSError, otherwise: str = "choose another path") -> str | None:
    """One line for an error of the system; None for one that says nothing.

    Args:
        otherwise: what else the user can do.
    """
    if error.errno is None or error.strerror is None:
        return None
    where = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror}{where}; {_REMEDIES.get(error.errno, '')}{otherwise}"


@contextmanager
def quiet_on_broken_pipe() -> Iterator[None]:
    """Ends the process quietly where nobody reads its output any more, as behind ``| head``."""
    before, logging.raiseExceptions = logging.raiseExceptions, False  # logs go there as well
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        if not _nobody_reads():
            raise
        # Python would flush what is left at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(UNREAD)
    finally:
        logging.raiseExceptions = before


@contextmanager
def errors_as_lines() -> Iterator[None]:
    """For commands without Hydra: an error that a user can mend is a line, and the status 2."""
    with quiet_on_broken_pipe():
        try:
            yield
        except UserError as error:
            _refuse(str(error))
        except KeyboardInterrupt:
            sys.exit("interrupted")
        except OSError as error:
            line = system_error_line(error)
            if line is None or isinstance(error, BrokenPipeError):
                raise
            _refuse(line)


def complain(line: str) -> None:
    """Shows an error; what it quotes of files does nothing to the terminal."""
    print(f"error: {one_line(line, _LONGEST)}", file=sys.stderr, flush=True)


def _refuse(line: str) -> None:
    complain(line)
    sys.exit(2)


def _nobody_reads() -> bool:
    """Whether the other end of standard output is closed."""
    try:
        ask = select.poll()
        ask.register(sys.stdout.fileno(), 0)
        return bool(ask.poll(0))  # what is asked for is nothing but errors
    except (AttributeError, OSError, ValueError):  # Windows; no file at all
        return False
