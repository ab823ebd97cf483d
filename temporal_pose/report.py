"""Tables and figures of all finished runs: ``python -m temporal_pose.report stage=pretrain``."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from os import environ
from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console

from temporal_pose.app.cli import command
from temporal_pose.app.settings import KINDS, check_kinds
from temporal_pose.errors import ConfigError, RunFolderError
from temporal_pose.files.atomic import write_bytes
from temporal_pose.files.escaping import one_line
from temporal_pose.reporting.finished import Results, read_results, stages_with_runs
from temporal_pose.reporting.page import TITLE, PredictionTimes, Report, make_report, with_data
from temporal_pose.reporting.tables.scores import pck_table
from temporal_pose.reporting.tables.variants import Variant
from temporal_pose.reporting.tables.writing import terminal

#: What finetuning is compared with: the pretrained weights on the same data, and no pretraining.
STAGES = ("pretrained", "scratch", "finetune")


@command("report")
def main(config: DictConfig) -> None:
    """Reads the runs, writes the report, and shows its main tables and what was left out."""
    check_kinds(config, {name: KINDS[name] for name in ("grid", "timing")}, ())
    logging.getLogger("tensorboard").setLevel(logging.ERROR)  # it names every file it opens
    runs_dir = Path(config.runs_dir)
    results = read_results(runs_dir, config.stage, config.grid)
    variants, lost = compared(results, runs_dir, config.variants)
    results = replace(results, problems=(*results.problems, *lost))
    out = runs_dir / "report" / config.stage if config.out is None else Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    report = make_report(results, variants, _measured(results) if config.timing else None)
    _check_place(out, report)
    for name, content in report.files.items():
        write_bytes(out / name, content)
    show(results)
    for line in report.problems:
        print(f"left out: {one_line(line)}")
    for name in report.files:
        print(out / name)


def _check_place(out: Path, report: Report) -> None:
    """Makes sure that nothing but an earlier report is replaced; its page is written first.

    Raises:
        ConfigError: a file of the report's has the name of one that is none.
    """
    page = out / next(iter(report.files))
    ours = page.is_file() and page.read_bytes().startswith(TITLE.encode())
    others = [out / name for name in report.files if (out / name).exists()]
    if others and not ours:
        raise ConfigError(
            f"{others[0]} is there already, and not of a report; choose another out="
        )


def _measured(results: Results) -> PredictionTimes:
    from temporal_pose.app.prediction_times import (
        measured,  # here, for it takes the whole of torch
    )

    return measured(results)


def compared(results: Results, runs_dir: Path, others: object) -> tuple[list[Variant], list[str]]:
    """The variants that a report compares, and why one of its own stages is not among them.

    Args:
        results: of the report itself. Of finetuning, further stages in the same folder join it.
        others: by label the folder of further runs of the same stage.

    Raises:
        ConfigError: ``others`` is not such a mapping.
        RunFolderError: one of the folders has no finished run of the stage.
    """
    others = {} if others is None else others
    if not isinstance(others, Mapping) or not all(isinstance(v, str) for v in others.values()):
        raise ConfigError(
            f"variants is {others!r}; expected folders of runs by label, as in "
            "variants='{window boxes: runs-window}'"
        )
    stages = STAGES if results.stage == "finetune" else (results.stage,)
    own, lost = [], []
    for stage in stages_with_runs(runs_dir, stages):
        try:
            found = results if stage == results.stage else read_results(runs_dir, stage)
            own.append(Variant(stage, found))
        except RunFolderError as error:
            lost.append(str(error))
    if others and len(own) == 1:
        own = [Variant(runs_dir.name, results)]
    added = [Variant(str(n), read_results(Path(f), results.stage)) for n, f in others.items()]
    return [*own, *added], lost


def show(results: Results) -> None:
    """Prints a table of accuracies per k, 100 columns wide where nothing says how wide."""
    console = Console()
    if not console.is_terminal and "COLUMNS" not in environ:
        console = Console(width=100)
    for number, k in enumerate(results.ks, 1):
        table = with_data(pck_table(results, k), results.of(k))
        console.print(terminal(table, number, console.width), highlight=False)
        console.print()


if __name__ == "__main__":
    main()
