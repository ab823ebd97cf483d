"""Codecs: what goes in as keypoints comes out as keypoints."""

import pytest
import torch
from scipy.ndimage import gaussian_filter

from temporal_pose.errors import ConfigError
from temporal_pose.pose.boxes import heatmap_to_image
from temporal_pose.pose.codecs import CoordinateCodec, HeatmapCodec, TrackCodec, read_positions
from temporal_pose.pose.observations import Observed

B, T, K, SIZE = 2, 3, 5, 23


def observe(seed: int = 0) -> Observed:
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.rand(*shape, generator=generator)

    detected = draw(B, T, K) < 0.7
    positions = (draw(B, T, K, 2) * (SIZE - 1)).where(detected[..., None], 0)
    sigmas = torch.tensor([1.0, 2.0, 3.0])[(draw(B, T, K) * 3).long()]
    boxes = torch.cat([draw(B, T, 2) * 500, 40 + 100 * draw(B, T, 2)], -1)
    scores = draw(B, T, K).where(detected, 0)
    return Observed(positions, detected, sigmas, boxes, torch.tensor([30.0, 30.0]), scores)


def test_positions_as_the_decoders_read_them() -> None:
    observed = observe()
    subpixel = read_positions(observed, SIZE, "subpixel", "subpixel", "reflect")
    assert torch.equal(subpixel, observed.positions)
    drawn = HeatmapCodec(SIZE, decoder="argmax").read(observed)
    seen = observed.detected
    rows, columns = (
        drawn.flatten(-2).argmax(-1) // SIZE,
        drawn.flatten(-2).argmax(-1) % SIZE,
    )
    expected = torch.stack([columns, rows], -1).float()
    read = read_positions(observed, SIZE, "subpixel", "argmax", "reflect")
    assert torch.equal(read[seen], expected[seen])
    with pytest.raises(ConfigError) as error:
        CoordinateCodec(SIZE, decoder="soft")
    assert str(error.value) == "decoder is 'soft'; expected one of subpixel, argmax"


@pytest.mark.parametrize("border", ["nearest", "reflect"])
def test_every_codec_reads_the_same_positions_off_the_thesis_blobs(border) -> None:
    observed = observe()
    how = {"render": "thesis", "decoder": "argmax", "border": border}
    drawn = HeatmapCodec(SIZE, **how).read(observed).flatten(-2).argmax(-1)
    expected = torch.stack([drawn % SIZE, drawn // SIZE], -1).float()
    for codec in (HeatmapCodec, CoordinateCodec, TrackCodec):
        read = codec(SIZE, **how).positions(observed)
        assert torch.equal(read[observed.detected], expected[observed.detected])
        assert not read[~observed.detected].any()


@pytest.mark.parametrize("sigma", [1.0, 2.0])
@pytest.mark.parametrize(("decoder", "within"), [("subpixel", 0.01), ("argmax", 0.501)])
def test_heatmap_codec_round_trip(sigma, decoder, within) -> None:
    codec, observed = HeatmapCodec(SIZE, sigma, decoder=decoder), observe()
    keypoints, visible = observed.positions, observed.detected
    target = codec.encode(keypoints, visible)
    assert target.shape == (B, T, K, SIZE, SIZE)
    assert not target[~visible].any()
    back = codec.decode(target, observed)
    assert (back - keypoints)[visible].abs().max() <= within


def test_heatmap_codec_draws_every_blob_as_wide_as_the_detector_did() -> None:
    observed = observe()
    drawn = HeatmapCodec(SIZE).read(observed)
    # The peak of a normal density of mass 255 falls with sigma squared.
    whole = observed._replace(positions=observed.positions.round())
    peaks = HeatmapCodec(SIZE).read(whole).amax((-2, -1))[observed.detected]
    expected = 255 / (2 * torch.pi * observed.sigmas[observed.detected] ** 2)
    torch.testing.assert_close(peaks, expected)
    assert not drawn[~observed.detected].any()


@pytest.mark.parametrize("border", ["nearest", "reflect"])
def test_heatmap_codec_of_the_thesis(border) -> None:
    observed = observe()
    drawn = HeatmapCodec(SIZE, render="thesis", border=border).read(observed)
    for at in observed.detected.nonzero().tolist()[:7]:
        impulse = torch.zeros(SIZE, SIZE)
        x, y = observed.positions[tuple(at)].round().long()
        impulse[y, x] = 255
        expected = torch.tensor(
            gaussian_filter(impulse.numpy(), observed.sigmas[tuple(at)].item(), mode=border)
        )
        torch.testing.assert_close(drawn[tuple(at)], expected, atol=1e-4, rtol=0)


def test_heatmap_codec_reads_half_precision() -> None:
    codec, observed = HeatmapCodec(SIZE), observe()
    target = codec.encode(observed.positions, observed.detected).bfloat16()
    assert codec.decode(target, observed).dtype == torch.float32


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"render": "fast"}, "render is 'fast'; expected one of subpixel, thesis"),
        ({"decoder": "soft"}, "decoder is 'soft'; expected one of subpixel, argmax"),
        ({"border": "wrap"}, "border is 'wrap'; expected one of nearest, reflect"),
    ],
)
def test_heatmap_codec_checks_its_settings(setting, message) -> None:
    with pytest.raises(ConfigError) as error:
        HeatmapCodec(**setting)
    assert str(error.value) == message


def test_coordinate_codec_round_trip() -> None:
    codec, observed = CoordinateCodec(SIZE), observe()
    seen = observed.detected
    encoded = codec.encode(observed.positions, seen)
    assert encoded.abs().max() <= 1
    assert not encoded[~seen].any()
    back = codec.decode(encoded, observed)
    torch.testing.assert_close(back[seen], observed.positions[seen])
    assert (back[~seen] == (SIZE - 1) / 2).all()
    assert torch.equal(codec.read(observed), encoded)


def test_coordinates_span_the_heatmap() -> None:
    corners = torch.tensor([[[[0.0, 0.0], [22.0, 0.0], [11.0, 22.0]]]])
    encoded = CoordinateCodec(SIZE).encode(corners, torch.ones(1, 1, 3).bool())
    assert encoded.tolist() == [[[[-1, -1], [1, -1], [0, 1]]]]


def test_coordinate_codec_reads_whole_pixels_for_argmax() -> None:
    observed = observe()
    codec = CoordinateCodec(SIZE, decoder="argmax")
    back = codec.decode(codec.read(observed), observed)[observed.detected]
    torch.testing.assert_close(back, observed.positions[observed.detected].round())


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("frame", ["heatmap", "image"])
def test_track_codec_round_trip(frame, whole) -> None:
    codec, observed = TrackCodec(SIZE, frame=frame, whole=whole), observe()
    tracks = codec.read(observed)
    assert tracks.positions.shape == ((1, B * T, K, 2) if whole else (B, T, K, 2))
    assert tracks.detected.shape == tracks.positions.shape[:-1]
    assert tracks.fps.tolist() == ([30.0] if whole else [30.0, 30.0])
    back = codec.decode(tracks.positions, observed)
    torch.testing.assert_close(back, observed.positions, atol=1e-3, rtol=0)
    assert torch.equal(codec.encode(observed.positions, observed.detected), observed.positions)


def test_tracks_in_image_pixels_stand_where_the_image_has_them() -> None:
    observed = observe()
    tracks = TrackCodec(SIZE, frame="image").read(observed)
    expected = heatmap_to_image(observed.positions, observed.boxes, SIZE)
    expected = expected / (observed.boxes[..., 2:].mean() / SIZE)
    torch.testing.assert_close(tracks.positions, expected.reshape(1, B * T, K, 2))
    each = TrackCodec(SIZE, frame="image", whole=False).read(observed).positions
    moved = [
        heatmap_to_image(p, b, SIZE)
        for p, b in zip(observed.positions, observed.boxes, strict=True)
    ]
    for window, one, box in zip(each, moved, observed.boxes, strict=True):
        torch.testing.assert_close(window, one / (box[:, 2:].mean() / SIZE))
    # Successive windows are successive in time: the second window's first frame is frame T.
    torch.testing.assert_close(tracks.positions[0, T], expected[1, 0])
    assert torch.equal(tracks.detected[0, T], observed.detected[1, 0])


def test_track_codec_checks_its_settings() -> None:
    with pytest.raises(ConfigError) as error:
        TrackCodec(frame="world")
    assert str(error.value) == "frame is 'world'; expected one of heatmap, image"


CODECS = [HeatmapCodec(SIZE), CoordinateCodec(SIZE), TrackCodec(SIZE, whole=False)]


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: type(codec).__name__)
def test_batches_do_not_mix(codec) -> None:
    observed = observe()
    first = Observed(*(value[:1] for value in observed[:6]))
    both, alone = codec.read(observed), codec.read(first)
    both, alone = (x if isinstance(x, tuple) else (x,) for x in (both, alone))
    for a, b in zip(both, alone, strict=True):
        if a is None:
            continue
        # Not always the last bit: how many values a vector instruction takes decides it.
        torch.testing.assert_close(a[:1], b, rtol=1e-6, atol=1e-12)
