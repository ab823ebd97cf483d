from pathlib import Path

from temporal_pose.files.finding import listing


def test_links_that_lead_round_in_a_circle_are_not_followed(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.npz").write_text("x")
    before = listing(tmp_path)
    for name in ("one", "two", "three"):
        (tmp_path / "a" / name).symlink_to(tmp_path)
    assert listing(tmp_path) == before
