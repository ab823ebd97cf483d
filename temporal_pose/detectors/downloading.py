"""A file of weights out of the network, by torch's own downloader, in its own cache."""

import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from threading import Thread

import torch

from temporal_pose.detectors.waiting import awaited

_ANSWER_S = 15  # that the server may take for each answer
_SILENCE_S = 30  # in which nothing comes; names are looked up for as long as the system likes


def download(url: str, target: Path, sha256: str) -> str | None:
    """Downloads a file; what came of one that is given up is not kept.

    Args:
        target: where it goes.
        sha256: first digits of its checksum.

    Returns:
        Why it could not; None where it could.

    Raises:
        OSError: the folder cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    failed: list[Exception] = []

    def fetch() -> None:
        try:
            torch.hub.download_url_to_file(url, str(whole), sha256)
        except Exception as error:  # torch lets through whatever the network raises
            failed.append(error)

    with tempfile.TemporaryDirectory(dir=target.parent, ignore_cleanup_errors=True) as folder:
        whole = Path(folder) / target.name
        thread = Thread(target=fetch, daemon=True)  # which may hang, and dies with the process
        with redirect_stderr(sys.stdout), _answered_within(_ANSWER_S):  # progress is no error
            thread.start()
            ended = awaited(lambda: not thread.is_alive(), _Growing(Path(folder)).until)
        if not ended:
            return f"nothing has come for {_SILENCE_S} s"
        if failed:
            return str(failed[0]) or type(failed[0]).__name__
        whole.replace(target)
    return None


class _Growing:
    """A folder whose files grow, as long as something comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._size, self._since = 0, time.monotonic()

    def until(self) -> float:
        """When it is given up, if it does not grow before."""
        size = sum(file.stat().st_size for file in self._folder.glob("*") if file.exists())
        if size != self._size:
            self._size, self._since = size, time.monotonic()
        return self._since + _SILENCE_S


@contextmanager
def _answered_within(seconds: float) -> Iterator[None]:
    """Whoever is asked over the network is waited for so long, each time, and not for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
