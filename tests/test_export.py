"""``export`` on a run's folder."""

import re
from pathlib import Path

import pytest
from commands import TINY, Command

RUN = "runs/pretrain/tcn/setup1/k1"

for name in ("onnx", "onnxscript", "onnxruntime"):
    pytest.importorskip(name, reason="the onnx extra is not installed")


def test_a_run_is_exported_with_its_units(command: Command) -> None:
    import onnxruntime

    small = ("model=tcn", "data.window=5", "model.network.width=8", "model.network.depth=1")
    command("train", *small, *TINY, "trainer.max_epochs=1").went_well()
    ended = command("export", f"run={RUN}", "out=made/tcn.onnx")
    ended.went_well()
    said = "positions, batch x 5 frames x 25 keypoints x 3: x and y in the box of its frame"
    assert said in ended.out
    session = onnxruntime.InferenceSession("made/tcn.onnx")
    about = session.get_modelmeta().custom_metadata_map
    assert about["input"].startswith(said) and about["skeleton"] == "climbalong25"
    assert len(about["keypoints"].split()) == 25
    assert session.get_inputs()[0].shape[1:] == [5, 25, 3]
    again = command("export", f"run={RUN}", "out=made/tcn.onnx").refused()
    assert again == "out is made/tcn.onnx, which is there already; choose another, or force=true"


def test_filters_are_no_networks(command: Command) -> None:
    command("train", "model=identity", *TINY).went_well()
    run = "runs/pretrain/identity/setup1/k1"
    line = command("export", f"run={run}", "out=identity.onnx").refused()
    assert line.endswith(
        "is of model=identity, which has no weights; expected the run of a network"
    )
    assert not Path("identity.onnx").exists()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (("out=a.onnx",), "run is not set; add run=, the folder of a finished run"),
        (("run=runs",), "out is not set; add out=, NAME.onnx"),
        (("run=runs", "out=a.pt"), "out is 'a.pt'; expected NAME.onnx"),
        (("run=runs", "out=a.onnx"), ".* holds no run.*"),
        (("run=runs", "out=runs/a.onnx"), "runs/a.onnx would be written over runs; choose .*"),
        (("run=runs", "out=a.onnx", "force=3"), "force is 3; expected true or false"),
    ],
)
def test_bad_input(command: Command, typed: tuple[str, ...], expected: str) -> None:
    assert re.fullmatch(expected, command("export", *typed).refused())
    assert not list(Path().rglob("*.onnx"))
