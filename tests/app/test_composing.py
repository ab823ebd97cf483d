import random

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from temporal_pose.files.conf import CONF
from temporal_pose.files.overrides import checked_overrides

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated by PEP 585")  # omegaconf's own types


def composed(*typed: str) -> DictConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("train", list(typed))


ODD = [
    *(
        "/a b",
        "/it's",
        '/say "x"',
        "/back\\slash",
        "/back\\'quote",
        "/end\\",
        "/end\\\\",
        "/$x",
        "/${x}",
    ),
    *(
        "/\\${x}",
        "/\\\\${x}",
        "/a=b,c",
        "/ä",
        "/{x}",
        "/[1]",
        "/a\\b'c\\'",
        "/#x",
        "/a\tb",
        "/null",
    ),
]


def test_any_path_comes_back_from_a_saved_run():
    from temporal_pose.app.composing import quoted

    rng, parser = random.Random(0), OverridesParser.create()
    some = ["/" + "".join(rng.choices("\\'\"${}=, x", k=9)) for _ in range(50)]
    for path in [*ODD, *some]:
        given = parser.parse_override(f"data.root={quoted(path)}").value()
        assert OmegaConf.create({"root": given}).root == path
    for path in ODD[9:11]:
        assert composed(f"data.root={quoted(path)}").data.root == path


def test_paths_are_kept_so_that_they_mean_the_same_from_any_folder(tmp_path, monkeypatch):
    from temporal_pose.app.composing import overrides_to_keep

    folder = tmp_path / "it\\'s"
    folder.mkdir()
    monkeypatch.chdir(folder)
    config = composed("data=paired", "data.root=here", "k=2")
    said = overrides_to_keep(config, ["data=paired", "data.root=here", "k=2"])
    assert said[:2] == ["data=paired", "k=2"]
    assert checked_overrides(said, "it") == said
    assert composed(*said).data.root == str(folder / "here")
