"""Tiny files that the commands of the pages, of ``conf/`` and of the Makefile take for granted."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import Command
from pose_files import body

from temporal_pose.pose.skeletons import SKELETONS

COCO17 = SKELETONS["coco17"]
FRAMES = 13


def poses(shift: float = 0) -> np.ndarray:
    """x, y, score of a person who walks, jittering: (F, 17, 3)."""
    jitter = np.random.default_rng(0).normal(0, 1, (FRAMES, 17, 2))
    return body("coco17", FRAMES) + np.dstack([jitter + shift, np.zeros((FRAMES, 17))])


def points(keypoints: int) -> np.ndarray:
    """The same of any keypoints, and nobody's."""
    rng = np.random.default_rng(0)
    places = rng.uniform(30, 80, (keypoints, 2)) + rng.normal(0, 1, (FRAMES, keypoints, 2))
    return np.dstack([places, rng.uniform(0.3, 0.9, (FRAMES, keypoints))])


def instances(*people: np.ndarray) -> list[dict[str, Any]]:
    """mmpose's predictions."""
    return [
        {
            "frame_id": number,
            "instances": [
                {"keypoints": pose[:, :2].tolist(), "keypoint_scores": pose[:, 2].tolist()}
                for pose in frame
            ],
        }
        for number, frame in enumerate(zip(*people, strict=True))
    ]


def table(names: list[str], values: np.ndarray) -> str:
    """Plain CSV."""
    header = ",".join(["frame", *(f"{name}_{axis}" for name in names for axis in "xy")])
    rows = (f"{n},{','.join(map(str, row[:, :2].ravel()))}" for n, row in enumerate(values))
    return "\n".join([header, *rows]) + "\n"


def write_keypoints() -> None:
    """What `refine` is given."""
    Path("results.json").write_text(json.dumps(instances(poses())))
    Path("two_people.json").write_text(json.dumps(instances(poses(), poses(shift=300))))
    Path("keypoints").mkdir()
    for name in ("one", "other"):
        np.savez(Path("keypoints") / f"{name}.npz", keypoints=poses(), fps=30)
    horse = ("nose", "withers", "croup", "left_front_hoof", "right_front_hoof")
    names = [*horse, "near_hind_hoof", "far_hind_hoof"]
    Path("horse.csv").write_text(table(names, points(7)))
    Path("shares.csv").write_text(table(list(COCO17.keypoints), poses() / 1000))


def write_detections(command: Command) -> None:
    """`climb.zarr`, as a detector leaves it, and the video `climb.mp4`."""
    detecting = pytest.importorskip("detecting", reason="the detect extra is not installed")
    np.save("own.npy", poses().astype(np.float32))
    about = ("--fps", "25", "--image-size", "120", "90", "--skeleton", "coco17")
    command("data.write", "climb.zarr", "--detections", "own.npy", *about).went_well()
    detecting.write_video(Path("climb.mp4"), map(detecting.shown, range(FRAMES)))


def write_video() -> None:
    """`climb.mp4`."""
    detecting = pytest.importorskip("detecting", reason="the detect extra is not installed")
    detecting.write_video(Path("climb.mp4"), map(detecting.shown, range(FRAMES)))


def write_frames() -> None:
    """`frames`, a folder of images."""
    detecting = pytest.importorskip("detecting", reason="the detect extra is not installed")
    from PIL import Image

    Path("frames").mkdir()
    for number in range(3):
        Image.fromarray(detecting.shown(number)).save(f"frames/{number}.png")


def write_coco(root: Path, images: int = 40) -> Path:
    """COCO's people, one an image; the data set's folder."""
    from image_sets import annotation, content, picture

    numbers = range(1, images + 1)
    people = [annotation(number, image=number) for number in numbers]
    for folder in ("annotations", "train2017"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    text = json.dumps(content(*people, images=tuple(numbers)))
    (root / "annotations/person_keypoints_train2017.json").write_text(text)
    for number in numbers:
        picture(seed=number).save(root / "train2017" / f"{number:012d}.jpg")
    return root


def write_leeds(root: Path, people: int = 40) -> Path:
    """Leeds Sports Pose, extended; the data set's folder."""
    from image_sets import picture
    from scipy.io import savemat

    (root / "images").mkdir(parents=True, exist_ok=True)
    places = np.random.default_rng(2).uniform(4, 25, (14, 2, people))
    seen = np.ones((14, 1, people))
    savemat(root / "joints.mat", {"joints": np.concatenate([places, seen], 1)})
    for number in range(1, people + 1):
        picture(seed=number).save(root / "images" / f"im{number:05d}.jpg")
    return root


def write_brace(root: Path, videos: int = 5, frames: int = 15) -> Path:
    """BRACE, a segment a video; the data set's folder."""
    for number in range(videos):
        segment = root / "2011" / f"video{number}" / f"video{number}_1-{frames}_toprock.json"
        segment.parent.mkdir(parents=True)
        places = body("coco17", frames) * [1 + number / 10, 1, 1]
        content = {
            f"video{number}/img-{frame:06}.png": {"keypoints": pose, "box": [1, 2, 3, 4, 1]}
            for frame, pose in enumerate(places.tolist(), 1)
        }
        segment.write_text(json.dumps(content))
    return root
