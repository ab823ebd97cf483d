"""What `refine` is told to do, read off its configuration: an order, and the files it is for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError

from temporal_pose.app.cli import typed
from temporal_pose.app.filming import (
    Film,
    check_frames,
    check_installed,
    check_no_videos,
    detected,
    is_footage,
)
from temporal_pose.app.recipes import Order, Recipe
from temporal_pose.app.setting_kinds import SettingKind, check_kinds, text, whole
from temporal_pose.app.settings import share
from temporal_pose.app.trust import own_folders, trusted
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.footage import LAYOUTS
from temporal_pose.formats.clips import Given
from temporal_pose.formats.known import named, recognised
from temporal_pose.pose.rates import frame_rate, image_size
from temporal_pose.pose.skeletons import skeleton
from temporal_pose.refining.named_filters import of_network
from temporal_pose.refining.saved import SHIPPED
from temporal_pose.refining.sources import FoundFiles, Source, apart, find

#: What `skeleton` is where the names in files shall not count.
NAMELESS = "none"


def _numbers(value: object) -> bool:
    several = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    return all(type(number) is int and number >= 0 for number in several)


#: What the settings of a video may be.
_OF_VIDEO = {
    "video": text("the keypoints' video"),
    **dict.fromkeys(("video_start", "trail"), whole(0)),
    "layout": SettingKind(LAYOUTS.__contains__, " or ".join(LAYOUTS)),
    "stills": SettingKind(_numbers, "numbers of frames, such as [3,7]"),
}


def order_of(config: DictConfig) -> Order:
    """The order that a configuration describes.

    Raises:
        ConfigError: the model is no filter, a setting is none, or the format is unknown.
        DataError: the video does not exist.
    """
    network: Any = {}
    run = config.run
    if run is None and config.model.get("shipped"):
        run = str(SHIPPED / config.model.shipped)
    if run is None:
        network = _network(config)
    name = str(config.run or config.model.name)
    footage = is_footage(Path(config.source).expanduser())  # a file each, of one person
    nameless = config.skeleton is not None and str(config.skeleton).lower() == NAMELESS
    return Order(
        Path(config.out).expanduser(),
        Recipe(name, network, run, tuple(sorted(trusted()))),
        Given(
            None if config.fps is None else frame_rate(config.fps),
            None if config.skeleton is None or nameless else skeleton(config.skeleton),
            None if config.image_size is None else image_size(config.image_size),
        ),
        to=None if config.to is None else named(config.to, own_folders()),
        people=None if config.person == "all" or footage else (int(config.person),),
        page=config.page,
        force=config.force,
        film=_film(config),
        nameless=nameless,
    )


def part_of(found: FoundFiles, part: str | None) -> FoundFiles:
    """A part of the files, for one of several jobs; what cannot be read is told by the first.

    Args:
        part: such as 2/8; None for all.
    """
    chosen = share(part)
    if chosen is None:
        return found
    number, of = chosen
    own = found.sources[number - 1 :: of]
    return FoundFiles(own, found.bad, found.others) if number == 1 else FoundFiles(own, [], [])


def found_by(config: DictConfig, order: Order, heatmaps: bool) -> FoundFiles:
    """The keypoint files, those that a detector makes of a video included.

    Args:
        heatmaps: whether a detector's heatmaps are wanted, where it has any.

    Raises:
        ConfigError: a video beside several files; an unknown detector or format.
        DataError: nothing is there, or a video cannot be read.
    """
    source = Path(config.source).expanduser()
    if not is_footage(source):
        check_no_videos(source)
        found = find(source, config.format, own_folders())
        if order.film is not None and len(found.sources) > 1:
            raise ConfigError(
                f"video= goes with one keypoint file; {source} holds {len(found.sources)}"
            )
        return apart(found, order.out, order.to)
    hydra = HydraConfig.get()
    own = [one for one in typed(hydra.overrides.task) if one.startswith("detector.")]
    chosen = [f"detector={hydra.runtime.choices['detector']}", *own]
    if source.is_dir() and order.given.fps is not None:
        chosen.append(f"fps={order.given.fps}")
    chosen.append(f"heatmaps={str(heatmaps).lower()}")
    if order.film is not None:
        check_frames(order.film)
    files = detected(source, order.detections, chosen, config.person, order.force)
    return FoundFiles([Source(file, recognised(file)) for file in files], [], [])


def _network(config: DictConfig) -> Any:
    """How a filter is made; a network's settings are its run's, and are not all here.

    Raises:
        ConfigError: the model is no filter.
    """
    try:
        return OmegaConf.to_container(config.model.network, resolve=True)
    except InterpolationKeyError:
        of_network(None, config.model.name)


def _film(config: DictConfig) -> Film | None:
    """The video beside the keypoints, or that is the source itself.

    Raises:
        ConfigError: settings that cannot be, or that are of a video where there is none.
        DataError: it does not exist.
    """
    check_kinds(config, _OF_VIDEO, ("video", "video_start"))
    source = Path(config.source).expanduser()
    path = source if config.video is None and is_footage(source) else config.video
    stills = (config.stills,) if isinstance(config.stills, int) else tuple(config.stills)
    if path is None:
        asked = {
            "stills": stills,
            "trail": config.trail,
            "video_start": config.video_start is not None,
        }
        for name in (name for name, is_set in asked.items() if is_set):
            raise ConfigError(f"{name} is of a video; add video=, that of the keypoints")
        return None
    fps = None if config.fps is None else frame_rate(config.fps)
    shown = Path(path).expanduser()
    if not shown.exists():
        raise DataError(f"video '{shown}' does not exist; expected the keypoints' video")
    check_installed()
    begins = config.video_start
    if begins is None and config.video is None:
        begins = 0  # whatever the file says of the number of its frames
    return Film(shown, config.layout, begins, stills, fps, trail=config.trail)
