"""Small videos of every kind, made by FFmpeg itself."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SIZE = (96, 64)  # width and height


def picture(number: int) -> np.ndarray:
    """A dark frame with a bright bar that moves right by 4 pixels a frame, and a red corner."""
    image = np.full((SIZE[1], SIZE[0], 3), 40, np.uint8)
    image[:, 4 * number % SIZE[0] : 4 * number % SIZE[0] + 8] = 160
    image[:16, :16] = (200, 40, 60)
    return image


def write(
    path: Path,
    frames: int,
    rate: int = 25,
    ticks: Iterable[int] | None = None,
    rotation: int = 0,
    matrix: int | None = None,
    sound: str | None = None,
    aspect: Fraction | None = None,
) -> Path:
    """A video of `picture`.

    Args:
        ticks: when each frame is shown, in units of 1 / rate.
        rotation: degrees, counterclockwise, that a player is told to turn it by.
        matrix: of colours, by the numbers of H.273.
        sound: the codec of a tone beside it.
        aspect: how many times as wide as high pixels are.
    """
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "5"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        if rotation:
            stream.set_display_rotation(rotation)
        if matrix is not None:
            stream.codec_context.colorspace = matrix
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        beside = None if sound is None else container.add_stream(sound, rate=48000)
        for number, tick in enumerate(ticks or range(frames)):
            frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24")
            if matrix == 1:
                frame = frame.reformat(format="yuv420p", dst_colorspace="itu709")
            frame.pts, frame.time_base = tick, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if beside is not None:
            hum(container, beside, frames / rate)
    return path


def trimmed(path: Path, out: Path, frames: int, rate: int = 25) -> Path:
    """The same packets, of which the first frames are not shown, as where a phone trims."""
    with av.open(str(path)) as source, av.open(str(out), "w") as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                ticks = round(frames / rate / packet.time_base)
                packet.pts, packet.dts = packet.pts - ticks, packet.dts - ticks
                packet.stream = stream
                container.mux(packet)
    return out


def hum(container, stream, seconds: float) -> None:
    """Adds a tone."""
    size = 1024
    for start in range(0, int(48000 * seconds), size):
        wave = np.sin(440 * 2 * np.pi * (start + np.arange(size)) / 48000).astype(np.float32) / 4
        frame = av.AudioFrame.from_ndarray(wave[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def tone(path: Path, codec: str = "aac", cover: bool = False) -> Path:
    """A file of sound, and if wanted a picture that belongs to it."""
    if path.suffix == ".wav":
        codec = "pcm_s16le"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=48000)
        if cover:
            image = container.add_stream("png", rate=1)
            image.width, image.height, image.pix_fmt = *SIZE, "rgb24"
            image.disposition = av.stream.Disposition.attached_pic
            frame = av.VideoFrame.from_ndarray(picture(0), format="rgb24")
            container.mux(image.encode(frame))
            container.mux(image.encode())
        hum(container, stream, 0.5)
    return path
