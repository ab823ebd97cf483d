"""Bad input: one line that says what is wrong and what to do, before any work."""

from pathlib import Path

import pytest
from commands import READ, TINY, Command, literally, no_results, write_penn_action
from processes import process

from temporal_pose.files.options import image_sets, options, video_sets

DATA_SETS = (
    f"expected one of {', '.join(video_sets())}; where single images are wanted, of "
    f"{', '.join(image_sets())}"
)


def one_of(group: str) -> str:
    return f"expected one of {', '.join(options(group))}"


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("model=nope", f"model 'nope' is unknown; {one_of('model')}"),
        ("model=", f"model '' is unknown; {one_of('model')}"),
        (
            "model=3",
            "model, data, augment, input, loss, trainer and experiment take a name: model=conv3d",
        ),
        ("setup=4", "setup is '4'; expected one of 1, 2, 3"),
        ("setup=abc", "setup is 'abc'; expected one of 1, 2, 3"),
        ("data=nope", f"data 'nope' is unknown; {DATA_SETS}"),
        ("augment=foo", f"augment 'foo' is unknown; {one_of('augment')}"),
        ("nope=3", "setting 'nope' is unknown; --cfg job lists every setting there is"),
        ("data.nope=3", "setting 'data.nope' is unknown; --cfg job lists every setting there is"),
        (
            "data.windw=5",
            "setting 'data.windw' is unknown, perhaps data.window is meant; "
            "--cfg job lists every setting there is",
        ),
        ("k=0", "k is 0; expected a positive number"),
        ("k=-1", "k is -1; expected a positive number"),
        ("k=nan", "k is nan; expected a positive number"),
        ("k=abc", "k is 'abc'; expected a positive number"),
        ("k=true", "k is True; expected a positive number"),
        ("seed=-1", "seed is -1; expected a whole number from 0 to 4294967295"),
        ("seed=4294967296", "seed is 4294967296; expected a whole number from 0 to 4294967295"),
        ("seed=null", "seed is None; expected a whole number from 0 to 4294967295"),
        ("objects=3", "objects is 3; expected settings of its own: --cfg job lists them"),
        ("setups=3", "setups is 3; expected settings of its own: --cfg job lists them"),
        ("loss=nope", f"loss 'nope' is unknown; {one_of('loss')}"),
        (
            "loss=motion loss.acceleration=-1",
            "loss.acceleration is -1; expected 0 or a positive number",
        ),
        (
            "experiment=steady model=conv3d",
            "loss=motion compares positions, and this model gives heatmaps; expected a model "
            "that gives positions, such as tcn or deciwatch, or loss=mse",
        ),
        (
            "trainer.gradient_clip_val=1 trainer.precision=16-mixed",
            "trainer.gradient_clip_val with trainer.precision=16-mixed needs "
            "optimizer.fused=false",
        ),
        ("data.window=0", "data.window is 0; expected a whole number from 1"),
        ("data.window=null", "data.window is None; expected a whole number from 1"),
        ("data.size=abc", "data.size is 'abc'; expected a whole number from 5"),
        ("data.batch_size=null", "data.batch_size is None; expected a whole number from 1"),
        ("data.stride=1.5", "data.stride is 1.5; expected a whole number from 1"),
        ("data.margin=abc", "data.margin is 'abc'; expected 0 or a positive number"),
        ("data.fps=abc", "data.fps is 'abc'; expected a positive number"),
        ("data.box=x", "data.box is 'x'; expected frame or window"),
        ("data.short=x", "data.short is 'x'; expected error or skip"),
        ("render=x", "render is 'x'; expected one of subpixel, thesis"),
        ("decoder=x", "decoder is 'x'; expected one of subpixel, argmax"),
        ("input.mean=abc", "input.mean is 'abc'; expected a number"),
        ("input.resample=abc", "input.resample is 'abc'; expected true or false"),
        ("model.sigma=0", "model.sigma is 0; expected a positive number"),
        ("optimizer.lr=-1", "optimizer.lr is -1; expected a positive number"),
        ("scheduler.factor=2", "optimizer or scheduler: Factor should be < 1.0."),
        (
            "model=deciwatch model.interval=9",
            "interval is 9; expected at most the window, 5",
        ),
        ("model.hidden=0", "model.hidden is 0; expected a whole number from 1"),
        ("pictures=abc", "pictures is 'abc'; expected a whole number from 0"),
        ("force=abc", "force is 'abc'; expected true or false"),
        ("runs_dir=null", "runs_dir is None; expected a folder"),
        ("trainer.max_epochs=0", "trainer.max_epochs is 0; expected a whole number from 1"),
        ("trainer.max_steps=0", "trainer.max_steps is 0; expected -1 for no limit, or from 1"),
        (
            "trainer.limit_val_batches=0",
            "trainer.limit_val_batches is 0; expected a number of batches from 1, or a share of "
            "them up to 1.0",
        ),
        (
            "trainer.check_val_every_n_epoch=2",
            "trainer.check_val_every_n_epoch is 2; expected 1, for the best epoch is found by its "
            "score",
        ),
        ("data=penn_action", "data.root is not set; add data.root=DIR, the data set's folder"),
        (
            "data.split=x",
            "data.split is 'x'; expected video, window, alternate, or the names of each side as "
            "{train: [...], val: [...], test: [...]}",
        ),
        (
            "data.split={train:[subject0],val:[subject0],test:[subject1]}",
            "data.split puts 'subject0' into both train and val; a video or group must be on one "
            "side only, or the test would be on data seen in training",
        ),
        (
            "data.fractions=[1,0,0]",
            "data.fractions is [1, 0, 0]; expected three positive numbers with sum 1",
        ),
        (
            "trainer.deterministic=abc",
            "trainer.deterministic is 'abc'; expected true, false or warn",
        ),
        (
            "trainer.gradient_clip_val=-1",
            "trainer.gradient_clip_val is -1; expected 0 or a positive number",
        ),
        (
            "data.subjects=1",
            "there are 1 videos or groups of videos to split; expected at least 3, one each for "
            "training, validation and test",
        ),
        (
            "data.frames=3",
            "subject0_climb0 has 3 frames (every 1. of 3), fewer than a window of 5: set "
            "data.short=skip to leave such videos out, or a smaller data.window",
        ),
        ("data.frames=4 data.short=skip", "no video has 5 frames in a row with a pose"),
    ],
)
def test_a_setting_is_refused(command: Command, typed: str, message: str) -> None:
    settings = [t for t in TINY if t.split("=")[0] not in typed]
    if "data=penn" in typed:
        settings = list(READ)
    ended = command("train", *settings, *typed.split(" "))
    assert ended.refused() == message
    assert ended.out == ""
    assert no_results()


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        (
            "trainer.precision=foo",
            ("trainer.precision is 'foo'; expected one of 32-true,", "bf16-mixed"),
        ),
        ("trainer.accelerator=foo", ("trainer: ", "accelerator='foo'", "cpu")),
        ("trainer.strategy=foo", ("trainer: ", "strategy='foo'", "ddp")),
        ("trainer.devices=0", ("trainer: ", "devices=0")),
        ("trainer.gradient_clip_algorithm=foo", ("trainer: ", "foo", "'value', 'norm'")),
        ("foo", ("'foo'", "missing EQUAL")),
    ],
)
def test_lightning_and_hydra_say_what_they_expect(
    command: Command, typed: str, parts: tuple[str, ...]
) -> None:
    for name in ("train", "evaluate"):
        model = "model=identity" if name == "evaluate" else "model=conv3d"
        settings = [t for t in TINY if t.split("=")[0] != typed.split("=")[0]]
        message = command(name, model, *settings, typed).refused()
        assert all(part in message for part in parts), message
        assert no_results()


def test_a_gpu_that_is_not_there_is_refused(command: Command, monkeypatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    message = command("train", *TINY, "trainer.accelerator=gpu").refused()
    assert message == "trainer: No supported gpu backend found!"
    assert no_results()


def test_the_literal_command_line(tmp_path: Path) -> None:
    done = literally("train", "model=conv3d", "setup=1", "k=0", cwd=tmp_path)
    assert done.refused() == "k is 0; expected a positive number"
    for value, shown in (("[a,b,c]", "['a', 'b', 'c']"), ("0.6", "[0.6]"), ("null", "[None]")):
        done = process("train", *TINY, f"data.fractions={value}", cwd=tmp_path)
        expected = f"data.fractions is {shown}; expected three positive numbers with sum 1"
        assert done.refused() == expected
    root = write_penn_action(tmp_path / "penn")
    typed = ("data=penn_action", f"data.root={root}", "data.actions=3")
    done = process("train", *typed, cwd=tmp_path)
    assert done.refused().startswith(
        "data.actions has '3'; expected \"all\" or a list of some of "
    )
    assert no_results(tmp_path)


def test_detector_output_without_truth_is_no_truth(command: Command) -> None:
    message = command("train", "data=speed21", "data.root=here").refused()
    assert message == (
        "data=speed21 has no truth, only a detector's output, so nothing can be trained on it or "
        "scored; data.truth=pseudo takes that output for a truth all the same"
    )
    assert no_results()
