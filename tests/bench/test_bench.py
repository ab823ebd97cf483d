"""Every benchmark works on next to nothing; nothing here looks at a time."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from processes import wait_for
from scipy.io import savemat

import temporal_pose.training.timing as prediction_times
from temporal_pose.bench import __main__ as command
from temporal_pose.bench import measure as timing
from temporal_pose.bench import prediction, starting, steps, waiting
from temporal_pose.bench.decoding import decoding
from temporal_pose.bench.epoch import (
    conv3d_epoch,
    deciwatch_epoch,
    our_epoch,
    renderings,
    small_set,
)
from temporal_pose.bench.filtering import filtering, streaming
from temporal_pose.bench.measure import Pair, Row, measure
from temporal_pose.bench.openpose import openpose
from temporal_pose.bench.overhead import lightning
from temporal_pose.bench.penn_action import load_and_iterate, memory, penn_action
from temporal_pose.bench.processor import multiplies_bfloat16
from temporal_pose.bench.refining import refining
from temporal_pose.bench.rendering import rendering
from temporal_pose.bench.steps import biconvlstm, conv3d
from temporal_pose.bench.table import heading, line, write
from temporal_pose.pose.codecs import CoordinateCodec, HeatmapCodec

IGNORE = pytest.mark.filterwarnings("ignore")


class Clock:
    """Time that passes only in `work`."""

    def __init__(self, monkeypatch):
        self.now, self.calls = 0.0, ""
        monkeypatch.setattr(timing.time, "perf_counter", lambda: self.now)

    def work(self, name, seconds):
        self.calls += name
        self.now += seconds


def test_measure_takes_turns_after_untimed_calls(monkeypatch):
    clock = Clock(monkeypatch)
    pair = measure(lambda: clock.work("a", 2.0), lambda: clock.work("b", 2.0), 3)
    assert clock.calls == "ab" * 5
    assert pair == Pair((2.0, 2.0, 2.0), (2.0, 2.0, 2.0))


@pytest.mark.parametrize(("a", "b", "turn"), [(3.0, 1.0, "abbb"), (1.0, 99.0, "a" * 20 + "b")])
def test_the_shorter_one_is_called_more_often_in_a_turn(monkeypatch, a, b, turn):
    clock = Clock(monkeypatch)
    pair = measure(lambda: clock.work("a", a), lambda: clock.work("b", b), 2)
    assert clock.calls == "abab" + 2 * turn
    assert pair == Pair((a, a), (b, b))


def test_a_ratio_is_the_median_over_the_turns():
    pair = Pair((2.0, 30.0, 4.0, 7.0, 6.0), (1.0, 10.0, 1.0, 1.0, 1.0))
    assert pair.ratio == 4  # of 2, 3, 4, 7, 6
    assert pair.spread == (3, 6)
    assert Pair((6.0,), (3.0,)).spread == (2, 2)


@pytest.mark.parametrize(
    ("value", "at_least", "ok"),
    [(2, True, True), (1.9, True, False), (2, False, True), (2.1, False, False)],
)
def test_a_target_is_a_bound(value, at_least, ok):
    assert Row("it", value, 2, at_least=at_least).ok is ok
    assert Row("it", value, None, at_least=at_least).ok


def test_measurements_become_a_table_and_a_file(tmp_path: Path):
    rows = [Row("one", 3.0, 2.0, spread=(2.5, 3.5)), Row("two", 3.0, 2.0, "ms", False)]
    rows.append(Row("three", 3.0, None))
    one, two, three = map(line, rows)
    assert one.startswith("[green]one ")
    assert one.split()[1:] == ["3", "x", ">=", "2", "x", "ok", "2.5", "to", "3.5[/]"]
    assert two.split() == ["[red]two", "3", "ms", "<=", "2", "ms", "misses[/]"]
    assert three.split() == ["three", "3", "x"]
    titles = heading().splitlines()[1]
    assert three.index("3 x") + len("3 x") == titles.index("measured") + len("measured")
    write(rows, tmp_path / "bench.json")
    first, second, third = json.loads((tmp_path / "bench.json").read_text())["rows"]
    assert (first["what"], first["ok"], first["spread"]) == ("one", True, [2.5, 3.5])
    assert (second["unit"], second["ok"], second["spread"]) == ("ms", False, None)
    assert (third["limit"], third["ok"]) == (None, True)


@IGNORE
@pytest.mark.parametrize(
    ("rows", "number"),
    [
        (lambda: rendering(maps=7, repeats=1), 1 + 5 * len({1, os.cpu_count()})),
        (lambda: decoding(maps=7, repeats=2), 3),
        (lambda: filtering(frames=200, keypoints=3, repeats=1), 3),
        (lambda: streaming(frames=20, keypoints=3), 4),
        (lambda: refining(frames=30, keypoints=3, repeats=1), 2),
        (lambda: conv3d(windows=1, repeats=1, size=14), 2),
        (lambda: biconvlstm(windows=1, repeats=1, size=14), 3),
        (lambda: conv3d_epoch(videos=1, frames=10, repeats=1), 2),
        (lambda: deciwatch_epoch(videos=1, frames=10, repeats=1), 2),
        (lambda: lightning(videos=1, frames=20, repeats=1), 1),
        (lambda: openpose(files=20, repeats=2), 1),
    ],
    ids=[
        *("rendering", "decoding", "filtering", "streaming", "refining", "conv3d", "biconvlstm"),
        *("conv3d_epoch", "deciwatch_epoch", "lightning", "openpose"),
    ],
)
def test_every_benchmark_gives_its_rows(rows, number, monkeypatch):
    monkeypatch.setattr(steps, "multiplies_bfloat16", lambda: True)
    taken = list(rows())
    assert len(taken) == number
    assert all(np.isfinite(row.value) for row in taken)
    accuracies = [row for row in taken if row.unit in ("px", "of the peak", "calls")]
    assert all(row.ok for row in accuracies if "2 %" not in row.what)


def test_fresh_processes_say_what_they_used(monkeypatch):
    """What they do is that of the command line's tests; here it is what is asked of them."""
    monkeypatch.setattr(starting, "trained", lambda folder: folder)
    monkeypatch.setattr(starting, "_NETWORK", "import json; assert {run!r}; ")
    monkeypatch.setattr(starting, "_FILTER", "assert poses.shape == (30, 17, 2); ")
    monkeypatch.setattr(starting, "_USED", "print(0.5 if 'poses' in globals() else 0.25)")
    rows = list(starting.starting(frames=30, repeats=1))
    assert [row.what for row in rows] == [
        "fresh process, importing torch: CPU",
        "fresh process, the default filter on 30 frames: CPU",
        "fresh process, a trained network on 30 frames: CPU",
    ]
    assert [(row.value, row.limit) for row in rows] == [(0.25, None), (0.5, 3), (0.5, 4)]


@IGNORE
def test_rows_in_bfloat16_need_units_for_it(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(steps, "multiplies_bfloat16", lambda: False)
    taken = [*conv3d(windows=1, repeats=1, size=14), *biconvlstm(windows=1, repeats=1, size=14)]
    assert taken[0].what == "conv3d step: faster than the default layout"
    assert not any("bf16" in row.what for row in taken)
    assert capsys.readouterr().out.splitlines() == [
        f"{name} step, bf16 left out: this processor has no units for bfloat16"
        for name in ("conv3d", "biconvlstm_s")
    ]
    info = tmp_path / "cpuinfo"
    assert not multiplies_bfloat16(info)
    for flags, able in (("avx2 avx512f", False), ("avx2 amx_bf16", True), ("asimd bf16", True)):
        info.write_text(f"processor: 0\nflags\t\t: {flags} fma\n")
        assert multiplies_bfloat16(info) is able


def test_waiting_threads_are_measured_alone_and_beside_others(monkeypatch):
    burning: list[int] = [0]
    times = {("deciwatch", True, 0): [1.0, 3.0, 2.0], ("conv3d", True, 0): [6.0]}
    times |= {("deciwatch", True, 2): [5.0, 5.0, 7.0], ("conv3d", True, 2): [9.0]}
    times |= {("deciwatch", False, 0): [4.0], ("conv3d", False, 0): [5.0]}

    @contextmanager
    def busy(processes):
        burning.append(processes)
        yield
        burning.append(0)

    monkeypatch.setattr(waiting, "busy", busy)
    monkeypatch.setattr(waiting, "epochs", lambda name, own, _: times[name, own, burning[-1]])
    rows = list(waiting.waiting(repeats=3))
    assert burning == [0, 2, 0, 2, 0]
    assert [row.value for row in rows] == [2.5, 0.5, 1.5, 1.2]
    assert [row.limit for row in rows] == [3, 1.1, 3, 1.1]
    assert rows[0].spread == (2.5, 3.0)


def burning() -> int:
    """Processes that do nothing but want a core."""
    found = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # of one that has ended meanwhile
            found += waiting._BURN.encode() in path.read_bytes()
    return found


def test_busy_processes_end_with_what_they_stand_beside():
    with pytest.raises(ZeroDivisionError), waiting.busy(2):
        wait_for(lambda: burning() >= 2)  # for a moment a new process has no command line
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("name", "chosen", "threads"),
    [("deciwatch", True, 1), ("deciwatch", False, 2), ("conv3d", True, 2)],
)
def test_an_epoch_is_timed_with_the_threads_it_is_trained_with(name, chosen, threads, monkeypatch):
    given: list[int] = []
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(torch, "set_num_threads", given.append)
    assert len(waiting.work(name, chosen, 2, videos=1, frames=10)) == 2
    assert given[-1] == threads


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, ("passive", "20000")),
        ({"GOMP_SPINCOUNT": "7"}, ("passive", "7")),
        ({"OMP_WAIT_POLICY": "active"}, ("active", None)),
    ],
)
def test_threads_spin_only_for_a_moment_while_they_wait(given, found):
    """Set before torch is loaded, which alone reads it; what a person has set stays."""
    names = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
    code = f"import os, temporal_pose; print(tuple(os.environ.get(n) for n in {names}))"
    environment = {n: v for n, v in os.environ.items() if n not in names} | given
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == str(found)


def test_only_networks_that_read_heatmaps_have_them_drawn():
    data, drawn = small_set(1, 10), {}
    for codec in (HeatmapCodec(), CoordinateCodec()):
        drawn[type(codec)] = renderings(
            lambda codec=codec: our_epoch(data, codec, lambda *_: None)
        )
    batches = len(data.train_dataloader())
    assert drawn == {HeatmapCodec: 2 * batches, CoordinateCodec: 0}


@pytest.fixture
def penn_root(tmp_path: Path) -> Path:
    (tmp_path / "labels").mkdir()
    places = np.arange(2, 2 + 7 * 13).reshape(7, 13)
    fields = {"y": places * 2, "visibility": np.ones((7, 13)), "action": "situp"}
    fields |= {"dimensions": np.array([[270, 480, 7]]), "nframes": np.array([[7]])}
    for video in range(5):
        savemat(tmp_path / "labels" / f"{video:04}.mat", fields | {"x": places + video})
    return tmp_path


def test_memory_is_that_of_this_process():
    before = memory("VmRSS")
    block = np.ones(25_000_000)
    assert memory("VmRSS") - before > 0.9 * block.nbytes / 1e6
    assert memory("VmHWM") >= memory("VmRSS")


def test_penn_action_is_measured_in_a_process_of_its_own(penn_root: Path):
    loading, added, epochs = penn_action(penn_root)
    assert loading.value > 0
    assert added.value >= 0
    assert epochs.value < 10
    assert len(load_and_iterate(penn_root)) == 3


def test_a_benchmark_runs_in_a_process_of_its_own(tmp_path: Path, capsys):
    out = tmp_path / "bench.json"
    threads = torch.get_num_threads()
    command.main(["decoding", "--out", str(out)])
    torch.set_num_threads(threads)
    assert "decoding ..." in capsys.readouterr().out
    assert [row["unit"] for row in json.loads(out.read_text())["rows"]] == ["x", "px", "px"]


def test_the_command_prints_and_writes(tmp_path: Path, capsys):
    out = tmp_path / "bench.json"
    threads = torch.get_num_threads()
    command.main(["penn_action", "--out", str(out)])
    torch.set_num_threads(threads)
    assert "penn_action skipped: add --penn-root DIR" in capsys.readouterr().out
    assert json.loads(out.read_text())["rows"] == []


def test_an_unknown_name_is_refused(capsys):
    with pytest.raises(SystemExit) as refusal:
        command.main(["speed"])
    assert refusal.value.code == 2
    assert "benchmark 'speed' is unknown; expected rendering, decoding" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:.*deprecated by PEP 585")
def test_the_time_of_a_prediction_is_measured_of_every_network(monkeypatch):
    monkeypatch.setattr(prediction, "networks", lambda: ["deciwatch", "identity"])
    monkeypatch.setattr(prediction_times, "_SECONDS", 0)
    rows = list(prediction.prediction())
    assert [row.what for row in rows if "CPU" in row.what] == [
        *("prediction of deciwatch, CPU, batch of 1", "prediction of deciwatch, CPU, batch of 64")
    ]
    assert all(row.value > 0 and row.unit == "ms a window" for row in rows)
