"""How long a prediction takes, of every network there is, with its settings as they come."""

from collections.abc import Iterator

from hydra import compose, initialize_config_dir

from temporal_pose.bench.measure import Row
from temporal_pose.files.conf import CONF
from temporal_pose.files.options import networks
from temporal_pose.pose.skeletons import CLIMBALONG25
from temporal_pose.training.timing import prediction_times


def prediction() -> Iterator[Row]:
    """Milliseconds a window on each device, one at a time and 64 at once."""
    from temporal_pose.app.composing import build, learns  # here, for the others need no Hydra

    for name in networks():
        with initialize_config_dir(str(CONF), version_base="1.3"):
            config = compose("train", [f"model={name}"])
        if learns(config):
            task = build(config.objects.task)
            shape = (config.data.window, len(CLIMBALONG25), config.data.size)
            for way, spent in prediction_times(task, *shape):
                yield Row(f"prediction of {name}, {way}", spent, None, "ms a window", False)
