from pathlib import Path

import pytest

from temporal_pose.errors import ConfigError
from temporal_pose.files.outputs import refuse_inputs


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "best.ckpt").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "run")
    (tmp_path / "hard").hardlink_to(tmp_path / "run" / "best.ckpt")
    return tmp_path


@pytest.mark.parametrize(
    ("out", "source"),
    [
        *(("run", "run"), ("run/metrics.json", "run"), ("run/../run", "run"), ("link", "run")),
        *(("link/metrics.json", "run"), ("run/new.zarr", "link"), ("run", "run/best.ckpt")),
        *((".", "run/best.ckpt"), ("new.npy", "new.npy"), ("run/best.ckpt", "link/best.ckpt")),
    ],
)
@pytest.mark.usefixtures("here")
def test_no_output_stands_among_the_inputs(out, source):
    with pytest.raises(ConfigError) as error:
        refuse_inputs([Path("free"), Path(out)], [Path(source)])
    expected = f"{Path(out)} would be written over {Path(source)}; choose another out="
    assert str(error.value) == expected


@pytest.mark.usefixtures("here")
def test_another_name_of_the_same_file_is_the_same_file():
    with pytest.raises(ConfigError, match=r"^hard is run/best.ckpt by another name; choose anoth"):
        refuse_inputs([Path("hard")], [Path("run/best.ckpt")])


@pytest.mark.usefixtures("here")
def test_a_link_that_leads_round_in_a_circle_is_a_place_like_any_other():
    Path("round").symlink_to("round")
    refuse_inputs([Path("round"), Path("new")], [Path("run"), Path("run/round")])
    with pytest.raises(ConfigError, match=r"^round would be written over round; choose"):
        refuse_inputs([Path("round")], [Path("round")])


@pytest.mark.parametrize("out", ["new", "run2", "run/below/metrics.json", "runs/metrics.json"])
@pytest.mark.usefixtures("here")
def test_beside_or_further_down_is_another_place(out):
    refuse_inputs([Path(out)], [Path("run")])
