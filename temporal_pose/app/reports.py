"""A report's runs: which are compared, where it may go, and its main tables in the terminal."""

from collections.abc import Mapping
from pathlib import Path

from temporal_pose.errors import ConfigError, RunFolderError
from temporal_pose.files.atomic import write_bytes
from temporal_pose.files.consoles import wide_console
from temporal_pose.reporting import detector_report as detectors
from temporal_pose.reporting.finished import Results, read_results, stages_with_runs
from temporal_pose.reporting.page import PredictionTimes, with_data
from temporal_pose.reporting.tables.scores import pck_table
from temporal_pose.reporting.tables.variants import Variant
from temporal_pose.reporting.tables.writing import terminal

#: What finetuning is compared with: the pretrained weights on the same data, and no pretraining.
STAGES = ("pretrained", "scratch", "finetune")


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


def detectors_report(runs_dir: Path, place: str | None) -> None:
    """Writes the report of trained detectors, which have neither setups nor shifting scalars.

    Args:
        place: where to; beside the runs where None.
    """
    runs, problems = detectors.read(runs_dir)
    out = runs_dir / "report" / "detector" if place is None else Path(place)
    out.mkdir(parents=True, exist_ok=True)
    made = detectors.files(runs)
    check_place(out, made, detectors.TITLE)
    for name, content in made.items():
        write_bytes(out / name, content)
    print(detectors.page(runs))
    for line in problems:
        print(f"left out: {line}")
    for name in made:
        print(out / name)


def check_place(out: Path, files: Mapping[str, bytes], title: str) -> None:
    """Makes sure that nothing but an earlier report is replaced; its page is written first.

    Raises:
        ConfigError: a file of the report's has the name of one that is none.
    """
    page = out / next(iter(files))
    ours = page.is_file() and page.read_bytes().startswith(title.encode())
    others = [out / name for name in files if (out / name).exists()]
    if others and not ours:
        raise ConfigError(
            f"{others[0]} is there already, and not of a report; choose another out="
        )


def times_of(results: Results) -> PredictionTimes:
    """How long the networks of the runs take, here and now."""
    from temporal_pose.app.prediction_times import (
        measured,  # here, for it takes the whole of torch
    )

    return measured(results)


def show(results: Results) -> None:
    """Prints a table of accuracies per k, 100 columns wide where nothing says how wide."""
    console = wide_console(100)
    for number, k in enumerate(results.ks, 1):
        table = with_data(pck_table(results, k), results.of(k))
        console.print(terminal(table, number, console.width), highlight=False)
        console.print()
