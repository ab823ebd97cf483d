"""A job in a process of its own: whatever becomes of it, the caller learns how it ended."""

import faulthandler
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from types import ModuleType
from typing import Any

#: How long an interrupted child may take to end by itself, seconds.
PATIENCE = 20

#: Exit status of a child that was interrupted, as shells give it.
INTERRUPTED = 128 + signal.SIGINT

#: Started once: a process that has imported the packages and forks a child for each job.
_context: Any = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")


def preload(module: str) -> None:
    """Lets the process that forks the children import a module, so that they need not."""
    if (
        multiprocessing.get_start_method(allow_none=True) == "loky"
    ):  # joblib's, unknown to children
        multiprocessing.set_start_method(None, force=True)
    if os.name == "posix":
        _context.set_forkserver_preload([module])
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # which that process inherits
        forkserver.ensure_running()
        signal.signal(signal.SIGINT, before)


def isolated(
    job: Callable[..., str | None],
    *arguments: Any,
    over: Callable[[], bool] = lambda: False,
) -> str | None:
    """Runs a job in a child process and waits for its end.

    The child ends when this process ends, even if that is killed.

    Args:
        job: a module's function; it returns None, or the text of its error.
        over: asked every second; once it says so, both processes end.

    Returns:
        None if the job went well, else what became of it, the first line being a summary.

    Raises:
        KeyboardInterrupt: the child was interrupted, for this process is as well, even where its
            own interrupt came at a moment at which Python ignores one.
    """
    receiver, sender = _context.Pipe(duplex=False)
    heeds = signal.getsignal(signal.SIGINT) is not signal.SIG_IGN  # as in a script's background
    child = _context.Process(target=_work, args=(job, arguments, sender, heeds))
    with receiver:
        try:
            with _no_main():
                child.start()
        except (OSError, EOFError) as error:
            return f"no process could be started: {error or 'the system refused'}"
        finally:
            sender.close()
        try:
            said = _listen(receiver, child, over)
            child.join()
        except BaseException:
            _end(child)
            raise
    if child.exitcode == INTERRUPTED:
        raise KeyboardInterrupt
    if child.exitcode == 0:
        return None
    return said if said and child.exitcode > 0 else f"{_ending(child.exitcode)}\n\n{said}".strip()


@contextmanager
def _no_main() -> Iterator[None]:
    """Hides the script that this process runs, which a child would import for nothing, and cannot
    where a launcher's own process runs it.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _listen(receiver: Connection, child: Any, over: Callable[[], bool]) -> str:
    """All that a child says until it ends. A pipe, because a file needs room on the disk."""
    said = b""
    while True:
        ready = wait([receiver, child.sentinel], timeout=1)
        if receiver in ready:
            part = os.read(receiver.fileno(), 1 << 16)
            said += part
        if (receiver in ready and not part) or (ready and receiver not in ready):
            return said.decode(errors="replace")
        if over():
            _end(child)
            os._exit(1)


def _end(child: Any) -> None:
    """Waits for the end of an interrupted child; the terminal has interrupted it as well."""
    child.join(timeout=3)
    if child.is_alive():
        os.kill(child.pid, signal.SIGINT)
        child.join(timeout=PATIENCE)
        child.kill()


def _work(
    job: Callable[..., str | None], arguments: tuple[Any, ...], sender: Connection, heeds: bool
) -> None:
    starter = multiprocessing.parent_process()
    if starter is not None:
        _end_after(starter.join)
    if heeds:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    faulthandler.enable(sender.fileno())
    try:
        error = job(*arguments)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    if error is not None:
        with open(sender.fileno(), "w", closefd=False) as file:
            file.write(error)
        sys.exit(1)


def end_with_parent() -> None:
    """Ends this process within a second of the one that started it, however that ended."""
    parent = os.getppid()
    pause = threading.Event()

    def orphaned() -> None:
        while os.getppid() == parent:
            pause.wait(1)

    _end_after(orphaned)


def _end_after(wait_until: Callable[[], None]) -> None:
    def end() -> None:
        wait_until()
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()


def _ending(status: int) -> str:
    if status >= 0:
        return f"the process ended with exit status {status} and said nothing"
    name = signal.Signals(-status).name
    likely = {
        "SIGKILL": ": out of memory, or killed by hand",
        "SIGSEGV": ": a crash in compiled code",
    }
    return f"the process was ended by {name}{likely.get(name, '')}"
