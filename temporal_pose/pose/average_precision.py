"""COCO's average precision and recall of poses, by OKS."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from temporal_pose.errors import ConfigError

#: Names of the ten numbers that COCO gives, in its order.
NAMES = (
    *("ap", "ap@0.5", "ap@0.75", "ap/medium", "ap/large"),
    *("ar", "ar@0.5", "ar@0.75", "ar/medium", "ar/large"),
)

#: Whether the library that computes them is installed.
INSTALLED = find_spec("faster_coco_eval") is not None


class Annotations(NamedTuple):
    """What is true of some people, image pixels.

    Args:
        image: which image each is in.
        keypoints: x and y; anything where ``labels`` is 0.
        labels: COCO's v.
        boxes: x, y, width and height.
        areas: pixels².
    """

    image: Sequence[str]
    keypoints: Float[np.ndarray, "N K 2"]
    labels: Int[np.ndarray, "N K"]
    boxes: Float[np.ndarray, "N 4"]
    areas: Float[np.ndarray, " N"]


def average_precision(
    people: Annotations,
    keypoints: Float[np.ndarray, "N K 2"],
    scores: Float[np.ndarray, " N"],
    spread: Sequence[float],
) -> dict[str, float]:
    """AP and AR of one pose a person, each found in the person's own box.

    Args:
        keypoints: predicted; image pixels.
        scores: how sure one is of each pose.
        spread: of each keypoint, see `temporal_pose.pose.oks.SPREAD`.

    Returns:
        `NAMES`, from 0 to 1; NaN where nobody is of that size.

    Raises:
        ConfigError: an installation without ``faster-coco-eval``.
    """
    if not INSTALLED:
        raise ConfigError(
            "AP needs faster_coco_eval, which pip install 'temporal-pose[coco]' adds"
        )
    from faster_coco_eval import COCO, COCOeval_faster

    truth = COCO(ground_truth(people))
    found = truth.loadRes(results(people.image, keypoints, scores))
    evaluation = COCOeval_faster(truth, found, "keypoints", kpt_oks_sigmas=list(spread))
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    values = [float(value) for value in evaluation.stats[: len(NAMES)]]
    return {n: v if v >= 0 else float("nan") for n, v in zip(NAMES, values, strict=True)}


def ground_truth(people: Annotations) -> dict[str, Any]:
    """People as COCO's annotation files have them."""
    number = {name: place for place, name in enumerate(dict.fromkeys(people.image), 1)}
    rows = zip(*people, strict=True)
    return {
        "info": {},
        "images": [{"id": place, "width": 0, "height": 0} for place in number.values()],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": [
            {
                "id": place,
                "image_id": number[image],
                "category_id": 1,
                "iscrowd": 0,
                "area": float(area),
                "bbox": box.tolist(),
                "keypoints": _triples(points, labels),
                "num_keypoints": int((labels > 0).sum()),
            }
            for place, (image, points, labels, box, area) in enumerate(rows, 1)
        ],
    }


def results(
    image: Sequence[str], keypoints: Float[np.ndarray, "N K 2"], scores: Float[np.ndarray, " N"]
) -> list[dict[str, Any]]:
    """Poses as COCO's result files have them."""
    number = {name: place for place, name in enumerate(dict.fromkeys(image), 1)}
    found = np.ones(keypoints.shape[1], int)
    return [
        {
            "image_id": number[name],
            "category_id": 1,
            "keypoints": _triples(points, found),
            "score": float(score),
        }
        for name, points, score in zip(image, keypoints, scores, strict=True)
    ]


def _triples(points: Float[np.ndarray, "K 2"], labels: Int[np.ndarray, " K"]) -> list[float]:
    kept = np.where(labels[:, None] > 0, points, 0)
    return np.column_stack([kept, labels]).astype(float).ravel().tolist()
