"""Bidirectional convolutional LSTMs: each frame sees those before it and those after it.

The two models differ in how they combine the directions (thesis 1.2): the sum of two finished
predictions, or a joint head over the features of both. The thesis leaves open what follows here:
ReLU between the convolutions and none after the last, a ConvLSTM of 3 x 3 kernels without
peepholes, zero initial states, and a forget gate that starts open (bias 1: Gers et al. 2000,
Jozefowicz et al. 2015), so that the first frame of a window reaches the last one from the start.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from temporal_pose.errors import ConfigError

FILTERS = 128


class ConvLstm(nn.Module):
    """Convolutional LSTM over the frames in their order, causal (Shi et al. 2015, no peepholes).

    ``i, f, o, g = conv(x[t]) + conv(h[t - 1])``,
    ``c[t] = sigmoid(f) c[t - 1] + sigmoid(i) tanh(g)``, ``h[t] = sigmoid(o) tanh(c[t])``.

    The two convolutions are one over the concatenation of ``x`` and ``h``, written as a sum: the
    part of ``x`` needs no recurrence and runs over all frames at once.

    Args:
        keypoints: K, input channels.
        hidden: C, channels of the state.
    """

    def __init__(self, keypoints: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.of_input = nn.Conv2d(keypoints, 4 * hidden, 3, padding=1)
        self.of_state = nn.Conv2d(hidden, 4 * hidden, 3, padding=1, bias=False)
        nn.init.ones_(self.of_input.bias[hidden : 2 * hidden])  # type: ignore[index]

    def forward(self, frames: Float[Tensor, "T B K H W"]) -> Float[Tensor, "T B C H W"]:
        """The hidden state after each frame."""
        gates = self.of_input(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
        # Nothing came before the first frame: the states are zero, their terms drop out.
        state, cell = self._advance(gates[0], None)
        states = [state]
        for gate in gates[1:]:
            state, cell = self._advance(gate + self.of_state(state), cell)
            states.append(state)
        return torch.stack(states)

    def _advance(
        self, gates: Float[Tensor, "B G H W"], cell: Float[Tensor, "B C H W"] | None
    ) -> tuple[Float[Tensor, "B C H W"], Float[Tensor, "B C H W"]]:
        """Hidden and cell state after one frame, of the sum of both convolutions."""
        opening, candidate = gates.split((3 * self.hidden, self.hidden), dim=1)
        let_in, keep, let_out = opening.sigmoid().chunk(3, dim=1)
        written = let_in * candidate.tanh()
        cell = written if cell is None else keep * cell + written
        return let_out * cell.tanh(), cell


class BiConvLstm(nn.Module):
    """What both models share: a ConvLSTM and three 3 x 3 convolutions for each direction of time.

    Args:
        keypoints: K, input and output channels.
        hidden: channels of the state of each ConvLSTM.

    Raises:
        ConfigError: a size is not a positive whole number.
    """

    def __init__(self, keypoints: int = 25, hidden: int = 64) -> None:
        super().__init__()
        for name, size in (("keypoints", keypoints), ("hidden", hidden)):
            if not isinstance(size, int) or size < 1:
                raise ConfigError(f"{name} is {size}; expected a whole number of at least 1")
        self.forward_lstm = ConvLstm(keypoints, hidden)
        self.forward_features = _features(hidden)
        self.backward_lstm = ConvLstm(keypoints, hidden)
        self.backward_features = _features(hidden)

    def forward(self, heatmaps: Float[Tensor, "B T K H W"]) -> Float[Tensor, "B T K H W"]:
        """Smoothed heatmaps, in the unit of the input; may be negative."""
        frames = _time_first(heatmaps)
        ahead = self.forward_features(self.forward_lstm(frames).flatten(0, 1))
        back = self.backward_features(self.backward_lstm(frames.flip(0)).flip(0).flatten(0, 1))
        smoothed: Tensor = self._combine(ahead, back).unflatten(0, frames.shape[:2])
        return smoothed.transpose(0, 1)

    def _combine(
        self, ahead: Float[Tensor, "N F H W"], back: Float[Tensor, "N F H W"]
    ) -> Float[Tensor, "N K H W"]:
        """Heatmaps of the features of both directions; N counts the frames of all windows."""
        raise NotImplementedError


class BiConvLstmSum(BiConvLstm):
    """Model S: the sum of what each direction predicts by itself (thesis 1.2.1)."""

    def __init__(self, keypoints: int = 25, hidden: int = 64) -> None:
        super().__init__(keypoints, hidden)
        self.forward_head = _head(FILTERS, keypoints)
        self.backward_head = _head(FILTERS, keypoints)

    def _combine(
        self, ahead: Float[Tensor, "N F H W"], back: Float[Tensor, "N F H W"]
    ) -> Float[Tensor, "N K H W"]:
        total: Tensor = self.forward_head(ahead) + self.backward_head(back)
        return total


class BiConvLstmConcat(BiConvLstm):
    """Model C: one head over both directions, free to trust one of them more (thesis 1.2.2)."""

    def __init__(self, keypoints: int = 25, hidden: int = 64) -> None:
        super().__init__(keypoints, hidden)
        self.head = _head(2 * FILTERS, keypoints)

    def _combine(
        self, ahead: Float[Tensor, "N F H W"], back: Float[Tensor, "N F H W"]
    ) -> Float[Tensor, "N K H W"]:
        joint: Tensor = self.head(torch.cat((ahead, back), dim=1))
        return joint


def _time_first(heatmaps: Float[Tensor, "B T K H W"]) -> Float[Tensor, "T B K H W"]:
    """The same values with frames outermost and keypoints innermost in memory, in one pass.

    Frames then fold into the batch without a copy, and every convolution runs in the layout that
    is fastest (channels last).
    """
    return heatmaps.permute(1, 0, 3, 4, 2).contiguous().permute(0, 1, 4, 2, 3)


def _features(hidden: int) -> nn.Sequential:
    """Three 3 x 3 convolutions of 128 filters, ReLU after each."""
    layers: list[nn.Module] = []
    for channels in (hidden, FILTERS, FILTERS):
        layers += [nn.Conv2d(channels, FILTERS, 3, padding=1), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def _head(channels: int, keypoints: int) -> nn.Sequential:
    """Two 1 x 1 convolutions, of 128 and K filters, ReLU between them."""
    return nn.Sequential(
        nn.Conv2d(channels, FILTERS, 1), nn.ReLU(inplace=True), nn.Conv2d(FILTERS, keypoints, 1)
    )
