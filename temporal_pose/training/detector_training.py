"""One run of a detector from objects: fit, test, compare, and write the results last."""

import logging
from collections.abc import Callable
from typing import Any, NamedTuple

import lightning as L
import numpy as np
import torch
from jaxtyping import Float

from temporal_pose.data.images.cropped import CroppedPeople
from temporal_pose.data.images.cutting import to_image
from temporal_pose.data.images.image_module import ImageData
from temporal_pose.files.atomic import write_json
from temporal_pose.pose.average_precision import INSTALLED, Annotations, average_precision
from temporal_pose.pose.crop_scores import CropScores
from temporal_pose.pose.crops import Crops, inverted, mapped
from temporal_pose.pose.oks import oks, spreads
from temporal_pose.runs.folders import RunFolder
from temporal_pose.runs.predictions import CropPredictions
from temporal_pose.runs.results import (
    CONSTANT,
    LOOSE_PCK,
    PEOPLE,
    SIMILARITY,
    TEST,
    VALIDATION,
    of_fitting,
)
from temporal_pose.training.detector import Detection
from temporal_pose.training.evaluation import gathered
from temporal_pose.training.fitting import GradientDescent

log = logging.getLogger(__name__)


class Found(NamedTuple):
    """What a test found, a person each, in the order of the side's list.

    Args:
        keypoints: image pixels.
        scores: from 0 to 1.
    """

    keypoints: Float[np.ndarray, "N K 2"]
    scores: Float[np.ndarray, "N K"]


def train_detector(
    task: Detection,
    data: ImageData,
    fit: GradientDescent,
    trainer: Callable[..., L.Trainer],
    run: RunFolder,
) -> dict[str, Any]:
    """Fits a task, tests what is best, and returns the scores and what describes the run.

    Args:
        data: set up.
        trainer: makes Lightning's trainer; called for fitting and once more for the test.
        run: an open run folder.
    """
    fitted = fit(task, data, trainer, run)
    scores, found = test(task, data, trainer)
    validated = _validated(task, data, trainer)
    if task.global_rank == 0:
        beside_truth(data, found).save(run.predictions)
        write_json(run.split_file, data.fingerprints())
    about = {
        **{f"{PEOPLE}{side}": len(people) for side, people in data.sides.items()},
        **of_fitting(fitted.epochs, fitted.best_epoch, task.parameter_count, fitted.seconds),
    }
    constant = {f"{CONSTANT}{name}": value for name, value in constant_pose(task, data).items()}
    return scores | validated | of_coco(task, data, found) | constant | about


def test(
    task: Detection, data: ImageData, trainer: Callable[..., L.Trainer]
) -> tuple[dict[str, float], Found]:
    """Scores on the test set, ``test/<score>``, and what they are of."""
    tester = trainer(logger=False, callbacks=[], enable_checkpointing=False)
    (scores,) = tester.test(task, datamodule=data, verbose=False)
    parts = zip(*gathered(task.tested), strict=True)
    sample, keypoints, certainty = (torch.cat(part).numpy(force=True) for part in parts)
    _, first = np.unique(sample, return_index=True)  # several processes may pad the last batch
    named = {name: float(value) for name, value in scores.items() if name != "step"}
    return named, Found(keypoints[first], certainty[first])


def _validated(
    task: Detection, data: ImageData, trainer: Callable[..., L.Trainer]
) -> dict[str, float]:
    tester = trainer(logger=False, callbacks=[], enable_checkpointing=False)
    (scores,) = tester.validate(task, datamodule=data, verbose=False)
    own = VALIDATION.refined
    return {name: float(value) for name, value in scores.items() if name.startswith(own)}


def of_coco(task: Detection, data: ImageData, found: Found) -> dict[str, float]:
    """OKS, average precision and recall; nothing for keypoints that COCO has no numbers of.

    The boxes are the truth's, so precision knows no wrongly found people.
    """
    spread = spreads(task.codec.skeleton)
    if spread is None:
        return {}
    people = data.sides["test"]
    labels = torch.from_numpy(people.labels)
    parts = (found.keypoints, people.keypoints)
    predicted, truth = (torch.from_numpy(part).double() for part in parts)
    areas = torch.from_numpy(people.areas).double()
    similar = oks(predicted, truth, labels, areas, torch.tensor(spread).double())
    scores = {f"{TEST.refined}{SIMILARITY}": float(similar.nanmean())}
    if not INSTALLED:
        log.info("no AP: it needs faster_coco_eval, which pip install 'temporal-pose[coco]' adds")
        return scores
    images = [people.image_ids[place] for place in people.image.tolist()]
    said = Annotations(images, people.keypoints, people.labels, people.boxes, people.areas)
    precision = average_precision(said, found.keypoints, found.scores.mean(-1), spread)
    return scores | {f"{TEST.refined}{name}": value for name, value in precision.items()}


def constant_pose(task: Detection, data: ImageData) -> dict[str, float]:
    """Scores in test of the best pose that knows nothing of the image: at each keypoint the mean
    or the median of the training crops, whichever has the higher PCK@0.2.
    """
    training, test = (without_images(data.crops[side]) for side in ("train", "test"))
    hidden = np.where(training.visible.numpy()[..., None], training.keypoints.numpy(), np.nan)
    poses = (np.nanmean(hidden, 0), np.nanmedian(hidden, 0))
    return max(
        (_scored(task, test, np.nan_to_num(pose)) for pose in poses), key=lambda s: s[LOOSE_PCK]
    )


def without_images(cropped: CroppedPeople) -> Crops:
    """All crops of a side, their pixels left out."""
    people = cropped.people
    maps = torch.from_numpy(to_image(cropped.squares, cropped.size)).double()
    return Crops(
        images=torch.zeros(len(people), 3, 0, 0),
        keypoints=mapped(torch.from_numpy(people.keypoints).double(), inverted(maps)).float(),
        labels=torch.from_numpy(people.labels),
        to_image=maps.float(),
        area=torch.from_numpy(people.areas),
        head=torch.from_numpy(people.heads),
        sample=torch.arange(len(people)),
    )


def _scored(task: Detection, test: Crops, pose: Float[np.ndarray, "K 2"]) -> dict[str, float]:
    scores = CropScores(task.codec.skeleton, task.codec.size)
    scores.update(torch.from_numpy(pose).float().expand_as(test.keypoints), test)
    return {name: float(v) for name, v in scores.compute().items() if "/" not in name}


def beside_truth(data: ImageData, found: Found) -> CropPredictions:
    """What a test found, and whom it was asked for."""
    people = data.sides["test"]
    return CropPredictions(
        np.array(people.person_ids),
        found.keypoints,
        found.scores,
        people.keypoints,
        people.labels,
        people.boxes,
    )
