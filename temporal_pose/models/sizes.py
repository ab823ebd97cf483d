"""What every network asks of its settings."""

from temporal_pose.errors import ConfigError


def check_sizes(**sizes: int) -> None:
    """Makes sure that there is at least one of everything.

    Raises:
        ConfigError: a size is none, by its name.
    """
    for name, size in sizes.items():
        if not isinstance(size, int) or size < 1:
            raise ConfigError(f"{name} is {size}; expected a whole number of at least 1")


def check_dropout(dropout: float) -> None:
    """Makes sure that a share of channels can be dropped.

    Raises:
        ConfigError: it is no such share.
    """
    if not 0 <= dropout < 1:
        raise ConfigError(f"dropout is {dropout}; expected at least 0 and less than 1")
