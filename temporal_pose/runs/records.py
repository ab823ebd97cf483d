"""The record of a sweep: which runs it has and what became of each, a file a run.

Every file is written by one process alone, so runs may end at the same time, on any machine that
shares the folder.
"""

import json
import os
import socket
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from temporal_pose.errors import RunFolderError
from temporal_pose.files.atomic import write_json
from temporal_pose.files.documents import UnreadableError, read_json
from temporal_pose.files.escaping import one_line

#: States of runs that need no word in a summary.
WELL = ("done", "skipped")

#: All there are; what a file says besides is damage.
_STATES = {*WELL, "waiting", "running", "failed", "elsewhere", "left out", "stopped"} | {
    "interrupted",
    "unknown",
}
_LAST = 1e11  # seconds since 1970


@dataclass(frozen=True)
class Entry:
    """What is known of one run of a sweep.

    Args:
        path: its folder.
        state: 'waiting', 'running', 'done', 'failed', 'skipped' (finished before), 'elsewhere'
            (another process works on it), 'left out' (nothing to start from), 'stopped' (not
            begun, for `fail_fast`), 'interrupted' (the sweep ended first), or 'unknown' (its
            record is damaged).
        error: the first line of what went wrong.
        since: when it got into that state, seconds since 1970.
        seconds: how long it took, once it is done.
    """

    path: str
    state: str = "waiting"
    error: str = ""
    since: float = 0.0
    seconds: float = 0.0

    @property
    def sound(self) -> bool:
        """Whether it says what an entry can say."""
        times = (self.since, self.seconds)
        real = all(type(t) in (int, float) and 0 <= t < _LAST for t in times)
        words = isinstance(self.state, str) and isinstance(self.error, str)
        return real and words and self.state in _STATES


class Record:
    """A sweep's folder of records.

    Args:
        folder: made when the plan is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def plan(self, paths: Sequence[Path]) -> None:
        """Writes down which runs there will be, in order, and that this process starts them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        starter = {"process": os.getpid(), "host": socket.gethostname()}
        write_json(self.folder / "plan.json", starter | {"runs": [str(path) for path in paths]})
        for path in paths:
            write_json(self._file(str(path)), asdict(Entry(str(path))))

    def write(self, path: Path, state: str, error: str = "", seconds: float = 0.0) -> None:
        """Notes what became of a run, on a full disk too: the file's old place has room for it."""
        entry = asdict(Entry(str(path), state, first_line(error)[:500], time.time(), seconds))
        file = self._file(str(path))
        try:
            write_json(file, entry)
        except OSError:
            with suppress(OSError), file.open("r+") as there:
                there.write(json.dumps(entry).ljust(file.stat().st_size))

    def mark(self, name: str) -> None:
        """Tells the sweep's jobs, on whatever machine, to begin nothing more ('stop'), or to end
        ('over').
        """
        with suppress(OSError):
            (self.folder / name).touch()

    @property
    def stopped(self) -> bool:
        """Whether no further run shall begin."""
        return (self.folder / "stop").exists()

    @property
    def over(self) -> bool:
        """Whether the process that started the sweep is gone, as far as this machine can tell."""
        if (self.folder / "over").exists():
            return True
        plan = self._plan()
        if plan["host"] != socket.gethostname() or plan["process"] == os.getpid():
            return False
        try:
            os.kill(plan["process"], 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False

    def read(self) -> list[Entry]:
        """All runs, in the order of the plan."""
        entries = [self._entry(path) for path in self._plan()["runs"]]
        if not self.over:
            return entries
        return [replace(e, state="interrupted") if e.state == "running" else e for e in entries]

    def ended(self) -> list[Entry]:
        """All runs after the end of the sweep, when none is waited for any more."""
        lost = f"nothing is known of it, for nothing could be written into {self.folder}"
        return [
            replace(entry, state="failed", error=lost)
            if entry.state in ("waiting", "running")
            else entry
            for entry in self.read()
        ]

    def _entry(self, path: str) -> Entry:
        try:
            entry = Entry(**read_json(self._file(path)))
        except (OSError, UnreadableError, TypeError):
            entry = Entry("")
        if entry.path == path and entry.sound:
            return entry
        return Entry(path, "unknown", "its record is missing or damaged")

    def _plan(self) -> dict[str, Any]:
        file = self.folder / "plan.json"
        try:
            plan = read_json(file)
            runs = [str(path) for path in plan["runs"]]
            process = plan["process"]
            if type(process) is not int or not 0 < process < 2**31:
                raise ValueError(f"process is {process}; expected the number of one")
            return {"runs": runs, "host": str(plan["host"]), "process": process}
        except (OSError, UnreadableError, KeyError, TypeError, ValueError) as error:
            raise RunFolderError(
                f"{file} does not tell which runs the sweep has: it is missing or damaged; start "
                "the sweep again"
            ) from error

    def _file(self, path: str) -> Path:
        return self.folder / f"{self._plan()['runs'].index(path):04d}.json"


def latest(runs_dir: Path) -> Record | None:
    """The newest sweep's record under a folder of runs, if there is any."""
    plans = (runs_dir / ".sweeps").glob("*/plan.json")
    newest = max(plans, key=lambda plan: plan.stat().st_mtime, default=None)
    return Record(newest.parent) if newest else None


def first_line(error: str) -> str:
    """What went wrong, without the trace."""
    return error.strip().split("\n")[0]


def seconds_left(entries: Sequence[Entry]) -> float | None:
    """About how long the rest takes; None while no run has shown how long one takes."""
    took = [entry.seconds for entry in entries if entry.state == "done"]
    running = [entry for entry in entries if entry.state == "running"]
    if not took:
        return None
    mean = sum(took) / len(took)
    begun = sum(min(mean, time.time() - entry.since) for entry in running)
    waiting = sum(entry.state == "waiting" for entry in entries)
    return ((waiting + len(running)) * mean - begun) / max(1, len(running))


def progress(entries: Sequence[Entry]) -> str:
    """One line: how many runs are done, running and failed, and about how long the rest takes."""
    counts = Counter(entry.state for entry in entries)
    parts = [f"{count} {state}" for state, count in counts.items()]
    left = seconds_left(entries)
    if left and left >= 1:
        parts.append(
            f"about {left / 60:.0f} min left" if left > 90 else f"about {left:.0f} s left"
        )
    return f"{len(entries)} runs: {', '.join(parts)}"


def summary(entries: Sequence[Entry]) -> str:
    """How many runs ended how, and a line for each that is not simply done."""
    odd = [entry for entry in entries if entry.state not in WELL]
    lines = [f"{entry.state}: {entry.path}: {entry.error}".rstrip(": ") for entry in odd]
    return "\n".join([progress(entries), *(f"  {one_line(line, 1000)}" for line in lines)])
