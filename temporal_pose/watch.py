"""Shows how far the newest sweep is: ``python -m temporal_pose.watch runs_dir=runs``."""

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from omegaconf import DictConfig
from rich.box import SIMPLE
from rich.console import Console, Group
from rich.live import Live
from rich.table import Column, Table
from rich.text import Text

from temporal_pose.app.cli import command
from temporal_pose.errors import RunFolderError
from temporal_pose.files.escaping import one_line
from temporal_pose.runs.events import epochs_done
from temporal_pose.runs.records import WELL, Entry, latest, progress


@command("watch")
def main(config: DictConfig) -> None:
    """A live view that ends with the sweep, or with Ctrl-C; with ``once``, a single look."""
    record = latest(Path(config.runs_dir))
    if record is None:
        raise RunFolderError(f"{config.runs_dir} holds no sweep; start one, or give its runs_dir=")
    if config.once:
        Console().print(view(record.read()))
        return
    with suppress(KeyboardInterrupt), Live(view(record.read()), auto_refresh=False) as live:
        while not record.over:
            time.sleep(config.every)
            record = latest(Path(config.runs_dir)) or record
            live.update(view(record.read()), refresh=True)


def view(entries: Sequence[Entry]) -> Group | str:
    """How many runs are in which state, and a row for each that runs or did not go well."""
    odd = [entry for entry in entries if entry.state not in (*WELL, "waiting")]
    if not odd:
        return progress(entries)
    table = Table("state", Column("folder", overflow="fold"), "", box=SIMPLE)
    for entry in odd:
        said = _pulse(entry) if entry.state == "running" else entry.error
        table.add_row(*(Text(one_line(words)) for words in (entry.state, entry.path, said)))
    return Group(progress(entries), table)


def _pulse(entry: Entry) -> str:
    """For how long a run has been running, and how many epochs it has, from earlier times too."""
    minutes, seconds = divmod(int(time.time() - entry.since), 60)
    done = epochs_done(Path(entry.path))
    epochs = f", {done} epoch{'s' * (done > 1)} done" if done else ""
    return f"{minutes}:{seconds:02} min{epochs}"


if __name__ == "__main__":
    main()
