"""Which of a detector's files are taken for the people of a video."""

import os
from pathlib import Path
from typing import Any

import pytest

from temporal_pose.app import filming
from temporal_pose.errors import DataError
from temporal_pose.files.made import refuse_other

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated by PEP 585")  # omegaconf's own types

NAME = "Übung [2] (a)"


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """`detected`, of a detector that leaves a file for everybody it is told to follow."""

    def run(typed: list[str]) -> None:
        said = dict(item.split("=", 1) for item in typed)
        numbers = range(1, 13) if said["person"] == "all" else ()
        for name in [f"{NAME}.person{n}.zarr" for n in numbers] or [f"{NAME}.zarr"]:
            (tmp_path / "out" / name).mkdir(exist_ok=True)

    monkeypatch.setattr(filming, "compose", lambda name, typed: typed)
    monkeypatch.setattr("temporal_pose.app.detecting.run", run)
    video = tmp_path / f"{NAME}.mp4"
    return lambda person: [
        path.name for path in filming.detected(video, tmp_path / "out", [], person, False)
    ]


def test_people_come_in_the_order_of_their_numbers_whatever_the_name(look: Any) -> None:
    assert look("all") == [f"{NAME}.person{number}.zarr" for number in range(1, 13)]


def test_those_asked_for_and_nobody_else(look: Any) -> None:
    assert look(1) == [f"{NAME}.zarr"]
    assert look(11) == [f"{NAME}.person11.zarr"]
    assert len(look("all")) == 12, "without what was seen of one alone"


def test_a_number_that_nobody_has(look: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        look(13)
    assert str(error.value) == (
        f"{tmp_path / NAME}.mp4 shows 12 people; person=13 is not there: "
        "expected a number from 1 to 12, or all"
    )


def test_another_drawing_is_told_by_its_setting(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"123")
    film = filming.Film(tmp_path / "a.mp4", stills=(3,))
    other = film._replace(stills=(3, 5)).made_with
    with pytest.raises(DataError, match=r"made with stills \[3\], not \[3, 5\]; choose another"):
        refuse_other(tmp_path, film.made_with, other)
    same = film._replace(path=Path(os.path.relpath(tmp_path / "a.mp4")))
    assert same.made_with == film.made_with, "the same video by another path"
    (tmp_path / "a.mp4").write_bytes(b"1234")
    assert film.made_with["video"] == "a.mp4 (4)"
