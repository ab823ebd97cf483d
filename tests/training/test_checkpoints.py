"""Checkpoints hold tensors and plain data; code in them is never run."""

import errno
import os
import pickle
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import nn

from temporal_pose.errors import CheckpointError
from temporal_pose.files.atomic import write_tensors
from temporal_pose.filters.filter_module import as_module
from temporal_pose.filters.savgol import Savgol
from temporal_pose.runs.weights import load_weights, read_checkpoint
from temporal_pose.training.checkpoints import Checkpoint, EarlyStop, check_resumable

DAMAGED = "checkpoint {} is damaged or no checkpoint at all; train again with force=true"
UNSAFE = (
    "checkpoint {} would need code to load, which is never run; expected a file of tensors and "
    "plain data, as `train` writes it"
)


class Code:
    """What an attacker would put into a checkpoint: unpickled, it leaves a file behind."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


def model(seed: int = 0, inputs: int = 3) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(inputs, 5), nn.BatchNorm1d(5), nn.Linear(5, 2))


def written(path: Path, net: nn.Module) -> Path:
    write_tensors(path, {"state_dict": net.state_dict(), "epoch": 4})
    return path


def message(path: Path) -> str:
    with pytest.raises(CheckpointError) as error:
        read_checkpoint(path)
    return str(error.value)


def test_round_trip(tmp_path) -> None:
    there, here = model(0), model(1)
    there(torch.randn(7, 3))  # moves the running statistics
    path = written(tmp_path / "best.ckpt", there)
    assert read_checkpoint(path)["epoch"] == 4
    load_weights(here, path)
    for name, value in there.state_dict().items():
        assert torch.equal(here.state_dict()[name], value)


def test_a_damaged_copy_before_the_whole_one(tmp_path) -> None:
    """The end of an archive says what is in it, and of two torch would read the first."""
    path = written(tmp_path / "best.ckpt", model())
    content = path.read_bytes()
    at = content.index(model().state_dict()["0.weight"].numpy().tobytes())
    path.write_bytes(content[:at] + bytes(4) + content[at + 4 :] + content)
    assert message(path) == DAMAGED.format(path)


def test_missing(tmp_path) -> None:
    path = tmp_path / "best.ckpt"
    assert message(path) == f"checkpoint {path} is not there; train the model first"


def test_cut_off_anywhere(tmp_path) -> None:
    whole = written(tmp_path / "whole.ckpt", model()).read_bytes()
    path = tmp_path / "best.ckpt"
    for length in range(0, len(whole) - 1, len(whole) // 37):
        path.write_bytes(whole[:length])
        assert message(path) == DAMAGED.format(path)


def test_a_bit_that_changed(tmp_path) -> None:
    path = written(tmp_path / "best.ckpt", model())
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        held = [info for info in archive.infolist() if "/data/" in info.filename]
    assert len(held) > 5
    for number, info in enumerate(held):
        content = bytearray(whole)
        content[content.index(info.filename.encode()) + 100] ^= 1 << number % 8
        path.write_bytes(content)
        try:
            changed = read_checkpoint(path)["state_dict"]
        except CheckpointError as error:
            assert str(error) == DAMAGED.format(path)
        else:  # between the arrays nothing is lost
            assert all(torch.equal(changed[name], v) for name, v in model().state_dict().items())
    content = whole.replace(model().state_dict()["0.weight"].numpy().tobytes(), bytes(60))
    assert content != whole
    path.write_bytes(content)
    assert message(path) == DAMAGED.format(path)


def test_a_folder(tmp_path) -> None:
    expected = f"checkpoint {tmp_path} is a folder; expected a file, such as best.ckpt"
    assert message(tmp_path) == expected


def test_weights_that_are_not_finite(tmp_path) -> None:
    net = model()
    net[2].bias.data[1] = float("nan")
    path = written(tmp_path / "best.ckpt", net)
    with pytest.raises(CheckpointError) as error:
        load_weights(model(), path)
    assert str(error.value) == (
        f"checkpoint {path} holds values of 2.bias that are not finite: training has diverged; "
        "train again with force=true and a lower optimizer.lr"
    )


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("2.bias", torch.tensor([1.0, 1e300], dtype=torch.float64), "too large for torch.float32"),
        ("2.bias", torch.zeros(2, dtype=torch.complex64), "holds torch.complex64 on cpu for 2.bi"),
        ("2.bias", torch.zeros(2, device="meta"), "holds torch.float32 on meta for 2.bias; expec"),
        ("2.bias", torch.zeros(2).to_sparse(), "2.bias is of a layout of its own there, expected"),
        ("2.bias", "text", "2.bias is a setting there, expected of shape (2,)"),
        ("2.bias", None, "2.bias is a setting there, expected of shape (2,)"),
        (b"2.bias", torch.zeros(2), "b'2.bias' is of shape (2,) there, expected none"),
        (7, torch.zeros(2), "7 is of shape (2,) there, expected none"),
        ("2.bias", torch.zeros(2, 1), "2.bias is of shape (2, 1) there, expected of shape (2,)"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_tensors_that_lie(tmp_path, name, value, said) -> None:
    path, net = tmp_path / "best.ckpt", model()
    before = {key: tensor.clone() for key, tensor in net.state_dict().items()}
    torch.save({"state_dict": net.state_dict() | {name: value}, "epoch": 1}, path)
    with pytest.raises(CheckpointError) as error:
        load_weights(net, path)
    assert str(error.value).startswith(f"checkpoint {path} ")
    assert said in str(error.value)
    assert all(torch.equal(net.state_dict()[key], tensor) for key, tensor in before.items())


@pytest.mark.parametrize(
    "state",
    [
        *("text", None, 3, {}, {"window_s": 0.2}, {"window_s": "x", "order": 2, "max_gap_s": 1}),
        *({b"window_s": 0.2}, ["window_s"], {"window_s": -1.0, "order": 2.0, "max_gap_s": 0.25}),
        {"window_s": float("nan"), "order": 2.0, "max_gap_s": 0.25},
        {"window_s": None, "order": [2], "max_gap_s": {}},
        {"window_s": 10**400, "order": 2.0, "max_gap_s": 0.25},
    ],
)
def test_settings_of_a_filter_that_lie(tmp_path, state) -> None:
    path = tmp_path / "best.ckpt"
    torch.save({"state_dict": {"_extra_state": state}, "epoch": 0}, path)
    with pytest.raises(CheckpointError) as error:
        load_weights(as_module(Savgol(0.25, 2)), path)
    assert str(error.value).startswith(f"checkpoint {path}")
    assert "\n" not in str(error.value)


def test_a_pipe_is_not_waited_for(tmp_path) -> None:
    path = tmp_path / "best.ckpt"
    os.mkfifo(path)
    assert message(path) == f"checkpoint {path} is no regular file; expected best.ckpt"


def test_training_goes_on_only_from_all_that_it_needs(tmp_path) -> None:
    net, path = model(), tmp_path / "last.ckpt"
    whole = {"state_dict": net.state_dict(), "epoch": 4, "global_step": 7, "loops": {}}
    whole |= {"callbacks": {}, "optimizer_states": [], "lr_schedulers": []}
    write_tensors(path, whole)
    assert check_resumable(net, path) == 5
    with pytest.raises(CheckpointError, match="is of another model"):
        check_resumable(model(inputs=7), path)
    write_tensors(path, {name: whole[name] for name in whole if name not in ("loops", "epoch")})
    with pytest.raises(CheckpointError) as error:
        check_resumable(net, path)
    assert str(error.value) == (
        f"checkpoint {path} lacks epoch, loops, so training cannot go on from it; train again "
        "with force=true"
    )


def test_empty(tmp_path) -> None:
    path = tmp_path / "best.ckpt"
    path.touch()
    assert message(path) == DAMAGED.format(path)


@pytest.mark.parametrize(
    "content", [b"hello", b"\x80\x02K", b"\x80\x02J\x01", b"\x80\x02.", b"PK\x03\x04", bytes(999)]
)
def test_no_checkpoint_at_all(tmp_path, content) -> None:
    path = tmp_path / "best.ckpt"
    path.write_bytes(content)
    assert message(path) == DAMAGED.format(path)


@pytest.mark.parametrize("legacy", [True, False])
def test_code_is_never_run(tmp_path, legacy) -> None:
    path, trace = tmp_path / "best.ckpt", tmp_path / "trace"
    content = {"state_dict": model().state_dict(), "extra": Code(trace)}
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    assert message(path) == (DAMAGED if legacy else UNSAFE).format(path)
    assert not trace.exists()
    torch.load(path, weights_only=False)  # the trap is a real one
    assert trace.exists()


def test_code_in_a_plain_pickle_is_never_run(tmp_path) -> None:
    path, trace = tmp_path / "best.ckpt", tmp_path / "trace"
    path.write_bytes(pickle.dumps({"state_dict": {}, "extra": Code(trace)}, protocol=2))
    assert message(path) == DAMAGED.format(path)
    assert not trace.exists()


def test_a_zip_of_something_else(tmp_path) -> None:
    path = tmp_path / "best.ckpt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "hello")
    assert message(path) == DAMAGED.format(path)


@pytest.mark.parametrize(
    "content",
    [[1, 2], {"epoch": 3}, torch.zeros(3), {"state_dict": [1]}, {b"state_dict": {"a": 1}}],
)
def test_without_weights(tmp_path, content) -> None:
    path = tmp_path / "best.ckpt"
    torch.save(content, path)
    assert message(path) == f"checkpoint {path} has no state_dict; expected one `train` wrote"


def test_of_another_model(tmp_path) -> None:
    path = written(tmp_path / "best.ckpt", model(inputs=7))
    here = model()
    before = {name: value.clone() for name, value in here.state_dict().items()}
    with pytest.raises(CheckpointError) as error:
        load_weights(here, path)
    assert str(error.value) == (
        f"checkpoint {path} is of another model: 0.weight is of shape (5, 7) there, expected of "
        "shape (5, 3) (1 such differences)"
    )
    path = written(tmp_path / "best.ckpt", nn.Linear(3, 5))
    with pytest.raises(CheckpointError) as error:
        load_weights(here, path)
    assert str(error.value) == (
        f"checkpoint {path} is of another model: 0.bias is missing there, expected of shape (5,) "
        "(11 such differences)"
    )
    written(path, here)
    with pytest.raises(CheckpointError) as error:
        load_weights(nn.Sequential(nn.Linear(3, 5)), path)
    assert str(error.value) == (
        f"checkpoint {path} is of another model: 1.bias is of shape (5,) there, expected none "
        "(7 such differences)"
    )
    for name, value in here.state_dict().items():
        assert torch.equal(value, before[name])


def test_a_moved_folder_keeps_its_best_score(tmp_path) -> None:
    state = {
        "dirpath": "/old/run",
        "monitor": "val/pck@0.05",
        "best_model_score": torch.tensor(0.5),
        "best_model_path": "/old/run/best.ckpt",
        "current_score": torch.tensor(0.4),
        "best_k_models": {"/old/run/best.ckpt": torch.tensor(0.5)},
        "kth_best_model_path": "/old/run/best.ckpt",
        "kth_value": torch.tensor(0.5),
        "last_model_path": "",
    }
    restored = Checkpoint(dirpath=tmp_path, filename="best", monitor="val/pck@0.05", mode="max")
    with pytest.raises(CheckpointError, match=r"best\.ckpt is gone, so training cannot go on"):
        restored.load_state_dict(state)
    (tmp_path / "best.ckpt").touch()
    restored.load_state_dict(state)
    best = str(tmp_path / "best.ckpt")
    assert restored.best_model_path == restored.kth_best_model_path == best
    assert restored.best_model_score == 0.5
    assert restored.best_k_models == {best: torch.tensor(0.5)}
    assert restored.last_model_path == ""
    assert state["dirpath"] == "/old/run"


class OneProcess:
    """As much of a trainer as keeping a checkpoint needs."""

    current_epoch, global_step, is_global_zero, loggers = 0, 1, True, ()
    strategy = SimpleNamespace(
        reduce_boolean_decision=lambda value: value, broadcast=lambda value: value
    )

    def save_checkpoint(self, path, weights_only):
        Path(path).write_text("better")


@pytest.mark.parametrize("resumed", [False, True])
@pytest.mark.parametrize(("later", "better"), [(0.4, False), (0.5, False), (0.6, True)])
def test_what_is_there_already_is_the_best_until_a_better_one_comes(
    tmp_path, later, better, resumed
) -> None:
    best = tmp_path / "best.ckpt"
    best.write_text("start")
    how = {"auto_insert_metric_name": False, "enable_version_counter": False, "mode": "max"}
    keep = Checkpoint(dirpath=tmp_path, filename="best", monitor="val/pck", **how)
    keep.begin_with(0.5)
    if resumed:
        state = keep.state_dict()
        keep = Checkpoint(dirpath=tmp_path, filename="best", monitor="val/pck", **how)
        keep.load_state_dict(state)
    candidates = {"val/pck": torch.tensor(later), "epoch": 0, "step": 1}
    keep._save_topk_checkpoint(OneProcess(), candidates)
    assert best.read_text() == ("better" if better else "start")
    assert float(keep.best_model_score) == pytest.approx(max(later, 0.5))
    assert keep.best_model_path == str(best)
    assert [path.name for path in tmp_path.iterdir()] == ["best.ckpt"]


def test_what_has_no_score_is_no_best(tmp_path) -> None:
    keep = Checkpoint(dirpath=tmp_path, filename="best", monitor="val/pck", mode="max")
    keep.begin_with(float("nan"))
    assert not keep.best_k_models
    assert keep.best_model_score is None


class Trainer:
    should_stop = False


@pytest.mark.parametrize(("waited", "stop"), [(2, False), (3, True), (4, True)])
def test_used_up_patience_stops_a_resumed_run(waited, stop) -> None:
    stopping, trainer = EarlyStop("val/loss", patience=3), Trainer()
    stopping.wait_count = waited
    stopping.on_train_start(trainer, None)
    assert trainer.should_stop is stop


def test_a_full_disk_is_named_and_nothing_is_left(tmp_path, monkeypatch) -> None:
    target = tmp_path / "last.ckpt"
    target.write_text("before")

    def full(self, trainer, filepath):
        Path(filepath).write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device", "/elsewhere/copied-from")

    monkeypatch.setattr(ModelCheckpoint, "_save_checkpoint", full)
    with pytest.raises(OSError, match="No space left on device") as error:
        Checkpoint(dirpath=tmp_path)._save_checkpoint(None, str(target))
    assert (error.value.errno, error.value.filename) == (errno.ENOSPC, str(target))
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]
    assert target.read_text() == "before"
