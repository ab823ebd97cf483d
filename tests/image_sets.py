"""Tiny sets of images in the real formats."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from temporal_pose.data.images.annotated import Annotated
from temporal_pose.pose.skeletons import SKELETONS

COCO17 = SKELETONS["coco17"]

#: A crowd's outline as COCO writes it: run lengths.
RUNS = {"size": [30, 50], "counts": [7, 3, 1490]}

Changes = Mapping[str, Any]


def keypoints(start: int = 5, v: int = 2) -> list[int]:
    """17 keypoints in a row across the image."""
    return [value for i in range(17) for value in (start + i, 3 + i, v)]


def annotation(number: int, image: int = 11, **changes: Any) -> dict[str, Any]:
    """A person as COCO's files have one."""
    return {
        "segmentation": [[5, 3, 22, 3, 22, 20]],
        "num_keypoints": 17,
        "area": 120.5,
        "iscrowd": 0,
        "keypoints": keypoints(),
        "image_id": image,
        "bbox": [4.5, 2.25, 19, 21],
        "category_id": 1,
        "id": number,
        **changes,
    }


def content(*annotations: Changes, images: tuple[int, ...] = (11, 12, 13)) -> dict[str, Any]:
    """An annotation file."""
    return {
        "info": {"year": 2017},
        "licenses": [],
        "images": [
            {"id": n, "file_name": f"{n:012d}.jpg", "width": 50, "height": 30, "license": 1}
            for n in images
        ],
        "annotations": list(annotations),
        "categories": [
            {"id": 1, "name": "person", "keypoints": list(COCO17.keypoints), "skeleton": [[1, 2]]}
        ],
    }


def picture(width: int = 50, height: int = 30, seed: int = 0) -> Image.Image:
    """Colours that change from place to place."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (3, 5, 3), np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def somebody(number: int, image: int, keypoints: int = 17, part: str = "") -> Annotated:
    """A person with some keypoints labelled."""
    rng = np.random.default_rng(number)
    return Annotated(
        image=Path(f"{image}.jpg"),
        image_id=str(image),
        person_id=str(number),
        keypoints=rng.uniform(1, 9, (keypoints, 2)),
        labels=rng.integers(0, 3, keypoints),
        box=np.array([1.0, 2, 3, 4]),
        area=float(number),
        part=part,
    )
