"""Run folders: one configuration, one folder, one process at a time.

A folder holds ``config.yaml`` (written first), the TensorBoard events, ``last.ckpt`` (every
epoch), ``best.ckpt``, ``predictions.npz`` (of the test set; ``holdout.npz`` of what is held out),
and ``metrics.json``, written last and atomically: a run is finished if and only if that file is
there. Nothing else is ever touched.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock, Timeout

from temporal_pose.errors import DataError, RunFolderError
from temporal_pose.files.atomic import write_json, write_text
from temporal_pose.files.documents import UnreadableError, read_json, read_yaml
from temporal_pose.files.reading import arrays
from temporal_pose.pose.skeletons import CLIMBALONG25
from temporal_pose.runs.fingerprints import flatten, identity_of
from temporal_pose.runs.migration import migrated
from temporal_pose.runs.results import HOLDOUT_PREDICTIONS, METRICS, PREDICTIONS, TEST

#: What a run writes, by the beginnings of names for what its libraries name; a lock is never in
#: the way. `atomic` names its unfinished files after what they become.
WRITTEN = (
    *("config.yaml", "best.ckpt", "last.ckpt", "split.json", METRICS, PREDICTIONS),
    *(HOLDOUT_PREDICTIONS, "error.txt", "hparams.yaml", "events.out.tfevents."),
)

_FASTEST = 1e6  # frames a second; a file that claims more is damaged


class RunFolder:
    """One run's folder.

    Args:
        path: the folder; made when the run is opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.config_file = self.path / "config.yaml"
        self.metrics_file = self.path / METRICS
        self.best = self.path / "best.ckpt"
        self.last = self.path / "last.ckpt"
        self.predictions = self.path / PREDICTIONS
        self.holdout = self.path / HOLDOUT_PREDICTIONS
        self.split_file = self.path / "split.json"
        self.error_file = self.path / "error.txt"

    @property
    def finished(self) -> bool:
        """Whether the run has its results."""
        return self.metrics_file.is_file()

    @property
    def replaceable(self) -> bool:
        """Whether an evaluation may write its results here: nothing is there, or those of one."""
        if self.config_file.exists():
            return False
        if not self.metrics_file.exists():
            return True
        try:
            return any(name.startswith(TEST.refined) for name in self.metrics())
        except RunFolderError:
            return False

    @property
    def busy(self) -> bool:
        """Whether a process works in the folder right now."""
        if not self.path.is_dir():
            return False
        try:
            with FileLock(self.path / ".lock", timeout=0):
                return False
        except Timeout:
            return True

    @property
    def state(self) -> str:
        """Done, running, failed (and resumable, if it got that far), resumable, or new."""
        if self.finished:
            return "done"
        if self.busy:
            return "running"
        resumable = "resumable" if self.last.exists() else ""
        if self.error_file.exists():
            return f"failed, {resumable}" if resumable else "failed"
        return resumable or "new"

    def metrics(self) -> dict[str, Any]:
        """The results of a finished run.

        Raises:
            RunFolderError: there are none, or the file is damaged.
        """
        try:
            return _mapping(read_json(self.metrics_file))
        except FileNotFoundError:
            raise RunFolderError(
                f"{self.path} holds no finished run (no metrics.json); the command that began it "
                "finishes it"
            ) from None
        except UnreadableError as error:
            raise RunFolderError(
                f"{self.metrics_file} is damaged ({error}); train the run again with force=true"
            ) from None

    def trained_on(self) -> set[str]:
        """Fingerprints of the videos that training or validation has seen, and the test has not;
        pretraining's included.

        Raises:
            RunFolderError: the run does not say.
        """
        try:
            return set(self._names("seen"))
        except (OSError, KeyError, TypeError, ValueError):
            raise RunFolderError(
                f"{self.split_file} does not tell which videos the run was trained on: it is "
                "missing, damaged, or of an earlier version; train the run again with force=true"
            ) from None

    def frame_rates(self) -> list[float]:
        """Frames a second of the training windows; empty where the run does not say."""
        try:
            rates = [float(rate) for rate in read_json(self.split_file)["fps"]]
        except (OSError, KeyError, TypeError, ValueError, OverflowError):
            return []
        return rates if all(0 < rate < _FASTEST for rate in rates) else []

    def likeness(self) -> dict[str, tuple[float, float]]:
        """What the detections of training were like; nothing where the run does not say."""
        try:
            found = read_json(self.split_file)["likeness"]
            return {str(name): (float(low), float(high)) for name, (low, high) in found.items()}
        except (OSError, AttributeError, KeyError, TypeError, ValueError):
            return {}

    def taught(self) -> tuple[str, ...] | None:
        """Keypoints that had a truth in training, or for runs of before in their test set; None
        where the run does not say.
        """
        with suppress(OSError, KeyError, TypeError, ValueError):
            return tuple(self._names("taught"))
        try:
            visible = arrays(self.predictions, ["visible"])["visible"]
        except (DataError, KeyError):
            return None
        names = CLIMBALONG25.keypoints
        if visible.ndim != 3 or visible.shape[-1] != len(names):
            return None
        return tuple(name for name, seen in zip(names, visible.T, strict=True) if seen.any())

    def _names(self, kind: str) -> list[str]:
        """A list of the file that tells how the data were split.

        Raises:
            OSError, KeyError, TypeError, ValueError: it does not hold one.
        """
        names = read_json(self.split_file)[kind]
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError(f"{kind} is no list of names")
        return names

    def config(self) -> dict[str, Any]:
        """The resolved configuration of the run, in today's words.

        Raises:
            RunFolderError: the folder holds no run.
        """
        try:
            return migrated(_mapping(read_yaml(self.config_file)))
        except FileNotFoundError:
            raise RunFolderError(f"{self.path} holds no run (no config.yaml)") from None
        except UnreadableError:
            raise RunFolderError(f"{self.config_file} is damaged; delete the folder") from None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keeps other processes out; the system lets go when this process ends, however it does.

        Raises:
            RunFolderError: another process holds the folder.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.path / ".lock", timeout=1):  # `busy` takes it for an instant
                yield
        except Timeout:
            raise RunFolderError(
                f"another process is working in {self.path}; wait for it, or use another runs_dir"
            ) from None

    def claim(self, config: Mapping[str, Any], force: bool) -> None:
        """Ties the folder to a configuration; with ``force``, what a run wrote there is deleted.

        Raises:
            RunFolderError: the folder belongs to another configuration, or holds files by the
                names of a run's, and nothing shows that they are.
        """
        if self.config_file.exists() and not force:
            self.check(config)
        else:
            self._clear()
            write_text(self.config_file, yaml.safe_dump(dict(config), sort_keys=False))
        self.error_file.unlink(missing_ok=True)

    def check(self, config: Mapping[str, Any]) -> None:
        """Makes sure that the folder belongs to that configuration.

        Raises:
            RunFolderError: it belongs to another one; the message names what differs.
        """
        saved = self.config()
        if "data_files" not in saved:  # a run of before
            config = {name: value for name, value in config.items() if name != "data_files"}
        there, here = identity_of(saved), identity_of(config)
        names = sorted(there | here, key=lambda name: (name.startswith("objects."), name))
        shown = [flatten(saved), flatten(config)]
        different = [
            "{} is {} there, {} here".format(name, *(side.get(name, "unset") for side in shown))
            for name in names
            if there.get(name, "unset") != here.get(name, "unset")
        ]
        if different:
            more = f" (and {len(different) - 3} more)" if len(different) > 3 else ""
            raise RunFolderError(
                f"{self.path} belongs to another configuration: {'; '.join(different[:3])}{more}. "
                "Use another runs_dir=, or force=true to replace what is there"
            )

    def finish(self, metrics: Mapping[str, Any]) -> None:
        """Writes the results: the last thing a run does."""
        write_json(self.metrics_file, metrics)

    def _clear(self) -> None:
        """Deletes what a run wrote here: its results first, what shows whose they are last.

        Raises:
            RunFolderError: nothing shows that it was a run.
        """
        written = sorted(
            (item for item in self.path.iterdir() if self._wrote(item)),
            key=lambda item: (item == self.config_file, item != self.metrics_file),
        )
        others = [item for item in written if item != self.error_file]
        if others and not self._is_a_runs():
            raise RunFolderError(
                f"{self.path} holds {others[0].name}, and no config.yaml that shows it to be a "
                "run's; move it away if it is yours, or use another runs_dir="
            )
        for item in written:
            item.unlink(missing_ok=True)

    def _wrote(self, item: Path) -> bool:
        """Whether a file has the name of one that a run writes, or is to get it."""
        return item.name.removeprefix(".").startswith(WRITTEN) and not item.is_dir()

    def _is_a_runs(self) -> bool:
        """Whether the folder's configuration is one that this package wrote."""
        try:
            names = self.config().keys()
            return {"stage", "data", "objects"} <= names or {"stage", "model", "data"} <= names
        except RunFolderError:
            return False


def _mapping(content: Any) -> dict[str, Any]:
    """Settings or scores by name.

    Raises:
        UnreadableError: something else, or nothing.
    """
    if not isinstance(content, Mapping) or not all(isinstance(name, str) for name in content):
        raise UnreadableError("expected names and values")
    return dict(content)
