"""``explore`` on runs of either kind, and what it refuses in one line."""

import json
import re
from pathlib import Path

import pytest
import torch
from commands import TINY, Command, no_results

pytest.importorskip("sklearn", reason="the explore extra is not installed")
pytest.importorskip("PIL", reason="the explore extra is not installed")

TCN = ("model=tcn", "data.window=5", "model.network.width=8", "model.network.depth=1")
RUN, DETECTOR = "runs/pretrain/tcn/setup1/k1", "runs/detector/figures/hourglass"
QUICK = ("clusters=2", "tsne=0", "device=cpu")
#: A detector that is trained in a second.
FIGURES = (
    *("experiment=hourglass_small", "network.channels=4", "network.stem=[2,2,2]", "data.size=32"),
    *("data.images=30", "data.workers=0", "trainer.max_epochs=1", "trainer.accelerator=cpu"),
    *("trainer.enable_progress_bar=false", "pictures=0"),
)


def test_people_in_images(command: Command) -> None:
    command("train_detector", *FIGURES).went_well()
    ended = command("explore", f"run={DETECTOR}", "out=latent", *QUICK)
    assert (ended.status, ended.err) == (0, ""), ended
    found = json.loads(Path("latent/explore.json").read_text())
    assert found["layer"] == "hourglasses.0.bottleneck"
    assert found["samples"] >= 30 and found["features"] == 4
    assert f"{found['samples']} samples of 4 features" in ended.out
    names = {file.name for file in Path("latent").iterdir()}
    assert {"index.html", "features.npy", "samples.csv", "branches.csv", "off.png"} <= names
    part = ("part=val", "layer=hourglasses.0.decoder.0", "pool=1")
    line = command("explore", f"run={DETECTOR}", "out=latent", *QUICK, *part, "clusters=50")
    expected = r"clusters is 50, and there are \d samples; expected more samples than clusters.*"
    assert re.fullmatch(expected, line.refused())
    line = command("explore", f"run={DETECTOR}", "out=latent", "data=synthetic", *QUICK)
    assert line.status == 2 and line.err.count("\n") == 1
    assert json.loads(Path("latent/explore.json").read_text()) == found  # as it was


@pytest.fixture
def run(command: Command) -> Path:
    """Of a network on windows."""
    command("train", *TCN, *TINY, "trainer.max_epochs=1").went_well()
    return Path(RUN)


def test_windows_of_video(command: Command, run: Path) -> None:
    command("explore", f"run={run}", "out=a/latent", "seed=5", *QUICK).went_well()
    found = json.loads(Path("a/latent/explore.json").read_text())
    assert found["layer"] == "layers.0" and found["seed"] == 5
    assert not Path("a/latent/branches.csv").exists()
    assert [file.name for file in Path("a").iterdir()] == ["latent"]
    line = command("explore", f"run={run}", "out=b", "layer=layers.1", *QUICK).refused()
    assert line.startswith("layer is 'layers.1', which TemporalConvNet does not have; expected")
    assert "layers.0, layers.0.0" in line
    line = command("explore", f"run={run}", "out=b", "between=[1,700]", *QUICK).refused()
    assert line.startswith("between is [1, 700]; expected two numbers of samples, 1 to ")
    weights = torch.load(run / "best.ckpt", weights_only=True)
    weights["state_dict"]["network.enter.weight"] *= 1e30
    torch.save(weights, run / "best.ckpt")
    line = command("explore", f"run={run}", "out=b", *QUICK).refused()
    assert line.startswith("layer layers.0 gives features that are not finite for ")
    assert sorted(file.name for file in Path().iterdir()) == ["a", "runs"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ((), "run is not set; add run=, the folder of a finished run"),
        (("run=runs",), "out is not set; add out=, a folder for the page"),
        (("run=runs", "out=b"), ".*runs.* holds no .*"),
        (("run=runs", "out=b", "clusters=1"), "clusters is 1; expected a whole number from 2 .*"),
        (("run=runs", "out=b", "seed=-1"), "seed is -1; expected a whole number from 0 to .*"),
        (("run=runs", "out=b", "between=3"), r"between is 3; expected two numbers .*"),
        (("run=runs", "out=b", "part=some"), "part is 'some'; expected one of all, train, .*"),
        (("run=runs", "out=b", "dtype=int8"), "dtype is 'int8'; expected one of float16, .*"),
        (("run=runs", "out=b", "samples=2"), "samples is 2; expected a whole number from 3 .*"),
    ],
)
def test_bad_input(command: Command, typed: tuple[str, ...], expected: str) -> None:
    assert re.fullmatch(expected, command("explore", *typed).refused())
    assert no_results() and not Path("b").exists()


def test_what_is_somebody_elses_stays(command: Command) -> None:
    Path("thesis").mkdir()
    Path("thesis/thesis.tex").write_text("months of work")
    line = command("explore", "run=runs", "out=thesis").refused()
    assert line.startswith("out is thesis, which is there already and not of explore;")


def test_the_extra_is_asked_for(command: Command, monkeypatch) -> None:
    from temporal_pose.exploring import requirements

    monkeypatch.setattr(requirements, "find_spec", lambda name: None)
    line = command("explore", "run=runs", "out=b").refused()
    expected = "explore needs scikit-learn, which pip install 'temporal-pose[explore]' adds"
    assert line == expected


def test_its_manual(command: Command) -> None:
    shown = command("explore", "--help")
    shown.went_well()
    assert "data=null" in shown.out and "layer=null" in shown.out and "coco" in shown.out
    assert "dtype=float16" in command("explore", "data=synthetic", "--help").out
