"""What a real detector sees: ``python -m temporal_pose.detect source=VIDEO out=NAME.zarr``."""

from omegaconf import DictConfig

from temporal_pose.app.cli import command
from temporal_pose.app.detecting import run


@command("detect")
def main(config: DictConfig) -> None:
    """Looks at every frame of one video, and says in how many somebody was seen."""
    run(config)


if __name__ == "__main__":
    main()
