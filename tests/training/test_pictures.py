import lightning as L
import numpy as np
import pytest
import torch
from lightning.pytorch.loggers import TensorBoardLogger
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

from temporal_pose.data.module import PoseData
from temporal_pose.data.synthetic import Synthetic
from temporal_pose.inputs.simulated import GaussianNoise
from temporal_pose.pose.codecs import CoordinateCodec, HeatmapCodec
from temporal_pose.pose.framing import Framing
from temporal_pose.training.pictures import Pictures, look
from temporal_pose.training.task import Refinement

pytestmark = [
    pytest.mark.filterwarnings(f"ignore:.*{remark}")
    for remark in ("does not have many workers", "is not empty", "LeafSpec")
]

SIZE = 13


class Blurred(nn.Module):
    """A network with a weight and with dropout, that emits what it reads, about."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(0.9))
        self.dropout = nn.Dropout(0.3)

    def forward(self, values):
        return self.dropout(values) * self.scale


def pose_data():
    data = PoseData(
        Synthetic(subjects=3, videos=1, frames=30, seed=0),
        GaussianNoise(1.0),
        Framing(size=SIZE),
        batch_size=3,
    )
    data.setup()
    return data


def fitted(folder, codec, callbacks, epochs=4, logger=True):
    torch.manual_seed(0)
    task = Refinement(Blurred(), codec)
    trainer = L.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=TensorBoardLogger(folder, name="", version="") if logger else False,
        callbacks=callbacks,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=1,
        log_every_n_steps=1,
    )
    trainer.fit(task, datamodule=pose_data())
    return task, trainer


def images(folder):
    events = EventAccumulator(str(folder), size_guidance={"images": 0})
    events.Reload()
    return {tag: events.Images(tag) for tag in events.Tags()["images"]}


@pytest.mark.parametrize("codec", [HeatmapCodec(SIZE), CoordinateCodec(SIZE)])
def test_pictures_come_in_the_first_epoch_and_every_nth(tmp_path, codec):
    fitted(tmp_path, codec, [Pictures(every=2, windows=(0.0, 1.0))])
    logged = images(tmp_path)
    kinds = [tag.split("/")[0] for tag in logged]
    assert sorted(kinds) == ["val_heatmaps", "val_skeletons", "val_skeletons"]
    assert {tuple(event.step for event in events) for events in logged.values()} == {(0, 1, 3)}


def test_a_picture_is_named_by_its_video_and_window(tmp_path):
    fitted(tmp_path, CoordinateCodec(SIZE), [Pictures(windows=(0.0, 0.0, 0.01))], epochs=1)
    data = pose_data()
    name = data.sides["val"].names[data.sides["val"].video[0]]
    assert list(images(tmp_path)) == [
        f"val_skeletons/{name}/window_0",
        f"val_heatmaps/{name}/window_0",
    ]


def test_zero_means_none(tmp_path):
    fitted(tmp_path, CoordinateCodec(SIZE), [Pictures(every=0)], epochs=2)
    assert not images(tmp_path)


def test_nothing_happens_without_a_logger(tmp_path):
    fitted(tmp_path, CoordinateCodec(SIZE), [Pictures(every=1)], epochs=1, logger=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("codec", [HeatmapCodec(SIZE), CoordinateCodec(SIZE)])
def test_a_run_with_pictures_is_bit_identical(tmp_path, codec):
    with_, trainer = fitted(tmp_path / "with", codec, [Pictures(every=1)])
    after = torch.get_rng_state()
    without, plain_trainer = fitted(tmp_path / "without", codec, [])
    assert torch.equal(after, torch.get_rng_state())
    assert torch.equal(with_.network.scale, without.network.scale)
    assert with_.network.scale != 0.9
    assert trainer.callback_metrics == plain_trainer.callback_metrics


def test_a_window_is_shown_as_the_network_saw_it():
    data, codec = pose_data(), HeatmapCodec(SIZE)
    task = Refinement(Blurred(), codec).eval()
    batch = data.sides["val"][[1, 3]]
    prepared = data.prepare(batch)
    with torch.no_grad():
        seen = look(task, data, batch)
    assert len(seen) == 2
    np.testing.assert_array_equal(seen[1].positions[0], prepared.observed.positions[1])
    np.testing.assert_array_equal(seen[1].positions[2], prepared.keypoints[1])
    np.testing.assert_array_equal(seen[1].shown[2], prepared.visible[1])
    np.testing.assert_allclose(seen[1].maps[1], 0.9 * seen[1].maps[0], rtol=1e-6)


def test_coordinates_are_drawn_where_they_point():
    data = pose_data()
    task = Refinement(Blurred(), CoordinateCodec(SIZE)).eval()
    with torch.no_grad():
        (seen,) = look(task, data, data.sides["val"][[2]])
    frame, keypoint = np.argwhere(seen.shown.all(0))[0]
    for part in range(3):
        heatmap = seen.maps[part, frame, keypoint]
        y, x = np.unravel_index(heatmap.argmax(), heatmap.shape)
        assert np.abs(seen.positions[part, frame, keypoint] - [x, y]).max() <= 0.5001
    assert not seen.maps[:, ~seen.shown.any(0)].any()


def test_an_unknown_keypoint_is_refused():
    with pytest.raises(ValueError):
        Pictures(keypoints=("tail",))
