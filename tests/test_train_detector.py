"""`python -m temporal_pose.train_detector`: results, a continued run, weights, and refusals."""

import json
from pathlib import Path

import pytest
import torch
from commands import Command

from temporal_pose.detectors.hourglass import load

RUN = Path("runs/detector/figures/hourglass")

#: A run of a second.
TINY = (
    *("data.images=12", "data.size=32", "data.workers=0", "data.batch_size=4", "pictures=1"),
    *("network.stacks=2", "network.channels=8", "network.depth=1", "network.stem=[4,4,4]"),
    *("trainer.max_epochs=2", "trainer.enable_progress_bar=false", "trainer.accelerator=cpu"),
)


def metrics(folder: Path = RUN) -> dict[str, float]:
    return dict(json.loads((folder / "metrics.json").read_text()))


def test_a_run_leaves_its_results_and_can_be_loaded_from_its_folder(command: Command) -> None:
    command("train_detector", *TINY).went_well()
    found = metrics()
    overall = ("pck@0.05", "pck@0.1", "pck@0.2", "pckh@0.5", "crop@0.05", "error_px")
    sides = ("test", "val", "unflipped", "constant")
    assert {f"{side}/{name}" for side in sides for name in overall} <= set(found)
    assert {"val/loss", "val/nothing/loss", "test/pck@0.2/wrist"} <= set(found)
    assert found["epochs"] == 2
    assert found["people_train"] > found["people_test"] > 0
    network, codec, mean, margin = load(RUN)
    assert found["parameters"] == sum(value.numel() for value in network.parameters())
    assert (codec.skeleton.name, codec.size, margin) == ("climbalong25", 32, 0.125)
    assert mean == (0.4103, 0.3741, 0.3536)
    assert sorted(path.name for path in Path().iterdir()) == ["runs"]
    again = command("train_detector", *TINY)
    assert again.out.startswith("finished already: ")


def test_a_run_goes_on_where_it_was_interrupted(command: Command, monkeypatch) -> None:
    from temporal_pose.training.detector import Detection

    more = ("scheduler=cosine", "optimizer=adamw", "loss=cross_entropy", "pictures=0")
    command("train_detector", *TINY, *more, "runs_dir=whole").went_well()
    step = Detection.training_step

    def killed(self, batch, number):
        if self.current_epoch == 1:
            raise KeyboardInterrupt
        return step(self, batch, number)

    with monkeypatch.context() as patch:
        patch.setattr(Detection, "training_step", killed)
        ended = command("train_detector", *TINY, *more, "runs_dir=parts")
    assert ended.status != 0
    parts = Path("parts/detector/figures/hourglass")
    assert (parts / "last.ckpt").exists()
    assert not (parts / "metrics.json").exists()
    again = command("train_detector", *TINY, *more, "runs_dir=parts")
    again.went_well()
    assert "continuing after epoch 1" in again.out
    whole = metrics(Path("whole/detector/figures/hourglass"))
    found = metrics(parts)
    for name, value in whole.items():
        if name != "seconds":
            assert found[name] == value or value is None, name


def test_a_run_starts_from_weights_of_the_same_network(command: Command) -> None:
    command("train_detector", *TINY, "runs_dir=first").went_well()
    best = Path("first/detector/figures/hourglass/best.ckpt").absolute()
    state = torch.load(best, weights_only=True)["state_dict"]
    own = {n.removeprefix("network."): v for n, v in state.items() if n.startswith("network.")}
    torch.save({f"module.{name}": value for name, value in own.items()}, "plain.pth")
    still = ("optimizer.lr=1e-12", "trainer.max_epochs=1")
    for number, file in enumerate((best, Path("plain.pth").absolute())):
        command("train_detector", *TINY, *still, f"weights={file}", f"runs_dir=r{number}")
    one, other = (
        load(Path(f"r{number}/detector/figures/hourglass")).network.state_dict()
        for number in (0, 1)
    )
    name = "hourglasses.0.bottleneck.0.branch.2.weight"
    assert torch.allclose(one[name], own[name], atol=1e-6)
    assert torch.allclose(other[name], own[name], atol=1e-6)
    alone = ("learns=autoencoder", "network.code=3", "trainer.max_epochs=1")
    command("train_detector", *TINY, *alone, f"weights={best}", "runs_dir=alone").went_well()
    found = load(Path("alone/detector/figures/hourglass")).network.state_dict()
    assert all(torch.equal(found[name], value) for name, value in own.items())
    scores = metrics(Path("alone/detector/figures/hourglass"))
    assert scores["val/loss"] > 0 and scores["val/nothing/loss"] == 1


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (("weights=no.pth",), "weights 'no.pth' does not exist; expected a file"),
        (
            ("monitor=val/loss",),
            "monitor is 'val/loss'; expected one of val/pck@0.05, val/pck@0.1, val/pck@0.2, "
            "val/pckh@0.5, val/crop@0.05",
        ),
        (
            ("learns=autoencoder",),
            "learns=autoencoder, and the network has none; expected network.code=, the numbers "
            "that it keeps (thesis: 50)",
        ),
        (
            ("learns=autoencoder", "network.code=3"),
            "weights is not set, and learns=autoencoder trains no other part; expected weights=, "
            "a file of the same network, as best.ckpt of a run with network.code=0",
        ),
        (
            ("data.size=36",),
            "data.size is 36; expected a multiple of 8, for network.depth is 1: 8, 16, 24 ...",
        ),
        (
            ("loss=motion",),
            "loss=motion compares positions, and this model gives heatmaps; expected a model "
            "that gives positions, such as tcn or deciwatch, or loss=mse",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_work(command: Command, typed, message) -> None:
    assert command("train_detector", *TINY, *typed).refused() == message
    assert not Path("runs").exists() or not any(Path("runs").rglob("config.yaml"))


def test_a_data_set_without_its_folder_is_refused(command: Command) -> None:
    message = command("train_detector", "data=lspet").refused()
    assert message == "data.root is not set; add data.root=DIR, the data set's folder"


def test_weights_of_another_network_are_refused_by_the_first_that_differs(
    command: Command,
) -> None:
    from temporal_pose.models.hourglass import Hourglass

    other = Hourglass("climbalong25", 2, 16, 1, stem=(4, 4, 4), size=32)
    torch.save(other.state_dict(), "other.pth")
    message = command("train_detector", *TINY, "weights=other.pth").refused()
    assert message.startswith("other.pth: weights of another architecture: 'stem.6.branch.")
    assert "Hourglass expects" in message


def test_a_sweep_tries_every_run_before_the_first(command: Command) -> None:
    ended = command(
        "train_detector", "-m", "dry_run=true", *TINY, "loss=mse,cross_entropy",
        "folder='detector/${loss._target_}'",
    )  # fmt: skip
    assert ended.status == 0, ended
    assert "2 runs" in ended.out


@pytest.mark.parametrize("experiment", ["hourglass", "hourglass_thesis", "hourglass_small"])
def test_every_experiment_composes(command: Command, experiment) -> None:
    ended = command("train_detector", f"experiment={experiment}", "dry_run=true")
    ended.went_well()
    assert "runs/detector/figures/hourglass" in ended.out
