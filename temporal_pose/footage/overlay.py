"""Poses over the video that they were seen in: as detected, refined, or one beside the other."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image

from temporal_pose.errors import ConfigError
from temporal_pose.footage import LAYOUTS
from temporal_pose.footage.alignment import check_fits
from temporal_pose.footage.drawing import (
    canvas,
    colour_of,
    draw_label,
    draw_pose,
    draw_trails,
    look_of,
    write_png,
)
from temporal_pose.footage.frames import ahead
from temporal_pose.footage.opening import open_footage
from temporal_pose.pose.skeletons import Skeleton

_WIDEST = 3840  # pixels; two panels that would be wider together are made smaller
_GREY = (200, 200, 200)
_BOTH = "both"  # poses in one panel


@dataclass(frozen=True)
class Overlaid:
    """One person's poses; image pixels, NaN where there is no keypoint.

    Args:
        raw: as detected.
        refined: None where there is nothing but what was detected.
        scores: the detector's; a keypoint with a score of 0 was filled in, as is one that is
            refined but was not detected, and drawn faintly.
        skeleton: None where keypoints have no names: points without limbs.
        person: which one of several it is, counted from 1; None for that of its place.
    """

    raw: Float[np.ndarray, "F K 2"]
    refined: Float[np.ndarray, "F K 2"] | None = None
    scores: Float[np.ndarray, "F K"] | None = None
    skeleton: Skeleton | None = None
    person: int | None = None

    def filled(self, at: int) -> Bool[np.ndarray, " K"]:
        """Keypoints that no detector saw in a frame."""
        missing = np.isnan(self.raw[at]).any(-1)
        return missing if self.scores is None else missing | (self.scores[at] == 0)


class Drawer:
    """Draws the poses of some people onto frames.

    Args:
        tracks: the people; several have limbs of a colour each.
        size: width and height of the frames, pixels.
        layout: 'together', the raw pose thin and grey below the refined one; or 'side', a panel
            each.
        trail: frames over which a keypoint leaves a trail; 0 for none.
        video_start: number of the frame that the poses begin with.

    Raises:
        ConfigError: an unknown layout, or a negative trail.
    """

    def __init__(
        self,
        tracks: Sequence[Overlaid],
        size: tuple[int, int],
        layout: str = "together",
        trail: int = 0,
        video_start: int = 0,
    ) -> None:
        if layout not in LAYOUTS:
            raise ConfigError(f"layout is '{layout}'; expected one of {', '.join(LAYOUTS)}")
        if trail < 0:
            raise ConfigError(f"trail is {trail}; expected 0 or more frames")
        self.tracks, self.trail, self.video_start = tracks, trail, video_start
        self.panels = ("raw", "refined") if layout == "side" else (_BOTH,)
        zoom = min(1.0, _WIDEST / (size[0] * len(self.panels)))
        self.size = (max(2, round(size[0] * zoom)), max(2, round(size[1] * zoom)))
        self.zoom = (self.size[0] / size[0], self.size[1] / size[1])
        looks = [look_of(t.skeleton, t.raw.shape[1], self.size[1]) for t in tracks]
        self.people = [t.person or place for place, t in enumerate(tracks, 1)]
        if len(tracks) > 1:
            looks = [one.of(who) for one, who in zip(looks, self.people, strict=True)]
        self.looks = looks

    @property
    def whole(self) -> tuple[int, int]:
        """Width and height of what is drawn, pixels."""
        return self.size[0] * len(self.panels), self.size[1]

    def draw(self, number: int, image: UInt8[np.ndarray, "H W 3"]) -> UInt8[np.ndarray, "H2 W2 3"]:
        """A frame with the poses.

        Args:
            number: of the frame.
        """
        if (image.shape[1], image.shape[0]) != self.size:
            image = np.asarray(Image.fromarray(image).resize(self.size))
        sheet = np.concatenate([image] * len(self.panels), 1)
        at = number - self.video_start
        there = [one for one, track in enumerate(self.tracks) if 0 <= at < len(track.raw)]
        for index, panel in enumerate(self.panels):
            side = sheet[:, index * self.size[0] : (index + 1) * self.size[0]]
            for which in there if len(self.tracks) > 1 else ():  # below all poses
                self._number(side, which, at, panel)
            for which in there:
                self._person(side, which, at, panel)
            if panel != _BOTH:
                with canvas(side, (0, 0), (self.size[0], self.size[1] // 20)) as picture:
                    draw_label(picture, panel, self.size[1] // 30)
        return sheet

    def _person(
        self,
        side: UInt8[np.ndarray, "H W 3"],
        which: int,
        at: int,
        panel: str,
    ) -> None:
        """Draws one person, on the part of the panel that is needed alone."""
        track, look = self.tracks[which], self.looks[which]
        refined = track.refined is not None and panel != "raw"
        recent = self._shown(which, panel)[max(0, at - self.trail) : at + 1] * self.zoom
        under = track.raw[at] * self.zoom
        every = np.concatenate([recent.reshape(-1, 2), under])
        every = every[np.isfinite(every).all(1)]
        if not len(every):
            return
        margin = 2 * look.width + 2
        low, high = every.min(0) - margin, every.max(0) + margin
        with canvas(side, low, high) as picture:
            corner = np.clip(np.floor(low), 0, None)
            if refined and panel == _BOTH:
                draw_pose(picture, under - corner, look.plain(_GREY))
            draw_trails(picture, recent - corner, look)
            draw_pose(picture, recent[-1] - corner, look, track.filled(at))

    def _shown(self, which: int, panel: str) -> Float[np.ndarray, "F K 2"]:
        """A person's poses that a panel shows."""
        track = self.tracks[which]
        return track.raw if track.refined is None or panel == "raw" else track.refined

    def _number(self, side: UInt8[np.ndarray, "H W 3"], which: int, at: int, panel: str) -> None:
        """Writes above a person which one it is, in the colour of the limbs."""
        points = self._shown(which, panel)[at] * self.zoom
        points = points[np.isfinite(points).all(1)]
        if not len(points):
            return
        size, who = max(14, self.size[1] // 25), self.people[which]
        x, y = float(np.median(points[:, 0])), float(points[:, 1].min())
        low = np.clip([x - size, y - 2.2 * size], 0, np.maximum(np.array(self.size) - 2 * size, 0))
        with canvas(side, low, low + np.array([3, 2]) * size) as picture:
            draw_label(picture, str(who), size, colour=colour_of(who))


def overlay(
    video: Path,
    out: Path,
    tracks: Sequence[Overlaid],
    *,
    layout: str = "together",
    trail: int = 0,
    video_start: int | None = None,
    fps: float | None = None,
    stills: Collection[int] = (),
    look: Callable[[int, UInt8[np.ndarray, "H W 3"]], object] | None = None,
    advance: Callable[[int], object] = lambda frames: None,
) -> list[str]:
    """Writes a video with poses drawn over it: H.264, upright, with the video's times and sound.

    Frames go through one by one, so memory does not grow with the video.

    Args:
        video: a video, or a folder of images with ``fps``.
        out: ``NAME.mp4``.
        tracks: poses of one or more people, of one length.
        layout: 'together' or 'side'; see `Drawer`.
        trail: frames over which a keypoint leaves a trail.
        video_start: number of the frame that the poses begin with; None where there are as many
            poses as frames.
        stills: numbers of frames that are also written as ``NAME.frame12.png``.
        look: is shown every frame as it comes, by its number.
        advance: told how many frames are done.

    Returns:
        Sentences that the user should know.

    Raises:
        DataError: a video that cannot be read, or of another number of frames than the poses.
        ConfigError: settings out of their range, or an FFmpeg without H.264.
        OSError: a result that cannot be written.
    """
    from temporal_pose.footage.encoding import (
        Encoder,
        Sound,
        aspect_of,
        colours_of,
        writing,
    )

    footage = open_footage(video, fps)
    check_fits(footage, video, [len(track.raw) for track in tracks], video_start, stills)
    drawer = Drawer(tracks, footage.size, layout, trail, video_start or 0)
    with writing(out) as container, Sound(video, container) as sound:
        shown = colours_of(video), aspect_of(video, footage.size)
        encoder = Encoder(container, drawer.whole, footage.fps, footage.time_base, *shown)
        for number, (stamp, frame) in enumerate(ahead(footage.stamped())):
            if look is not None:
                look(number, frame)
            drawn = drawer.draw(number, frame)
            encoder.write(stamp, drawn)
            sound.until(float(stamp * footage.time_base))
            if number in stills:
                write_png(out.with_name(f"{out.stem}.frame{number}.png"), Image.fromarray(drawn))
            advance(number + 1)
        encoder.close()
    return [*footage.remarks, *sound.remarks]
