"""A job in a process of its own: whatever becomes of it, the caller learns how it ended."""

import ctypes
import faulthandler
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_DEATH_SIGNAL = 1  # Linux's PR_SET_PDEATHSIG

#: Started once: a process that has imported the packages and forks a child for each job.
_context: Any = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")


def preload(module: str) -> None:
    """Lets the process that forks the children import a module, so that they need not."""
    if os.name == "posix":
        _context.set_forkserver_preload([module])
    sys.modules["__main__"].__spec__ = None  # else every child warns that it imports it twice


def isolated(job: Callable[..., str | None], *arguments: Any, report: Path) -> str | None:
    """Runs a job in a child process and waits for its end.

    The child ends when this process ends, even if that is killed.

    Args:
        job: a module's function; it returns None, or the text of its error.
        report: where the child leaves that text; the folder must be there.

    Returns:
        None if the job went well, else what became of it, the first line being a summary.
    """
    report.unlink(missing_ok=True)
    child = _context.Process(target=_work, args=(job, arguments, report))
    child.start()
    try:
        child.join()
    except BaseException:
        child.join(timeout=20)  # an interrupt reaches the child as well, and it ends by itself
        child.kill()
        raise
    if report.exists():
        return report.read_text()
    return None if child.exitcode == 0 else _ending(child.exitcode or 0)


def _work(job: Callable[..., str | None], arguments: tuple[Any, ...], report: Path) -> None:
    _end_with_parent()
    faulthandler.enable()
    error = job(*arguments)
    if error is not None:
        report.write_text(error)
        sys.exit(1)


def _end_with_parent() -> None:
    """Asks Linux to end this process with its parent; elsewhere an orphan finishes its run."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() == 1:
        os._exit(1)


def _ending(status: int) -> str:
    if status >= 0:
        return f"the process ended with exit status {status} and said nothing"
    name = signal.Signals(-status).name
    likely = {
        "SIGKILL": ": out of memory, or killed by hand",
        "SIGSEGV": ": a crash in compiled code; the trace is in the terminal",
    }
    return f"the process was ended by {name}{likely.get(name, '')}"
