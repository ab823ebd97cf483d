"""BlazePose (Bazarevsky et al., 2020): 33 landmarks *and* their heatmaps, on a CPU.

The two networks of MediaPipe's pose solution, run as it runs them, but for its smoothing of
landmarks, which is never on. https://arxiv.org/abs/2006.10204
"""

import numpy as np
from jaxtyping import Float, UInt8

from temporal_pose.detectors.blazepose import landmarks, regions, spotting
from temporal_pose.detectors.blazepose.inference import Network
from temporal_pose.detectors.blazepose.model_files import FINDER, LANDMARKS, models
from temporal_pose.detectors.protocol import Person, in_range, needs
from temporal_pose.detectors.topdown import Candidate, TopDown
from temporal_pose.errors import ConfigError
from temporal_pose.pose.skeletons import skeleton

_ALL = "blazepose33"


class BlazePose(TopDown):
    """The person detector, and the landmark network in the region that follows each person.

    Args:
        weights: a folder with the two model files, a wheel of MediaPipe, or a landmark network
            with the person detector beside it; None for an installed MediaPipe's, or those of the
            user's cache, into which they are fetched if need be.
        skeleton: which landmarks: 'climbalong25', or 'blazepose33' for all.
        min_score: least score of somebody who is found in a whole frame.
        min_presence: least probability that a region shows a body; below it the person is lost.
        threads: for one frame.

    Raises:
        ConfigError: settings out of their range, or an installation without LiteRT.
        CheckpointError: model files that cannot be had or used.
    """

    heatmap_size: tuple[int, int] | None = (landmarks.CELLS, landmarks.CELLS)
    memory_size = 12

    def __init__(
        self,
        weights: str | None = None,
        skeleton: str = "climbalong25",
        min_score: float = 0.5,
        min_presence: float = 0.5,
        threads: int = 1,
    ) -> None:
        super().__init__()
        in_range("detector.min_score", min_score, 0, 1)
        in_range("detector.min_presence", min_presence, 0, 1)
        in_range("detector.threads", threads, 1, 1024, whole=True)
        self.skeleton, self.which = skeleton, _landmarks_of(skeleton)
        self.min_score, self.min_presence = min_score, min_presence
        needs("ai_edge_litert", "blazepose", "detector=blazepose")
        files = models(weights)
        self.finder = Network(FINDER, files[FINDER], *spotting.SHAPES, threads)
        self.network = Network(LANDMARKS, files[LANDMARKS], *landmarks.SHAPES, threads)

    def find(self, image: UInt8[np.ndarray, "H W 3"]) -> list[Candidate]:
        """Everybody in a frame, by the person detector."""
        people = spotting.found(image, self.finder, self.min_score)
        anchors = [(regions.first(one.hips, one.top), one.score) for one in people]
        return [Candidate(regions.body(a), score, a.memory) for a, score in anchors]

    def look(
        self, image: UInt8[np.ndarray, "H W 3"], memory: Float[np.ndarray, " 12"]
    ) -> Person | None:
        """The person in the region that a memory speaks of, if there is one."""
        anchor = regions.remembered(memory)
        region = regions.region(anchor)
        seen = landmarks.seen(image, region, self.network)
        if seen.presence < self.min_presence:
            return None
        places = region.to_image(seen.points)
        heatmaps, box = landmarks.upright(seen.logits, region, self.which)
        following = regions.following(anchor, places[33:35])
        return Person(
            box=box,
            keypoints=places[self.which],
            scores=seen.scores[self.which],
            heatmaps=heatmaps,
            place=regions.body(following),
            memory=following.memory,
        )

    def place(self, memory: Float[np.ndarray, " 12"]) -> Float[np.ndarray, " 4"]:
        """The box about the body that a memory speaks of."""
        return regions.body(regions.remembered(memory))


def _landmarks_of(name: str) -> list[int]:
    """Numbers of the landmarks that a skeleton has, in its order.

    Raises:
        ConfigError: it has keypoints that BlazePose does not know.
    """
    known, wanted = skeleton(_ALL), skeleton(name)
    unknown = [one for one in wanted.keypoints if one not in known.keypoints]
    if unknown:
        raise ConfigError(
            f"detector.skeleton '{name}' has {unknown[0]}, which BlazePose does not see; expected "
            f"climbalong25, {_ALL}, or a YAML file of some of its landmarks"
        )
    return [known.index(one) for one in wanted.keypoints]
