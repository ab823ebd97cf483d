"""What all tests rely on: types and shapes are checked, and settings are what files say now."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import jaxtyping
import numpy as np
import pytest
import shapes
import torch
from beartype.roar import BeartypeCallHintViolation
from jaxtyping import Float, TypeCheckError
from omegaconf import OmegaConf

from temporal_pose.files.overrides import checked_overrides
from temporal_pose.pose.metrics import position_errors

Pose = Float[np.ndarray, "K 2"]
checked = partial(jaxtyping.jaxtyped, typechecker=shapes.check)


def test_functions_of_the_package_are_checked() -> None:
    with pytest.raises(BeartypeCallHintViolation, match="parameter where=7 violates"):
        checked_overrides(["k=1"], 7)
    with pytest.raises(TypeCheckError, match=r"batch=.*7"):
        position_errors(torch.ones(7, 2), torch.ones(5, 2))


@pytest.mark.parametrize(
    ("hints", "first", "other"),
    [
        ((Pose, Pose), lambda pose: pose, lambda pose: pose),
        ((list[Pose], "Pose"), lambda pose: [pose], lambda pose: pose),
        ((Pose | None, dict[str, Pose]), lambda pose: pose, lambda pose: {"a": pose}),
    ],
)
def test_axes_of_one_name_are_of_one_size_wherever_arrays_are(hints, first, other) -> None:
    def both(one: Any, other: Any) -> None: ...

    both.__annotations__ = dict(zip(("one", "other"), hints, strict=True))
    three, five = np.ones((3, 2)), np.ones((5, 2))
    checked(both)(first(three), other(three))
    with pytest.raises(TypeCheckError):
        checked(both)(first(three), other(five))


def test_what_goes_in_and_out_without_arrays_is_checked() -> None:
    @checked
    def longest(words: list[str], by: Callable[[str], float], factor: float = 1) -> int:
        found: Any = max(words, key=by)
        return found if factor > 5 else len(found)

    assert longest(["a", "bcd"], len) == 3
    for wrong in (([1, 2], len), (["a"], 3), (["a"], len, "b")):
        with pytest.raises(BeartypeCallHintViolation):
            longest(*wrong)
    with pytest.raises(BeartypeCallHintViolation, match="return"):
        longest(["a"], len, 7)


def test_a_generator_is_checked_when_it_is_made() -> None:
    @checked
    def each(count: int) -> Iterator[int]:
        yield from range(count)

    assert list(each(3)) == [0, 1, 2]
    with pytest.raises(TypeCheckError):
        each("3")


def test_a_file_of_settings_is_read_as_it_is_now(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    for text, found in (("a: {b: 1}", 1), ("a: {b: [2, ~]}", [2, None]), ("a: {b: 1}", 1)):
        path.write_text(text)
        for source in (path, str(path)):
            read = OmegaConf.load(source)
            assert read.a.b == found
            read.a.b = "changed"
    with path.open() as file:
        assert OmegaConf.load(file).a.b == 1
    path.write_text("a: {")
    for _ in range(2):
        with pytest.raises(Exception, match=re.escape(f'in "{path}", line 1')):
            OmegaConf.load(path)


def test_a_sweep_may_be_asked_for_as_a_setting(command) -> None:
    """Of these commands all is composed twice, as Hydra does."""
    ended = command("train", "hydra.mode=MULTIRUN", "k=1,2", "dry_run=true", "model=identity")
    assert "2 runs; nothing was started" in ended.out
