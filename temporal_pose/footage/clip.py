"""A short clip of poses alone, jittering and refined side by side, for who has no video."""

import io
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from temporal_pose.errors import ConfigError
from temporal_pose.files.atomic import write_bytes
from temporal_pose.footage.drawing import LEFT, MIDDLE, RIGHT
from temporal_pose.footage.frames import exact_rate
from temporal_pose.footage.overlay import Drawer, Overlaid
from temporal_pose.pose.skeletons import Skeleton

_BACKGROUND = 24  # of 255
_MARGIN = 0.12  # about the poses, over their extent
_STRENGTHS = 24  # of a colour in a palette


def clip(
    out: Path,
    raw: Float[np.ndarray, "F K 2"],
    refined: Float[np.ndarray, "F K 2"],
    skeleton: Skeleton | None = None,
    *,
    fps: float = 30.0,
    height: int = 480,
    trail: int = 8,
) -> None:
    """Draws two versions of the same poses side by side on a dark ground.

    Args:
        out: ``NAME.gif``, which needs no codec and shows at most 50 frames a second; or
            ``NAME.mp4``.
        raw: any coordinates, y downwards; NaN where there is no keypoint.
        refined: the same poses.
        skeleton: None for points without limbs.
        fps: frames a second.
        height: of the clip, pixels.
        trail: frames over which a keypoint leaves a trail.

    Raises:
        ConfigError: an ending that is neither, no keypoint at all, or an FFmpeg without H.264.
        OSError: a file that cannot be written.
    """
    low, extent = _extent(raw, refined)
    zoom = height / extent[1]
    size = (max(2, round(extent[0] * zoom)), height)
    track = Overlaid((raw - low) * zoom, (refined - low) * zoom, skeleton=skeleton)
    drawer = Drawer([track], size, layout="side", trail=trail)
    ground = np.full((size[1], size[0], 3), _BACKGROUND, np.uint8)
    frames = [drawer.draw(number, ground) for number in range(len(raw))]
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.suffix == ".gif":
        _write_gif(out, frames, fps)
    elif out.suffix == ".mp4":
        _write_mp4(out, frames, fps)
    else:
        raise ConfigError(f"out is '{out}'; expected a name that ends in .gif or .mp4")


def _extent(
    *poses: Float[np.ndarray, "F K 2"],
) -> tuple[Float[np.ndarray, " 2"], Float[np.ndarray, " 2"]]:
    """Upper left corner, and width and height, of all that is drawn."""
    points = np.concatenate([pose.reshape(-1, 2) for pose in poses])
    points = points[np.isfinite(points).all(1)]
    if not len(points):
        raise ConfigError("the clip has no keypoint; expected poses")
    low, high = points.min(0), points.max(0)
    margin = _MARGIN * max(float((high - low).max()), 1e-6)
    return low - margin, high - low + 2 * margin


def _write_gif(out: Path, frames: list[UInt8[np.ndarray, "H W 3"]], fps: float) -> None:
    """Colours from one palette, made of what is drawn in every strength over the ground."""
    strengths = np.linspace(0, 1, _STRENGTHS)[:, None]
    shades = [
        strengths * np.array(ink) + (1 - strengths) * _BACKGROUND
        for ink in (LEFT, RIGHT, MIDDLE, (0, 0, 0))
    ]
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.concatenate(shades).round().astype(np.uint8).tobytes())
    pictures = [
        Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE)
        for frame in frames
    ]
    file = io.BytesIO()
    step = max(20, round(100 / fps) * 10)  # milliseconds; GIF counts hundredths of a second
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], duration=step, loop=0)
    write_bytes(out, file.getvalue())


def _write_mp4(out: Path, frames: list[UInt8[np.ndarray, "H W 3"]], fps: float) -> None:
    from temporal_pose.footage.encoding import Encoder, writing

    height, width = frames[0].shape[:2]
    with writing(out) as container:
        encoder = Encoder(container, (width, height), fps, 1 / exact_rate(fps))
        for number, frame in enumerate(frames):
            encoder.write(number, frame)
        encoder.close()
