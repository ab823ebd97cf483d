"""Settings of data sets of single images."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from temporal_pose.data.images.cutting import PaddedCrop, ThesisCrop
from temporal_pose.data.images.image_module import ImageData
from temporal_pose.errors import ConfigError
from temporal_pose.files.conf import CONF
from temporal_pose.files.options import image_sets

# The settings' types are omegaconf's, which the checker of shapes warns of.
pytestmark = pytest.mark.filterwarnings("ignore:.*PEP 585")


@pytest.mark.parametrize("name", image_sets())
@pytest.mark.parametrize("typed", [[], ["crop=thesis", "distortion=none"]])
def test_each_set_is_composed(name: str, typed: list[str], tmp_path: Path) -> None:
    from temporal_pose.app.settings import check_images

    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("images", ["+seed=7", f"data={name}", f"data.root={tmp_path}", *typed])
    check_images(config)
    data = instantiate(config.objects.data)
    assert isinstance(data, ImageData)
    assert (data.augment is None) == bool(typed)
    assert isinstance(data.cutting, ThesisCrop if typed else PaddedCrop)


def test_settings_of_no_kind_and_sets_of_videos() -> None:
    from temporal_pose.app.settings import check_images

    def refused(*typed: str) -> str:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            config = compose("images", ["+seed=7", *typed])
        with pytest.raises(ConfigError) as caught:
            check_images(config)
        return str(caught.value)

    assert refused("data=coco") == "data.root is not set; add data.root=DIR, the data set's folder"
    assert refused("data=penn_action", "data.root=x", "+penn_actions=all") == (
        "data=penn_action holds videos, which train takes; expected single images, one of coco, "
        "figures, lspet"
    )
    assert refused("data.size=many") == (
        "data.size is 'many'; expected a whole number from 16 to 1024"
    )
