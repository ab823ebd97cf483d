"""PCK, PCKh and the thesis's score beside counting by hand."""

import numpy as np
import pytest
import torch

from temporal_pose.pose.crop_scores import CropScores
from temporal_pose.pose.crops import Crops
from temporal_pose.pose.skeletons import SKELETONS

LSP = SKELETONS["lsp14"]
SIZE = 96


def crops(count: int = 5, scale: float = 2.0) -> Crops:
    generator = torch.Generator().manual_seed(1)
    maps = torch.tensor([[scale, 0, 7.0], [0, scale, -3.0]]).expand(count, 2, 3)
    labels = torch.randint(0, 3, (count, 14), generator=generator)
    labels[0], labels[1:2] = 2, 0
    return Crops(
        images=torch.zeros(count, 3, 0, 0),
        keypoints=SIZE * torch.rand(count, 14, 2, generator=generator),
        labels=labels,
        to_image=maps,
        area=torch.full((count,), 900.0),
        head=torch.tensor([20.0, 30.0, float("nan"), 25.0, 15.0])[:count],
        sample=torch.arange(count),
    )


def counted(batch: Crops, off: np.ndarray) -> dict[str, float]:
    """The scores again, one keypoint after another."""
    truth, seen = batch.keypoints.numpy(), batch.labels.numpy() > 0
    hits, count, head_hits, heads, shares = 0, 0, 0, 0, []
    for person in range(len(truth)):
        torso = [
            np.linalg.norm(truth[person, s] - truth[person, h])
            for s, h in LSP.torso
            if seen[person, s] and seen[person, h]
        ]
        for keypoint in np.flatnonzero(seen[person]):
            error = off[person, keypoint]
            if torso:
                hits, count = hits + (error <= 0.2 * np.mean(torso)), count + 1
            if batch.head[person].isfinite():
                head_hits += 2 * error <= 0.5 * batch.head[person].item()
                heads += 1
        if seen[person].any():
            shares.append((off[person, seen[person]] <= 4.8).mean())
    return {
        "pck@0.2": hits / count,
        "pckh@0.5": head_hits / heads,
        "crop@0.05": float(np.mean(shares)),
        "error_px": float(off[seen].mean()),
    }


def test_scores_are_what_counting_gives():
    batch = crops()
    generator = np.random.default_rng(0)
    off = generator.uniform(0, 14, (5, 14)).astype(np.float32)
    turn = generator.uniform(0, 7, (5, 14))
    shift = off[..., None] * np.stack([np.cos(turn), np.sin(turn)], -1)
    predicted = batch.keypoints + torch.from_numpy(shift).float()
    whole = CropScores(LSP, SIZE)
    whole.update(predicted, batch)
    found = whole.compute()
    for name, value in counted(batch, off).items():
        assert found[name].item() == pytest.approx(value, abs=1e-6), name
    parts = CropScores(LSP, SIZE)
    for some in ([0, 1], [2, 3, 4]):
        parts.update(predicted[some], Crops(*(value[some] for value in batch)))
    assert parts.compute() == {name: pytest.approx(value) for name, value in found.items()}


def test_a_group_is_scored_by_its_own_keypoints():
    batch = crops(1)._replace(head=torch.tensor([20.0]))
    batch = batch._replace(labels=torch.full((1, 14), 2))
    predicted = batch.keypoints.clone()
    predicted[:, LSP.index("left_knee")] += 1000
    scores = CropScores(LSP, SIZE)
    scores.update(predicted, batch)
    found = scores.compute()
    assert found["pck@0.2/knee"] == 0.5
    assert found["pck@0.2/hip"] == 1
    assert found["pckh@0.5/knee"] == 0.5
    assert found["pck@0.2"] == pytest.approx(13 / 14)


def test_nobody_to_score_is_no_score():
    scores = CropScores(LSP, SIZE)
    batch = crops()
    scores.update(batch.keypoints, batch._replace(labels=torch.zeros(5, 14, dtype=torch.int64)))
    assert scores.compute()["pck@0.2"].isnan()
