"""What networks start from, where a model asks for more than its layers' own ways."""

from torch import nn


def glorot(network: nn.Module) -> None:
    """Draws every parameter of two or more dimensions anew, by Glorot's uniform initialisation.

    Biases and scales, which have one dimension, stay as they are. A layer that holds several gates
    below each other says how many in ``gates``: each is then drawn as a layer of its own.

    Glorot and Bengio, AISTATS 2010.
    """
    for module in network.modules():
        for parameter in module.parameters(recurse=False):
            if parameter.ndim >= 2:
                for gate in parameter.detach().chunk(getattr(module, "gates", 1)):
                    nn.init.xavier_uniform_(gate)


def starts_at_zero(layer: nn.Conv1d) -> nn.Conv1d:
    """The same layer, giving zero until it has learned."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer
