"""File names that Hydra's grammar does not know."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from temporal_pose.app.typed_paths import paths_quoted


@pytest.mark.parametrize(
    "name",
    ["Übung 1.b.ö.json", "clip (1).json", "a=b.json", "l'été.json", "跳.npz", "{x", "ü\\", "\\'ü"],
)
def test_any_name_of_a_file_arrives_as_it_was_typed(name):
    (argument,) = paths_quoted([f"source={name}"])
    assert OverridesParser.create().parse_override(argument).value() == name


@pytest.mark.parametrize("name", ["a,b.json", "[x]", "{c}", "1_000", "[a,b].json"])
def test_a_file_that_is_there_is_meant(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).touch()
    (argument,) = paths_quoted([f"source={name}"])
    assert OverridesParser.create().parse_override(argument).value() == name


def test_a_sweep_over_files_stays_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a,b").touch()
    assert paths_quoted(["-m", "source=a,b"]) == ["-m", "source=a,b"]


@pytest.mark.parametrize(
    "typed", ["source=a b.json", "out='ö'", "model=a,b", "-m", "source=a,b", "fps=ü", "out="]
)
def test_what_hydra_takes_and_what_is_no_file_stays(typed):
    assert paths_quoted([typed]) == [typed]
