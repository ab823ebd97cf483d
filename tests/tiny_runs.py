"""Any command that is shown somewhere, on tiny data: in a second where it would take hours."""

import re
import shlex
import tomllib
from collections.abc import Sequence

from commands import READ, TINY, Command
from pages import ROOT, call

#: A detector of a second; of a data set that is painted, few images.
TINY_DETECTOR = (
    *("data.size=32", "data.workers=0", "data.batch_size=8", "pictures=0"),
    *("network.channels=8", "network.depth=1", "network.stem=[4,4,4]", "trainer.max_epochs=1"),
    *("trainer.enable_progress_bar=false", "trainer.accelerator=cpu"),
)
TRAINING = ("train", "finetune", "fit_noise", "evaluate")


def tiny(name: str, arguments: Sequence[str]) -> list[str]:
    """What makes a command as short as it can be."""
    if name == "detect":
        return [*_tiny_detect(arguments), "force=true"]
    if name == "explore":
        return ["clusters=2", "tsne=0", "device=cpu"]
    if name == "show":
        return ["frames=20"]
    if name == "refine":
        return ["hydra.launcher.n_jobs=1"] if "hydra/launcher=joblib" in arguments else []
    if name == "train_detector":
        painted = not any(one.startswith("data=") for one in arguments)
        return [*TINY_DETECTOR, *(["data.images=12"] if painted else [])]
    if name not in TRAINING or any(one.startswith("run=") for one in arguments):
        return []
    return _tiny_training(arguments)


def _tiny_detect(arguments: Sequence[str]) -> list[str]:
    """Keypoint R-CNN is a narrow one, with random weights; other networks are as they are."""
    if "detector=blazepose" in arguments:
        return []
    if any(one.startswith("detector=") for one in arguments):
        return ["detector.min_score=0"]
    known = "detector.skeleton=climbalong25" in arguments
    return ["detector._target_=detecting.tiny", "device=cpu"] + known * ["detector.keypoints=25"]


def _tiny_training(arguments: Sequence[str]) -> list[str]:
    read = any(one.startswith("data.root=") for one in arguments)
    every = ["data.actions=all"] if "data=penn_action" in arguments else []
    sweep = "-m" in arguments or any(one.startswith("data.folds=") for one in arguments)
    dry = ["dry_run=true"] if sweep else []  # tests/app/test_sweeps.py runs some
    short = ["data.window=8"] if "experiment=steady" in arguments else []
    return [*(READ if read else TINY), *every, *short, *dry]


def shorter(arguments: Sequence[str]) -> list[str]:
    """A sweep of two runs: of each setting the first value, and of the first one the last too."""
    words, many = [], True
    for name, equals, values in (one.partition("=") for one in arguments):
        first, *others = values.split(",")
        kept = [first, *(others[-1:] if many else [])]
        many = many and not others
        words.append(f"{name}{equals}{','.join(kept)}")
    return words


def run(command: Command, text: str) -> None:
    """One of our commands on tiny data; of any other, that what it names is there."""
    found = call(text)
    if found is None:
        check_named(text)
        return
    name, arguments = found
    if name in TRAINING and "-m" in arguments:
        arguments = shorter(arguments)
    ended = command(name, *arguments, *tiny(name, arguments))
    assert ended.status == 0, (text, ended.out, ended.err)


def check_named(text: str) -> None:
    """Makes sure that a shell's command names a target of make, extras, or make's environment."""
    program, *words = shlex.split(text)
    if program == "make":
        made = (ROOT / "Makefile").read_text()
        assert re.search(rf"^{words[0]}:", made, re.MULTILINE), text
    elif program == "pip":
        extras = re.fullmatch(r"\.(?:\[([\w,]+)\])?", words[-1])
        assert words[0] == "install" and extras, text
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        assert set((extras[1] or "dev").split(",")) <= project["optional-dependencies"].keys()
    else:
        assert text == "source .venv/bin/activate", f"'{text}' is neither run nor listed"
