"""What `temporal_pose.detect` adds to the detector it runs: reading, following, writing."""

import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch

from temporal_pose.bench.measure import Pair, Row, measure


def detection(frames: int = 12, height: int = 240, repeats: int = 7) -> Iterator[Row]:
    """Time of the whole way from a video file to a file of heatmaps, over that of the bare model.

    The bare model has its frames in memory and in its own format; both look at one person a
    frame. Weights are random, which takes the same time as any others.
    """
    if find_spec("torchvision") is None or find_spec("av") is None:
        print("detection skipped: pip install 'temporal-pose[detect]'")
        return
    from temporal_pose.footage.video import Video

    model = random_model(height)
    with tempfile.TemporaryDirectory() as folder:
        video = Video(write_video(Path(folder) / "video.mp4", frames, height))
        images = [torch.from_numpy(f).permute(2, 0, 1) / 255 for f in video.frames()]
        names = (Path(folder) / f"{number}.zarr" for number in count())
        pair = measure(
            lambda: whole_way(model, video, next(names)),
            lambda: bare(model, images),
            repeats,
            time.process_time,
        )
    yield added("detect: added to the bare model, CPU time", pair)


def added(what: str, pair: Pair, limit: float = 10) -> Row:
    """By how many per cent the first of a pair takes longer."""
    percent = [100 * (ratio - 1) for ratio in pair.ratios]
    low, high = (100 * (ratio - 1) for ratio in pair.spread)
    return Row(what, float(np.median(percent)), limit, "%", False, (low, high))


def random_model(height: int) -> Any:
    """torchvision's, which sees one person a frame; its input is as large as the frames."""
    from torchvision.models.detection import keypointrcnn_resnet50_fpn

    model = keypointrcnn_resnet50_fpn(
        weights=None, weights_backbone=None, min_size=height, box_detections_per_img=1
    ).eval()
    for name, module in model.named_modules():
        if name.endswith("bn3"):
            torch.nn.init.constant_(module.weight, 0.2)  # or activations double with every block
    torch.nn.init.zeros_(model.rpn.head.bbox_pred.weight)
    torch.nn.init.zeros_(model.roi_heads.box_predictor.bbox_pred.weight)
    return model


def bare(model: Any, images: list[torch.Tensor], batch_size: int = 4) -> None:
    """The model, and nothing else."""
    with torch.inference_mode():
        for start in range(0, len(images), batch_size):
            model(images[start : start + batch_size])


def whole_way(model: Any, video: Any, out: Path) -> None:
    """All that the command does once the weights are there."""
    from temporal_pose.detectors.keypoint_rcnn import FrozenKeypointRCNN
    from temporal_pose.detectors.output import Output
    from temporal_pose.detectors.recording import record
    from temporal_pose.detectors.tracking import Tracker

    output = Output(out, False, True, "float16", 1, {}, False)
    record(video, FrozenKeypointRCNN(model), Tracker(), output)


def write_video(path: Path, frames: int, height: int) -> Path:
    """A video of noise, 4 by 3."""
    import av

    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("mpeg4", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = height // 3 * 4, height, "yuv420p"
        for _ in range(frames):
            image = rng.integers(0, 256, (stream.height, stream.width, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path
