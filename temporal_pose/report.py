"""Tables and figures of all finished runs: ``python -m temporal_pose.report stage=pretrain``."""

import logging
from collections.abc import Mapping
from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console

from temporal_pose.app.cli import command
from temporal_pose.errors import ConfigError
from temporal_pose.files.atomic import write_bytes
from temporal_pose.reporting.page import report_files
from temporal_pose.reporting.results import Results, read_results, stages_with_runs
from temporal_pose.reporting.tables import pck_table
from temporal_pose.reporting.terminal import terminal
from temporal_pose.reporting.variants import Variant

#: What finetuning is compared with: the pretrained weights on the same data, and no pretraining.
STAGES = ("pretrained", "scratch", "finetune")


@command("report")
def main(config: DictConfig) -> None:
    """Reads the runs, writes the report, and shows its main tables."""
    logging.getLogger("tensorboard").setLevel(logging.WARNING)  # it names every file it opens
    runs_dir = Path(config.runs_dir)
    results = read_results(runs_dir, config.stage)
    out = runs_dir / "report" / config.stage if config.out is None else Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    files = report_files(results, compared(results, runs_dir, config.variants))
    for name, content in files.items():
        write_bytes(out / name, content)
    show(results)
    for name in files:
        print(out / name)


def compared(results: Results, runs_dir: Path, others: object) -> list[Variant]:
    """The variants that a report compares.

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
    own = [
        Variant(stage, results if stage == results.stage else read_results(runs_dir, stage))
        for stage in stages_with_runs(runs_dir, stages)
    ]
    if others and len(own) == 1:
        own = [Variant(runs_dir.name, results)]
    return [
        *own,
        *(Variant(str(n), read_results(Path(f), results.stage)) for n, f in others.items()),
    ]


def show(results: Results) -> None:
    """Prints a table of accuracies per k, at most 100 columns wide where it is not a terminal."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=100)
    for number, k in enumerate(results.ks, 1):
        console.print(terminal(pck_table(results, k), number), highlight=False)
        console.print()


if __name__ == "__main__":
    main()
