"""DeciWatch: clean every n-th pose, then recover the poses between (Zeng et al., ECCV 2022)."""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from temporal_pose.errors import CheckpointError, ConfigError
from temporal_pose.models.initial import glorot as start_as_glorot
from temporal_pose.models.sizes import check_dropout, check_sizes

KERNEL = 5  # frames that a token of the recovery sees


class DeciWatch(nn.Module):
    """Transformer over sparsely sampled coordinates (arXiv 2203.08713; thesis 1.3).

    With ``S`` the frames ``0, n, 2n, ...`` of the window and ``E`` the position of a frame::

        features    = Encoder(samples @ W_DE, E)                         DenoiseNet
        clean       = features @ W_DD + samples
        preliminary = W_PR @ clean                                       RecoverNet
        recovered   = Decoder(Conv1d(preliminary), E, features) @ W_RD + preliminary

    Like the published code and unlike its paper, DenoiseNet predicts a correction of its input
    rather than the poses themselves. ``W_PR`` is the linear interpolation of the sampled poses, of
    which the last holds its value; or it is learned, from there on. Training starts from that
    interpolation, both corrections being zero, unless it starts as Glorot has it. No token is
    masked: the published mask keeps each from attending to itself, which leaves a single sampled
    frame nothing to attend to.

    The thesis's drafts have a learned ``W_PR`` and say nothing of norms; as it was finished,
    ``W_PR`` is fixed, a LayerNorm ends encoder and decoder as in the published code, and weights
    start as Glorot has them. Its positions, added once to the input, are not followed: here they
    count in every layer, on queries and keys.

    Args:
        keypoints: K.
        window: T, frames; every input must have as many.
        interval: n, from 1 (every frame) to T (the first frame only); need not divide T.
        width: C, channels of a token; even, and a multiple of heads.
        heads: attention heads.
        depth: layers of the encoder, and of the decoder.
        feedforward: channels between the two linear maps that end a layer.
        dropout: share of what each sub-layer adds, of attention weights, of token embeddings and
            of positions that training drops.
        learn_recovery: whether ``W_PR`` is learned; else it is the interpolation.
        norms: whether a LayerNorm ends the encoder, and another one the decoder.
        glorot: starts from Glorot's initialisation, else from the interpolation.
        channels: of each keypoint in the input, of which the first two are its position; what
            more there are is only looked at.

    Raises:
        ConfigError: a setting is out of range or does not fit another one.
    """

    positions: Tensor

    def __init__(
        self,
        keypoints: int = 25,
        window: int = 5,
        interval: int = 5,
        width: int = 128,
        heads: int = 4,
        depth: int = 5,
        feedforward: int = 256,
        dropout: float = 0.1,
        learn_recovery: bool = True,
        norms: bool = False,
        glorot: bool = False,
        channels: int = 2,
    ) -> None:
        super().__init__()
        check_sizes(keypoints=keypoints, window=window, interval=interval, width=width)
        check_sizes(heads=heads, depth=depth, feedforward=feedforward, channels=channels)
        check_dropout(dropout)
        _check_fit(window, interval, width, heads)
        self.window, self.interval, self.heads = window, interval, heads
        layer = (width, heads, feedforward, dropout)
        self.embed_samples = nn.Linear(channels * keypoints, width)
        self.encoder = nn.ModuleList(_EncoderLayer(*layer) for _ in range(depth))
        self.encoder_norm = nn.LayerNorm(width) if norms else nn.Identity()
        self.denoise = nn.Linear(width, 2 * keypoints)
        self.recover = _Recovery(window, interval, learn_recovery)
        self.embed_frames = nn.Conv1d(2 * keypoints, width, KERNEL, padding="same")
        self.decoder = nn.ModuleList(_DecoderLayer(*layer) for _ in range(depth))
        self.decoder_norm = nn.LayerNorm(width) if norms else nn.Identity()
        self.correct = nn.Linear(width, 2 * keypoints)
        self.dropout = nn.Dropout(dropout)
        if glorot:
            start_as_glorot(self)
        else:
            for parameter in (*self.denoise.parameters(), *self.correct.parameters()):
                nn.init.zeros_(parameter)
        self.register_buffer("positions", _sinusoids(window, width), persistent=False)

    def get_extra_state(self) -> dict[str, int]:
        """What a checkpoint tells of the network besides the shapes of its weights."""
        return {"interval": self.interval, "heads": self.heads}

    def set_extra_state(self, state: Any) -> None:
        """Makes sure that a checkpoint is of the same network.

        Raises:
            CheckpointError: it is of another one.
        """
        if state != self.get_extra_state():
            raise CheckpointError(
                f"the checkpoint is of a DeciWatch with {state}; expected {self.get_extra_state()}"
            )

    def forward(self, keypoints: Float[Tensor, "B T K X"]) -> Float[Tensor, "B T K 2"]:
        """Poses of all frames, recovered from the sampled ones; heatmap coordinates in [-1, 1].

        Raises:
            ConfigError: the input has another number of frames than the model's window.
        """
        batch, frames = keypoints.shape[:2]
        if frames != self.window:
            raise ConfigError(f"the input has {frames} frames; expected window={self.window}")
        positions = self.dropout(self.positions.expand(batch, -1, -1))
        sampled = slice(None, None, self.interval)
        features, clean = self._denoise(keypoints[:, sampled], positions[:, sampled])
        recovered = self._recover(features, clean, positions)
        return recovered.unflatten(2, (-1, 2))

    def _denoise(
        self, seen: Float[Tensor, "B S K X"], positions: Float[Tensor, "B S C"]
    ) -> tuple[Float[Tensor, "B S C"], Float[Tensor, "B S Y"]]:
        """Features and cleaned coordinates of the sampled frames."""
        features: Tensor = self.dropout(self.embed_samples(seen.flatten(2)))
        for layer in self.encoder:
            features = layer(features, positions)
        features = self.encoder_norm(features)
        return features, seen[..., :2].flatten(2) + self.denoise(features)

    def _recover(
        self,
        features: Float[Tensor, "B S C"],
        clean: Float[Tensor, "B S X"],
        positions: Float[Tensor, "B T C"],
    ) -> Float[Tensor, "B T X"]:
        """Coordinates of all frames."""
        preliminary: Tensor = self.recover(clean.transpose(1, 2))
        tokens: Tensor = self.dropout(self.embed_frames(preliminary).transpose(1, 2))
        memory_positions = positions[:, :: self.interval]
        for layer in self.decoder:
            tokens = layer(tokens, positions, features, memory_positions)
        return preliminary.transpose(1, 2) + self.correct(self.decoder_norm(tokens))


class _Recovery(nn.Module):
    """``W_PR``: weighted sums of the sampled poses, at first their linear interpolation."""

    weight: Tensor

    def __init__(self, window: int, interval: int, learn: bool) -> None:
        super().__init__()
        weight = _interpolation(window, interval)
        if learn:
            self.weight = nn.Parameter(weight)
        else:
            self.register_buffer("weight", weight, persistent=False)

    def forward(self, clean: Float[Tensor, "B X S"]) -> Float[Tensor, "B X T"]:
        return functional.linear(clean, self.weight)


class _Attention(nn.Module):
    """Residual multi-head attention, normalised last; positions count for who looks where."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.attend = nn.MultiheadAttention(width, heads, dropout, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.LayerNorm(width)

    def forward(
        self,
        tokens: Float[Tensor, "B Q C"],
        positions: Float[Tensor, "B Q C"],
        memory: Float[Tensor, "B M C"],
        memory_positions: Float[Tensor, "B M C"],
    ) -> Float[Tensor, "B Q C"]:
        query, key = tokens + positions, memory + memory_positions
        found, _ = self.attend(query, key, memory, need_weights=False)
        result: Tensor = self.norm(tokens + self.dropout(found))
        return result


class _FeedForward(nn.Module):
    """Residual two-layer perceptron on each token, normalised last."""

    def __init__(self, width: int, feedforward: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(width, feedforward),
            nn.LeakyReLU(),
            nn.Dropout(dropout),
            nn.Linear(feedforward, width),
            nn.Dropout(dropout),
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Float[Tensor, "B Q C"]) -> Float[Tensor, "B Q C"]:
        result: Tensor = self.norm(tokens + self.layers(tokens))
        return result


class _EncoderLayer(nn.Module):
    def __init__(self, width: int, heads: int, feedforward: int, dropout: float) -> None:
        super().__init__()
        self.itself = _Attention(width, heads, dropout)
        self.feedforward = _FeedForward(width, feedforward, dropout)

    def forward(
        self, tokens: Float[Tensor, "B Q C"], positions: Float[Tensor, "B Q C"]
    ) -> Float[Tensor, "B Q C"]:
        result: Tensor = self.feedforward(self.itself(tokens, positions, tokens, positions))
        return result


class _DecoderLayer(nn.Module):
    def __init__(self, width: int, heads: int, feedforward: int, dropout: float) -> None:
        super().__init__()
        self.itself = _Attention(width, heads, dropout)
        self.memory = _Attention(width, heads, dropout)
        self.feedforward = _FeedForward(width, feedforward, dropout)

    def forward(
        self,
        tokens: Float[Tensor, "B Q C"],
        positions: Float[Tensor, "B Q C"],
        memory: Float[Tensor, "B M C"],
        memory_positions: Float[Tensor, "B M C"],
    ) -> Float[Tensor, "B Q C"]:
        tokens = self.itself(tokens, positions, tokens, positions)
        result: Tensor = self.feedforward(self.memory(tokens, positions, memory, memory_positions))
        return result


def _sinusoids(window: int, width: int) -> Float[Tensor, "T C"]:
    """Sine and cosine of the frame number at falling frequencies (Vaswani et al. 2017, 3.5)."""
    frequencies = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000) / width))
    angles = torch.arange(window)[:, None] * frequencies
    return torch.cat((angles.sin(), angles.cos()), dim=1)


def _interpolation(window: int, interval: int) -> Float[Tensor, "T S"]:
    """Weights of linear interpolation between the sampled frames; the last one holds its value."""
    samples = torch.arange(len(range(0, window, interval)))
    times = (torch.arange(window) / interval).clamp(max=len(samples) - 1)
    return (1 - (times[:, None] - samples).abs()).clamp(min=0)


def _check_fit(window: int, interval: int, width: int, heads: int) -> None:
    if interval > window:
        raise ConfigError(f"interval is {interval}; expected at most the window, {window}")
    if width % 2 or width % heads:
        raise ConfigError(f"width is {width}; expected an even multiple of heads={heads}")
