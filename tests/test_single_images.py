"""Sets of single images where videos are wanted."""

import pytest
from commands import Command


@pytest.mark.parametrize("name", ["train", "finetune"])
def test_single_images_are_no_videos(command: Command, name: str) -> None:
    assert command(name, "data=coco", "data.root=.").refused() == (
        "data=coco holds single images, which train_detector takes; expected videos, one of "
        "aist, aist_and_penn, brace, paired, penn_action, speed21, synthetic, "
        "synthetic_detector, thesis"
    )
