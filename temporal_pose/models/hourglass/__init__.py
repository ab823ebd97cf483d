"""The stacked hourglass: a heatmap a keypoint, of the person in the middle of a crop (Newell, Yang
and Deng, ECCV 2016, https://arxiv.org/abs/1603.06937).

Layers have names to be asked for: ``stem``, ``hourglasses.<stack>.skips.<level>``,
``hourglasses.<stack>.encoder.<level>``, ``hourglasses.<stack>.bottleneck`` (the latent),
``hourglasses.<stack>.autoencoder.encoder`` (its code, where there is one),
``hourglasses.<stack>.decoder.<level>``, and ``heads.<stack>``. Level 0 is the finest.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d

from temporal_pose.errors import ConfigError
from temporal_pose.models.hourglass.layers import Autoencoder, Residual, Stem, xavier
from temporal_pose.pose.skeletons import skeleton as skeleton_of

#: Pixels of the crop along one side of a heatmap's cell.
STRIDE = 4


class Hourglass(nn.Module):
    """Stacks of encoder and decoder; each stack answers, and all but the last one are asked again.

    Args:
        skeleton: name of the K keypoints.
        stacks: hourglasses one after another.
        channels: of all features after the stem; a residual has half as many inside.
        depth: how often an hourglass halves its maps.
        residuals: at every level, of the encoder, the decoder and the skip branch.
        bottleneck: residuals at the lowest level, after that of the encoder.
        finest: whether the decoder ends with a residual, after its last upsampling.
        skip_kernel: of the convolution around a residual; 0 for the identity, with a 1 x 1
            convolution only where the number of channels changes.
        stem: channels of the first convolution, of a residual before and of one after pooling;
            a last residual comes to ``channels``.
        narrow: whether a head has K channels between its two 1 x 1 convolutions (thesis), or
            ``channels``.
        size: rows and columns of a crop.
        code: numbers that an autoencoder in the bottleneck keeps; 0 for no autoencoder.

    Raises:
        ConfigError: a number that is out of its range, or a size that cannot be halved so often.
    """

    def __init__(
        self,
        skeleton: str = "coco17",
        stacks: int = 2,
        channels: int = 256,
        depth: int = 4,
        residuals: int = 1,
        bottleneck: int = 2,
        finest: bool = False,
        skip_kernel: int = 0,
        stem: Sequence[int] = (64, 128, 128),
        narrow: bool = False,
        size: int = 256,
        code: int = 0,
    ) -> None:
        super().__init__()
        keypoints = len(skeleton_of(skeleton))
        _check(stacks, channels, depth, residuals, bottleneck, stem, skip_kernel, code)
        _check_size(size, depth)
        self.size = size
        lowest = size // STRIDE // 2**depth

        def chain(count: int) -> nn.Sequential:
            parts = (Residual(channels, channels, skip_kernel) for _ in range(count))
            return nn.Sequential(*parts)

        def levels(*counts: int) -> nn.ModuleList:
            return nn.ModuleList(chain(count) for count in counts)

        self.stem = Stem([*stem, channels], skip_kernel)
        every = depth * [residuals]
        self.hourglasses = nn.ModuleList(
            SingleHourglass(
                skips=levels(*every),
                encoder=levels(*every),
                bottleneck=chain(bottleneck),
                decoder=levels(residuals * finest, *every[1:]),
                autoencoder=Autoencoder(channels, lowest, code) if code else None,
            )
            for _ in range(stacks)
        )
        width = keypoints if narrow else channels
        more = [True] * (stacks - 1) + [False]
        self.heads = nn.ModuleList(Head(chain(1), channels, width, keypoints, m) for m in more)
        xavier(self)

    def forward(self, images: Float[Tensor, "B 3 S S"]) -> Float[Tensor, "stacks B K H W"]:
        """Heatmaps of every stack, the last one's last; H = W = S / 4.

        Args:
            images: red, green and blue from 0 to 1, the mean colour taken off.
        """
        features = self.stem(images.contiguous(memory_format=torch.channels_last))
        answers = []
        for hourglass, head in zip(self.hourglasses, self.heads, strict=True):
            heatmaps, features = head(hourglass(features), features)
            answers.append(heatmaps)
        return torch.stack(answers)


class SingleHourglass(nn.Module):
    """One hourglass: down by max pooling, up by repeating values, and at every level a branch
    across.

    Args:
        skips: of each level, the finest first; what the encoder and the decoder are joined by.
        encoder: of each level, after its pooling.
        bottleneck: at the lowest level.
        decoder: of each level, after what came across was added.
        autoencoder: after the bottleneck, or none.
    """

    def __init__(
        self,
        skips: nn.ModuleList,
        encoder: nn.ModuleList,
        bottleneck: nn.Sequential,
        decoder: nn.ModuleList,
        autoencoder: nn.Module | None,
    ) -> None:
        super().__init__()
        self.skips, self.encoder, self.decoder = skips, encoder, decoder
        self.bottleneck = bottleneck
        self.autoencoder = autoencoder or nn.Identity()

    def forward(self, features: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
        """Maps of the same size."""
        across = []
        for skip, encode in zip(self.skips, self.encoder, strict=True):
            across.append(skip(features))
            features = encode(max_pool2d(features, 2))
        features = self.autoencoder(self.bottleneck(features))
        for decode, other in zip(reversed(self.decoder), reversed(across), strict=True):
            features = decode(interpolate(features, scale_factor=2) + other)
        return features


class Head(nn.Module):
    """Heatmaps from an hourglass's features, and what the next hourglass is given.

    Args:
        residual: comes first.
        width: channels between the two 1 x 1 convolutions.
        more: whether another hourglass follows, to which features and heatmaps are fed back.
    """

    def __init__(
        self, residual: nn.Module, channels: int, width: int, keypoints: int, more: bool
    ) -> None:
        super().__init__()
        self.features = nn.Sequential(
            residual, nn.Conv2d(channels, width, 1), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        )
        self.heatmaps = nn.Conv2d(width, keypoints, 1)
        self.from_features = nn.Conv2d(width, channels, 1) if more else None
        self.from_heatmaps = nn.Conv2d(keypoints, channels, 1) if more else None

    def forward(
        self, features: Float[Tensor, "B C H W"], given: Float[Tensor, "B C H W"]
    ) -> tuple[Float[Tensor, "B K H W"], Float[Tensor, "B C H W"]]:
        """Heatmaps and the next hourglass's input.

        Args:
            given: to the hourglass that made the features.
        """
        features = self.features(features)
        heatmaps = self.heatmaps(features)
        if self.from_features is None or self.from_heatmaps is None:
            return heatmaps, given
        return heatmaps, given + self.from_features(features) + self.from_heatmaps(heatmaps)


def _check(
    stacks: int,
    channels: int,
    depth: int,
    residuals: int,
    bottleneck: int,
    stem: Sequence[int],
    skip_kernel: int,
    code: int,
) -> None:
    numbers = {
        "stacks": (stacks, 1),
        "channels": (channels, 4),
        "depth": (depth, 1),
        "residuals": (residuals, 1),
        "bottleneck": (bottleneck, 1),
        "code": (code, 0),
    }
    for name, (value, least) in numbers.items():
        if type(value) is not int or not least <= value <= 4096:
            raise ConfigError(
                f"network.{name} is {value!r}; expected a whole number from {least} to 4096"
            )
    if len(stem) != 3 or not all(type(one) is int and 2 <= one <= 4096 for one in stem):
        raise ConfigError(
            f"network.stem is {list(stem)}; expected three numbers of channels: [64, 128, 128]"
        )
    if skip_kernel not in (0, 1, 3, 5):
        raise ConfigError(f"network.skip_kernel is {skip_kernel!r}; expected 0, 1, 3 or 5")


def _check_size(size: int, depth: int) -> None:
    step = STRIDE * 2**depth
    if type(size) is not int or size < step or size % step:
        raise ConfigError(
            f"data.size is {size!r}; expected a multiple of {step}, for network.depth is {depth}: "
            f"{step}, {2 * step}, {3 * step} ..."
        )
