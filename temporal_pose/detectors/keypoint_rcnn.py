"""torchvision's Keypoint R-CNN, frozen, with the heatmaps that it reads its keypoints from."""

import pickle
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import URLError

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import detection
from torchvision.models.detection import keypoint_rcnn, transform

from temporal_pose.errors import CheckpointError, ConfigError

#: Given boxes (people, 4: x, y, width, height) and scores (people): whom to look at, if anyone.
Choose = Callable[[Tensor, Tensor], int | None]

_PERSON = 1  # the label; 0 is background
_HEAD = "roi_heads.keypoint_predictor.kps_score_lowres.weight"  # (channels, K, 4, 4)
_COUNTER = "num_batches_tracked"  # in weights from trainable normalisation only, of no use here


class Seen(NamedTuple):
    """What the detector saw of one person in n frames.

    Args:
        heatmaps: raw output of the keypoint head for the boxes, before any softmax, of either
            sign; zero in frames without the person.
        boxes: x, y, width and height, image pixels; NaN in frames without the person.
        scores: the person's score times the probability, by the head's own softmax over the
            cells, that the keypoint lies within two cells of the heatmap's peak; 0 to 1.
    """

    heatmaps: Float[Tensor, "n K h w"]
    boxes: Float[Tensor, "n 4"]
    scores: Float[Tensor, "n K"]


class FrozenKeypointRCNN(nn.Module):
    """A Keypoint R-CNN that nothing trains, which looks closely at one person a frame.

    torchvision's own ``forward`` drops the heatmaps and makes them for everybody; here they are
    made, by the same parts, for the chosen person alone.

    Args:
        model: torchvision's; its parameters are frozen, and it stays in evaluation mode.
    """

    def __init__(self, model: detection.KeypointRCNN) -> None:
        super().__init__()
        self.model = model.requires_grad_(False)
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

    @torch.inference_mode()
    def forward(self, images: UInt8[Tensor, "n 3 H W"], choose: Choose) -> Seen:
        """Looks at consecutive frames.

        Args:
            images: red, green and blue.
            choose: called once a frame, in order.
        """
        self.eval()  # someone may have reached for a part of it
        inputs, _ = self.model.transform([image / 255 for image in images])
        features = self.model.backbone(inputs.tensors)
        proposals, _ = self.model.rpn(inputs, features)
        found = self._people(features, proposals, inputs.image_sizes)
        size = (images.shape[-2], images.shape[-1])
        picked, rois, boxes, scores = [], [], torch.full((len(images), 4), torch.nan), []
        for frame, (people, sure) in enumerate(found):
            in_image = _with_extent(
                transform.resize_boxes(people, inputs.image_sizes[frame], size)
            )
            who = choose(in_image.cpu(), sure.cpu())
            rois.append(people[:0] if who is None else people[who : who + 1])
            if who is not None:
                picked.append(frame)
                boxes[frame] = in_image[who]
                scores.append(sure[who])
        return self._closely(features, rois, inputs.image_sizes, picked, boxes, scores)

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
        picked: list[int],
        boxes: Float[Tensor, "n 4"],
        person_scores: list[Tensor],
    ) -> Seen:
        """Heatmaps and scores of the picked frames' person; zero in the others."""
        heads = self.model.roi_heads
        heatmaps = boxes.new_zeros(len(boxes), self.keypoints, *self.heatmap_size)
        scores = boxes.new_zeros(len(boxes), self.keypoints)
        if picked:
            pooled = heads.keypoint_head(heads.keypoint_roi_pool(features, rois, sizes))
            maps = heads.keypoint_predictor(pooled)
            sure = torch.stack(person_scores)[:, None] * peak_probability(maps)
            heatmaps[picked], scores[picked] = maps.cpu(), sure.cpu()
        return Seen(heatmaps, boxes, scores)


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

    Raises:
        CheckpointError: weights that cannot be had or read, or are of another architecture.
        ConfigError: settings out of their range.
    """
    if min_size > max_size:
        raise ConfigError(
            f"detector.min_size is {min_size}; expected at most detector.max_size, {max_size}"
        )
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
    fill(model, state, weights)
    frozen = not any(name.endswith(_COUNTER) for name in state)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = norm_eps if norm_eps is not None else 0.0 if frozen else 1e-5
    return FrozenKeypointRCNN(model)


def read(path: Path) -> Mapping[str, Tensor]:
    """The ``state_dict`` in a file; nothing in it is executed.

    Raises:
        CheckpointError: a file that is missing, damaged, or holds something else.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError(
            f"detector.weights '{path}' does not exist; expected a file, or 'default'"
        ) from error
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, pickle.PickleError) as error:
        raise CheckpointError(
            f"{path}: cannot be read as weights; expected torch.save(model.state_dict(), FILE) of "
            f"tensors alone ({str(error).splitlines()[0] if str(error) else type(error).__name__})"
        ) from error
    if not isinstance(state, dict) or not all(torch.is_tensor(v) for v in state.values()):
        raise CheckpointError(
            f"{path}: holds no state_dict; expected torch.save(model.state_dict(), FILE)"
        )
    return state


def download() -> Mapping[str, Tensor]:
    """torchvision's weights, trained on COCO; kept in torch's own cache.

    Raises:
        CheckpointError: they cannot be had.
    """
    known = keypoint_rcnn.KeypointRCNN_ResNet50_FPN_Weights.DEFAULT
    try:
        with redirect_stderr(sys.stdout):  # a progress bar is no error
            return known.get_state_dict(progress=True, check_hash=True, weights_only=True)
    except (URLError, OSError, RuntimeError, EOFError, pickle.PickleError) as error:
        raise CheckpointError(
            f"torchvision's weights cannot be downloaded ({error}); fetch {known.url} where there "
            "is a network, and set detector.weights to that file"
        ) from error


def fill(model: nn.Module, state: Mapping[str, Tensor], name: str) -> None:
    """Puts weights into a model.

    Raises:
        CheckpointError: they are of another architecture; the message names the first entry that
            differs.
    """
    own = {key: t.shape for key, t in model.state_dict().items() if not key.endswith(_COUNTER)}
    given = {key: t.shape for key, t in state.items() if not key.endswith(_COUNTER)}
    for key in (*own, *given):
        if own.get(key) != given.get(key):
            have = tuple(given[key]) if key in given else "not there"
            want = tuple(own[key]) if key in own else "no such entry"
            raise CheckpointError(
                f"{name}: weights of another architecture: '{key}' is {have}; "
                f"keypointrcnn_resnet50_fpn with these settings expects {want}"
            )
    model.load_state_dict(state, strict=False)
