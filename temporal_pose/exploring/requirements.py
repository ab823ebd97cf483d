"""What looking inside a network needs beside the package's own libraries."""

from importlib.util import find_spec

from temporal_pose.errors import ConfigError


def check_installed() -> None:
    """Makes sure that the extra is there, before any work.

    Raises:
        ConfigError: it is not.
    """
    for module, package in (("sklearn", "scikit-learn"), ("PIL", "pillow")):
        if find_spec(module) is None:
            raise ConfigError(
                f"explore needs {package}, which pip install 'temporal-pose[explore]' adds"
            )
