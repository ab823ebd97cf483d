"""What came of an evaluation: where it may be kept, and how it is shown."""

from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from temporal_pose.app.composing import plain
from temporal_pose.data.module import PoseData
from temporal_pose.data.splits import HOLDOUT
from temporal_pose.errors import ConfigError
from temporal_pose.files.atomic import write_json
from temporal_pose.files.escaping import one_line
from temporal_pose.files.outputs import refuse_inputs
from temporal_pose.runs.folders import RunFolder
from temporal_pose.runs.predictions import Predictions
from temporal_pose.runs.results import METRICS, MIDDLE_PCK, PREDICTIONS, STRICT_PCK, TEST

_TITLES = {"test": "test set", "all": "all videos", HOLDOUT: "held out"}


def check_out(config: DictConfig) -> None:
    """Makes sure that nothing is replaced but an earlier evaluation.

    Raises:
        ConfigError: ``out`` is where a run, its weights or the data are, or holds other results.
    """
    folder = Path(str(config.out)).expanduser()
    read = (config.run, config.checkpoint, config.data.root)
    written = (folder / PREDICTIONS, folder / METRICS)
    refuse_inputs(written, [Path(str(path)) for path in read if path is not None])
    if not RunFolder(folder).replaceable:
        raise ConfigError(f"out is {folder}, which holds a run or other results; choose another")


def part_of(data: PoseData, part: str) -> PoseData:
    """The data with what is to be scored in place of the test set.

    Raises:
        ConfigError: what is held out is to be, and nothing is.
    """
    if part != HOLDOUT:
        return data
    if HOLDOUT not in data.sides:
        raise ConfigError(
            "part is holdout, and nothing is held out; add data.holdout=longest, or the name of "
            "a group or video"
        )
    return data.tested_on(HOLDOUT)


def keep(config: DictConfig, scores: dict[str, float], predictions: Predictions) -> None:
    """Writes what came out, if asked to, and shows it."""
    if config.out is not None:
        folder = Path(str(config.out)).expanduser()
        predictions.save(folder / PREDICTIONS)
        write_json(folder / METRICS, plain(scores))
    Console().print(_table(config.model.name, scores, _TITLES[config.part]))


def _table(name: str, scores: dict[str, float], title: str) -> Table:
    """Scores of all keypoints, and of their groups at the widest threshold alone."""
    table = Table("score", escape(one_line(name)), "identity", title=title)
    for row, value in scores.items():
        score = row.removeprefix(TEST.refined)
        if score != row and not score.startswith((f"{STRICT_PCK}/", f"{MIDDLE_PCK}/")):
            shown = (value, scores[f"{TEST.raw}{score}"])
            form = "{:.1%}" if score.startswith("pck") else "{:.3f}"
            table.add_row(escape(one_line(score)), *(form.format(number) for number in shown))
    return table
