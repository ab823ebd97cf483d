"""The stacked hourglass as a detector: where it looks, and a figure that it has learnt."""

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from moving import dancer
from torch import nn

import temporal_pose
from temporal_pose.detectors import hourglass
from temporal_pose.detectors.hourglass import HourglassDetector, Trained, load
from temporal_pose.detectors.tracking import Tracker
from temporal_pose.errors import CheckpointError, ConfigError, RunFolderError
from temporal_pose.files.atomic import write_json, write_tensors
from temporal_pose.pose.boxes import heatmap_to_image
from temporal_pose.pose.crop_codec import CropCodec
from temporal_pose.pose.heatmaps import decode_subpixel
from temporal_pose.pose.losses import CrossEntropy, masked_mse
from temporal_pose.pose.skeletons import CLIMBALONG25, SKELETONS
from temporal_pose.pose.targets import Peaks

SIZE, MEAN = 64, (0.5, 0.5, 0.5)
LSP = SKELETONS["lsp14"]


def colours() -> np.ndarray:
    """A colour for each of 14 keypoints, of length 1, none like another."""
    turns = np.arange(14) * 2.4
    height = (np.arange(14) + 0.5) / 14
    flat = np.sqrt(1 - height**2)
    return np.stack([flat * np.cos(turns), flat * np.sin(turns), height], 1)


class Spots(nn.Module):
    """Answers each keypoint with how much of its colour there is."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        weights = torch.from_numpy(colours()).float()[..., None, None]
        found = nn.functional.conv2d(nn.functional.avg_pool2d(images, 4), weights)
        best = found.argmax(1, keepdim=True) == torch.arange(14)[:, None, None]
        return (found * best).clamp(min=0)[None] * 2.2


def picture(places: np.ndarray, size: tuple[int, int] = (230, 170)) -> np.ndarray:
    """A grey picture with a soft spot of colour k about each keypoint k."""
    y, x = np.mgrid[: size[1], : size[0]]
    image = np.full((size[1], size[0], 3), 127.5)
    for (left, top), colour in zip(places, colours(), strict=True):
        image += np.exp(-((x - left) ** 2 + (y - top) ** 2) / 40)[..., None] * colour * 120
    return image.clip(0, 255).astype(np.uint8)


def body(x: float = 60, y: float = 20) -> np.ndarray:
    """Keypoints in rows of four, 26 pixels apart."""
    number = np.arange(14)
    return np.stack([x + 26 * (number % 4), y + 32 * (number // 4)], 1).astype(float)


@pytest.fixture
def spots(monkeypatch: pytest.MonkeyPatch) -> HourglassDetector:
    codec = CropCodec(Peaks(1.0), masked_mse, SIZE, skeleton="lsp14")
    trained = Trained(Spots(), codec, MEAN, 0.125)
    monkeypatch.setattr(hourglass, "load", lambda path: trained)
    return HourglassDetector("run", device="cpu")


def test_keypoints_and_heatmaps_are_where_the_picture_shows_them(spots):
    places = body()
    person = spots.look(picture(places), np.array([50, 10, 100, 120], np.float32))
    assert np.abs(person.keypoints - places).max() < 1.0
    assert person.box[2] == person.box[3] == 150
    cells, _scores = decode_subpixel(torch.from_numpy(person.heatmaps))
    image = heatmap_to_image(cells[None], torch.from_numpy(person.box)[None], SIZE // 4)[0]
    assert np.allclose(image, person.keypoints, atol=1e-3), "the paired layout's convention"
    assert person.heatmaps.shape == (14, *spots.heatmap_size)


def test_somebody_is_found_in_the_whole_frame_and_followed(spots):
    frames = [picture(body(60 + 5 * n, 20 + 2 * n)) for n in range(5)]
    tracker = Tracker()
    for number, frame in enumerate(frames):
        ((person,),) = spots(frame[None], tracker)
        off = np.abs(person.keypoints - body(60 + 5 * number, 20 + 2 * number))
        assert off.mean() < 2.5
    low, high = person.keypoints.min(0), person.keypoints.max(0)
    grown = 0.1 * (high - low)
    assert np.allclose(person.memory[:2], low - grown, atol=1e-3)
    assert np.allclose(person.memory[2:], high - low + 2 * grown, atol=1e-3)


def test_nobody_is_nobody(spots):
    grey = np.full((50, 70, 3), 127, np.uint8)
    ((person,),) = spots(grey[None], Tracker())
    assert person is None


def test_a_finder_says_where_people_are(spots, monkeypatch):
    spots.finder = lambda image: np.array([[50, 10, 100, 120, 0.9]])
    ((person,),) = spots(picture(body())[None], Tracker())
    assert np.abs(person.keypoints - body()).max() < 1.0


def saved(folder: Path, network: nn.Module, size: int, **changed: object) -> Path:
    """A finished run's folder, as `train_detector` leaves it."""
    folder.mkdir()
    name = "temporal_pose.models.hourglass.Hourglass"
    settings = {"stacks": 1, "channels": 16, "depth": 2, "stem": [8, 8, 16], "size": size}
    target = {"_target_": "temporal_pose.pose.targets.Peaks", "sigma": 1.0}
    codec = {
        "_target_": "temporal_pose.pose.crop_codec.CropCodec",
        "target": target,
        "loss": {"_target_": "temporal_pose.pose.losses.CrossEntropy"},
        "size": size,
        "skeleton": "climbalong25",
    }
    task = {"network": {"_target_": name, "skeleton": "climbalong25", **settings}, "codec": codec}
    data = {"cutting": {"margin": 0.125}, "mean": [0.4103, 0.3741, 0.3536]}
    content = {"stage": "detector", "objects": {"task": task | changed, "data": data}}
    (folder / "config.yaml").write_text(yaml.safe_dump(content))
    state = {f"network.{name}": value for name, value in network.state_dict().items()}
    write_tensors(folder / "best.ckpt", {"state_dict": state, "epoch": 0})
    write_json(folder / "metrics.json", {"test/pck@0.2": 1.0})
    return folder


def learnt(size: int) -> nn.Module:
    """A network that knows one dancer by heart: crops of the frames, half of them shifted."""
    from temporal_pose.footage.cropping import averaged
    from temporal_pose.models.hourglass import Hourglass as Network

    torch.manual_seed(0)
    network = Network("climbalong25", 1, 16, 2, stem=(8, 8, 16), size=size)
    codec = CropCodec(Peaks(1.0), CrossEntropy(), size, skeleton="climbalong25")
    frames, truth = dancer()
    generator = np.random.default_rng(0)
    optimizer = torch.optim.AdamW(network.parameters(), 4e-3)
    mean = torch.tensor((0.4103, 0.3741, 0.3536))[:, None, None]
    for _ in range(110):
        crops, places = [], []
        for number in generator.integers(0, len(frames), 8):
            side = 160 * generator.uniform(0.85, 1.25)
            left, top = generator.uniform(-0.08, 0.08, 2) * 160 + (160 - side) / 2
            crops.append(averaged(frames[number], (left, top, side), size, (105, 95, 90)))
            places.append((truth[number] - (left, top) + 0.5) * size / side - 0.5)
        images = torch.from_numpy(np.stack(crops)).float() / 255 - mean
        keypoints = torch.from_numpy(np.stack(places)).float()
        labels = torch.full(keypoints.shape[:2], 2)
        loss = codec.loss(network(images), keypoints, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network.eval()


def test_a_dancer_who_was_learnt_is_detected_and_refined(tmp_path):
    run = saved(tmp_path / "run", learnt(48), 48)
    detector = HourglassDetector(str(run), device="cpu")
    assert detector.skeleton == "climbalong25"
    frames, truth = dancer()
    tracker = Tracker()
    people = [person for (person,) in detector(frames, tracker)]
    assert all(person is not None for person in people)
    seen = np.stack([person.keypoints for person in people])
    scores = np.stack([person.scores for person in people])
    before = np.linalg.norm(seen - truth, axis=-1)
    height = np.ptp(truth[..., 1])
    assert np.median(before) < 0.05 * height
    refined = temporal_pose.refine(seen, scores, fps=25, skeleton=CLIMBALONG25.name)
    after = np.linalg.norm(refined.keypoints - truth, axis=-1)
    assert np.nanmean(after) < np.mean(before)


def test_what_is_no_detectors_run_is_refused_in_a_line(tmp_path):
    from temporal_pose.models.hourglass import Hourglass as Network

    with pytest.raises(ConfigError) as unset:
        HourglassDetector()
    assert str(unset.value) == "detector.weights is not set; add detector.weights=RUN, a folder"
    with pytest.raises(RunFolderError) as nothing:
        load(tmp_path / "none")
    assert str(nothing.value) == f"{tmp_path / 'none'} holds no run (no config.yaml)"
    network = Network("climbalong25", 1, 16, 2, stem=(8, 8, 16), size=48)
    run = saved(tmp_path / "other", network, 48)
    assert load(run).margin == 0.125
    other = Network("climbalong25", 1, 20, 2, stem=(8, 8, 16), size=48)
    with pytest.raises(CheckpointError) as wrong:
        load(saved(tmp_path / "wrong", other, 48))
    assert str(wrong.value).startswith(
        f"{tmp_path / 'wrong' / 'best.ckpt'}: weights of another architecture: 'stem.6."
    )
    with pytest.raises(ConfigError) as temporal:
        load(saved(tmp_path / "temporal", network, 48, codec={"_target_": "temporal_pose.x"}))
    assert str(temporal.value) == (
        f"{tmp_path / 'temporal' / 'config.yaml'} does not describe a detector; expected what "
        "`train_detector` wrote"
    )
