"""Run folders: one configuration, one folder, one process at a time."""

import hashlib
import json
import signal
import subprocess
import sys

import pytest

from temporal_pose.errors import RunFolderError
from temporal_pose.runs.fingerprints import VOLATILE, config_hash, flatten, identity_of
from temporal_pose.runs.folders import RunFolder

CONFIG = {
    "model": {"name": "conv3d", "hidden": 64},
    "setup": 1,
    "k": 1,
    "seed": 1,
    "runs_dir": "runs",
    "force": False,
    "stage": "pretrain",
    "data": {"fractions": [0.6, 0.2, 0.2], "fps": None, "root": "/data"},
    "optimizer": {"lr": 1e-3, "eps": 1e-8},
    "trainer": {
        "max_epochs": 50,
        "precision": "32-true",
        "accelerator": "auto",
        "devices": "auto",
        "strategy": "auto",
        "num_nodes": 1,
        "enable_progress_bar": True,
        "enable_model_summary": False,
        "log_every_n_steps": 50,
    },
}


def changed(**settings) -> dict:
    """The configuration with other values, dots written as double underscores."""
    config = json.loads(json.dumps(CONFIG))
    for name, value in settings.items():
        *path, last = name.split("__")
        node = config
        for part in path:
            node = node.setdefault(part, {})
        node[last] = value
    return config


def opened(path, config=CONFIG, force: bool = False) -> RunFolder:
    run = RunFolder(path)
    with run.held():
        run.claim(config, force)
    return run


def test_flatten() -> None:
    flat = flatten({"a": {"b": {"c": 1}, "d": [{"e": 2}]}, "f": None})
    assert flat == {"a.b.c": 1, "a.d": [{"e": 2}], "f": None}


@pytest.mark.parametrize("name", VOLATILE)
def test_where_and_on_what_a_run_works_does_not_change_its_hash(name) -> None:
    other = changed(**{name.replace(".", "__"): "something else"})
    assert config_hash(other) == config_hash(CONFIG)
    assert name not in identity_of(other)


@pytest.mark.parametrize(
    "settings",
    [
        {"k": 2},
        {"seed": 2},
        {"model__hidden": 32},
        {"data__fractions": [0.5, 0.3, 0.2]},
        {"data__fps": 30},
        {"trainer__max_epochs": 5},
        {"trainer__precision": "bf16-mixed"},
        {"new": None},
    ],
)
def test_all_else_does(settings) -> None:
    assert config_hash(changed(**settings)) != config_hash(CONFIG)


def test_hash_is_the_same_in_every_order_and_process() -> None:
    assert config_hash(dict(reversed(CONFIG.items()))) == config_hash(CONFIG)
    known = hashlib.sha256(b'{"a.b": 1, "c": "x"}').hexdigest()[:16]
    assert config_hash({"c": "x", "a": {"b": 1}, "force": True}) == known


def test_a_claimed_folder_knows_its_configuration(tmp_path) -> None:
    run = opened(tmp_path / "new" / "run")
    assert run.config() == CONFIG
    assert not run.finished
    run.check(CONFIG)
    opened(run.path)  # again, by the same configuration
    opened(run.path, changed(runs_dir="elsewhere", trainer__accelerator="gpu"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"k": 2}, "k is 1 there, 2 here"),
        ({"data__root": "/other"}, "data.root is /data there, /other here"),
        ({"data__fps": 30}, "data.fps is None there, 30 here"),
        ({"extra": 5}, "extra is unset there, 5 here"),
        (
            {"optimizer__eps": 1e-7, "seed": 3},
            "optimizer.eps is 1e-08 there, 1e-07 here; seed is 1 there, 3 here",
        ),
        (
            {"k": 2, "seed": 3, "setup": 2, "data__fps": 30, "objects": {"a": 1}},
            "data.fps is None there, 30 here; k is 1 there, 2 here; seed is 1 there, 3 here "
            "(and 2 more)",
        ),
    ],
)
def test_another_configuration_is_refused(tmp_path, settings, message) -> None:
    run = opened(tmp_path)
    run.finish({"a": 1})
    with pytest.raises(RunFolderError) as error:
        opened(tmp_path, changed(**settings))
    assert str(error.value) == (
        f"{tmp_path} belongs to another configuration: {message}. Use another runs_dir=, or "
        "force=true to replace what is there"
    )
    assert run.config() == CONFIG
    assert run.metrics() == {"a": 1}


OWN = ("best.ckpt", "last.ckpt.part", "events.out.tfevents.1.host.2.0", ".split.json.x1y2")
FOREIGN = ("notes.txt", "best.ckpt.backup/x", "profile/trace.json", ".hidden", "model.ckpt")


def litter(run: RunFolder) -> None:
    """What a run leaves, and what else somebody put there."""
    run.finish({"a": 1})
    for name in (*OWN, *FOREIGN):
        (run.path / name).parent.mkdir(exist_ok=True)
        (run.path / name).write_text(name)


def there(path) -> set[str]:
    return {str(p.relative_to(path)) for p in path.rglob("*") if p.is_file()}


@pytest.mark.parametrize("config", [CONFIG, changed(k=2)])
def test_force_replaces_what_a_run_wrote_and_nothing_else(tmp_path, config) -> None:
    run = opened(tmp_path)
    litter(run)
    run.error_file.write_text("out of memory")
    opened(tmp_path, config, force=True)
    assert run.config() == config
    assert not run.finished
    assert there(tmp_path) == {".lock", "config.yaml", *FOREIGN}


@pytest.mark.parametrize("content", [None, "", "a: [", "k: 1\n", "model: x\ndata: y\n"])
@pytest.mark.parametrize("force", [True, False])
def test_what_no_configuration_shows_to_be_a_runs_is_kept(tmp_path, content, force) -> None:
    """A lost configuration, or a folder that was never ours, costs nobody a checkpoint."""
    run = RunFolder(tmp_path)
    litter(run)
    run.metrics_file.unlink()
    if content is not None:
        run.config_file.write_text(content)
    before = there(tmp_path)
    with pytest.raises(RunFolderError) as error:
        opened(tmp_path, force=force)
    assert there(tmp_path) == before | {".lock"}
    if force or content is None:
        assert str(error.value).startswith(f"{tmp_path} holds ")
        assert str(error.value).endswith(
            ", and no config.yaml that shows it to be a run's; move it away if it is yours, or "
            "use another runs_dir="
        )


def test_a_run_that_only_failed_begins_anew(tmp_path) -> None:
    RunFolder(tmp_path).error_file.write_text("no memory")
    (tmp_path / "notes.txt").write_text("mine")
    opened(tmp_path)
    assert there(tmp_path) == {".lock", "config.yaml", "notes.txt"}


def test_a_kill_while_clearing_leaves_what_shows_whose_it_is(tmp_path, monkeypatch) -> None:
    run = opened(tmp_path)
    litter(run)
    order: list[str] = []
    unlink = type(tmp_path).unlink
    monkeypatch.setattr(
        type(tmp_path), "unlink", lambda p, **k: (order.append(p.name), unlink(p, **k))[1]
    )
    opened(tmp_path, force=True)
    assert order[0] == "metrics.json"
    assert order.index("config.yaml") == len(OWN) + 1


@pytest.mark.parametrize("force", [True, False])
def test_runs_of_other_seeds_live_in_folders_of_this_one_and_survive(tmp_path, force) -> None:
    other = opened(tmp_path / "seed2", changed(seed=2))
    other.finish({"a": 2})
    run = opened(tmp_path, force=force)
    litter(run)
    opened(tmp_path, force=True)
    assert other.metrics() == {"a": 2}
    assert other.config() == changed(seed=2)
    waiting = RunFolder(tmp_path / "seed3")
    with waiting.held():  # it reads its data and has not claimed its folder yet
        opened(tmp_path, force=True)
        waiting.claim(changed(seed=3), force=False)
    assert waiting.config() == changed(seed=3)


def test_results(tmp_path) -> None:
    run = opened(tmp_path)
    assert not run.finished
    run.finish({"test/pck@0.05": 0.25, "accel": None})
    assert run.finished
    assert RunFolder(tmp_path).metrics() == {"test/pck@0.05": 0.25, "accel": None}


def test_what_is_not_there(tmp_path) -> None:
    with pytest.raises(RunFolderError) as error:
        RunFolder(tmp_path).metrics()
    assert str(error.value) == (
        f"{tmp_path} holds no finished run (no metrics.json); the command that began it "
        "finishes it"
    )
    with pytest.raises(RunFolderError) as error:
        RunFolder(tmp_path).config()
    assert str(error.value) == f"{tmp_path} holds no run (no config.yaml)"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"3", b"[1, 2]", b"null", b"\xff\xfe\x00", b"[" * 9**5]
)
def test_damaged_results(tmp_path, content) -> None:
    run = RunFolder(tmp_path)
    run.metrics_file.write_bytes(content)
    with pytest.raises(RunFolderError) as error:
        run.metrics()
    assert str(error.value).startswith(f"{run.metrics_file} is damaged (")


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"a: [", b"3", b"- 1", b"1: 2", b"\xff\xfe\x00", b"[" * 9**5, b"&a [*a]"),
        b"!!python/object/apply:os.getcwd []",
    ],
)
def test_damaged_configuration(tmp_path, content) -> None:
    run = RunFolder(tmp_path)
    run.config_file.write_bytes(content)
    with pytest.raises(RunFolderError) as error:
        run.config()
    assert str(error.value) == f"{run.config_file} is damaged; delete the folder"


@pytest.mark.parametrize("said", ['"abc"', "[1]", '{"a": 1}', "null", "3", '["a", ["b"]]'])
def test_a_split_that_does_not_name_videos_and_keypoints(tmp_path, said) -> None:
    run = RunFolder(tmp_path)
    run.split_file.write_text(f'{{"seen": {said}, "taught": {said}}}')
    with pytest.raises(RunFolderError, match="does not tell which videos the run was trained on"):
        run.trained_on()
    assert run.taught() is None


@pytest.mark.parametrize("rate", ["1e999", "NaN", "-25", "0", "1" + "0" * 400, '"x"', "null"])
def test_frame_rates_that_nobody_films_at(tmp_path, rate) -> None:
    run = RunFolder(tmp_path)
    run.split_file.write_text(f'{{"fps": [25, {rate}]}}')
    assert run.frame_rates() == []
    run.split_file.write_text('{"fps": [25, 29.97]}')
    assert run.frame_rates() == [25, 29.97]


HOLD = """
import sys
from pathlib import Path
from temporal_pose.runs.folders import RunFolder
with RunFolder(Path(sys.argv[1])).held():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """A process of its own that holds the run in `tmp_path`."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()  # closes the pipes too


def test_a_second_process_is_refused_until_the_first_is_gone(tmp_path, holder) -> None:
    run, entered = RunFolder(tmp_path), []
    with pytest.raises(RunFolderError) as error, run.held():
        entered.append(True)
    assert str(error.value) == (
        f"another process is working in {tmp_path}; wait for it, or use another runs_dir"
    )
    assert not entered
    with RunFolder(tmp_path / "seed2").held():
        pass  # a run of its own
    holder.send_signal(signal.SIGKILL)
    holder.wait(30)
    with run.held():
        entered.append(True)
    assert entered


def test_an_error_lets_go_of_the_folder(tmp_path) -> None:
    run = RunFolder(tmp_path)
    with pytest.raises(ZeroDivisionError), run.held():
        raise ZeroDivisionError
    with run.held():
        pass
