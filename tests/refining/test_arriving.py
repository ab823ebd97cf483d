"""What has no place in a file is told, and people stay apart in every format."""

import json
from pathlib import Path

import numpy as np
import pytest
from commands import STANDING, Command

from temporal_pose.formats.known import read

FRAMES = np.delete(np.arange(23), [7, 8, 15])
SWAY = STANDING + 20 * np.sin(FRAMES / 7)[:, None, None]
TRIPLES = np.concatenate([SWAY, np.full((20, 17, 1), 0.5)], -1).round(2)


def deeplabcut(path: Path) -> Path:
    names = [f"point{k}" for k in range(17) for _ in "xyl"]
    rows = [["scorer", *["me"] * 51], ["bodyparts", *names]]
    rows += [["coords", *["x", "y", "likelihood"] * 17]]
    rows += [[n, *pose.ravel()] for n, pose in zip(FRAMES, TRIPLES, strict=True)]
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
    return path


def arrays(path: Path) -> Path:
    np.savez(path, keypoints=TRIPLES, frames=FRAMES, fps=30.0)
    return path


def annotations(path: Path) -> Path:
    images = [{"id": int(n), "file_name": f"clip_{n:04d}.jpg"} for n in FRAMES]
    poses = [
        {"id": int(n), "image_id": int(n), "category_id": 1, "keypoints": pose.ravel().tolist()}
        for n, pose in zip(FRAMES, TRIPLES, strict=True)
    ]
    path.write_text(json.dumps({"images": images, "annotations": poses, "categories": []}))
    return path


@pytest.mark.parametrize(
    ("write", "name"),
    [(deeplabcut, "a.csv"), (arrays, "a.npz"), (annotations, "a.json")],
)
def test_poses_of_frames_that_a_file_lacks_are_counted(
    command: Command, tmp_path: Path, write, name: str
) -> None:
    """Three frames in the midst are filled in, and no row, place or image is there for them."""
    source = write(tmp_path / name)
    shown = command("refine", f"source={source}", "out=calm", "fps=30", "page=false")
    shown.went_well()
    kind = {"a.csv": "deeplabcut", "a.npz": "arrays", "a.json": "coco"}[name]
    told = f"note: {name}: 3 of 23 poses are left out, for {name} has no place for them as"
    assert told in " ".join(shown.out.split())
    assert f"'{kind}'; to=csv has one for all" in " ".join(shown.out.split())
    (after,) = read(Path("calm") / name)
    assert after.frames.tolist() == FRAMES.tolist()
    shown = command(
        "refine", f"source={source}", "out=table", "fps=30", "page=false", "to=csv", "person=1"
    )
    shown.went_well()
    assert "left out" not in shown.out
    (after,) = read(Path("table/a.csv"))
    assert sorted(after.frames) == list(range(23))


@pytest.mark.parametrize("to", ["csv", "arrays", "deeplabcut", "sleap"])
def test_people_in_any_order_are_parted_in_another_format(
    command: Command, tmp_path: Path, rng, to: str
) -> None:
    """Two people, whom the list has in an order that changes; the third of a frame is nobody."""
    rows = []
    for frame in range(31):
        for person in rng.permutation(3):
            pose = STANDING + 400 * person + 20 * np.sin(frame / 7) + rng.normal(0, 2, (17, 2))
            triples = np.concatenate([pose, np.full((17, 1), 0.9)], 1) * (person < 2)
            rows.append({"image_id": frame, "keypoints": triples.round(2).ravel().tolist()})
    source = tmp_path / "people.json"
    source.write_text(json.dumps(rows))
    about = ("fps=30", "page=false", "skeleton=none", f"to={to}")
    shown = command("refine", f"source={source}", "out=calm", *about)
    shown.went_well()
    assert "left out" not in shown.out
    (file,) = (path for path in Path("calm").iterdir() if not path.name.startswith("."))
    (after,) = read(file)
    assert len(after) == 62
    ids = np.tile([0, 1], 31) if after.ids is None else after.ids
    for number in np.unique(ids):
        first = after.keypoints[ids == number, 0, 0]
        assert len(first) == 31 and np.ptp(first) < 100
