"""A folder of results is there whole, or as it was; and nothing of anybody else's goes."""

import json
from pathlib import Path

import pytest

from temporal_pose.errors import ConfigError
from temporal_pose.exploring.exploration_files import check_place, replacing, write_about


def look(out: Path, text: str) -> None:
    """Writes a folder as `explore` does, but for what is in it."""
    with replacing(out) as part:
        (part / "features.npy").write_text(text)
        write_about(part, {"layer": "a"})
        (part / "index.html").write_text(text)


def there(folder: Path) -> dict[str, str]:
    files = (item for item in folder.rglob("*") if item.is_file())
    return {item.relative_to(folder).as_posix(): item.read_text() for item in files}


def test_a_look_replaces_an_earlier_one(tmp_path: Path) -> None:
    look(tmp_path / "latent", "one")
    look(tmp_path / "latent", "two")
    found = there(tmp_path)
    about = json.loads(found.pop("latent/explore.json"))
    assert found == {"latent/features.npy": "two", "latent/index.html": "two"}
    assert about == {"layer": "a", "files": ["index.html", "explore.json", "features.npy"]}


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, OSError, ValueError])
@pytest.mark.parametrize("before", [False, True])
def test_what_is_ended_leaves_all_as_it_was(tmp_path: Path, error, before) -> None:
    out = tmp_path / "latent"
    if before:
        look(out, "one")
    was = there(tmp_path)

    def ended() -> None:
        with replacing(out) as part:
            (part / "features.npy").write_text("two")
            raise error

    with pytest.raises(error):
        ended()
    assert there(tmp_path) == was
    look(out, "two")
    assert there(tmp_path)["latent/features.npy"] == "two"


@pytest.mark.parametrize(
    "content", ["{", '"files"', "[]", "{}", '{"files": null}', '{"files": "notes.txt"}']
)
def test_a_folder_that_is_of_something_else_stays(tmp_path: Path, content: str) -> None:
    (tmp_path / "explore.json").write_text(content)
    (tmp_path / "notes.txt").write_text("months of work")
    with pytest.raises(ConfigError, match="which is there already and not of explore; choose an"):
        check_place(tmp_path)


@pytest.mark.parametrize("late", [False, True])
def test_what_somebody_puts_into_a_look_stays(tmp_path: Path, late: bool) -> None:
    """Whenever they do: looking takes its time."""
    out = tmp_path / "latent"
    look(out, "one")
    message = rf"^out is {out}, which holds notes.txt, and explore did not write it; move it away"
    if late:
        with pytest.raises(ConfigError, match=message), replacing(out):
            (out / "notes.txt").write_text("mine")
    else:
        (out / "notes.txt").write_text("mine")
        with pytest.raises(ConfigError, match=message):
            check_place(out)
    assert there(tmp_path)["latent/notes.txt"] == "mine"
    assert there(tmp_path)["latent/index.html"] == "one"
    assert [item.name for item in tmp_path.iterdir()] == ["latent"]


def test_a_link_is_not_taken_for_an_empty_place(tmp_path: Path) -> None:
    (tmp_path / "latent").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="which is there already and not of explore"):
        check_place(tmp_path / "latent")
