"""The samples of a page as its script reads them: small, and safe inside of a script element."""

import base64
import json

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.exploring.exploration import Exploration
from temporal_pose.exploring.latent_charts import PALETTE
from temporal_pose.exploring.sample_sheets import sheets
from temporal_pose.files.escaping import one_line

#: Samples on a page, at most.
MOST = 10_000
_AXES = 10  # components to choose from
_NONE = 255  # of a keypoint that is not known

#: What the columns mean.
MEANING = {
    "kmeans": "what k-means makes of the samples",
    "hdbscan": "clusters by density",
    "visible": "keypoints labelled as visible",
    "labelled": "keypoints with a label, hidden ones too",
    "torso_angle": "degrees; 0 upright, positive: the head leans to the right",
    "torso_length": "hips to shoulders, share of the crop",
    "legs": "ankles below hips, in torsos; near 2 standing, near 1 sitting",
    "error": "mean distance of the network's answer from the truth, share of the crop",
    "person_px": "size of the person, image pixels",
    "crop_px": "side of the crop, image pixels",
    "trained_on": "1: the network was trained on this person",
    "input_error": "mean distance of the detections from the truth, share of the box",
    "box_px": "width of the box, image pixels",
    "detected": "keypoints that the detector found",
}


def payload(found: Exploration) -> str:
    """JSON of the page's samples: all of them, or those drawn at random where they are many."""
    samples = found.samples
    rows = drawn(len(samples), found.seed)
    crops = None if samples.thumbnails is None else samples.thumbnails[rows]
    pictures = sheets(crops)
    columns = _columns(found, rows)
    middle = int((found.components.scores[rows] ** 2).sum(1).argmin())
    content = {
        "count": len(rows),
        "total": len(samples),
        "first": middle,
        "names": [one_line(samples.names[i], 80) for i in rows],
        "keypoints": [name.replace("_", " ") for name in samples.skeleton.keypoints],
        "limbs": [[int(a), int(b)] for a, b in samples.skeleton.limb_indices],
        "columns": {name: _text(values.astype("<f4")) for name, values in columns.items()},
        "axes": [name for name in columns if name.startswith(("component ", "t-SNE "))],
        "shown": [name for name in columns if name in samples.columns],
        "discrete": ["kmeans", "hdbscan"],
        "angle": "torso_angle",
        "meaning": MEANING,
        "colour": "kmeans",
        "part": "cluster" if found.found is not None else "part",
        "palette": PALETTE,
        "truth": _text(_whole(samples.poses[rows])),
        "guess": _text(_whole(samples.predicted[rows])),
        "sheets": [_uri(one) for one in pictures.images],
        "side": pictures.side,
        "acrossSheet": pictures.across,
    }
    return json.dumps(content, separators=(",", ":")).translate(
        {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
    )


def drawn(count: int, seed: int) -> Int[np.ndarray, " n"]:
    """The samples of a page, in order."""
    if count <= MOST:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).permutation(count)[:MOST])


def _columns(
    found: Exploration, rows: Int[np.ndarray, " n"]
) -> dict[str, Float[np.ndarray, " n"]]:
    """What can be shown of each sample, by name: components, the map, then all columns."""
    scores = found.components.scores[rows, :_AXES]
    columns = {f"component {i + 1}": column for i, column in enumerate(scores.T)}
    if len(found.map):
        plane = np.full((len(found.samples), 2), np.nan)
        plane[found.mapped] = found.map
        columns |= {"t-SNE x": plane[rows, 0], "t-SNE y": plane[rows, 1]}
    own = found.samples.columns
    order = ("kmeans", "hdbscan", *(name for name in own if name not in ("kmeans", "hdbscan")))
    return columns | {name: np.asarray(own[name], float)[rows] for name in order}


def _whole(poses: Float[np.ndarray, "n K 2"]) -> np.ndarray:
    """Positions as bytes, 0 to 254 from one edge of the crop to the other."""
    known = np.isfinite(poses).all(-1, keepdims=True)
    inside = np.rint(np.where(known, poses, 0).clip(0, 1) * (_NONE - 1))
    return np.where(known, inside, _NONE).astype(np.uint8)


def _uri(webp: bytes) -> str:
    return f"data:image/webp;base64,{base64.b64encode(webp).decode('ascii')}"


def _text(numbers: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers).tobytes()).decode("ascii")
