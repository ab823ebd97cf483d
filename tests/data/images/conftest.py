"""Tiny sets of images in the real formats."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from image_sets import picture


@pytest.fixture
def coco(tmp_path: Path) -> Callable[..., Path]:
    """Writes a data set with one part, and gives its root."""

    def write(given: Any, part: str = "train2017", images: bool = True) -> Path:
        for folder in ("annotations", part):
            (tmp_path / folder).mkdir(exist_ok=True)
        text = given if isinstance(given, str) else json.dumps(given)
        (tmp_path / "annotations" / f"person_keypoints_{part}.json").write_text(text)
        if images and isinstance(given, dict):
            for one in given["images"]:
                picture(seed=one["id"]).save(tmp_path / part / one["file_name"], quality=95)
        return tmp_path

    return write
