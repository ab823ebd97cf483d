"""Tables and figures of all finished runs: ``python -m temporal_pose.report stage=pretrain``."""

import logging
from dataclasses import replace
from pathlib import Path

from omegaconf import DictConfig

from temporal_pose.app.cli import command
from temporal_pose.app.reports import check_place, compared, detectors_report, show, times_of
from temporal_pose.app.setting_kinds import check_kinds
from temporal_pose.app.settings import KINDS
from temporal_pose.files.atomic import write_bytes
from temporal_pose.files.escaping import one_line
from temporal_pose.reporting.finished import read_results
from temporal_pose.reporting.page import TITLE, make_report


@command("report")
def main(config: DictConfig) -> None:
    """Reads the runs, writes the report, and shows its main tables and what was left out."""
    check_kinds(config, {name: KINDS[name] for name in ("grid", "timing")}, ())
    logging.getLogger("tensorboard").setLevel(logging.ERROR)  # it names every file it opens
    runs_dir = Path(config.runs_dir)
    if config.stage == "detector":
        detectors_report(runs_dir, config.out)
        return
    results = read_results(runs_dir, config.stage, config.grid)
    variants, lost = compared(results, runs_dir, config.variants)
    results = replace(results, problems=(*results.problems, *lost))
    out = runs_dir / "report" / config.stage if config.out is None else Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    report = make_report(results, variants, times_of(results) if config.timing else None)
    check_place(out, report.files, TITLE)
    for name, content in report.files.items():
        write_bytes(out / name, content)
    show(results)
    for line in report.problems:
        print(f"left out: {one_line(line)}")
    for name in report.files:
        print(out / name)


if __name__ == "__main__":
    main()
