"""Bidirectional convolutional LSTMs: each frame sees those before it and those after it.

The two models differ in how they combine the directions (thesis 1.2): the sum of two finished
predictions, or a joint head over the features of both. What the thesis's drafts leave open is a
setting: the state's channels, peepholes, the forget gate's bias, where the ReLUs of the heads are,
and how training starts. The values in conf/ are those of the thesis as it was finished; the
defaults here are this package's own of before: 64 channels, no peepholes, a forget gate that
starts open (Gers et al. 2000, Jozefowicz et al. 2015).
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from temporal_pose.errors import ConfigError
from temporal_pose.models.initial import glorot as start_as_glorot
from temporal_pose.models.sizes import check_sizes

FILTERS = 128

#: Where the ReLUs of a head of two 1 x 1 convolutions are: after which of them.
HEADS = {"linear": (False, False), "between": (True, False), "every": (True, True)}


class ConvLstm(nn.Module):
    """Convolutional LSTM over the frames in their order, causal (Shi et al. 2015).

    ``i, f, o, g = conv(x[t]) + conv(h[t - 1])``,
    ``c[t] = sigmoid(f) c[t - 1] + sigmoid(i) tanh(g)``, ``h[t] = sigmoid(o) tanh(c[t])``; both
    states are zero before the first frame.

    With peepholes the gates see the cell as well: ``i += v_i c[t - 1]``, ``f += v_f c[t - 1]``,
    ``o += v_o c[t]``; and each of the four has a bias ``b`` a pixel, beside those of both
    convolutions. All ``v`` and ``b`` are maps of C channels, so the network knows one size only.

    The two convolutions are one over the concatenation of ``x`` and ``h``, written as a sum: the
    part of ``x`` needs no recurrence and runs over all frames at once.

    Args:
        keypoints: K, input channels.
        hidden: C, channels of the state.
        size: rows and columns of the maps of peepholes and biases; None for an LSTM without.
        forget_bias: what the bias of the forget gate starts from; 0 leaves it as any other.
    """

    def __init__(
        self, keypoints: int, hidden: int, size: int | None = None, forget_bias: float = 1.0
    ) -> None:
        super().__init__()
        self.size = size
        self.of_input = Gates(keypoints, 4 * hidden, 3, padding=1)
        self.of_state = Gates(hidden, 4 * hidden, 3, padding=1, bias=size is not None)
        if forget_bias:
            nn.init.constant_(self.of_input.bias[hidden : 2 * hidden], forget_bias)  # type: ignore[index]
        self.peepholes, self.biases = _maps(3, hidden, size), _maps(4, hidden, size)

    def forward(self, frames: Float[Tensor, "T B K H W"]) -> Float[Tensor, "T B C H W"]:
        """The hidden state after each frame.

        Raises:
            ConfigError: there are peepholes, of another size than the frames.
        """
        gates = self.of_input(frames.flatten(0, 1))
        if self.size is not None:
            _check_size(frames, self.size)
            gates = gates + self._offsets()
        gates = gates.unflatten(0, frames.shape[:2])
        peepholes = [_channels_last(part) for part in self.peepholes]
        # Nothing came before the first frame: the states are zero, their terms drop out.
        state, cell = _advance(gates[0], None, peepholes)
        states = [state]
        for gate in gates[1:]:
            gate = gate + functional.conv2d(state, self.of_state.weight, padding=1)
            state, cell = _advance(gate, cell, peepholes)
            states.append(state)
        return torch.stack(states)

    def _offsets(self) -> Float[Tensor, "1 G H W"]:
        """What each gate has of itself at each pixel: its map, and the state's convolution's bias.

        That is added to all frames at once, the first one included, whose state is zero.
        """
        bias = self.of_state.bias
        return _channels_last(torch.cat([*self.biases]) + bias[:, None, None])  # type: ignore[index]


class Gates(nn.Conv2d):
    """The convolutions of the four gates i, f, o and g as one."""

    gates = 4


def _advance(
    gates: Float[Tensor, "B G H W"],
    cell: Float[Tensor, "B C H W"] | None,
    peepholes: list[Float[Tensor, "1 C H W"]],
) -> tuple[Float[Tensor, "B C H W"], Float[Tensor, "B C H W"]]:
    """Hidden and cell state after one frame, of the sum of both convolutions."""
    let_in, keep, let_out, candidate = gates.chunk(4, dim=1)
    if peepholes and cell is not None:
        let_in = let_in + peepholes[0] * cell
        keep = keep + peepholes[1] * cell
    written = let_in.sigmoid() * candidate.tanh()
    cell = written if cell is None else keep.sigmoid() * cell + written
    if peepholes:
        let_out = let_out + peepholes[2] * cell
    return let_out.sigmoid() * cell.tanh(), cell


def _maps(count: int, hidden: int, size: int | None) -> nn.ParameterList:
    """So many maps of zeros, with which the gates are as they are without; none without a size."""
    return nn.ParameterList(torch.zeros(hidden, size, size) for _ in range(count if size else 0))  # type: ignore[arg-type]


def _channels_last(maps: Float[Tensor, "C H W"]) -> Float[Tensor, "1 C H W"]:
    """As the convolutions lay out their results, or sums with these are many times slower."""
    return maps[None].contiguous(memory_format=torch.channels_last)


class BiConvLstm(nn.Module):
    """What both models share: a ConvLSTM and three 3 x 3 convolutions for each direction of time.

    Args:
        keypoints: K, input and output channels.
        hidden: channels of the state of each ConvLSTM.
        peepholes: whether its gates see the cell, and have a bias a pixel.
        forget_bias: what the bias of its forget gate starts from; 0 leaves it as any other.
        size: rows and columns of a heatmap, which the peepholes have as well.
        head: where the ReLUs of the last two convolutions are: 'between' them, after 'every' one,
            or nowhere ('linear').
        glorot: starts from Glorot's initialisation, else from PyTorch's.

    Raises:
        ConfigError: a size is not a positive whole number, or no such head.
    """

    def __init__(
        self,
        keypoints: int = 25,
        hidden: int = 64,
        peepholes: bool = False,
        forget_bias: float = 1.0,
        size: int = 56,
        head: str = "between",
        glorot: bool = False,
    ) -> None:
        super().__init__()
        check_sizes(keypoints=keypoints, hidden=hidden, size=size)
        if head not in HEADS:
            raise ConfigError(f"head is '{head}'; expected one of {', '.join(HEADS)}")
        lstm = (keypoints, hidden, size if peepholes else None, forget_bias)
        self.forward_lstm, self.forward_features = ConvLstm(*lstm), _features(hidden)
        self.backward_lstm, self.backward_features = ConvLstm(*lstm), _features(hidden)
        self._add_heads(keypoints, HEADS[head])
        if glorot:
            start_as_glorot(self)

    def forward(self, heatmaps: Float[Tensor, "B T K H W"]) -> Float[Tensor, "B T K H W"]:
        """Smoothed heatmaps, in the unit of the input; may be negative unless a ReLU is last.

        Raises:
            ConfigError: there are peepholes, of another size than the heatmaps.
        """
        frames = _time_first(heatmaps)
        ahead = self.forward_features(self.forward_lstm(frames).flatten(0, 1))
        back = self.backward_features(self.backward_lstm(frames.flip(0)).flip(0).flatten(0, 1))
        smoothed: Tensor = self._combine(ahead, back).unflatten(0, frames.shape[:2])
        return smoothed.transpose(0, 1)

    def _add_heads(self, keypoints: int, relus: tuple[bool, bool]) -> None:
        """Adds the last two convolutions."""
        raise NotImplementedError

    def _combine(
        self, ahead: Float[Tensor, "N F H W"], back: Float[Tensor, "N F H W"]
    ) -> Float[Tensor, "N K H W"]:
        """Heatmaps of the features of both directions; N counts the frames of all windows."""
        raise NotImplementedError


class BiConvLstmSum(BiConvLstm):
    """Model S: the sum of what each direction predicts by itself (thesis 1.2.1)."""

    def _add_heads(self, keypoints: int, relus: tuple[bool, bool]) -> None:
        self.forward_head = _head(FILTERS, keypoints, relus)
        self.backward_head = _head(FILTERS, keypoints, relus)

    def _combine(
        self, ahead: Float[Tensor, "N F H W"], back: Float[Tensor, "N F H W"]
    ) -> Float[Tensor, "N K H W"]:
        total: Tensor = self.forward_head(ahead) + self.backward_head(back)
        return total


class BiConvLstmConcat(BiConvLstm):
    """Model C: one head over both directions, free to trust one of them more (thesis 1.2.2)."""

    def _add_heads(self, keypoints: int, relus: tuple[bool, bool]) -> None:
        self.head = _head(2 * FILTERS, keypoints, relus)

    def _combine(
        self, ahead: Float[Tensor, "N F H W"], back: Float[Tensor, "N F H W"]
    ) -> Float[Tensor, "N K H W"]:
        joint: Tensor = self.head(torch.cat((ahead, back), dim=1))
        return joint


def _check_size(frames: Float[Tensor, "T B K H W"], size: int) -> None:
    height, width = frames.shape[-2:]
    if (height, width) != (size, size):
        raise ConfigError(
            f"the input has heatmaps of {height} x {width}; expected {size} x {size}, the size of "
            "the peepholes (data.size)"
        )


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


def _head(channels: int, keypoints: int, relus: tuple[bool, bool]) -> nn.Sequential:
    """Two 1 x 1 convolutions, of 128 and K filters, and a ReLU after those of them that have one.

    The second convolution is layer 2 in any case, as checkpoints name it.
    """
    between, last = relus
    return nn.Sequential(
        nn.Conv2d(channels, FILTERS, 1),
        nn.ReLU(inplace=True) if between else nn.Identity(),
        nn.Conv2d(FILTERS, keypoints, 1),
        *([nn.ReLU(inplace=True)] if last else []),
    )
