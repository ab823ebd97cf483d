"""Where a network runs."""

import torch

from temporal_pose.errors import ConfigError


def torch_device(name: str) -> torch.device:
    """The device of that name; 'auto' is a GPU if there is one.

    Raises:
        ConfigError: torch does not know it, or it is not there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.zeros(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(
            f"device is '{name}'; expected auto, cpu, or a GPU that is there, such as cuda "
            f"({str(error).splitlines()[0]})"
        ) from error
