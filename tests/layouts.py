"""Tiny files of the paired layout, written by numpy and by zarr alone; every axis another size."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import zarr

F, K, H, W = 11, 17, 5, 7  # frames; COCO's keypoints; rows and columns of a heatmap
CHUNK = 3  # frames; 11 are three whole chunks and a part of one
ATTRIBUTES = ("fps", "image_size", "skeleton")


def read_npz(path: Path | str) -> dict[str, np.ndarray]:
    """All arrays of a file, which is closed then."""
    with np.load(path) as file:
        return dict(file)


def about(**changed: object) -> dict[str, object]:
    """The truth, and what is said of the video; None leaves a field out."""
    fields = {
        "truth": np.arange(F * K * 2, dtype=np.float32).reshape(F, K, 2),
        "visible": np.ones((F, K), bool),
        "fps": 60.0,
        "image_size": np.array([1920, 1080]),
        "skeleton": "coco17",
    }
    return {name: value for name, value in {**fields, **changed}.items() if value is not None}


def with_detections(**changed: object) -> dict[str, object]:
    """The arrays of a file of detected keypoints."""
    detections = np.arange(1, 1 + F * K * 3, dtype=np.float32).reshape(F, K, 3)
    return about(**{"detections": detections, **changed})


def with_heatmaps(**changed: object) -> dict[str, object]:
    """The arrays of a file of heatmaps; their values are whole, so float16 holds them."""
    maps = np.random.default_rng(0).integers(-3, 200, (F, K, H, W)).astype(np.float32)
    fields = {
        "heatmaps": maps,
        "boxes": np.tile(np.float32([300, 200, 70, 50]), (F, 1)),
        "scores": np.linspace(0.1, 1, F * K, dtype=np.float32).reshape(F, K),
    }
    return about(**{**fields, **changed})


def npz(path: Path, arrays: Mapping[str, object]) -> Path:
    """Written by numpy."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **arrays)
    return path


def zarr_group(
    path: Path, arrays: Mapping[str, object], version: int = 3, attributes: bool = True
) -> Path:
    """Written by zarr, in one of its formats.

    Args:
        attributes: numbers and names are attributes of the group; else arrays.
    """
    group = zarr.create_group(path, zarr_format=version)
    for name, value in arrays.items():
        array = np.asarray(value)
        if attributes and name in ATTRIBUTES:
            group.attrs[name] = array.tolist()
        else:
            chunks = (CHUNK, *array.shape[1:]) if array.ndim > 1 else "auto"
            options = {"config": {"write_empty_chunks": True}, "chunks": chunks}
            if array.dtype.kind == "U" and version == 3:  # format 3 has no fixed-length strings
                array = array.astype(np.dtypes.StringDType())
            group.create_array(name, data=array, **options)
    return path
