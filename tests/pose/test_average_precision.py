"""OKS and average precision, beside pycocotools."""

import contextlib
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("faster_coco_eval", reason="the coco extra is not installed")

from temporal_pose.pose.average_precision import (
    NAMES,
    Annotations,
    average_precision,
    ground_truth,
    results,
)
from temporal_pose.pose.oks import oks, spreads
from temporal_pose.pose.skeletons import SKELETONS

SPREAD = spreads(SKELETONS["coco17"])
SHARED = Path(os.environ.get("TEMPORAL_POSE_SHARED", Path(__file__).parents[3] / "shared"))


def people(count: int = 23) -> Annotations:
    generator = np.random.default_rng(0)
    boxes = np.concatenate(
        [generator.uniform(0, 300, (count, 2)), generator.uniform(20, 200, (count, 2))], 1
    )
    places = boxes[:, None, :2] + boxes[:, None, 2:] * generator.uniform(0, 1, (count, 17, 2))
    labels = generator.integers(0, 3, (count, 17))
    images = [f"{number // 3}" for number in range(count)]
    return Annotations(images, places, labels, boxes, 0.53 * boxes[:, 2] * boxes[:, 3])


def guesses(truth: Annotations) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    off = generator.normal(0, 1, truth.keypoints.shape) * generator.uniform(
        0, 0.2, (len(truth.areas), 1, 1)
    )
    return truth.keypoints + off * truth.areas[:, None, None] ** 0.5, generator.uniform(
        0, 1, len(truth.areas)
    )


def reference(truth: Annotations, keypoints: np.ndarray, scores: np.ndarray) -> list[float]:
    """What COCO's own program says."""
    from pycocotools import coco
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        files = coco.COCO()
        files.dataset = ground_truth(truth)
        files.createIndex()
        found = files.loadRes(results(truth.image, keypoints, scores))
        program = COCOeval(files, found, "keypoints")
        program.evaluate()
        program.accumulate()
        program.summarize()
    return [float(value) for value in program.stats]


def test_spreads_are_those_of_pycocotools():
    from pycocotools.cocoeval import Params

    assert pytest.approx(Params("keypoints").kpt_oks_sigmas.tolist()) == SPREAD
    assert spreads(SKELETONS["lsp14"]) is None


def test_oks_is_that_of_pycocotools():
    from pycocotools import coco
    from pycocotools.cocoeval import COCOeval

    truth = people(9)._replace(image=[str(number) for number in range(9)])
    truth.labels[:, 3] = 2
    keypoints, scores = guesses(truth)
    with contextlib.redirect_stdout(io.StringIO()):
        files = coco.COCO()
        files.dataset = ground_truth(truth)
        files.createIndex()
        program = COCOeval(
            files, files.loadRes(results(truth.image, keypoints, scores)), "keypoints"
        )
        program.evaluate()
    expected = [program.ious[number, 1].item() for number in range(1, 10)]
    found = oks(
        torch.from_numpy(keypoints),
        torch.from_numpy(truth.keypoints),
        torch.from_numpy(truth.labels),
        torch.from_numpy(truth.areas),
        torch.tensor(SPREAD).double(),
    )
    assert found.tolist() == pytest.approx(expected, abs=1e-6)


def test_precision_and_recall_are_those_of_pycocotools():
    truth = people()
    found = average_precision(truth, *guesses(truth), SPREAD)
    assert tuple(found) == NAMES
    expected = reference(truth, *guesses(truth))
    assert list(found.values()) == pytest.approx(
        [value if value >= 0 else float("nan") for value in expected], abs=1e-6, nan_ok=True
    )
    assert 0.1 < found["ap"] < 0.9


def test_the_truth_itself_has_a_precision_of_1():
    truth = people()
    some = (truth.labels > 0).any(1)
    assert some.all()
    found = average_precision(truth, truth.keypoints, np.ones(len(some)), SPREAD)
    assert found["ap"] == pytest.approx(1)
    assert found["ar"] == pytest.approx(1)


def test_the_truth_of_real_people_has_a_precision_of_1():
    folder = SHARED / "data/coco_mini"
    if not folder.is_dir():
        pytest.skip("the shared data are not here")
    from temporal_pose.data.images.coco_people import CocoPeople

    read = CocoPeople(folder).read()
    images = [read.image_ids[place] for place in read.image.tolist()]
    truth = Annotations(images, read.keypoints, read.labels, read.boxes, read.areas)
    found = average_precision(truth, read.keypoints, np.ones(len(read)), SPREAD)
    assert f"{found['ap']:.3f} {found['ar']:.3f}" == "1.000 1.000"
    listed = [json.loads(file.read_text()) for file in folder.rglob("person_keypoints*.json")]
    kept = sum(
        one["num_keypoints"] > 0 and not one["iscrowd"] for f in listed for one in f["annotations"]
    )
    assert len(read) <= kept
