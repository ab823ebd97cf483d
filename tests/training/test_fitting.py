import pytest
import torch

from temporal_pose.pose.codecs import TrackCodec
from temporal_pose.pose.heatmaps import render
from temporal_pose.pose.observations import Batch, Observed
from temporal_pose.training.fitting import Decoded

B, T, K, SIZE = 2, 3, 5, 11


@pytest.mark.parametrize("decoder", ["subpixel", "argmax"])
def test_a_filter_search_lets_go_of_heatmaps_once_read(decoder):
    generator = torch.Generator().manual_seed(0)
    places = 2 + 6 * torch.rand(B, T, K, 2, generator=generator)
    detected, sigmas = torch.ones(B, T, K).bool(), torch.ones(B, T, K)
    heatmaps = render(places, detected, sigmas, SIZE)
    boxes, fps = torch.tensor([0.0, 0, 110, 110]).expand(B, T, 4), torch.full((B,), 30.0)
    observed = Observed(
        places, detected, sigmas, boxes, fps, scores=torch.ones(B, T, K), heatmaps=heatmaps
    )
    batch = Batch(observed, places, detected, torch.ones(B, T), torch.arange(B))
    codec = TrackCodec(SIZE, decoder=decoder)
    tracks, kept = Decoded.of(codec, batch)
    assert kept.observed.heatmaps is None
    expected = codec.read(observed).positions
    torch.testing.assert_close(tracks.positions, expected)
    assert torch.equal(expected, expected.round()) is (decoder == "argmax")
    refined = codec.decode(tracks.positions, kept.observed)
    torch.testing.assert_close(refined, codec.decode(tracks.positions, observed))
