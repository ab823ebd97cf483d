"""A video file, one frame at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from jaxtyping import Float, UInt8

from temporal_pose.errors import DataError

_SOUND_S = 1.0  # that sound may last longer than frames
_THREADS = 4  # that decode, at most: each keeps frames of its own


class Video:
    """The frames of a video file, upright as its rotation mark says.

    It is gone through once at the start without decoding: what containers say of the number of
    frames and their rate is often missing or wrong.

    Args:
        path: any format that FFmpeg reads.
        fps: frames a second; None for the average of the file.

    Attributes:
        size: width and height in pixels.
        fps: frames a second.
        count: frames, as far as one can tell without decoding them.
        times: seconds at which frames are shown, from the first one on, where their rate varies
            and none is given; otherwise None.
        time_base: seconds, the unit of the file's time stamps.
        remarks: sentences that the user should know.

    Raises:
        DataError: a file that is missing, damaged, or holds no video.
    """

    def __init__(self, path: Path, fps: float | None = None) -> None:
        self.path = path
        self.remarks: list[str] = []
        self.times: Float[np.ndarray, " F"] | None = None
        with self._reading() as (container, stream):
            times, cut = _times(container, stream)
            self._check_whole(container, stream, times, cut)
            self.count, self.time_base = (
                len(times),
                Fraction(stream.time_base or Fraction(1, 1000)),
            )
            self.fps = fps or self._rate(stream, times)
            self._tell_of_shape(stream.sample_aspect_ratio)
            if fps is None and _varies(times):
                self.times = np.sort(times) - times.min()
        first = next(self.frames(), None)
        if first is None:
            raise DataError(f"{path}: holds no frame; copy or download it again")
        self.size = (first.shape[1], first.shape[0])

    @property
    def identity(self) -> dict[str, Any]:
        """What tells it from another video."""
        return {"name": self.path.name, "bytes": self.path.stat().st_size}

    def frames(self, start: int = 0) -> Iterator[UInt8[np.ndarray, "H W 3"]]:
        """Frames in red, green and blue; see `stamped`."""
        return (image for _, image in self.stamped(start))

    def stamped(self, start: int = 0) -> Iterator[tuple[int, UInt8[np.ndarray, "H W 3"]]]:
        """Frames in red, green and blue, and when each is shown, in units of `time_base`.

        Args:
            start: number of the first one wanted. Those before are decoded, which alone is exact
                in every format, but not converted.

        Raises:
            DataError: a frame that cannot be decoded, or is of another size than the first.
        """
        number, size, tick = 0, None, round(1 / (self.fps * self.time_base))
        with self._reading(lambda: number) as (container, stream):
            stream.thread_type, stream.thread_count = "AUTO", min(_THREADS, os.cpu_count() or 1)
            for frame in container.decode(stream):
                size = size or (frame.width, frame.height)
                if size != (frame.width, frame.height):
                    raise DataError(
                        f"{self.path}: frame {number} is {frame.width} x {frame.height}, those "
                        f"before {size[0]} x {size[1]}; expected one size: cut the video there"
                    )
                if number >= start:
                    turned = np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90))
                    stamp = number * tick if frame.pts is None else frame.pts
                    yield stamp, turned  # FFmpeg's own memory: a copy would take as long again
                number += 1

    @contextmanager
    def _reading(self, at: Any = None) -> Iterator[tuple[Any, Any]]:
        _check_file(self.path)
        try:
            with av.open(str(self.path), metadata_errors="replace") as container:
                moving = [s for s in container.streams.video if not _is_cover(s)]
                if not moving:
                    raise DataError(f"{self.path}: holds no video; expected a video file")
                yield container, moving[0]
        except (av.FFmpegError, OSError) as error:
            where = f" after {at()} frames" if at else ""
            raise DataError(
                f"{self.path}: cannot be read as a video{where} ({error.strerror}); "
                "copy or download it again, or repair it with ffmpeg"
            ) from error

    def _check_whole(
        self, container: Any, stream: Any, times: Float[np.ndarray, " F"], cut: int
    ) -> None:
        if len(times) + cut < 0.9 * stream.frames:
            raise DataError(
                f"{self.path}: holds {len(times) + cut} of the {stream.frames} frames it "
                "announces; it is cut off: copy or download it again"
            )
        announced = (container.duration or 0) / av.time_base
        # Some containers count from the first frame, some from zero, which may be long before.
        lasts = max(np.ptp(times), times.max()) if len(times) > 1 else announced
        slack = _SOUND_S if container.streams.audio else 0.1
        if lasts < 0.8 * announced - slack:
            self.remarks.append(
                f"{self.path.name} announces {announced:.1f} s, but its frames end after "
                f"{lasts:.1f} s; it may be cut off"
            )

    def _tell_of_shape(self, wide: Fraction | None) -> None:
        """Detectors are shown pixels as they are stored."""
        if wide is not None and wide not in (0, 1):
            self.remarks.append(
                f"{self.path.name} has pixels that are {float(wide):.4g} times as wide as high; "
                "poses count them as they are stored, and a detector sees bodies out of shape: "
                "make them square with ffmpeg -vf scale=iw*sar:ih,setsar=1 if that is much"
            )

    def _rate(self, stream: Any, times: Float[np.ndarray, " F"]) -> float:
        """Average frames a second; the exact value of the file where it is near enough."""
        announced = float(stream.average_rate or 0)
        gaps = np.diff(np.unique(times))
        if not len(gaps):
            return self._known(announced)
        average = float(1 / gaps.mean())
        if _varies(times):
            self.remarks.append(
                f"{self.path.name} has a variable frame rate, {1 / gaps.max():.4g} to "
                f"{1 / gaps.min():.4g} frames a second; its times are kept, and where a rate is "
                f"asked for the average stands for them: fps={average:.4g}"
            )
        return announced if abs(announced / average - 1) < 0.005 else average

    def _known(self, fps: float) -> float:
        if fps <= 0:
            raise DataError(f"{self.path}: does not say its frame rate; add fps=")
        return fps


def _check_file(path: Path) -> None:
    """Refuses what need not be opened to see that it is no video.

    Raises:
        DataError: nothing there, something that is no file, or an empty one.
    """
    if not path.exists():
        raise DataError(f"source '{path}' does not exist; expected a video or a folder of images")
    if not path.is_file():
        raise DataError(f"source '{path}' is no file; expected a video or a folder of images")
    if not path.stat().st_size:
        raise DataError(f"{path}: is empty (0 bytes); copy or download it again")


def _is_cover(stream: Any) -> bool:
    """Whether a stream is the picture that comes with a song."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _varies(times: Float[np.ndarray, " F"]) -> bool:
    """Whether frames are shown for clearly different times."""
    gaps = np.diff(np.unique(times))
    return bool(len(gaps) and np.ptp(gaps) > 0.5 * gaps.mean())


def _times(container: Any, stream: Any) -> tuple[Float[np.ndarray, " F"], int]:
    """Seconds at which frames are shown, in no order; NaN where the file does not say.

    Returns:
        Them; and how many frames more are in the file and not shown, as where somebody has cut
        the beginning off on a phone.
    """
    packets = (
        (p.dts if p.pts is None else p.pts, p.is_discard) for p in _filled(container, stream)
    )
    stamps = [(np.nan if stamp is None else stamp, discarded) for stamp, discarded in packets]
    shown = np.array([stamp for stamp, discarded in stamps if not discarded], np.float64)
    return shown * float(stream.time_base), len(stamps) - len(shown)


def _filled(container: Any, stream: Any) -> Iterator[Any]:
    """Packets of a stream, but for the last, which is always empty."""
    return (packet for packet in container.demux(stream) if packet.size)
