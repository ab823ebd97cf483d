"""Tables and figures of all finished runs: ``python -m temporal_pose.report stage=pretrain``."""

import logging
from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console

from temporal_pose.cli import command
from temporal_pose.reporting.page import report_files
from temporal_pose.reporting.results import Results, read_results
from temporal_pose.reporting.tables import pck_table
from temporal_pose.reporting.terminal import terminal
from temporal_pose.training.files import write_bytes


@command("report")
def main(config: DictConfig) -> None:
    """Reads the runs, writes the report, and shows its main tables."""
    logging.getLogger("tensorboard").setLevel(logging.WARNING)  # it names every file it opens
    runs_dir = Path(config.runs_dir)
    results = read_results(runs_dir, config.stage)
    out = runs_dir / "report" / config.stage if config.out is None else Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    files = report_files(results)
    for name, content in files.items():
        write_bytes(out / name, content)
    show(results)
    for name in files:
        print(out / name)


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
