"""What a reader made of a file, as a text by which two results are compared."""

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch


def digest(value: Any) -> str:
    """The same for the same result, however it is held; paths are left out."""
    return hashlib.sha256("\n".join(_parts(value)).encode("utf-8", "replace")).hexdigest()[:16]


def _parts(value: Any) -> list[str]:
    if isinstance(value, Path):
        return ["path"]
    if isinstance(value, torch.Tensor):
        value = value.detach().to_dense().numpy() if not value.is_meta else "meta"
    if isinstance(value, np.ndarray):
        return [str(value.shape), _numbers(value)]
    if is_dataclass(value) and not isinstance(value, type):
        return [text for f in fields(value) for text in (f.name, *_parts(getattr(value, f.name)))]
    if isinstance(value, Mapping):
        return [text for k in sorted(value, key=str) for text in (str(k), *_parts(value[k]))]
    if isinstance(value, list | tuple | set):
        return ["[", *(text for item in value for text in _parts(item)), "]"]
    return [repr(value)]


def _numbers(array: np.ndarray) -> str:
    if array.dtype.kind in "fc":
        array = np.where(np.isnan(array), np.nan, array).astype(array.dtype.newbyteorder("="))
    return hashlib.sha256(array.tobytes()).hexdigest()
