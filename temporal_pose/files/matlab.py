"""MATLAB 5 files, read in a process of their own: one flipped bit can end the one that reads.

scipy's reader trusts the sizes that a file claims. So it works in a child process, which is kept
for the next file and started again where a file has ended it.
"""

import atexit
import os
import pickle
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Timer
from typing import IO, Any

import numpy as np
from jaxtyping import Shaped

from temporal_pose.errors import DataError
from temporal_pose.files.documents import check_regular

_AT_ONCE = 64  # files that are asked for together, or most of the time would go into asking
_PATIENCE_S = 60  # that so many may take
_MOST_BYTES = 2**31  # of memory; a file that claims more is damaged

Arrays = dict[str, Shaped[np.ndarray, "..."]]


def read(paths: Sequence[Path], names: Sequence[str]) -> Iterator[Arrays]:
    """Those of the named fields that each file holds; what is no numbers and no text is void.

    Raises:
        DataError: a file is damaged, not of MATLAB 5, or ends whoever reads it.
    """
    for start in range(0, len(paths), _AT_ONCE):
        some = paths[start : start + _AT_ONCE]
        for path, found in zip(some, _child().ask(some, names), strict=True):
            if isinstance(found, str):
                raise DataError(
                    f"{path}: cannot be read as a MATLAB 5 file ({found}); copy or download it "
                    "again"
                )
            yield found


class _Child:
    """A process that reads files one after another."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = False

    def ask(self, paths: Sequence[Path], names: Sequence[str]) -> Iterator[Arrays | str]:
        """The fields of each file, or what is wrong with it, which ends it if it is a crash."""
        if self._asked:  # answers that nobody waited for would be taken for those to come
            self.close()
        child, self._asked = self._started(), True
        limit = Timer(_PATIENCE_S, child.kill)
        limit.start()
        try:
            pickle.dump(([str(path) for path in paths], names), _pipe(child.stdin))
            _pipe(child.stdin).flush()
            for _ in paths:
                yield pickle.load(_pipe(child.stdout))
            self._asked = False
        except (OSError, EOFError, pickle.UnpicklingError):
            yield self._ended()
        finally:
            limit.cancel()

    def close(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._process, self._asked = None, False

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ
                | {
                    "PYTHONPATH": os.pathsep.join(filter(None, paths)),
                    "OPENBLAS_NUM_THREADS": "1",
                },
            )
        return self._process

    def _ended(self) -> str:
        status = 0 if self._process is None else self._process.wait()
        self.close()
        how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        return f"whoever reads it is ended by {how}"


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("a process with pipes has them")
    return stream


@cache
def _child() -> _Child:
    child = _Child()
    atexit.register(child.close)
    return child


def serve(questions: IO[bytes], answers: IO[bytes]) -> None:
    """Reads files as they are asked for, until nobody asks."""
    while True:
        try:
            paths, names = pickle.load(questions)
        except EOFError:
            return
        for path in paths:
            pickle.dump(_read(Path(path), names), answers)
            answers.flush()


def _read(path: Path, names: Sequence[str]) -> Arrays | str:
    from scipy.io import loadmat

    try:
        check_regular(path)
        fields: dict[str, Any] = loadmat(path)  # all, or one cut short in its last goes unnoticed
    except Exception as error:  # damage raises anything
        return " ".join(str(error).split())[:200] or type(error).__name__
    found = {name: np.asarray(fields[name]) for name in names if name in fields}
    plain = {name: array.dtype.kind in "biufcU" for name, array in found.items()}
    return {n: a if plain[n] else np.zeros(a.shape, "V1") for n, a in found.items()}


def _limit() -> None:
    """Where the system can: a limit of memory, and no dump of it after a crash."""
    with suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    import scipy.io  # noqa: F401  before the limit, for its threads reserve memory of their own

    warnings.simplefilter("ignore")
    _limit()
    serve(sys.stdin.buffer, sys.stdout.buffer)
