"""The data module: the same frames and the same noise, whoever asks and in whatever batches."""

import logging

import lightning as L
import numpy as np
import pytest
import torch

from temporal_pose.data.module import PoseData
from temporal_pose.data.splits import Split
from temporal_pose.data.windows import Cut
from temporal_pose.errors import ConfigError, DataError
from temporal_pose.inputs.simulated import GaussianNoise
from temporal_pose.pose.augmentation import Augmentation
from temporal_pose.pose.framing import Framing
from temporal_pose.pose.sequences import PoseSequence, fingerprint
from temporal_pose.pose.skeletons import CLIMBALONG25

SHOULDERS_AND_HIPS = [
    CLIMBALONG25.index(f"{side}_{part}")
    for part in ("shoulder", "hip")
    for side in ("left", "right")
]
SIDES = ("train", "val", "test")
WINDOW_SPLIT = Split("window")


class Given:
    """A reader of sequences that are there already."""

    def __init__(self, *sequences: PoseSequence) -> None:
        self.sequences, self.reads = sequences, 0

    def read(self) -> list[PoseSequence]:
        self.reads += 1
        return list(self.sequences)


def video(number: int, length: int = 23, group: str = "", **changes) -> PoseSequence:
    rng = np.random.default_rng(number)
    points = rng.uniform(100, 400, (length, 25, 2)).astype(np.float32)
    visible = rng.random((length, 25)) < 0.8
    visible[:, :2] = True
    given = {"keypoints": points, "visible": visible, "frames": np.arange(length), "fps": 30.0}
    return PoseSequence(f"v{number}", **given | changes, group=group)


def data(*videos, **settings) -> PoseData:
    noise = GaussianNoise(1.0, sigmas=(1.0, 2.0))
    made = PoseData(Given(*(videos or map(video, range(7)))), noise, **settings)
    made.setup()
    return made


def served(made: PoseData, side: str, epoch: int | None = None) -> dict[int, list[torch.Tensor]]:
    """Everything a loader serves, by the number of the window."""
    loader = getattr(made, f"{side}_dataloader")()
    windows = {}
    for batch in loader:
        ready = made.prepare(batch, epoch)
        observed = ready.observed
        parts = (*observed[:6], ready.keypoints, ready.visible, ready.torso)
        for i, window in enumerate(ready.window.tolist()):
            assert window not in windows
            windows[window] = [part[i] for part in parts]
    return windows


def same(one: dict[int, list[torch.Tensor]], other: dict[int, list[torch.Tensor]]) -> bool:
    return one.keys() == other.keys() and all(
        torch.equal(a, b) for w in one for a, b in zip(one[w], other[w], strict=True)
    )


def test_setup_reads_once_and_says_what_it_read(caplog) -> None:
    caplog.set_level(logging.INFO)
    made = data()
    made.setup("test")
    assert made.reader.reads == 1
    assert caplog.messages[0] == "7 videos, 161 frames, 30 frames a second"


def test_a_group_is_never_on_two_sides() -> None:
    videos = [video(i, group=f"g{i % 5}") for i in range(20)]
    for seed in range(5):
        made = data(*videos, split=Split(seed=seed))
        groups = [{videos[v].group for v in w.video.tolist()} for w in made.sides.values()]
        assert sum(map(len, groups)) == len(set.union(*groups)) == 5
        assert list(made.sides) == list(SIDES)


def test_named_sides() -> None:
    named = {"train": ["v0", "v3"], "val": ["v1"], "test": ["v2"]}
    made = data(*map(video, range(4)), split=Split(named))
    assert [sorted(set(w.video.tolist())) for w in made.sides.values()] == [[0, 3], [1], [2]]


def test_the_longest_video_is_held_out_with_its_group() -> None:
    videos = [video(i, 23 + 5 * (i == 4), group=f"g{i % 5}") for i in range(10)]
    for seed in range(3):
        made = data(*videos, split=Split(seed=seed, holdout="longest"))
        assert list(made.sides) == [*SIDES, "holdout"]
        assert set(made.sides["holdout"].video.tolist()) == {4, 9}
        assert made.groups()["holdout"] == ["g4"]
        frames = [set(w.index.flatten().tolist()) for w in made.sides.values()]
        assert sum(map(len, frames)) == len(set.union(*frames)) == 9 * 20 + 25
        assert not any("g4" in made.groups()[side] for side in SIDES)


@pytest.mark.parametrize("name", ["g3", "v3", "v8"])
@pytest.mark.parametrize(
    ("by", "stride"),
    [("video", None), ("video", 1), ("window", None), ("alternate", None), ("alternate", 1)],
)
def test_a_group_or_video_is_held_out_by_name(name, by, stride) -> None:
    videos = [video(i, group=f"g{i % 5}") for i in range(10)]
    made = data(*videos, split=Split(by, holdout=name), stride=stride)
    assert made.groups()["holdout"] == ["g3"]
    assert len(made.sides["holdout"]) == 2 * 4
    whole = data(*videos, split=Split(by), stride=stride)
    assert len(whole.sides["train"]) + len(whole.sides["val"]) + len(whole.sides["test"]) > (
        sum(len(made.sides[side]) for side in SIDES)
    )


def test_what_is_held_out_takes_the_place_of_the_test() -> None:
    made = data(split=Split(holdout="v3"))
    other = made.tested_on("holdout")
    assert set(served(other, "test")) == set(made.sides["holdout"].index[:, 0].tolist())
    assert same(served(other, "val"), served(made, "val"))
    assert not set(served(made, "test")) & set(served(other, "test"))
    assert other.mean_torso == made.mean_torso


def test_what_a_model_trained_on_is_taken_out_of_what_is_held_out_too() -> None:
    videos = [video(i, group=f"g{i // 2}") for i in range(10)]
    made = data(*videos, split=Split(holdout="g3"))
    test = made.sides["test"]
    with pytest.raises(DataError) as error:
        made.leave_out({fingerprint(videos[6])})  # v7 shows the same as v6
    assert str(error.value) == "the model has trained on every video of this holdout set"
    assert torch.equal(made.sides["test"].index, test.index)


def test_an_unknown_holdout() -> None:
    with pytest.raises(DataError) as error:
        data(split=Split(holdout="v77"))
    assert str(error.value) == (
        "data.holdout is 'v77'; expected longest, or one of 7 videos and groups, such as v0, v1, "
        "v2"
    )


def test_windows_split_at_random_share_no_frame() -> None:
    made = data(split=WINDOW_SPLIT)
    frames = [set(w.index.flatten().tolist()) for w in made.sides.values()]
    assert sum(map(len, frames)) == len(set.union(*frames)) == 7 * 20
    assert [len(w) for w in made.sides.values()] == [16, 6, 6]
    assert len(set(made.sides["val"].video.tolist())) > 1


def test_dense_training_windows_come_from_training_videos_only() -> None:
    tiled, dense = data(), data(stride=1)
    for side in ("val", "test"):
        assert torch.equal(tiled.sides[side].index, dense.sides[side].index)
    videos = dense.sides["train"].video.unique()
    assert torch.equal(videos, tiled.sides["train"].video.unique())
    assert len(dense.sides["train"]) == len(videos) * 19
    assert same(served(tiled, "val"), served(data(stride=5), "val"))


def test_dense_training_windows_with_windows_split_at_random_would_leak() -> None:
    with pytest.raises(DataError) as error:
        data(split=WINDOW_SPLIT, stride=1)
    assert str(error.value) == (
        "windows of the train and val sets share a frame: a leak; use data.split=video, or "
        "data.stride=null so that windows do not overlap"
    )


@pytest.mark.parametrize("side", ["val", "test"])
@pytest.mark.parametrize("box", ["frame", "window"])
def test_evaluation_is_the_same_in_batches_of_any_size_and_in_whole_videos(side, box) -> None:
    framing = Framing(box)
    expected = served(data(framing=framing), side)
    for settings in ({"batch_size": 1}, {"batch_size": 3}, {"whole_videos": True}):
        assert same(served(data(framing=framing, **settings), side), expected)


def test_evaluation_is_the_same_whatever_was_drawn_before() -> None:
    made = data(augment=Augmentation())
    expected = served(made, "val")
    torch.manual_seed(3)
    served(made, "train", 0)
    served(made, "train", 1)
    assert same(served(made, "val"), expected)
    assert same(served(data(seed=9), "val"), expected)


def test_whole_videos_are_batches_of_unbroken_stretches() -> None:
    videos = [video(i) for i in range(3)]
    videos[2] = video(2, frames=np.r_[0:10, 50:63])
    named = {"train": ["v0"], "val": ["v1"], "test": ["v2"]}
    made = data(*videos, split=Split(named), whole_videos=True)
    assert [batch.window.tolist() for batch in made.val_dataloader()] == [[23, 28, 33, 38]]
    assert [batch.window.tolist() for batch in made.test_dataloader()] == [[46, 51], [56, 61]]


def test_validation_is_never_augmented() -> None:
    plain = data()
    augmented = data(augment=Augmentation())
    assert same(served(augmented, "val"), served(plain, "val"))
    assert not same(served(augmented, "train", 0), served(plain, "train", 0))
    assert augmented.mean_torso == plain.mean_torso


def test_training_noise_is_fresh_every_epoch_and_the_truth_stays() -> None:
    made = data()
    first, second = served(made, "train", 0), served(made, "train", 1)
    again = served(made, "train", 0)
    assert same(first, again)
    for window in first:
        assert not torch.equal(first[window][0], second[window][0])
        assert torch.equal(first[window][5], second[window][5])


def test_training_batches_hold_every_window_once() -> None:
    made = data(batch_size=4)
    batches = [batch.window.tolist() for batch in made.train_dataloader()]
    assert [len(batch) for batch in batches[:-1]] == [4] * (len(batches) - 1)
    numbers = [window for batch in batches for window in batch]
    assert sorted(numbers) == sorted(made.sides["train"].index[:, 0].tolist())
    assert numbers != sorted(numbers)


def test_mean_torso_by_hand() -> None:
    """Of a 100 x 100 px pose, whose box is 120 px wide, every left side is 40 x 30 px across."""
    points = np.zeros((10, 25, 2), np.float32)
    points[:, 0], points[:, 1] = (0, 0), (100, 100)
    left, right, left_hip, right_hip = SHOULDERS_AND_HIPS
    points[:, [left, right]], points[:, [left_hip, right_hip]] = (70, 20), (30, 50)
    visible = np.zeros((10, 25), bool)
    visible[:, [0, 1, left, left_hip]] = True
    visible[5:, left] = False  # these frames have no torso and do not count
    named = {"train": ["v0"], "val": ["v1"], "test": ["v2"]}
    first = video(0, 10, keypoints=points, visible=visible)
    made = data(first, video(1), video(2), split=Split(named))
    expected = 50 * 56 / 120
    assert made.mean_torso == pytest.approx(expected, rel=1e-5)
    torso = served(made, "train")[0][-1], served(made, "train")[5][-1]
    for part in torso:  # the mean stands in where a frame has none
        assert part.tolist() == pytest.approx([expected] * 5, rel=1e-5)


def test_noise_has_the_strength_the_torso_asks_for() -> None:
    made = data(*(video(i, 200) for i in range(5)))
    windows = served(made, "val").values()
    moved, truth, visible = (torch.stack([w[i] for w in windows]) for i in (0, 6, 7))
    far = visible & ((truth > 15) & (truth < 40)).all(-1)  # from where nothing is clipped
    shift = (moved - truth)[far]
    assert shift.mean().item() == pytest.approx(1, abs=0.3)
    assert shift.std().item() == pytest.approx(0.2 * made.mean_torso, rel=0.08)


def test_no_torso_at_all() -> None:
    videos = [video(i) for i in range(3)]
    for one in videos:
        one.visible[:, SHOULDERS_AND_HIPS[:2]] = False
    with pytest.raises(DataError) as error:
        data(*videos)
    assert str(error.value) == (
        "no training frame shows a shoulder and the hip of the same side, so there is no torso "
        "diameter, the unit of noise and PCK; expected at least one"
    )


@pytest.mark.parametrize(
    ("videos", "message"),
    [
        ([], "the data set has no videos; check data.root"),
        ([3, 4], "no video has 5 frames in a row with a pose"),
        (
            [9, 9],
            "there are 2 videos or groups of videos to split; expected at least 3, one each for "
            "training, validation and test",
        ),
    ],
)
def test_too_little_data(videos, message) -> None:
    made = PoseData(
        Given(*(video(i, length) for i, length in enumerate(videos))),
        GaussianNoise(1.0),
        cut=Cut(short="skip"),
    )
    with pytest.raises(DataError) as error:
        made.setup()
    assert str(error.value) == message


def test_settings_are_checked() -> None:
    with pytest.raises(ConfigError) as error:
        data(stride=-1)
    assert str(error.value) == (
        "data.stride is -1; expected a whole number from 1, or null for no overlap"
    )
    with pytest.raises(ConfigError) as error:
        data(split=Split("frame"))
    assert str(error.value) == (
        "data.split is 'frame'; expected video, window, alternate, or the names of each side as "
        "{train: [...], val: [...], test: [...]}"
    )


class Watcher(L.LightningModule):
    """Notes what Lightning brings to each step."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.seen: dict[str, list] = {"train": [], "val": [], "test": []}

    def training_step(self, batch, _):
        self.seen["train"].append(batch)
        return self.weight * 0

    def validation_step(self, batch, _) -> None:
        self.seen["val"].append(batch)

    def test_step(self, batch, _) -> None:
        self.seen["test"].append(batch)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


@pytest.mark.filterwarnings("ignore")  # Lightning's remarks on workers and loggers
def test_lightning_gets_what_prepare_gives() -> None:
    made, watcher = data(augment=Augmentation(), batch_size=64), Watcher()
    trainer = L.Trainer(
        max_epochs=2, logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, accelerator="cpu", use_distributed_sampler=False,
    )  # fmt: skip
    trainer.fit(watcher, datamodule=made)
    trainer.test(watcher, datamodule=made, verbose=False)
    made.trainer = None
    for epoch, batch in enumerate(watcher.seen["train"]):
        expected = served(made, "train", epoch)
        for i, window in enumerate(batch.window.tolist()):
            assert torch.equal(batch.observed.positions[i], expected[window][0])
            assert torch.equal(batch.keypoints[i], expected[window][6])
    first, second = watcher.seen["train"]
    assert not torch.equal(first.window, second.window)
    for side in ("val", "test"):
        expected = served(made, side)
        for batch in watcher.seen[side]:
            for i, window in enumerate(batch.window.tolist()):
                assert torch.equal(batch.observed.positions[i], expected[window][0])
