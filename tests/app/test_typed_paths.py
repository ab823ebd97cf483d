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


@pytest.mark.parametrize(
    "typed", ["source=a b.json", "out='ö'", "model=a,b", "-m", "source=a,b", "fps=ü", "out="]
)
def test_what_hydra_takes_and_what_is_no_file_stays(typed):
    assert paths_quoted([typed]) == [typed]
