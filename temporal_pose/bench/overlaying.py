"""What drawing poses over a video adds to decoding and encoding it."""

import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from temporal_pose.bench.measure import Row, measure
from temporal_pose.pose.skeletons import CLIMBALONG25


def overlays(frames: int = 30, height: int = 720, repeats: int = 5) -> Iterator[Row]:
    """Time of `overlay` over that of decoding and encoding the same video without anything else.

    Both encode with the same settings. Two poses and their trails are drawn in every frame.
    """
    if find_spec("av") is None:
        print("overlays skipped: pip install 'temporal-pose[detect]'")
        return
    from temporal_pose.footage.overlay import Overlaid, overlay

    rng = np.random.default_rng(0)
    step = rng.normal(0, 3, (frames, len(CLIMBALONG25), 2)).cumsum(0)
    raw = rng.uniform(0.2, 0.8, (len(CLIMBALONG25), 2)) * height + step
    track = Overlaid(raw, raw + 4, skeleton=CLIMBALONG25)
    with tempfile.TemporaryDirectory() as folder:
        video = write_video(Path(folder) / "video.mp4", frames, height)
        out = Path(folder) / "out.mp4"
        pair = measure(
            lambda: overlay(video, out, [track], trail=10),
            lambda: bare(video, out),
            repeats,
            time.process_time,
        )
    yield Row.of("overlay: over decoding and encoding, CPU time", pair, 2, at_least=False)


def bare(video: Path, out: Path) -> None:
    """Decodes and encodes, in the format that both codecs work in."""
    import av

    from temporal_pose.footage.encoding import Encoder
    from temporal_pose.footage.video import Video

    known = Video(video)
    with av.open(str(video)) as source, av.open(str(out), "w") as target:
        encoder = Encoder(target, known.size, known.fps, known.time_base)
        source.streams.video[0].thread_type = "AUTO"
        for frame in source.decode(video=0):
            frame.pict_type = 0
            target.mux(encoder.stream.encode(frame))
        encoder.close()


def write_video(path: Path, frames: int, height: int) -> Path:
    """A video of slowly moving colours, 16 by 9."""
    import av

    width = height * 16 // 9 // 2 * 2
    rows, columns = np.mgrid[:height, :width]
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(frames):
            waves = [(rows + 3 * number) // 2, (columns - 2 * number) // 3, rows ^ columns]
            image = np.stack(waves, -1).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path
