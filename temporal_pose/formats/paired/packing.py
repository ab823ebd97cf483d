"""Arrays as the paired layout stores them: types, the scale of uint8, and values it refuses."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Num

from temporal_pose.formats.paired import fields
from temporal_pose.formats.paired.fields import unlike

#: Types that heatmaps can be stored in.
DTYPES = ("float16", "float32", "uint8")


def packed(
    where: object, arrays: Mapping[str, np.ndarray], dtype: str, first: int = 0
) -> dict[str, np.ndarray]:
    """Checked copies of some frames, in the types that are stored.

    Heatmaps are many: they are gone through as rarely as can be, and copied once.

    Args:
        where: the file, for messages.
        arrays: of right shapes, by name.
        dtype: of the heatmaps; uint8 adds ``heatmap_scale``.
        first: number of the first frame.

    Raises:
        DataError: values that the layout does not allow.
    """
    for name, array in arrays.items():
        kind = fields.SWITCH if name == "visible" else fields.NUMBER
        if not kind.includes(array.dtype):
            raise unlike(where, name, str(array.dtype), kind.words)
    types: dict[str, type] = {"visible": bool, "times": np.float64}
    out: dict[str, np.ndarray] = {
        name: array.astype(types[name]) if name in types else fields.single(array)
        for name, array in arrays.items()
        if name != "heatmaps"
    }
    if "boxes" in out:
        fields.check_boxes(where, out["boxes"], first)
    if "scores" in out:
        fields.check_scores(where, out["scores"], first)
    if "detections" in out:
        fields.check_detections(where, out["detections"], first)
    if "truth" in out:
        fields.check_truth(where, out["truth"], out["visible"], first)
    if "heatmaps" in arrays:
        with np.errstate(over="ignore"):
            heatmaps = arrays["heatmaps"].astype(np.float32, copy=False)
        nobody = np.isnan(out["boxes"]).any(-1)
        if nobody.any():
            heatmaps = np.where(nobody[:, None, None, None], np.float32(0), heatmaps)
        out |= stored(where, heatmaps, dtype, first)
    return out


def stored(
    where: object, heatmaps: Float[np.ndarray, "n K h w"], dtype: str, first: int = 0
) -> dict[str, Num[np.ndarray, "n K *_"]]:
    """Heatmaps in the type they are stored in, copied, and the scale of uint8.

    A uint8 step is a 255th of each map's peak; values below zero become zero.

    Raises:
        DataError: values that are not finite, or too large for float16.
    """
    highest, lowest = heatmaps.max((2, 3)), heatmaps.min((2, 3))
    if not (np.isfinite(highest) & np.isfinite(lowest)).all():
        fields.check_heatmaps(where, heatmaps, first)
    if dtype == "uint8":
        scale = highest.clip(0) / np.float32(255)
        steps = heatmaps.clip(0) / np.where(scale > 0, scale, 1)[..., None, None]
        return {"heatmaps": steps.round().clip(0, 255).astype(np.uint8), "heatmap_scale": scale}
    largest = np.finfo(dtype).max
    for frame, keypoint in np.argwhere(np.maximum(highest, -lowest) > largest)[:1].tolist():
        found = f"{highest[frame, keypoint]:g} for keypoint {keypoint} of frame "
        raise unlike(where, "heatmaps", f"{found}{first + frame}", f"{dtype}, so |v| <= {largest}")
    return {"heatmaps": heatmaps.astype(dtype)}
