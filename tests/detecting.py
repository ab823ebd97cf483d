"""torchvision's Keypoint R-CNN with random weights, and footage in which it sees people."""

import os
import time
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torchvision.models import resnet18
from torchvision.models.detection import KeypointRCNN, keypointrcnn_resnet50_fpn
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.keypoint_rcnn import KeypointRCNNHeads, KeypointRCNNPredictor

from temporal_pose.detectors.devices import torch_device
from temporal_pose.detectors.keypoint_rcnn import FrozenKeypointRCNN
from temporal_pose.detectors.protocol import Person, check_skeleton
from temporal_pose.pose.heatmaps import decode_argmax, render

WIDTH, HEIGHT = 120, 90

#: Settings under which a random model is fast.
SMALL = {"min_size": 96, "max_size": 128, "rpn_post_nms_top_n_test": 12, "box_score_thresh": 0.5}

LAYERS = {f"layer{number + 1}": str(number) for number in range(4)}

#: A frame in which the models see nobody: the mean colour, which the first layer sees as zero.
EMPTY = np.full((HEIGHT, WIDTH, 3), (124, 116, 104), np.uint8)


def shown(number: int = 0) -> np.ndarray:
    """A frame in which the models see somebody: colours that move from frame to frame."""
    noise = torch.rand(1, 3, 9, 12, generator=torch.Generator().manual_seed(0))
    picture = functional.interpolate(noise, size=(HEIGHT, WIDTH), mode="bicubic")[0]
    values = picture.clamp(0, 1).mul(255).byte().permute(1, 2, 0).numpy()
    return np.ascontiguousarray(np.roll(values, number, 1))


def tensor(frames: Iterable[np.ndarray]) -> Tensor:
    """Frames as torchvision takes them, times 255."""
    return torch.from_numpy(np.stack(list(frames))).permute(0, 3, 1, 2)


class Seen(NamedTuple):
    """What a detector saw of one person in n frames; NaN and zero where it was not there."""

    heatmaps: Tensor
    boxes: Tensor
    scores: Tensor
    keypoints: Tensor


def look(detector: Any, frames: Iterable[np.ndarray], choose: Any) -> Seen:
    """Lets a detector look at frames.

    Args:
        choose: given boxes and scores, which one, or None; or a tracker.
    """
    if not hasattr(choose, "searching"):
        choose = Chosen(choose)
    people = [frame[0] for frame in detector(np.stack(list(frames)), choose)]
    k, (h, w) = detector.keypoints, detector.heatmap_size
    nobody = Person(np.full(4, np.nan), np.full((k, 2), np.nan), np.zeros(k), np.zeros((k, h, w)))
    there = [nobody if person is None else person for person in people]
    parts = ("heatmaps", "box", "scores", "keypoints")
    arrays = [np.stack([getattr(one, part) for one in there]) for part in parts]
    return Seen(*(torch.from_numpy(array).float() for array in arrays))


class Chosen:
    """A choice of one person by a function of boxes and scores."""

    searching = True

    def __init__(self, function: Any) -> None:
        self.function = function

    def __call__(self, boxes: np.ndarray, scores: np.ndarray) -> list[int | None]:
        return [self.function(boxes, scores)]

    def lost(self, followed: int) -> None:
        raise AssertionError


def write_video(
    path: Path,
    frames: Iterable[np.ndarray],
    codec: str = "libx264",
    rate: int = 25,
    ticks: Iterable[int] | None = None,
    rotation: int = 0,
) -> Path:
    """A video file.

    Args:
        ticks: when each frame is shown, in units of 1 / rate.
        rotation: degrees, counterclockwise, that a player is told to turn it by.
    """
    frames = list(frames)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv444p" if codec == "libx264" else "yuv420p"
        if rotation:
            stream.set_display_rotation(rotation)
        for tick, image in zip(ticks or range(len(frames)), frames, strict=True):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = tick, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def small_model(keypoints: int = 17) -> KeypointRCNN:
    """All parts of a Keypoint R-CNN, but narrow ones."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        predictor = Sure(64, keypoints)
        torch.manual_seed(0)
        return taught(
            KeypointRCNN(
                BackboneWithFPN(resnet18(weights=None), LAYERS, [64, 128, 256, 512], 48),
                box_head=TwoMLPHead(48 * 7 * 7, 32),
                box_predictor=FastRCNNPredictor(32, 2),
                keypoint_head=KeypointRCNNHeads(48, (48, 64)),
                keypoint_predictor=predictor,
                **SMALL,
            )
        )


def full_model(keypoints: int = 17) -> KeypointRCNN:
    """keypointrcnn_resnet50_fpn."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = keypointrcnn_resnet50_fpn(
            weights=None, weights_backbone=None, num_keypoints=keypoints, **SMALL
        )
    for name, module in model.named_modules():
        if name.endswith("bn3"):
            module.weight.data.fill_(0.2)  # or activations double with every block
    return taught(model)


class Sure(KeypointRCNNPredictor):
    """Maps with one clear peak, as training makes them: random ones have many like one another."""

    def forward(self, x: Tensor) -> Tensor:
        maps = super().forward(x)
        peaks = decode_argmax(maps)[0] + 0.3
        there = torch.ones(peaks.shape[:2], dtype=torch.bool)
        maps = maps / maps.square().mean((2, 3), keepdim=True).sqrt()
        return maps + render(peaks, there, torch.full(peaks.shape[:2], 2.0))


@torch.inference_mode()
def taught(model: KeypointRCNN) -> KeypointRCNN:
    """Lets the classifier see somebody in `shown`, and nobody in `EMPTY`.

    Boxes are anchors: those that random weights compute have no extent.
    """
    model.eval()
    model.roi_heads.detections_per_img = 1  # for speed, here
    model.rpn.head.bbox_pred.weight.zero_()
    classifier = model.roi_heads.box_predictor
    classifier.bbox_pred.weight.zero_()
    said: list[Tensor] = []
    hook = classifier.cls_score.register_forward_hook(
        lambda *call: said.append(call[2][:, 1] - call[2][:, 0])
    )
    for frame in (EMPTY, *map(shown, range(0, 50, 10))):
        model([tensor([frame])[0] / 255])
    hook.remove()
    model.roi_heads.detections_per_img = 100
    gaps = []
    for sign in (1, -1):
        empty, *full = (float((sign * values).max()) for values in said)
        gaps.append((min(full) - empty, empty, sign))
    gap, empty, sign = max(gaps)
    assert gap > 0
    for values in (classifier.cls_score.weight, classifier.cls_score.bias):
        values *= sign * 8 / gap
    classifier.cls_score.bias[1] -= 8 / gap * empty + 4
    return model


def tiny(
    keypoints: int | None = None, device: str = "cpu", skeleton: str = "coco17", **_: Any
) -> FrozenKeypointRCNN:
    """In place of `temporal_pose.detectors.keypoint_rcnn.load`, with no file to read.

    A batch takes as many seconds longer as the environment says.
    """
    check_skeleton(skeleton, keypoints or 17)
    detector = FrozenKeypointRCNN(small_model(keypoints or 17), skeleton)
    pause = float(os.environ.get("TINY_PAUSE", 0))
    detector.register_forward_pre_hook(lambda *_: time.sleep(pause))
    return detector.to(torch_device(device))
