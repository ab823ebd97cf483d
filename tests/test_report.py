"""The command: what it writes, prints and refuses."""

import ast
import csv
import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

import temporal_pose.reporting

FILES = [
    *("report.md", "tables.tex", "pck_k1.csv", "errors_k1.csv", "costs.csv"),
    *("corrected_pretraining_validation.csv", "thesis_identity.csv"),
    *("results.csv", "learning_curves.png", "learning_curves.svg", "tradeoff.png", "tradeoff.svg"),
]


@pytest.fixture
def report(command):
    """Runs the command as it is typed."""
    return lambda *arguments: command("report", *map(str, arguments))


@pytest.fixture
def runs_dir(tmp_path):
    """Three finished runs: of a network, of one that lost its events, and of the identity."""
    synthetic = {"_target_": "temporal_pose.data.synthetic.Synthetic", "subjects": 3}
    for model, pck in {"conv3d": 0.5, "deciwatch": 0.125, "identity": 0.25}.items():
        path = tmp_path / "runs" / "pretrain" / model / "setup2" / "k1"
        path.mkdir(parents=True)
        sides = {"test": pck, "identity": 0.25}
        metrics = {f"{side}/pck@{a}": v for side, v in sides.items() for a in (0.05, 0.1, 0.2)}
        metrics |= {f"{side}/{e}": 2.0 for side in sides for e in ("error_px", "accel_error_px")}
        metrics |= {"torso_px": 20.0, "seed": 1, "git": "abc", "config_hash": "f00d"}
        metrics |= dict.fromkeys(("parameters", "epochs"), 7 if model != "identity" else 0)
        (path / "metrics.json").write_text(json.dumps(metrics))
        config = {"model": {"name": model}, "data": {"window": 5, "reader": synthetic}}
        (path / "config.yaml").write_text(yaml.safe_dump(config))
        if model == "conv3d":
            _log(path, **{"train/loss": 1.0, "val/loss": 2.0, "val/pck@0.05": 0.5})
    return tmp_path / "runs"


def _log(path, **values):
    writer = EventFileWriter(str(path))
    for tag, value in values.items():
        scalar = Summary.Value(tag=tag, simple_value=value)
        writer.add_event(Event(step=0, wall_time=1.0, summary=Summary(value=[scalar])))
    writer.close()


def test_the_report_is_written_printed_and_repeatable(report, runs_dir, tmp_path):
    first = report(f"runs_dir={runs_dir}")
    out = runs_dir / "report" / "pretrain"
    assert (first.status, first.err) == (0, "")
    assert first.out.splitlines()[-len(FILES) :] == [str(out / name) for name in FILES]
    assert "Conv3D" in first.out
    contents = {file.name: file.read_bytes() for file in out.iterdir()}
    assert sorted(contents) == sorted(FILES)
    second = report(f"runs_dir={runs_dir}", f"out={tmp_path}/elsewhere")
    assert second.status == 0
    again = (tmp_path / "elsewhere").iterdir()
    assert {file.name: file.read_bytes() for file in again} == contents
    assert sorted(item.name for item in runs_dir.iterdir()) == ["pretrain", "report"]
    _check_page(out, contents["report.md"].decode())


def _check_page(out, page):
    """Every caption says that the data is synthetic, and every link leads somewhere."""
    captions = re.findall(r"^\*\*(?:Table|Figure) \d+\.\*\*.*", page, re.MULTILINE)
    ours = [c for c in captions if "thesis" not in c and "Parameters" not in c]
    assert (len(captions), len(ours)) == (7, 4)
    assert all("synthetic data" in caption for caption in ours)
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert set(links) == set(FILES) - {"report.md"}
    assert all((out / link).is_file() for link in links)
    with (out / "pck_k1.csv").open() as file:
        values = {line["Accuracy metric"]: line["PCK@0.05 1.2"] for line in csv.DictReader(file)}
    assert (values["Conv3D"], values["Identity function"]) == ("50", "25")
    assert "Without TensorBoard events: deciwatch 1.2 seed 1." in page
    assert "| Conv3D | **50.0** | **50.0** | **50.0** |" in page


def copied(runs_dir, stage, to, **scores):
    """Another stage, or folder, with the same runs, but for some scores of the first network."""
    shutil.copytree(runs_dir / "pretrain", to / stage)
    file = to / stage / "conv3d" / "setup2" / "k1" / "metrics.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | scores))


def test_finetuning_is_reported_beside_its_controls_and_the_thesis(report, runs_dir, tmp_path):
    copied(runs_dir, "pretrained", runs_dir, **{"test/pck@0.05": 0.25})
    copied(runs_dir, "finetune", runs_dir, **{"test/pck@0.05": 0.75})
    copied(runs_dir, "finetune", tmp_path / "boxes", **{"test/pck@0.05": 0.125})
    done = report(
        *(f"runs_dir={runs_dir}", "stage=finetune", f"out={tmp_path}/out"),
        f"variants={{window boxes: {tmp_path}/boxes}}",
    )
    assert (done.status, done.err) == (0, "")
    page = (tmp_path / "out/report.md").read_text()
    assert page.startswith("# Results: finetune\n")
    assert "| Variant | pretrained | finetune | window boxes | pretrained |" in page
    assert "| Conv3D 1.2 | 25.0 | **75.0** | 12.5† |" in page
    titles = re.findall(r"^\*\*Table (\d+)\.\*\* ([^:.]*)", page, re.MULTILINE)
    assert [title for _, title in titles] == [
        "Test accuracy for shifting scalar k = 1, in percent",
        "Variants compared",
        "Mean test errors for shifting scalar k = 1",
        "Parameters",
        *["Corrected by the author after handing in"] * 3,
        "The thesis's report",
    ]
    with (tmp_path / "out/variants.csv").open() as file:
        lines = {line["Score"]: line for line in csv.DictReader(file)}
    assert lines["Conv3D 1.2"]["PCK@0.05 (%) window boxes"] == "12.5"


def test_other_folders_stand_beside_the_reports_own(report, runs_dir, tmp_path):
    copied(runs_dir, "pretrain", tmp_path / "other")
    done = report(f"runs_dir={runs_dir}", f"variants={{mean 0: {tmp_path}/other}}")
    assert (done.status, done.err) == (0, "")
    page = (runs_dir / "report/pretrain/report.md").read_text()
    assert "| Variant | runs | mean 0 | runs | mean 0 |" in page


@pytest.mark.parametrize("typed", ["variants=here", "variants={a: 3}", "variants=[runs]"])
def test_variants_are_folders_by_label(report, runs_dir, typed):
    refused = report(f"runs_dir={runs_dir}", typed)
    assert (refused.status, refused.out) == (2, "")
    value = {"here": "'here'", "{a: 3}": "{'a': 3}", "[runs]": "['runs']"}[typed.partition("=")[2]]
    assert refused.err == (
        f"error: variants is {value}; expected folders of runs by label, as in "
        "variants='{window boxes: runs-window}'\n"
    )


def test_a_variant_without_runs_is_named(report, runs_dir, tmp_path):
    refused = report(f"runs_dir={runs_dir}", f"variants={{a: {tmp_path}/nowhere}}")
    assert refused.status == 2
    assert refused.err.startswith(f"error: {tmp_path}/nowhere/pretrain holds no finished run; ")


def test_without_runs_one_line_says_how_to_make_one(report, tmp_path):
    refused = report(f"runs_dir={tmp_path}", "stage=finetune")
    assert (refused.status, refused.out) == (2, "")
    assert refused.err == (
        f"error: {tmp_path}/finetune holds no finished run; make one, for example with "
        f"python -m temporal_pose.finetune model=conv3d setup=1 k=1 runs_dir={tmp_path}\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_run_is_listed_and_the_others_are_reported(report, runs_dir):
    file = runs_dir / "pretrain" / "conv3d" / "setup2" / "k1" / "metrics.json"
    file.write_text("[]")
    done = report(f"runs_dir={runs_dir}")
    assert (done.status, done.err) == (0, "")
    said = (
        f"{file} is unreadable or damaged: it holds no JSON object; delete its folder and "
        "repeat the run (the run is left out)"
    )
    assert f"\nleft out: {said}\n" in done.out
    assert "DeciWatch" in done.out
    assert "Conv3D" not in done.out
    page = (runs_dir / "report/pretrain/report.md").read_text()
    assert "## Left out\n\n- " in page


@pytest.mark.parametrize("seed", ["abc", [1], {"a": 1}, 1.5])
def test_a_run_of_an_odd_seed_is_left_out(report, runs_dir, seed):
    file = runs_dir / "pretrain" / "conv3d" / "setup2" / "k1" / "metrics.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"seed": seed}))
    done = report(f"runs_dir={runs_dir}")
    assert (done.status, done.err) == (0, "")
    assert f"\nleft out: {file} " in done.out
    assert "DeciWatch" in done.out


def test_a_damaged_control_does_not_stand_in_the_way(report, runs_dir):
    copied(runs_dir, "pretrained", runs_dir)
    copied(runs_dir, "finetune", runs_dir)
    for file in (runs_dir / "pretrained").rglob("metrics.json"):
        file.write_text("{}")
    done = report(f"runs_dir={runs_dir}", "stage=finetune")
    assert (done.status, done.err) == (0, "")
    (line,) = [line for line in done.out.splitlines() if line.startswith("left out: ")]
    assert line.startswith(f"left out: {runs_dir}/pretrained holds no finished run that can be ")


@pytest.mark.parametrize("name", ["report.md", "results.csv"])
def test_nothing_but_an_earlier_report_is_replaced(report, runs_dir, tmp_path, name):
    (out := tmp_path / "mine").mkdir()
    (out / name).write_text("my own\n")
    refused = report(f"runs_dir={runs_dir}", f"out={out}")
    assert refused.refused() == (
        f"{out}/{name} is there already, and not of a report; choose another out="
    )
    assert [(file.name, file.read_text()) for file in out.iterdir()] == [(name, "my own\n")]


def test_where_nothing_can_be_read_the_error_is_one_line(report, runs_dir):
    for file in (runs_dir / "pretrain").rglob("metrics.json"):
        file.write_text("\x1b[31m")
    refused = report(f"runs_dir={runs_dir}")
    assert (refused.status, refused.out) == (2, "")
    assert refused.err.startswith(f"error: {runs_dir}/pretrain holds no finished run that can ")
    assert refused.err.count("\n") == 1
    assert "\x1b" not in refused.err


def test_the_whole_grid_is_shown_on_demand(report, runs_dir):
    done = report(f"runs_dir={runs_dir}", "grid=true")
    page = (runs_dir / "report/pretrain/report.md").read_text()
    assert (done.status, done.err) == (0, "")
    assert "| Conv3D | – | **50.0** | – |" in page
    assert "| bi-ConvLSTM - sum. | – | – | – |" in page


@pytest.mark.parametrize("width", [50, 80, 110])
def test_lines_are_as_long_as_the_terminal_is_wide(report, runs_dir, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    done = report(f"runs_dir={runs_dir}", f"out={runs_dir}/o")
    shown = done.out.partition(f"{runs_dir}/o")[0].splitlines()
    assert max(map(len, shown)) <= width
    assert "*: best of its column." in shown


@pytest.mark.parametrize("setting", ["grid", "timing"])
def test_switches_are_true_or_false(report, runs_dir, setting):
    refused = report(f"runs_dir={runs_dir}", f"{setting}=perhaps")
    assert (refused.status, refused.out) == (2, "")
    assert refused.err == f"error: {setting} is 'perhaps'; expected true or false\n"


def test_reporting_knows_neither_models_nor_training():
    for file in Path(temporal_pose.reporting.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in getattr(node, "names", []) if hasattr(alias, "name")]
            module = getattr(node, "module", None) or " ".join(names)
            own = module.startswith("temporal_pose.")
            assert module.split(".")[0] not in ("torch", "lightning", "hydra", "omegaconf")
            rooms = ("reporting", "refining", "runs", "inputs", "pose", "files", "errors")
            assert not own or module.split(".")[1] in rooms
