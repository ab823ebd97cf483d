"""The frozen detector shows what torchvision's own model sees, and nothing trains it."""

import gc
import os
from pathlib import Path

import pytest
import torch
from torch import nn

pytest.importorskip("torchvision", reason="the detect extra is not installed")

from detecting import EMPTY, full_model, look, shown, small_model, tensor
from torchvision.models.detection.roi_heads import heatmaps_to_keypoints
from torchvision.models.detection.transform import resize_boxes

from temporal_pose.detectors import keypoint_rcnn
from temporal_pose.detectors.keypoint_rcnn import FrozenKeypointRCNN, load, peak_probability
from temporal_pose.detectors.state_dicts import fill
from temporal_pose.errors import CheckpointError, ConfigError
from temporal_pose.pose.boxes import heatmap_to_image
from temporal_pose.pose.heatmaps import decode_argmax, decode_subpixel, render

HEAD = "roi_heads.keypoint_predictor.kps_score_lowres.weight"


def first(boxes, scores):
    """The most confident: torchvision sorts people by their scores."""
    return 0 if len(boxes) else None


def reported(model, images):
    """What torchvision itself says of each image; its most confident person alone, for speed."""
    model.roi_heads.detections_per_img = 1
    with torch.inference_mode():
        return model([image / 255 for image in images])


@pytest.mark.parametrize("keypoints", [7, 17])
@pytest.mark.parametrize("decode", [decode_argmax, decode_subpixel])
def test_heatmaps_decode_to_the_keypoints_that_torchvision_reports(keypoints, decode):
    model, picked = small_model(keypoints), []

    def largest(boxes, scores):
        picked.append(int(boxes[:, 2:].prod(1).argmax()))
        return picked[-1]

    frames = [shown(number) for number in (0, 5, 9)]
    images = tensor(frames)
    seen = look(FrozenKeypointRCNN(model), frames, largest)
    assert seen.heatmaps.shape == (3, keypoints, 56, 56)
    with torch.inference_mode():
        found = model([image / 255 for image in images])
    theirs = torch.stack([f["keypoints"][i, :, :2] for f, i in zip(found, picked, strict=True)])
    ours = heatmap_to_image(decode(seen.heatmaps)[0], seen.boxes)
    if decode is decode_subpixel:
        torch.testing.assert_close(seen.keypoints, ours)
    assert (seen.boxes[:, 2:].amax(1) > 40).all(), "so that a pixel says something"
    half_a_cell = 0.5 * seen.boxes[:, None, 2:] / 56
    off = (ours - theirs).abs() - (half_a_cell if decode is decode_argmax else 0)
    assert off.max() < 0.8, "of a pixel; torchvision rounds to whole ones of its input"


def test_boxes_and_scores_are_those_that_torchvision_reports():
    model = small_model(5)
    frames = [shown(0), shown(3)]
    seen = look(FrozenKeypointRCNN(model), frames, first)
    for found, box, score in zip(
        reported(model, tensor(frames)), seen.boxes, seen.scores, strict=True
    ):
        corners = torch.cat([box[:2], box[:2] + box[2:]])
        torch.testing.assert_close(corners, found["boxes"][0])
        assert (score <= found["scores"][0]).all()
        assert (score > 0.5 * found["scores"][0]).all(), "the maps have one clear peak"


def test_heatmaps_are_the_raw_ones_of_the_full_network():
    """Through torchvision's own reading of them, in the pixels of its input, nothing is lost."""
    model = full_model(11)
    images = tensor([shown(2)])
    seen = look(FrozenKeypointRCNN(model), [shown(2)], first)
    (theirs,) = reported(model, images)
    ((height, width),) = model.transform([images[0] / 255])[0].image_sizes
    size = images.shape[-2:]
    corners = torch.cat([seen.boxes[:, :2], seen.boxes[:, :2] + seen.boxes[:, 2:]], 1)
    inside = resize_boxes(corners, size, (height, width))
    keypoints = heatmaps_to_keypoints(seen.heatmaps, inside)[0][..., :2]
    back = keypoints * torch.tensor([size[1] / width, size[0] / height])
    torch.testing.assert_close(back, theirs["keypoints"][..., :2], atol=1e-3, rtol=0)


def test_a_frame_without_a_person_is_not_invented():
    detector = FrozenKeypointRCNN(small_model(3))
    calls = []

    def choose(boxes, scores):
        calls.append((boxes.shape, scores.shape))
        return first(boxes, scores)

    seen = look(detector, [shown(), EMPTY, shown(1)], choose)
    assert seen.boxes.isfinite().all(1).tolist() == [True, False, True]
    assert seen.boxes[1].isnan().all()
    assert not seen.heatmaps[1].any()
    assert seen.heatmaps[2].any()
    assert not seen.scores[1].any()
    assert calls[1] == ((0, 4), (0,))
    nobody = look(detector, [EMPTY, EMPTY], first)
    assert not nobody.heatmaps.any()
    assert nobody.heatmaps.shape == (2, 3, 56, 56)


def test_the_person_is_the_chosen_one_alone():
    detector = FrozenKeypointRCNN(small_model(3))
    both = look(detector, [shown(), shown(4)], lambda boxes, scores: len(boxes) - 1)
    best = look(detector, [shown(), shown(4)], first)
    assert not torch.allclose(both.boxes, best.boxes)
    nobody = look(detector, [shown()], lambda boxes, scores: None)
    assert nobody.boxes.isnan().all()


def test_a_frame_does_not_depend_on_the_batch():
    detector = FrozenKeypointRCNN(small_model(3))
    together = look(detector, [shown(2), EMPTY, shown(9)], first)
    alone = look(detector, [shown(9)], first)
    torch.testing.assert_close(together.boxes[2:], alone.boxes)
    torch.testing.assert_close(together.heatmaps[2:], alone.heatmaps, atol=1e-4, rtol=1e-4)


def test_it_stays_frozen():
    detector = FrozenKeypointRCNN(small_model(3))
    parent = nn.Sequential(nn.Dropout(), detector)
    before = {name: value.clone() for name, value in detector.state_dict().items()}
    seen = look(detector, [shown()], first)
    parent.train()
    assert parent.training
    assert not any(module.training for module in detector.modules())
    assert not any(parameter.requires_grad for parameter in detector.parameters())
    detector.model.train()  # behind its back
    again = look(detector, [shown()], first)
    assert not again.heatmaps.requires_grad
    torch.testing.assert_close(again.heatmaps, seen.heatmaps, atol=0, rtol=0)
    for name, value in detector.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_the_probability_about_a_peak():
    position = torch.tensor([[[20.0, 31.0], [0.0, 55.0]]])
    wide = render(position, torch.ones(1, 2, dtype=torch.bool), torch.full((1, 2), 3.0))
    flat, sharp = torch.zeros(1, 2, 56, 56), 1000 * wide
    torch.testing.assert_close(peak_probability(sharp), torch.ones(1, 2))
    assert peak_probability(flat)[0, 0] == pytest.approx(9 / 56**2), "a corner's 3 x 3 cells"
    chances = (wide + 1e-30).log().flatten(2).softmax(-1).view_as(wide)
    wanted = [chances[0, 0, 29:34, 18:23].sum(), chances[0, 1, 53:, :3].sum()]
    found = peak_probability((wide + 1e-30).log())[0]
    torch.testing.assert_close(found, torch.stack(wanted))


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Weights for 11 keypoints in a file, in half precision to be small, as others save them."""
    path = tmp_path_factory.mktemp("weights") / "mine.pth"
    state = {name: value.half() for name, value in full_model(11).state_dict().items()}
    torch.save({name: v for name, v in state.items() if "num_batches" not in name}, path)
    yield path
    path.unlink()


SMALLER = {"min_size": 96, "max_size": 128, "proposals": 12, "device": "cpu"}


def eleven(folder: Path) -> Path:
    """A skeleton of 11 keypoints."""
    path = folder / "eleven.yaml"
    path.write_text(f"keypoints: [{', '.join(f'point{n}' for n in range(11))}]")
    return path


def test_weights_from_a_file(weights: Path, tmp_path: Path):
    detector = load(str(weights), **SMALLER, skeleton=str(eleven(tmp_path)))
    assert (detector.keypoints, detector.heatmap_size) == (11, (56, 56))
    entry = "backbone.body.layer1.0.conv1.weight"
    saved = torch.load(weights, weights_only=True)[entry].float()
    assert torch.equal(detector.model.state_dict()[entry], saved)
    assert detector.model.backbone.body.bn1.eps == 0, "normalisation was frozen in training"
    assert look(detector, [shown()], first).boxes.isfinite().all()
    wrong = "weights of another architecture"
    with pytest.raises(CheckpointError) as refusal:
        load(str(weights), keypoints=17)
    assert str(refusal.value) == (
        f"{weights}: {wrong}: '{HEAD}' is (512, 11, 4, 4); keypointrcnn_resnet50_fpn "
        "with these settings expects (512, 17, 4, 4)"
    )


def test_the_first_entry_that_differs_is_named():
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    state = dict(model.state_dict())
    fill(model, {k: v for k, v in state.items() if "num_batches" not in k}, "f", "net")
    without = {name: value for name, value in state.items() if name != "1.weight"}
    with pytest.raises(CheckpointError, match=r"'1\.weight' is not there; net expects \(3,\)"):
        fill(model, without, "f", "net")
    with pytest.raises(CheckpointError, match=r"'more' is \(4,\); net expects no such entry"):
        fill(model, state | {"more": torch.zeros(4)}, "f", "net")


class Bomb:
    """Would run code when unpickled."""

    def __reduce__(self):
        return (Path.touch, (Path("exploded"),))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read as weights"),
        (b"hello" * 99, "cannot be read as weights"),
        ({"model": {"a": torch.zeros(1)}}, "holds no state_dict"),
        ([1, 2], "holds no state_dict"),
        ({"a": Bomb()}, "cannot be read as weights"),
        ({7: torch.zeros(1)}, "holds no state_dict"),
        ({"a": torch.zeros(3, device="meta")}, "holds no state_dict"),
        ({"a": torch.eye(3).to_sparse()}, "holds no state_dict"),
        (None, "does not exist; expected a file, or 'default'"),
    ],
)
@pytest.mark.filterwarnings("ignore")  # torch's, of sparse tensors
def test_files_that_are_no_weights(tmp_path, monkeypatch, content, message):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "weights.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(CheckpointError) as refusal:
        load(str(path))
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert "weights_only" not in str(refusal.value), "torch's advice to trust the file"
    assert not Path("exploded").exists()
    gc.collect()


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "weights.pth")
    with pytest.raises(CheckpointError, match=r"cannot be read as weights.*no regular file"):
        load(str(tmp_path / "weights.pth"))


def test_a_download_that_fails_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", lambda *_: 1 / 0)
    with pytest.raises(CheckpointError) as refusal:
        load()
    assert str(refusal.value) == (
        "torchvision's weights cannot be downloaded (division by zero); fetch "
        "https://download.pytorch.org/models/keypointrcnn_resnet50_fpn_coco-fc266e95.pth where "
        "there is a network, and set detector.weights to that file"
    )


def test_what_was_downloaded_is_used(monkeypatch, tmp_path, weights):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    cache = tmp_path / "hub/checkpoints"
    cache.mkdir(parents=True)
    (cache / "keypointrcnn_resnet50_fpn_coco-fc266e95.pth").symlink_to(weights)
    assert HEAD in keypoint_rcnn.download()


def test_sizes_that_contradict():
    with pytest.raises(ConfigError) as refusal:
        load(min_size=900, max_size=800)
    assert str(refusal.value) == (
        "detector.min_size is 900; expected at most detector.max_size, 800"
    )


def test_a_skeleton_of_another_number(weights):
    with pytest.raises(ConfigError) as refusal:
        load(str(weights), **SMALLER, skeleton="penn13")
    assert str(refusal.value) == (
        "detector.skeleton 'penn13' has 13 keypoints, the detector 11; set it to the one that "
        "the weights were trained for"
    )


def test_too_little_memory_says_what_to_do(monkeypatch):
    detector = FrozenKeypointRCNN(small_model(3))

    def greedy(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(detector, "_look", greedy)
    with pytest.raises(ConfigError) as refusal:
        look(detector, [EMPTY] * 3, first)
    assert str(refusal.value) == (
        "3 frames at once are too many for the memory of cpu; set a smaller batch_size, or "
        "device=cpu: the same command continues"
    )
