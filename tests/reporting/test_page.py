"""A report says all there is to say, in order, and one bad run never takes it along."""

import re

import pytest
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from temporal_pose.reporting.finished import read_results
from temporal_pose.reporting.page import PredictionTimes, make_report, own_tables
from temporal_pose.reporting.tables.variants import Variant


def read(folders, stage="pretrain"):
    return read_results(folders.root, stage)


def page(report):
    return report.files["report.md"].decode()


def test_the_thesis_tables_come_first(folders):
    for k in (2, 1):
        folders.keep(folders.add(k=k))
        folders.add("savgol", k=k, parameters=0, whole=True)
    assert [table.key for table in own_tables(read(folders), (), None)] == [
        *("pck_k1", "pck_k2", "keypoints_k1_pck0.2", "keypoints_k2_pck0.2"),
        *("errors_k1", "errors_k2", "differences_k1", "worse_k1", "bands_k1"),
        *("differences_k2", "worse_k2", "bands_k2", "costs"),
        *("keypoints_k1_pck0.2_video_filters", "keypoints_k2_pck0.2_video_filters"),
    ]


def test_the_hold_out_video_follows_where_there_is_one(folders):
    folders.add("conv3d", k=2)
    folders.add("conv3d", also={"holdout/pck@0.1": 0.5, "holdout/identity/pck@0.1": 0.25})
    keys = [table.key for table in own_tables(read(folders), (), None)]
    assert keys[4:6] == ["holdout_k1", "errors_k1"]


def test_every_title_but_that_of_costs_says_which_data(folders):
    folders.keep(folders.add())
    own = read(folders)
    for table in own_tables(own, [Variant("a", own), Variant("b", own)], None):
        assert ("Data: synthetic data with simulated" in table.title) == (table.key != "costs")


def test_every_table_is_a_sheet_and_every_link_leads_somewhere(folders, log_training):
    log_training(path := folders.add())
    folders.keep(path, 0.5)
    report = make_report(read(folders))
    links = re.findall(r"\]\(([^)]+)\)", page(report))
    assert set(links) == set(report.files) - {"report.md"}
    assert {"five_frames.png", "learning_curves.svg", "tradeoff.png", "costs.csv"} < set(links)
    assert report.problems == []
    assert "Left out" not in page(report)


def test_the_corrected_values_stand_last_and_no_void_one_anywhere(folders):
    folders.add(stage="finetune")
    text = page(make_report(read(folders, "finetune")))
    titles = re.findall(r"^\*\*Table \d+\.\*\* (.{40})", text, re.MULTILINE)
    assert [title for title in titles if title.startswith("Corrected by the author")] == (
        ["Corrected by the author after handing in"] * 3
    )
    assert titles[-1].startswith("The thesis's report")
    assert "given the true heatmaps by mistake" in text


def test_times_are_a_table_and_what_was_not_timed_is_listed(folders):
    folders.add("conv3d")
    times = PredictionTimes({"conv3d": {"CPU, batch of 1": 2.5}}, "On it.", ("my_net failed",))
    report = make_report(read(folders), times=times)
    assert "| Conv3D | 7 | 78,150 | 2.50 |" in page(report)
    assert "On it." in page(report)
    assert "## Left out\n\n- my\\_net failed\n" in page(report)


def event(path, step, tag="train/loss"):
    writer = EventFileWriter(str(path))
    scalar = Summary.Value(tag=tag, simple_value=1.0)
    writer.add_event(Event(step=step, wall_time=1.0, summary=Summary(value=[scalar])))
    writer.close()


HOSTILE = "a$\\frac{$[x](javascript:alert(1))"


def test_bad_runs_are_listed_and_the_good_ones_reported(folders, log_training):
    """Each in its own way: metrics, predictions, events, an endless configuration, a name."""
    log_training(folders.add("conv3d"))
    event(folders.add("conv3d", setup=2), 3)  # no validation loss
    event(late := folders.add("deciwatch"), 2**63 - 1)
    (metrics := folders.add("biconvlstm_s") / "metrics.json").write_text('{"test/pck@abc": 1}')
    (endless := folders.add("biconvlstm_c") / "config.yaml").write_text("a: &a [*a, *a]")
    (kept := folders.add("my_net") / "predictions.npz").write_bytes(b"PK")
    folders.add("named", title=HOSTILE, groups={HOSTILE: 0.5})
    report = make_report(read(folders))
    found = [problem.partition(" ")[0] for problem in report.problems]
    assert sorted(found) == sorted(
        map(str, (metrics, endless, kept, late / "events.out.tfevents.*"))
    )
    text = page(report)
    assert text.count("\n- ", text.index("## Left out"), text.index("## Tables")) == 4
    for name in ("Conv3D", "DeciWatch", r"my\_net", r"a\$\\frac{\$\[x\]"):
        assert f"\n| {name}" in text
    assert "bi-ConvLSTM" not in text[: text.index("Corrected by the author")]
    assert {"learning_curves.png", "tradeoff.svg"} < set(report.files)


def test_problems_of_variants_are_listed_once(folders):
    folders.add("conv3d")
    folders.add("conv3d", stage="other")
    bad = folders.add("deciwatch", stage="other") / "metrics.json"
    bad.write_text("{}")
    own, other = read(folders), read(folders, "other")
    report = make_report(own, [Variant("own", own), Variant("other", other), Variant("o", other)])
    assert [problem.partition(" ")[0] for problem in report.problems] == [str(bad)]


@pytest.mark.parametrize("setups", [[1], [1, 2, 3]])
def test_trained_runs_without_events_are_named(folders, setups):
    for setup in setups:
        folders.add(setup=setup, also={"epochs": 2})
    named = ", ".join(f"conv3d 1.{setup} seed 1" for setup in setups)
    assert f"- Without TensorBoard events: {named}.\n" in page(make_report(read(folders)))
