"""Commands in processes of their own, which are forked from one that has imported everything:
importing takes longer than most of what tests ask of them. See `extra/warm.py`.
"""

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from commands import Ended

TESTS = Path(__file__).parent


class Warm:
    """The process that others are forked from; ends with this one."""

    def __init__(self) -> None:
        path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
        self._process = subprocess.Popen(
            [sys.executable, str(TESTS / "extra" / "warm.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONPATH": path},
        )  # fmt: skip
        atexit.register(self._close)

    def ask(self, asked: Any) -> Any:
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def _close(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


warm = cache(Warm)


class Started:
    """A command that leads a session, and a process group, of its own."""

    def __init__(self, pid: int, out: Path, err: Path) -> None:
        self.pid, self._out, self._err = pid, out, err
        self._status: int | None = None

    def poll(self) -> int | None:
        """Its exit status, as `subprocess` has it; None while it runs."""
        if self._status is None:
            self._status = warm().ask(self.pid)
        return self._status

    @property
    def said(self) -> str:
        """On its standard error, until now."""
        return self._err.read_text()

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self.end()

    def end(self) -> Ended:
        """Waits for its end."""
        wait_for(lambda: self.poll() is not None)
        return Ended(self.poll(), self._out.read_text(), self.said)


def started(
    name: str,
    *arguments: str,
    cwd: Path,
    environment: Mapping[str, str] | None = None,
    most: int | None = None,
    also: Sequence[str] = (),
) -> Started:
    """Starts a command.

    Args:
        cwd: where it works.
        environment: in place of this process's.
        most: bytes that a file of its may have.
        also: modules that it would import when it needs them.
    """
    said = Path(tempfile.mkdtemp(prefix="said"))
    out, err = said / "out", said / "err"
    order = {"command": name, "typed": arguments, "folder": str(cwd), "most": most}
    order["also"] = list(also)
    streams = {"out": str(out), "err": str(err), "environment": dict(environment or os.environ)}
    for path in (out, err):
        path.touch()
    return Started(warm().ask(order | streams), out, err)


def process(name: str, *arguments: str, cwd: Path, **options: Any) -> Ended:
    """Runs a command to its end; see `started`."""
    return started(name, *arguments, cwd=cwd, **options).end()


def wait_for(condition: Callable[[], bool], seconds: float = 300) -> None:
    """Looks again and again.

    Raises:
        AssertionError: in vain.
    """
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
