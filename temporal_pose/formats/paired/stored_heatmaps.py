"""Heatmaps that lie in a file until their frames are asked for."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from temporal_pose.formats.paired.fields import check_heatmaps, unlike
from temporal_pose.formats.paired.source import ArraySource, Header
from temporal_pose.pose.skeletons import Skeleton, remap


@dataclass(frozen=True)
class StoredHeatmaps:
    """The heatmaps of one file.

    Args:
        source: the file.
        skeleton: of the file.
        somebody: frames in which the detector found a person.
        scale: what one step of uint8 stands for, of each map; None where they are floats.
        target: skeleton of the heatmaps that are read; None for the file's own.
    """

    source: ArraySource
    skeleton: Skeleton
    somebody: Bool[np.ndarray, " F"]
    scale: Float[np.ndarray, "F K"] | None = None
    target: Skeleton | None = None

    def in_skeleton(self, target: Skeleton) -> "StoredHeatmaps":
        """The same heatmaps by the keypoints of another skeleton; zero for those it lacks."""
        return replace(self, target=target)

    @property
    def looks(self) -> Header:
        """Shape (F, K, h, w) and type as stored.

        Raises:
            DataError: a damaged file.
        """
        found = self.source.header("heatmaps")
        if found is None:
            raise unlike(self.source.path, "heatmaps", "missing", "what was there a moment ago")
        return found

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of a map; see `looks`."""
        rows, columns = self.looks.shape[2:]
        return rows, columns

    def read(self, frames: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n K h w"]:
        """Heatmaps of some frames, of the target's keypoints.

        Those of keypoints that the file lacks, and of frames without a person, are zero.

        Raises:
            DataError: a damaged file, or values that are not finite.
        """
        wanted, place = np.unique(frames, return_inverse=True)
        everybody = self.somebody[wanted].all()
        present = wanted if everybody else wanted[self.somebody[wanted]]
        maps = self._read(present, self._mapping, len(self.target or self.skeleton))
        if everybody and np.array_equal(wanted, frames):
            return maps
        out = np.zeros((len(wanted), *maps.shape[1:]), np.float32)
        out[self.somebody[wanted]] = maps
        return out[place]

    def raw(self, frames: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n K h w"]:
        """Heatmaps of some frames in increasing order, of the file's own keypoints.

        Raises:
            DataError: a damaged file, or values that are not finite.
        """
        everything = [(keypoint, keypoint) for keypoint in range(len(self.skeleton))]
        return self._read(frames, everything, len(self.skeleton))

    def _read(
        self, frames: Int[np.ndarray, " n"], mapping: list[tuple[int, int]], keypoints: int
    ) -> Float[np.ndarray, "n K h w"]:
        import torch  # here: a file without heatmaps is read without

        stored = torch.from_numpy(self.source.rows("heatmaps", frames))
        maps = torch.zeros(len(stored), keypoints, *stored.shape[2:])
        for source, target in mapping:
            maps[:, target] = stored[:, source]  # torch widens float16 five times as fast as numpy
            if self.scale is not None:
                maps[:, target] *= torch.from_numpy(self.scale[frames, source])[:, None, None]
        if self.scale is None and not bool(maps.sum().isfinite()):  # far faster than asking each
            check_each(self.source.path, maps.numpy(), frames, mapping)
        return maps.numpy()

    @cached_property
    def _mapping(self) -> list[tuple[int, int]]:
        """The file's keypoints and the target's that are the same."""
        own = np.arange(len(self.skeleton))[:, None]
        there = np.ones(len(own), bool)
        source, known = remap(own, there, self.skeleton, self.target or self.skeleton)
        return [(int(source[i, 0]), int(i)) for i in np.flatnonzero(known)]


def check_each(
    where: object,
    maps: Float[np.ndarray, "n K h w"],
    frames: Int[np.ndarray, " n"],
    mapping: list[tuple[int, int]],
) -> None:
    """Refuses heatmaps that are not finite, by the number of the frame and the file's keypoint.

    Raises:
        DataError: one is not.
    """
    for row, frame in enumerate(frames.tolist()):
        own = np.zeros((1, 1 + max(source for source, _ in mapping), *maps.shape[2:]), np.float32)
        for source, target in mapping:
            own[0, source] = maps[row, target]
        check_heatmaps(where, own, frame)
