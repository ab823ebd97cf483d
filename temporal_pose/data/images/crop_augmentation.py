"""Augmentation of crops on the device: scale, rotation, mirror image and colour."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int64, Shaped
from torch import Tensor
from torch.nn import functional as F

from temporal_pose.errors import ConfigError
from temporal_pose.pose import random
from temporal_pose.pose.crops import Crops, composed, inverted, mapped
from temporal_pose.pose.skeletons import Skeleton

_PURPOSE = 5  # of the random numbers, beside those of other purposes
_CUT = 2.0  # standard deviations: nothing is drawn beyond
_LIMITS = {"scale": 1.0, "rotation": 90.0, "turned": 1.0, "mirror": 1.0, "colour": 0.9}


@dataclass(frozen=True)
class CropAugmentation:
    """One random affine map and one change of colour a crop and epoch.

    Newell et al. (ECCV 2016) as it is done today: the scale is 2^N(0, 0.25), the rotation
    N(0, 30 degrees) in 40 % of the crops, both cut at two standard deviations; half are mirrored,
    and each colour is multiplied by U(0.6, 1.4). All of it is drawn from the seed, the epoch and
    the person alone, see `temporal_pose.pose.random`.

    Args:
        scale: standard deviation of the logarithm of the scale, to base 2.
        rotation: standard deviation, degrees.
        turned: share of the crops that are rotated at all.
        mirror: share of the crops that are mirrored; left and right exchange their names.
        colour: most that a colour is multiplied by, less 1.
        seed: of all that is drawn.

    Raises:
        ConfigError: a value out of its range.
    """

    scale: float = 0.25
    rotation: float = 30.0
    turned: float = 0.4
    mirror: float = 0.5
    colour: float = 0.4
    seed: int = 0

    def __post_init__(self) -> None:
        for name, limit in _LIMITS.items():
            if not 0 <= getattr(self, name) <= limit:
                raise ConfigError(
                    f"distortion.{name} is {getattr(self, name)}; expected 0 to {limit:g}"
                )

    def __call__(
        self,
        crops: Crops,
        skeleton: Skeleton,
        epoch: int,
        fill: Float[Tensor, "3"],
    ) -> Crops:
        """Crops that differ from epoch to epoch; their images are floats from 0 to 1.

        A keypoint that leaves its crop is no longer labelled.

        Args:
            skeleton: tells which keypoint is whose mirror image.
            fill: red, green and blue of what was beyond the crop, 0 to 1.
        """
        size = crops.images.shape[-1]
        draws = random.uniform(random.stream(self.seed, _PURPOSE, epoch), crops.sample, 7)
        mirrored = draws[:, 0] < self.mirror
        back = self._maps(draws, mirrored, size).to(crops.keypoints)
        images = warped(crops.images.float() / 255, back, fill)
        gain = (1 + self.colour * (2 * draws[:, 4:7] - 1)).to(images)
        keypoints = mapped(crops.keypoints, inverted(back))
        return crops._replace(
            images=(images * gain[..., None, None]).clamp(0, 1),
            keypoints=swapped(keypoints, mirrored, skeleton),
            labels=inside(
                swapped(keypoints, mirrored, skeleton),
                swapped(crops.labels, mirrored, skeleton),
                size,
            ),
            to_image=composed(crops.to_image, back),
        )

    def _maps(
        self, draws: Float[Tensor, "B 7"], mirrored: Bool[Tensor, " B"], size: int
    ) -> Float[Tensor, "B 2 3"]:
        """From pixels of the new crop to pixels of the old one."""
        within = 2 * _share(_CUT) - 1
        normal = torch.special.ndtri(0.5 + within * (draws[:, 1:3] - 0.5))
        zoom = 2 ** (-self.scale * normal[:, 0])
        angle = math.radians(self.rotation) * normal[:, 1] * (draws[:, 3] < self.turned)
        sign = 1 - 2 * mirrored.to(draws)
        cos, sin = zoom * angle.cos(), zoom * angle.sin()
        linear = torch.stack(
            [torch.stack([sign * cos, -sign * sin], -1), torch.stack([sin, cos], -1)], -2
        )
        middle = torch.full((2, 1), (size - 1) / 2).to(draws)
        return torch.cat([linear, middle - linear @ middle], -1)


def _share(deviations: float) -> float:
    """Share of a normal distribution below so many standard deviations."""
    return 0.5 * (1 + math.erf(deviations / math.sqrt(2)))


def warped(
    images: Float[Tensor, "B 3 S S"], back: Float[Tensor, "B 2 3"], fill: Float[Tensor, "3"]
) -> Float[Tensor, "B 3 S S"]:
    """Images after an affine map, in one `grid_sample`.

    Args:
        back: from pixels of the results to pixels of `images`.
        fill: red, green and blue of what is beyond the images.
    """
    size = images.shape[-1]
    half = (size - 1) / 2
    middle = images.new_full((1, 2, 1), half)
    linear = back[:, :, :2]  # with whole numbers at pixels' centres
    shift = (linear @ middle + back[:, :, 2:] - middle) / half
    theta = torch.cat([linear, shift], -1)  # from -1 to 1, at the outer pixels' centres
    grid = F.affine_grid(theta, list(images.shape), align_corners=True)
    beyond = fill[:, None, None]
    return F.grid_sample(images - beyond, grid, align_corners=True) + beyond


def swapped(
    values: Shaped[Tensor, "B K *rest"], mirrored: Bool[Tensor, " B"], skeleton: Skeleton
) -> Shaped[Tensor, "B K *rest"]:
    """Values of each keypoint, left and right exchanged where mirrored."""
    swap = torch.tensor(skeleton.mirror, device=values.device)
    where = mirrored.reshape(-1, *(1,) * (values.ndim - 1))
    return torch.where(where, values[:, swap], values)


def inside(
    keypoints: Float[Tensor, "B K 2"], labels: Int64[Tensor, "B K"], size: int
) -> Int64[Tensor, "B K"]:
    """Labels, 0 for what lies outside its crop: a network is not asked for what it cannot see."""
    within = ((keypoints > -0.5) & (keypoints < size - 0.5)).all(-1)
    return labels * within
