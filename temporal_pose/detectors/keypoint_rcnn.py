"""torchvision's Keypoint R-CNN, frozen, with the heatmaps that it reads its keypoints from."""

import pickle
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import detection
from torchvision.models.detection import keypoint_rcnn, transform

from temporal_pose.detectors import downloading
from temporal_pose.detectors.devices import torch_device
from temporal_pose.detectors.protocol import Choose, Person, check_skeleton, in_range
from temporal_pose.detectors.state_dicts import COUNTER, fill, read
from temporal_pose.errors import CheckpointError, ConfigError
from temporal_pose.footage.frames import Frames
from temporal_pose.pose.boxes import heatmap_to_image
from temporal_pose.pose.heatmaps import decode_subpixel

_PERSON = 1  # the label; 0 is background
_HEAD = "roi_heads.keypoint_predictor.kps_score_lowres.weight"  # (channels, K, 4, 4)


class FrozenKeypointRCNN(nn.Module):
    """A Keypoint R-CNN that nothing trains, which looks closely at chosen people alone.

    torchvision's own ``forward`` drops the heatmaps and makes them for everybody; here they are
    made, by the same parts, for the chosen people.

    Args:
        model: torchvision's; its parameters are frozen, and it stays in evaluation mode.
        skeleton: name of the keypoints' order.
    """

    def __init__(self, model: detection.KeypointRCNN, skeleton: str = "coco17") -> None:
        super().__init__()
        self.model = model.requires_grad_(False)
        self.skeleton, self.memory_size = skeleton, 0
        self.eval()

    def train(self, mode: bool = True) -> "FrozenKeypointRCNN":
        """Stays in evaluation mode, also as a part of something that trains."""
        return super().train(False)

    @property
    def keypoints(self) -> int:
        """K."""
        return self.model.roi_heads.keypoint_predictor.out_channels

    @property
    def heatmap_size(self) -> tuple[int, int]:
        """Rows and columns of a heatmap: a transposed convolution and an enlargement."""
        rows, columns = self.model.roi_heads.keypoint_roi_pool.output_size
        scale = 2 * self.model.roi_heads.keypoint_predictor.up_scale
        return rows * scale, columns * scale

    def resume(self, memory: Sequence[Any]) -> None:
        """Nothing: it looks at each frame alone."""

    @torch.inference_mode()
    def forward(self, images: Frames, choose: Choose) -> list[list[Person | None]]:
        """Looks at consecutive frames; heatmaps are the raw output of the keypoint head.

        A score is the person's, times the probability, by the head's own softmax over the cells,
        that the keypoint lies within two cells of the heatmap's peak.

        Raises:
            ConfigError: the device has too little memory.
        """
        self.eval()  # someone may have reached for a part of it
        device = next(self.parameters()).device
        try:
            frames = torch.from_numpy(np.stack(list(images))).to(device).permute(0, 3, 1, 2)
            return self._look(frames, choose)
        except torch.OutOfMemoryError as error:
            raise ConfigError(
                f"{len(images)} frames at once are too many for the memory of {device}; set a "
                "smaller batch_size, or device=cpu: the same command continues"
            ) from error

    def _look(self, images: UInt8[Tensor, "n 3 H W"], choose: Choose) -> list[list[Person | None]]:
        inputs, _ = self.model.transform([image / 255 for image in images])
        features = self.model.backbone(inputs.tensors)
        proposals, _ = self.model.rpn(inputs, features)
        found = self._people(features, proposals, inputs.image_sizes)
        size = (images.shape[-2], images.shape[-1])
        chosen, rois, boxes, scores = [], [], [], []
        for frame, (people, sure) in enumerate(found):
            in_image = _with_extent(
                transform.resize_boxes(people, inputs.image_sizes[frame], size)
            )
            chosen.append(choose(in_image.cpu().numpy(), sure.cpu().numpy()))
            which = [who for who in chosen[-1] if who is not None]
            rois.append(people[which])
            boxes.append(in_image[which])
            scores.append(sure[which])
        close = self._closely(features, rois, inputs.image_sizes, boxes, scores)
        return [[None if who is None else next(close) for who in frame] for frame in chosen]

    def _people(
        self, features: Mapping[str, Tensor], proposals: Any, sizes: Any
    ) -> list[tuple[Tensor, Tensor]]:
        """Corners (x1, y1, x2, y2) in the network's input, and scores, of a frame's people."""
        heads = self.model.roi_heads
        pooled = heads.box_head(heads.box_roi_pool(features, proposals, sizes))
        classes, offsets = heads.box_predictor(pooled)
        found = heads.postprocess_detections(classes, offsets, proposals, sizes)
        return [
            (boxes[labels == _PERSON], scores[labels == _PERSON])
            for boxes, scores, labels in zip(*found, strict=True)
        ]

    def _closely(
        self,
        features: Mapping[str, Tensor],
        rois: list[Tensor],
        sizes: Any,
        boxes: list[Tensor],
        sure: list[Tensor],
    ) -> Iterator[Person]:
        """The chosen people, frame by frame."""
        heads, boxes_ = self.model.roi_heads, torch.cat(boxes)
        if not len(boxes_):
            return
        pooled = heads.keypoint_head(heads.keypoint_roi_pool(features, rois, sizes))
        maps = heads.keypoint_predictor(pooled)
        scores = torch.cat(sure)[:, None] * peak_probability(maps)
        places = _image_places(maps, boxes_)
        for row in zip(boxes_, places, scores, maps, strict=True):
            yield Person(*(part.float().cpu().numpy() for part in row))


def _image_places(
    maps: Float[Tensor, "people K h w"], boxes: Float[Tensor, "people 4"]
) -> Float[Tensor, "people K 2"]:
    """Keypoints in image pixels, read between the cells of their heatmaps."""
    return heatmap_to_image(decode_subpixel(maps)[0], boxes, maps.shape[-1])


def _with_extent(corners: Float[Tensor, "N 4"]) -> Float[Tensor, "N 4"]:
    """(x1, y1, x2, y2) as (x, y, width, height)."""
    return torch.cat([corners[:, :2], corners[:, 2:] - corners[:, :2]], -1)


def peak_probability(heatmaps: Float[Tensor, "n K h w"], reach: int = 2) -> Float[Tensor, "n K"]:
    """Probability that a keypoint lies within ``reach`` cells of its heatmap's peak.

    The head is trained with a softmax over all cells (He et al., ICCV 2017, section 5), so that
    softmax is what it takes for the probability of each.
    """
    chances = heatmaps.flatten(-2).softmax(-1)
    width = 2 * reach + 1
    near = functional.avg_pool2d(chances.view_as(heatmaps), width, 1, reach) * width**2
    return near.flatten(-2).gather(-1, chances.argmax(-1, keepdim=True)).squeeze(-1).clamp(max=1)


def load(
    weights: str = "default",
    keypoints: int | None = None,
    min_score: float = 0.5,
    min_size: int = 800,
    max_size: int = 1333,
    proposals: int = 1000,
    norm_eps: float | None = None,
    skeleton: str = "coco17",
    device: str = "auto",
) -> FrozenKeypointRCNN:
    """The detector with trained weights.

    Args:
        weights: a file with a ``state_dict``, or 'default' for torchvision's, which it downloads.
        keypoints: K; None for what the weights have.
        min_score: of the people it reports.
        min_size: pixels of the network's input along its shorter side.
        max_size: pixels along its longer side, at most.
        proposals: regions looked at in each frame, at most.
        norm_eps: added to the variances of normalisation layers; None for 0 where they were frozen
            in training, as in torchvision's weights and what was finetuned from them, else 1e-5.
        skeleton: name of the keypoints' order.
        device: of torch; 'auto' is a GPU if there is one.

    Raises:
        CheckpointError: weights that cannot be had or read, or are of another architecture.
        ConfigError: settings out of their range, or a skeleton of another number of keypoints.
    """
    _check(keypoints, min_score, min_size, max_size, proposals, norm_eps)
    place = torch_device(device)
    state = download() if weights == "default" else read(Path(weights).expanduser())
    head = state.get(_HEAD)
    there = head.shape[1] if head is not None and head.ndim == 4 else 17
    model = detection.keypointrcnn_resnet50_fpn(
        weights=None,
        weights_backbone=None,
        num_keypoints=keypoints or there,
        box_score_thresh=min_score,
        min_size=min_size,
        max_size=max_size,
        rpn_post_nms_top_n_test=proposals,
    )
    check_skeleton(skeleton, keypoints or there)
    fill(model, state, weights, "keypointrcnn_resnet50_fpn with these settings")
    frozen = not any(name.endswith(COUNTER) for name in state)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = norm_eps if norm_eps is not None else 0.0 if frozen else 1e-5
    return FrozenKeypointRCNN(model, skeleton).to(place)


def _check(
    keypoints: int | None,
    min_score: float,
    min_size: int,
    max_size: int,
    proposals: int,
    norm_eps: float | None,
) -> None:
    in_range("detector.min_score", min_score, 0, 1)
    in_range("detector.min_size", min_size, 16, 10_000, whole=True)
    in_range("detector.max_size", max_size, 16, 10_000, whole=True)
    in_range("detector.proposals", proposals, 1, 100_000, whole=True)
    if keypoints is not None:
        in_range("detector.keypoints", keypoints, 1, 1000, whole=True)
    if norm_eps is not None:
        in_range("detector.norm_eps", norm_eps, 0, 1)
    if min_size > max_size:
        raise ConfigError(
            f"detector.min_size is {min_size}; expected at most detector.max_size, {max_size}"
        )


def download() -> Mapping[str, Tensor]:
    """torchvision's weights, trained on COCO; kept in torch's own cache.

    Raises:
        CheckpointError: they cannot be had.
    """
    known = keypoint_rcnn.KeypointRCNN_ResNet50_FPN_Weights.DEFAULT
    name = Path(known.url).name
    kept = Path(torch.hub.get_dir()) / "checkpoints" / name
    try:
        if not kept.exists():
            print("Keypoint R-CNN's weights: fetching 237 MB, once", flush=True)
            complaint = downloading.download(known.url, kept, name.rpartition("-")[2][:-4])
            if complaint is not None:
                raise OSError(complaint)
        return known.get_state_dict(progress=False, check_hash=True, weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.PickleError) as error:
        raise CheckpointError(
            f"torchvision's weights cannot be downloaded ({error}); fetch {known.url} where there "
            "is a network, and set detector.weights to that file"
        ) from error
