"""A wheel out of the registry, by pip, and no longer wait than there is something to wait for."""

import re
import subprocess
import sys
import time
from pathlib import Path

from temporal_pose.detectors.waiting import awaited

_ANSWER_S, _PATIENCE_S = 30, 600  # for the registry's answer, and for all that it sends
_ONCE = ("--timeout=10", "--retries=1")
_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--no-input")
# The models are the same in every wheel; this one can be had whatever Python and system this is.
_ANYWHERE = (
    *("--python-version=3.11", "--implementation=cp", "--abi=cp311"),
    *("--platform=manylinux_2_17_x86_64", "--only-binary=:all:", "--no-deps"),
)
_COMING = re.compile(r"^\s*(Downloading|Using cached|Processing) ", re.MULTILINE)
_BROKEN = re.compile(r"connection broken by '(.*)$", re.MULTILINE)
_REASON = re.compile(r"\[Errno -?\d+\] ([^'\")]+)|(timed out)")


def downloaded(wheel: str, folder: Path) -> str | None:
    """Downloads a wheel into a folder.

    Args:
        wheel: name and version, as pip writes them.

    Returns:
        Why it could not; None where it could.
    """
    log = folder / "pip.txt"
    command = (*_PIP, *_ONCE, *_ANYWHERE, f"--dest={folder}", wheel)
    try:
        with log.open("wb") as out:
            pip = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )
    except OSError as error:
        return str(error)
    try:
        return _waited(pip, log)
    finally:
        pip.kill()  # which does nothing once it has ended
        pip.wait()


def _waited(pip: "subprocess.Popen[bytes]", log: Path) -> str | None:
    """Waits for pip, as long as its output shows that something comes."""
    begun = time.monotonic()

    def coming() -> bool:
        return _COMING.search(_said(log)) is not None

    if awaited(
        lambda: pip.poll() is not None,
        lambda: begun + (_PATIENCE_S if coming() else _ANSWER_S),
    ):
        return _complaint(_said(log)) if pip.returncode else None
    if coming():
        return f"it has not come within {_PATIENCE_S} s"
    return f"the package registry has not answered within {_ANSWER_S} s"


def _said(log: Path) -> str:
    return log.read_text(errors="replace")


def _complaint(said: str) -> str:
    """What pip's output says, in a few words; its last line speaks of versions in any case."""
    broken = _BROKEN.search(said)
    if broken is None:
        return " ".join(said.strip().splitlines()[-1:]) or "pip says nothing"
    reason = _REASON.search(broken[1])
    told = f": {reason[1] or reason[2]}" if reason is not None else ""
    return f"no connection to the package registry{told}"
