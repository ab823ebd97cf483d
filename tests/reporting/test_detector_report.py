"""The report of trained detectors."""

import csv
import json
from pathlib import Path

import pytest
from commands import Command
from markdown_it import MarkdownIt
from torch.utils.tensorboard import SummaryWriter

from temporal_pose.app.reports import detectors_report
from temporal_pose.errors import RunFolderError
from temporal_pose.reporting.detector_report import files, page, read


def run(folder: Path, pck: float, **more: float) -> None:
    folder.mkdir(parents=True)
    with SummaryWriter(str(folder)) as writer:
        for epoch, loss in enumerate((3.0, 2.0, 1.5)):
            writer.add_scalar("train/loss", loss, epoch)
            writer.add_scalar("val/loss", loss + 0.2, epoch)
            writer.add_scalar("val/nothing/loss", 6.36, epoch)
            writer.add_scalar("val/pck@0.2", pck * epoch / 3, epoch)
    scores = {"test/pck@0.2": pck, "constant/pck@0.2": 0.062, "epochs": 3, "seconds": 90.0}
    (folder / "metrics.json").write_text(json.dumps(scores | more))


def test_a_report_lists_finished_runs_and_says_which_cannot_be_read(tmp_path):
    root = tmp_path / "detector"
    run(root / "lspet/hourglass", 0.4567, **{"val/loss": 1.7, "val/nothing/loss": 6.36})
    run(root / "coco/hourglass", 0.5, **{"test/ap": 0.333})
    (root / "broken").mkdir()
    (root / "broken/metrics.json").write_text("{")
    runs, problems = read(tmp_path)
    assert [one.name for one in runs] == ["coco/hourglass", "lspet/hourglass"]
    assert len(problems) == 1
    assert "broken" in problems[0]
    lines = page(runs).splitlines()
    assert lines[0] == "# Detectors"
    assert lines[2] == (
        "| run | PCK@0.2 | AP | PCK@0.2, constant pose | loss | loss of no answer | epochs "
        "| minutes |"
    ).replace("| epochs", "| people | epochs")
    assert lines[4] == "| coco/hourglass | 50.0 | 33.3 | 6.2 | – | – | – | 3 | 1.5 |"
    assert lines[5] == "| lspet/hourglass | 45.7 | – | 6.2 | 1.7 | 6.36 | – | 3 | 1.5 |"
    made = files(runs)
    assert list(made) == ["report.md", "results.csv", "learning_curves.png"]
    assert made["learning_curves.png"].startswith(b"\x89PNG")
    sheet = made["results.csv"].decode().splitlines()
    assert sheet[0].startswith("run,constant/pck@0.2,")
    assert len(sheet) == 3


def test_names_of_runs_do_nothing_wherever_they_are_shown(tmp_path, capsys):
    odd = "=1+1 [x](javascript:alert(1)) `|\x1b[31m $\\frac{`"
    run(tmp_path / "detector" / odd, 0.5, **{"=cmd|' calc'!A1": 1.0})
    detectors_report(tmp_path, str(tmp_path / "out"))
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    page = (tmp_path / "out" / "report.md").read_text()
    assert "\x1b" not in page
    html = MarkdownIt("commonmark").enable("table").render(page)
    assert "<a" not in html
    assert html.count("<tr>") == 2
    rows = list(csv.reader((tmp_path / "out" / "results.csv").read_text().splitlines()))
    assert not any(cell.startswith("=") for row in rows for cell in row)
    assert "'=cmd|' calc'!A1" in rows[0]


def test_without_runs_there_is_no_report(tmp_path, command: Command):
    with pytest.raises(RunFolderError) as raised:
        read(tmp_path)
    message = (
        f"{tmp_path / 'detector'} holds no finished run; make one with python -m "
        "temporal_pose.train_detector"
    )
    assert str(raised.value) == message
    assert command("report", "stage=detector", f"runs_dir={tmp_path}").refused() == message


def test_a_report_replaces_nothing_but_a_report(tmp_path, command: Command):
    run(tmp_path / "detector/figures/hourglass", 0.5)
    command("report", "stage=detector", f"runs_dir={tmp_path}").went_well()
    command("report", "stage=detector", f"runs_dir={tmp_path}").went_well()
    page = tmp_path / "report/detector/report.md"
    page.write_text("my own")
    refused = command("report", "stage=detector", f"runs_dir={tmp_path}").refused()
    assert refused == f"{page} is there already, and not of a report; choose another out="
