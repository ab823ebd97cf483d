"""Dividing people into training, validation and test by their images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from temporal_pose.data.images.annotated import People
from temporal_pose.data.splits import assign
from temporal_pose.errors import ConfigError, DataError


@dataclass(frozen=True)
class ImageSplit:
    """How people are divided: those of one image always stand on one side.

    Args:
        by: 'image' draws images at random; 'part' takes the parts whose name begins with 'val' for
            the test, as COCO's val2017, and draws validation from the others.
        fractions: shares of the images for training, validation and test.
        seed: of the draw.
    """

    by: str = "image"
    fractions: Sequence[float] = (0.9, 0.05, 0.05)
    seed: int = 0

    def sides(self, people: People) -> Int64[np.ndarray, " N"]:
        """For each person, 0 for training, 1 for validation, 2 for test.

        Raises:
            ConfigError: another word, or fractions that are not three shares.
            DataError: fewer than three images, or no part for the test.
        """
        if self.by not in ("image", "part"):
            raise ConfigError(f"data.split is '{self.by}'; expected image or part")
        used = sorted({people.image_ids[i] for i in people.image.tolist()})
        if len(used) < 3:
            raise DataError(
                f"there are {len(used)} images with people; expected at least 3, one each for "
                "training, validation and test"
            )
        side = assign(used, self.fractions, self.seed)
        if self.by == "part":
            side = self._by_part(people, side)
        return np.array([side[people.image_ids[i]] for i in people.image.tolist()], np.int64)

    def _by_part(self, people: People, drawn: Mapping[str, int]) -> Mapping[str, int]:
        tested = {
            name
            for name, part in zip(people.image_ids, people.parts, strict=True)
            if part.startswith("val")
        }
        others = sorted(drawn.keys() - tested)
        if not tested & drawn.keys() or len(others) < 2:
            raise DataError(
                f"data.split=part needs a part whose name begins with 'val' and another one; "
                f"there are {', '.join(sorted(set(people.parts))) or 'none'}"
            )
        train, val, _ = self.fractions
        count = min(max(1, round(len(others) * val / (train + val))), len(others) - 1)
        order = np.random.default_rng(self.seed).permutation(len(others))
        chosen = {others[i] for i in order[:count].tolist()}
        return {name: 2 if name in tested else int(name in chosen) for name in drawn}
