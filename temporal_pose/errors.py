"""Errors that a user can mend. The command line shows their message as one line, without a trace.

A message says the name, the value, what was expected, and what to do.
"""


class UserError(Exception):
    """Base of every error whose message alone tells the user what to do.

    It is one line, whatever the names and values in it hold.
    """

    def __str__(self) -> str:
        return " ".join(super().__str__().splitlines())


class ConfigError(UserError):
    """A setting that is unknown, out of range, or does not fit another one."""


class MissingPretraining(ConfigError):  # noqa: N818
    """A run to start from that is not there."""


class DataError(UserError):
    """A file or folder that is missing, damaged, or not in the documented format."""


class CheckpointError(UserError):
    """A checkpoint that is damaged, of another model, or would need code to load."""


class RunFolderError(UserError):
    """A run folder that belongs to another configuration or is in use by another process."""
