"""Writes a video: H.264, the time of each frame as it is given, colours and sound of another."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from jaxtyping import UInt8

from temporal_pose.errors import ConfigError
from temporal_pose.footage.frames import exact_rate
from temporal_pose.footage.opening import is_video

# Encoders that FFmpeg may have, the best first, with settings for a small file that looks good.
_ENCODERS: dict[str, dict[str, str]] = {
    "libx264": {"preset": "veryfast", "crf": "20"},
    "h264_videotoolbox": {},
    "libopenh264": {},
    "h264_mf": {},
}
_BT709, _BT2020 = 1, (9, 10)  # numbers of matrices in H.273, table 4


class Colours(NamedTuple):
    """How colours are written down in a video, by the numbers of ITU-T H.273.

    Args:
        matrix: from red, green and blue to luma and chroma.
        primaries: what red, green and blue are.
        transfer: from light to values.
    """

    matrix: int = _BT709
    primaries: int = _BT709
    transfer: int = _BT709


def colours_of(source: Path) -> Colours:
    """Those of a video; BT.709's matrix takes the place of BT.2020's."""
    if not is_video(source):
        return Colours()
    with av.open(str(source), metadata_errors="replace") as container:
        known = container.streams.video[0].codec_context
        matrix = _BT709 if known.colorspace in _BT2020 else known.colorspace
        return Colours(int(matrix), int(known.color_primaries), int(known.color_trc))


def aspect_of(source: Path, size: tuple[int, int]) -> Fraction:
    """How many times as wide as high a video's pixels are, once it is upright.

    Args:
        size: width and height when it is upright.
    """
    if not is_video(source):
        return Fraction(1)
    with av.open(str(source), metadata_errors="replace") as container:
        stream = container.streams.video[0]
        wide = stream.sample_aspect_ratio or Fraction(1)
        return wide if size == (stream.width, stream.height) else 1 / wide


def encoder() -> str:
    """The best encoder for H.264 that there is.

    Raises:
        ConfigError: there is none.
    """
    there = [name for name in _ENCODERS if name in av.codecs_available]
    if not there:
        raise ConfigError(
            f"FFmpeg, in the package av, has no encoder for H.264 ({', '.join(_ENCODERS)}); "
            "pip install --force-reinstall --only-binary=:all: av"
        )
    return there[0]


class Encoder:
    """A video that grows by a frame at a time; see `writing`.

    Args:
        container: that is written.
        size: width and height in pixels; an odd one loses its last row or column.
        fps: frames a second, on average.
        time_base: seconds, the unit of time stamps.
        colours: how they are written down.
        aspect: how many times as wide as high pixels are shown.

    Raises:
        ConfigError: an FFmpeg without an encoder for H.264.
    """

    def __init__(
        self,
        container: Any,
        size: tuple[int, int],
        fps: float,
        time_base: Fraction,
        colours: Colours = Colours(),  # noqa: B008 (a tuple)
        aspect: Fraction = Fraction(1),
    ) -> None:
        name = encoder()
        rate = exact_rate(fps)
        self.container, self.time_base = container, time_base
        self.stream = container.add_stream(name, rate=rate, options=dict(_ENCODERS[name]))
        self.stream.width, self.stream.height = (n // 2 * 2 for n in size)
        self.stream.pix_fmt = "yuv420p"
        context = self.stream.codec_context
        context.time_base, context.sample_aspect_ratio = time_base, aspect
        context.colorspace, context.color_primaries, context.color_trc = colours
        self._matrix = "itu709" if colours.matrix == _BT709 else "itu601"
        self._last = -(2**62)

    def write(self, stamp: int, image: UInt8[np.ndarray, "H W 3"]) -> None:
        """Adds a frame.

        Args:
            stamp: when it is shown, in units of `time_base`; moved where the last one is not
                before it.
        """
        height, width = self.stream.height, self.stream.width
        pixels = np.ascontiguousarray(image[:height, :width])
        frame = av.VideoFrame.from_numpy_buffer(pixels, format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace=self._matrix)
        frame.pts = self._last = max(stamp, self._last + 1)
        frame.time_base = self.time_base
        self.container.mux(self.stream.encode(frame))

    def close(self) -> None:
        """Writes what is left."""
        self.container.mux(self.stream.encode())


class Sound:
    """The sound of a video file, copied packet by packet beside the frames.

    Args:
        source: the video; images have no sound.
        container: that is written; of a kind that may not hold such sound.

    Attributes:
        remarks: sentences that the user should know.
    """

    def __init__(self, source: Path, container: Any) -> None:
        self.remarks: list[str] = []
        self._container = container
        self._source = None
        if is_video(source):
            self._source = av.open(str(source), metadata_errors="replace")
        streams = () if self._source is None else self._source.streams.audio
        self._packets: Iterator[Any] = iter(())
        if streams and streams[0].codec_context.name not in container.supported_codecs:
            kind = streams[0].codec_context.name
            self.remarks.append(f"{source.name}: its sound, {kind}, is left out")
        elif streams and self._source is not None:
            self._stream = container.add_stream_from_template(streams[0])
            self._packets = (p for p in self._source.demux(streams[0]) if p.dts is not None)
        self._next = next(self._packets, None)

    def until(self, seconds: float) -> None:
        """Writes what is heard before a time."""
        while self._next is not None and float(self._next.dts * self._next.time_base) <= seconds:
            self._next.stream = self._stream
            self._container.mux(self._next)
            self._next = next(self._packets, None)

    def __enter__(self) -> "Sound":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.until(float("inf"))
        if self._source is not None:
            self._source.close()


@contextmanager
def writing(out: Path) -> Iterator[Any]:
    """A video file that is either whole or not there.

    Raises:
        OSError: the disk is full or the folder cannot be written; the old file stays.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f".{out.stem}.part{out.suffix}")
    try:
        with av.open(str(part), "w") as container:
            yield container
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
