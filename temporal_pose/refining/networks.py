"""Refining by a trained network, on top of a filter for all that the network does not know."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from temporal_pose.data.windows import unbroken
from temporal_pose.errors import ConfigError
from temporal_pose.pose import likeness
from temporal_pose.pose.sequences import Detections, PoseSequence
from temporal_pose.pose.skeletons import SKELETONS, Skeleton, remap
from temporal_pose.pose.skeletons import skeleton as skeleton_of
from temporal_pose.refining.bridging import bridged
from temporal_pose.refining.clock import evenly, read_back
from temporal_pose.refining.filtering import FilterRefiner
from temporal_pose.refining.person import DetectedPerson, person
from temporal_pose.refining.refined import Refined, each
from temporal_pose.refining.windowed import View, WindowedNetwork, blended, decoded


@dataclass(frozen=True)
class NetworkRefiner:
    """Refines the keypoints that a network knows; the others are as the filter leaves them.

    Args:
        model: the network as it was trained.
        rest: the filter, which also bridges gaps and decides where nothing is known.
        taught: keypoints that had a truth in training; the network neither sees nor gives others.
        rates: frame rates of training, for a remark where another one is met.
        remarks: what should be said of the network whatever it refines.
        max_gap_s: frames without anybody, in seconds, that windows reach across.
        start: the filter whose result the network corrects; None for one that reads detections.
        usual: what detections were like in training, see `temporal_pose.pose.likeness`; others
            are left to the filter. Empty for networks that take any.
    """

    model: WindowedNetwork
    rest: FilterRefiner
    taught: Collection[str] | None = None
    rates: tuple[float, ...] = ()
    remarks: tuple[str, ...] = ()
    max_gap_s: float = 0.25
    start: FilterRefiner | None = None
    usual: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    skeleton: Skeleton = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "skeleton", skeleton_of(self.model.codec.skeleton))

    @property
    def reads_heatmaps(self) -> bool:
        """Whether the network looks at heatmaps, not only at positions."""
        return self.model.codec.reads_heatmaps

    def refine(self, keypoints: Any, scores: Any = None, **about: Any) -> Refined:
        """Refines every frame; see `temporal_pose.refining.refined.Refiner.refine`.

        Raises:
            ConfigError: no skeleton, which a network needs to know the keypoints by.
        """
        if about.get("skeleton") is None:
            known = ", ".join(SKELETONS)
            raise ConfigError(
                f"skeleton is not set; a network knows keypoints by their names: add skeleton=, "
                f"one of {known}, or a file NAME.yaml; or use a filter, which needs none"
            )
        return each(partial(self._refine, **about), keypoints, scores)

    def _refine(self, keypoints: Any, scores: Any, **about: Any) -> Refined:
        seen = person(keypoints, scores, **about)
        cleaned, _ = seen.cleaned()
        grid = evenly(cleaned)
        places, known, odd = self._corrected(_sequence(grid, self._start(grid)))
        return self._joined(seen, *read_back(places, known, grid.times, seen.times), odd)

    def _odd(self, seen: Detections) -> str | None:
        """In what detections differ from those of training; None where they are alike."""
        if seen.start is None or not self.usual:
            return None
        found = likeness.measures(seen.keypoints, seen.detected, seen.scores, seen.start)
        return likeness.unlike(found, self.usual)

    def _start(self, seen: DetectedPerson) -> Float[np.ndarray, "F K 2"] | None:
        """What the network corrects, if it is one that corrects a smoother."""
        if self.start is None:
            return None
        return self.start.apply(seen).keypoints.astype(np.float32)

    def refine_sequence(self, sequence: PoseSequence) -> Refined:
        """Refines a video with detections, of keypoints or of heatmaps; frames are evenly spaced.

        Raises:
            DataError: no detections, or heatmaps that cannot be read.
        """
        seen = decoded(self.model, sequence)
        found, frames = seen.detected, np.arange(len(seen.detected))
        places, scores = seen.keypoints.astype(np.float64), seen.scores.astype(np.float64)
        times = frames / sequence.fps
        whole = DetectedPerson(places, found, scores, times, sequence.fps, sequence.skeleton)
        cleaned, _ = whole.cleaned()
        maps = sequence.detections.heatmaps if sequence.detections else None
        kept = Detections(
            cleaned.keypoints.astype(np.float32),
            cleaned.found,
            cleaned.scores.astype(np.float32),
            seen.boxes,
            maps if self.reads_heatmaps else None,
            self._start(cleaned),
        )
        return self._joined(whole, *self._corrected(replace(sequence, detections=kept)))

    def _joined(
        self,
        seen: DetectedPerson,
        places: Float[np.ndarray, "F K 2"],
        known: Bool[np.ndarray, "F K"],
        odd: str | None,
    ) -> Refined:
        """The filter's result, and the network's where it knows and something is known at all."""
        base = self.rest.apply(seen)
        inside = known & np.isfinite(base.keypoints).all(-1)
        keypoints = np.where(inside[..., None], places, base.keypoints)
        remarks = (*self.remarks, *base.remarks, *self._said(seen, known, odd))
        return Refined(keypoints, base.scores, remarks)

    def _said(
        self, seen: DetectedPerson, known: Bool[np.ndarray, "F K"], odd: str | None
    ) -> tuple[str, ...]:
        lines, names = [], seen.skeleton.keypoints if seen.skeleton else ()
        left = [name for i, name in enumerate(names) if not known[:, i].any()]
        if odd is not None:
            lines.append(
                f"refined by the filter, not the network, which was taught with other detections: "
                f"{odd}"
            )
        elif not known.any():
            seconds = self.model.length * self.model.step(seen.fps) / seen.fps
            lines.append(
                f"refined by the filter, not the network, whose windows of {seconds:.2g} s need a "
                "longer stretch without a gap and keypoints that it knows"
            )
        elif left:
            lines.append(f"refined by the filter, not the network: {', '.join(left)}")
        rate = seen.fps / self.model.step(seen.fps)
        if self.rates and not min(self.rates) / 1.5 < rate < max(self.rates) * 1.5:
            lines.append(
                f"the network was trained at {self.rates[-1]:g} frames a second and is given "
                f"{rate:g}"
            )
        return tuple(lines)

    def _corrected(
        self, sequence: PoseSequence
    ) -> tuple[Float[np.ndarray, "F K 2"], Bool[np.ndarray, "F K"], str | None]:
        """What the network makes of a video, by the keypoints of the video's own skeleton.

        Returns:
            Positions; where they are known; and why nowhere, where detections are not alike.
        """
        ours = self._as_taught(sequence)
        step, length = self.model.step(ours.fps), self.model.length
        longest = min(int(self.max_gap_s * ours.fps), (length - 1) * step)
        framing = self.model.framing
        ours, usable = bridged(ours, longest, framing if framing.box == "frame" else None)
        seen = ours.detections
        if seen is None:
            raise ValueError(f"{ours.name} holds no detections")
        view, odd = View(self.model, seen, ours.fps / step), self._odd(seen)
        places = np.zeros((*seen.detected.shape, 2))
        known = np.zeros_like(seen.detected)
        for stretch in () if odd else unbroken(usable, np.arange(len(usable))):
            if len(stretch) >= step * length:
                tracks, own = np.zeros_like(places[stretch]), np.zeros_like(known[stretch])
                for phase in range(step):
                    turn = slice(phase, None, step)
                    tracks[turn], own[turn] = self.model.track(view, stretch[turn])
                places[stretch], known[stretch] = blended(tracks, own, step), own
        return *remap(places, known, self.skeleton, sequence.skeleton), odd

    def _as_taught(self, sequence: PoseSequence) -> PoseSequence:
        """By the network's keypoints, without those that it never had a truth for."""
        ours = sequence.in_skeleton(self.skeleton)
        if self.taught is None or ours.detections is None:
            return ours
        taught = np.array([name in self.taught for name in self.skeleton.keypoints])
        detected = ours.detections.detected & taught
        scores = np.where(detected, ours.detections.scores, 0)
        seen = replace(ours.detections, detected=detected, scores=scores)
        return replace(ours, detections=seen)


def _sequence(seen: DetectedPerson, start: Float[np.ndarray, "F K 2"] | None) -> PoseSequence:
    """Detections alone, as a network's input is made of; nothing has a truth."""
    if seen.skeleton is None:
        raise ValueError("a network needs the names of keypoints")
    found = seen.found
    places, scores = seen.keypoints.astype(np.float32), seen.scores.astype(np.float32)
    kept = Detections(places, found, scores, start=start)
    nothing = np.zeros_like(kept.keypoints), np.zeros_like(found)
    frames = np.arange(len(found))
    return PoseSequence("", *nothing, frames, seen.fps, detections=kept, skeleton=seen.skeleton)
