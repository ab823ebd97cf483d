"""The record of a sweep: which runs it has and what became of each, a file a run.

Every file is written by one process alone, so runs may end at the same time, on any machine that
shares the folder.
"""

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from temporal_pose.training.files import write_json


@dataclass(frozen=True)
class Entry:
    """What is known of one run of a sweep.

    Args:
        path: its folder.
        state: 'waiting', 'running', 'done', 'failed', 'skipped' (finished before), 'elsewhere'
            (another process works on it) or 'stopped' (not begun, for `fail_fast`).
        error: the first line of what went wrong.
        since: when it got into that state, seconds since 1970.
        seconds: how long it took, once it is done.
    """

    path: str
    state: str = "waiting"
    error: str = ""
    since: float = 0.0
    seconds: float = 0.0


class Record:
    """A sweep's folder of records.

    Args:
        folder: made when the plan is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def plan(self, paths: Sequence[Path]) -> None:
        """Writes down which runs there will be, in order."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(self.folder / "plan.json", {"runs": [str(path) for path in paths]})

    def write(self, path: Path, state: str, error: str = "", seconds: float = 0.0) -> None:
        """Notes what became of a run. A full disk does not stop a sweep for want of a note."""
        entry = Entry(str(path), state, error.strip().split("\n")[0], time.time(), seconds)
        with suppress(OSError):
            write_json(self._file(str(path)), asdict(entry))

    def read(self) -> list[Entry]:
        """All runs, in the order of the plan."""
        runs = json.loads((self.folder / "plan.json").read_text())["runs"]
        entries = []
        for path in runs:
            file = self._file(path)
            known = json.loads(file.read_text()) if file.exists() else {"path": path}
            entries.append(Entry(**known))
        return entries

    def _file(self, path: str) -> Path:
        runs = json.loads((self.folder / "plan.json").read_text())["runs"]
        return self.folder / f"{runs.index(path):04d}.json"


def latest(runs_dir: Path) -> Record | None:
    """The newest sweep's record under a folder of runs, if there is any."""
    plans = (runs_dir / ".sweeps").glob("*/plan.json")
    newest = max(plans, key=lambda plan: plan.stat().st_mtime, default=None)
    return Record(newest.parent) if newest else None
