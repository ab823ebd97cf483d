"""Tiny files of every format that lists people frame by frame, as their tools write them."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from temporal_pose.pose.skeletons import SKELETONS

FRAMES = 5


def real(name: str) -> Path:
    """A real file or folder beside the repository; without it the test is skipped."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    path = Path(os.environ.get("TEMPORAL_POSE_SHARED_DATA", beside)) / name
    if not path.exists():
        pytest.skip(f"no real data at {path}; set TEMPORAL_POSE_SHARED_DATA")
    return path


def poses(k: int, people: int = 2, frames: int = FRAMES) -> np.ndarray:
    """x, y, score: (frames, people, K, 3), pixels with three digits, one keypoint missing."""
    rng = np.random.default_rng(k)
    places = rng.uniform(20, 400, (frames, people, k, 2)).round(3)
    scores = rng.uniform(0.1, 0.9, (frames, people, k, 1)).round(3)
    out = np.concatenate([places, scores], -1)
    out[1, 0, 2] = 0
    return out


def body(skeleton: str, frames: int = FRAMES) -> np.ndarray:
    """x, y, score of one standing person in the order of a skeleton: (frames, K, 3)."""
    heights = {
        **{"nose": 20, "eye": 15, "ear": 18, "head_top": 0, "neck": 40, "shoulder": 45},
        **{"elbow": 85, "wrist": 120, "pelvis": 120, "hip": 120, "knee": 170, "ankle": 215},
        **{"heel": 222, "big_toe": 225, "small_toe": 224, "toes": 225},
        **{
            "eye_inner": 15,
            "eye_outer": 15,
            "mouth": 25,
            "pinky": 127,
            "index_finger": 128,
            "thumb": 126,
        },
    }
    out = []
    for name in SKELETONS[skeleton].keypoints:
        side, _, part = name.partition("_")
        centred = side not in ("left", "right")
        x = 100 + (0 if centred else 20 if side == "left" else -20)
        out.append([x, heights[name if centred else part] + 10, 0.8])
    moves = np.arange(frames)[:, None, None] * [3.0, 1.0, 0.0]
    return np.array(out)[None] + moves


def openpose_document(people: np.ndarray) -> dict:
    """People (P, K, 3) of a frame."""
    empty = {f"{part}_keypoints_2d": [] for part in ("face", "hand_left", "hand_right")}
    return {
        "version": 1.3,
        "people": [
            {"person_id": [-1], "pose_keypoints_2d": one.ravel().tolist()} | empty
            for one in people
        ],
    }


def openpose(path: Path, people: np.ndarray | None = None) -> Path:
    path.mkdir()
    for frame, some in enumerate(poses(18) if people is None else people):
        text = json.dumps(openpose_document(some), separators=(",", ":"))
        (path / f"cam_{frame:012d}_keypoints.json").write_text(text)
    return path


def coco(path: Path) -> Path:
    results = []
    for frame, some in enumerate(poses(17)):
        for one in some:
            entry = {"image_id": frame, "category_id": 1, "keypoints": one.ravel().tolist()}
            results.append(entry | {"score": 0.75, "bbox": [1.5, 2, 300, 400]})
    path.write_text(json.dumps(results))
    return path


def coco_annotations(path: Path) -> Path:
    annotations, images = [], []
    for frame, some in enumerate(poses(17)):
        for video in (1, 2):
            number = 1000 * video + 7 * frame
            name = f"clip{video}/img_{frame:06d}.jpg"
            images.append({"id": number, "file_name": name, "width": 640, "height": 480})
            flat = [[int(x), int(y), 2 if s else 0] for x, y, s in some[video - 1].tolist()]
            annotations.append(
                {
                    **{"id": len(annotations) + 1, "image_id": number, "category_id": 1},
                    **{
                        "keypoints": np.ravel(flat).tolist(),
                        "num_keypoints": sum(v > 0 for *_, v in flat),
                    },
                    **{"iscrowd": 0, "area": 12.5, "bbox": [1, 2, 3, 4], "segmentation": []},
                }
            )
    names = list(SKELETONS["coco17"].keypoints)
    categories = [{"id": 1, "name": "person", "keypoints": names, "skeleton": [[16, 14]]}]
    document = {"info": {}, "images": images, "annotations": annotations}
    path.write_text(json.dumps(document | {"categories": categories}, indent=1))
    return path


def mmpose(path: Path) -> Path:
    frames = []
    for frame, some in enumerate(poses(17), 1):
        instances = [
            {
                **{"keypoints": one[:, :2].tolist(), "keypoint_scores": one[:, 2].tolist()},
                **{"bbox": [[1, 2, 31, 42]], "bbox_score": 0.5, "track_id": place},
            }
            for place, one in enumerate(some)
        ]
        frames.append({"frame_id": frame, "instances": instances})
    path.write_text(json.dumps(frames, indent="  "))
    return path


def alphapose(path: Path) -> Path:
    results = []
    for frame, some in enumerate(poses(17)):
        for place, one in enumerate(some):
            entry = {"image_id": f"{frame}.jpg", "category_id": 1}
            entry |= {"keypoints": one.ravel().tolist(), "score": 2.5, "box": [1, 2, 3, 4]}
            results.append(entry | {"idx": [float(place)]})
    path.write_text(json.dumps(results))
    return path


def alphapose_styled(path: Path, style: str = "bodies", numbers: str = "joints") -> Path:
    images = {
        f"im_{frame}.png": {
            "version": "AlphaPose v0.3",
            style: [{numbers: one.ravel().tolist()} for one in some],
        }
        for frame, some in enumerate(poses(18))
    }
    path.write_text(json.dumps(images))
    return path


def rtmlib(path: Path) -> Path:
    frames = {
        str(frame): {"keypoints": some[..., :2].tolist(), "scores": some[..., 2].tolist()}
        for frame, some in enumerate(poses(17))
    }
    path.write_text(json.dumps(frames))
    return path


def ultralytics(path: Path) -> Path:
    path.mkdir()
    size = np.array([640, 480])
    for frame, some in enumerate(poses(17)):
        lines = []
        for one in some:
            there = one[one[:, 2] > 0, :2] / size
            low, side = there.min(0), np.ptp(there, 0)
            numbers = np.concatenate([one[:, :2] / size, one[:, 2:]], 1)
            words = [0, *(low + side / 2), *side, *numbers.ravel()]
            lines.append(" ".join(f"{word:g}" for word in words) + "\n")
        (path / f"two words_{frame}.txt").write_text("".join(lines))
    return path


def ultralytics_json(path: Path) -> Path:
    frames = [
        [
            {
                **{"name": "person", "class": 0, "confidence": 0.5},
                **{"box": {"x1": 1.0, "y1": 2.0, "x2": 31.0, "y2": 42.0}, "track_id": place + 1},
                "keypoints": dict(zip(("x", "y", "visible"), one.T.tolist(), strict=True)),
            }
            for place, one in enumerate(some)
        ]
        for some in poses(17)
    ]
    path.write_text(json.dumps(frames))
    return path


#: By name of a sample: the format that reads it, and what writes it.
SAMPLES: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "openpose": ("openpose", openpose),
    "coco": ("coco", coco),
    "coco_annotations": ("coco", coco_annotations),
    "mmpose": ("mmpose", mmpose),
    "alphapose": ("alphapose", alphapose),
    "alphapose_styled": ("alphapose", alphapose_styled),
    "rtmlib": ("rtmlib", rtmlib),
    "ultralytics": ("ultralytics", ultralytics),
    "ultralytics_json": ("ultralytics_json", ultralytics_json),
}


def contents(path: Path) -> dict[str, bytes]:
    """The bytes of a file, or of all files in a folder."""
    files = [path] if path.is_file() else sorted(path.iterdir())
    return {file.name if path.is_dir() else "": file.read_bytes() for file in files}
