"""BlazePose: what there is beside its networks, and MediaPipe's own pace on the same frames."""

import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from temporal_pose.bench.detection import added
from temporal_pose.bench.measure import Row, measure
from temporal_pose.bench.overlaying import write_video


def blazepose(frames: int = 96, height: int = 720, repeats: int = 3) -> Iterator[Row]:
    """Time of a look over that of the landmark network alone; what `detect` adds to reading a
    video and looking at its frames, in the fewest lines that do it.

    The video shows nobody, and somebody is followed in it all the same: that takes as long.
    """
    detector = _detector()
    if detector is None:
        return
    from temporal_pose.footage.video import Video

    memory = np.array([480, 360, 500, 200, 480, 360, 500, 200, 0, 0, 0, 0], np.float32)
    with tempfile.TemporaryDirectory() as folder:
        video = Video(write_video(Path(folder) / "video.mp4", frames, height))
        images = np.stack(list(video.frames()))
        crop = np.zeros((256, 256, 3), np.float32)
        look = measure(
            lambda: [detector.look(image, memory) for image in images],
            lambda: [detector.network(crop) for _ in images],
            repeats,
        )
        yield Row.of("BlazePose: over its network alone", look, 1.6, at_least=False)
        names = (Path(folder) / f"{number}.zarr" for number in count())
        whole = measure(
            lambda: _whole_way(detector, video, memory, next(names)),
            lambda: _plainly(detector, video.path, memory),
            repeats,
            time.process_time,
        )
    yield added("detect: added to decoding and BlazePose, CPU time", whole)


def mediapipe(video: Path, frames: int = 60, repeats: int = 3) -> Iterator[Row]:
    """Frame rate over that of MediaPipe's Python solution, on frames of a real video in memory."""
    detector = _detector()
    if detector is None or find_spec("mediapipe") is None:
        print("mediapipe skipped: pip install mediapipe==0.10.14, in an environment of its own")
        return
    from mediapipe.python.solutions.pose import Pose

    from temporal_pose.detectors.tracking import Tracker
    from temporal_pose.footage.video import Video

    images = [image for image, _ in zip(Video(video).frames(), range(frames), strict=False)]

    def theirs() -> None:
        with Pose(model_complexity=1, smooth_landmarks=False) as pose:
            for image in images:
                pose.process(image)

    def ours() -> None:
        detector.resume([])
        tracker = Tracker()
        for image in images:
            detector(image[None], tracker)

    pair = measure(theirs, ours, repeats, time.process_time)
    yield Row.of("BlazePose: frame rate of a core over MediaPipe's", pair, 0.7)


def _detector() -> Any:
    """The detector, which never loses anybody; None, and a line, where it cannot be had."""
    if find_spec("ai_edge_litert") is None or find_spec("av") is None:
        print("blazepose skipped: pip install 'temporal-pose[blazepose]'")
        return None
    from temporal_pose.detectors.blazepose import BlazePose

    return BlazePose(min_presence=0)


def _plainly(detector: Any, path: Path, memory: Any) -> None:
    """Decodes, looks where the last look said, as what it is compared with, and nothing else."""
    import av

    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            memory = detector.look(frame.to_ndarray(format="rgb24"), memory).memory


def _whole_way(detector: Any, video: Any, memory: Any, out: Path) -> None:
    """All that the command does once the models are there."""
    from temporal_pose.detectors.output import Output
    from temporal_pose.detectors.recording import record
    from temporal_pose.detectors.tracking import Tracker

    tracker = Tracker()
    tracker.resume(detector.place(memory)[None, None])
    detector.resume([memory])
    record(video, detector, tracker, Output(out, False, True, "float16", 1, {}, False))
