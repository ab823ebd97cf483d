"""Heatmaps drawn against scipy's and read back, up to the very corner."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from scipy.stats import norm

from temporal_pose.errors import ConfigError
from temporal_pose.pose.heatmaps import (
    BORDERS,
    DECODERS,
    choose,
    decode_argmax,
    decode_subpixel,
    render,
    render_thesis,
    renderer,
)

SIGMAS = pytest.mark.parametrize("sigma", [1, 1.5, 2, 2.5, 3])
DRAW = pytest.mark.parametrize("draw", [render, render_thesis])
BORDER = pytest.mark.parametrize("border", BORDERS)
READ = pytest.mark.parametrize("read", [decode_argmax, decode_subpixel])


def draw_all(draw, points, sigma: float, size: int = 56, **how) -> torch.Tensor:
    """Maps of points that are all there, in double precision."""
    points = torch.as_tensor(points, dtype=torch.float64)
    present = torch.ones(points.shape[:-1]).bool()
    return draw(points, present, torch.full(points.shape[:-1], sigma).double(), size, **how)


def rectangular(points, sigma: float, height: int, width: int) -> torch.Tensor:
    """Maps that need not be square, one normal density at a time."""
    maps = [
        255 * np.outer(norm.pdf(np.arange(height), y, sigma), norm.pdf(np.arange(width), x, sigma))
        for x, y in np.asarray(points)
    ]
    return torch.tensor(np.array(maps))


@BORDER
@SIGMAS
def test_thesis_is_scipy_everywhere(sigma, border) -> None:
    """Every position on the two diagonals, along two borders, and all four corners."""
    n = 56
    points = [(i, i) for i in range(n)] + [(i, n - 1 - i) for i in range(n)]
    points += [(i, 0) for i in range(n)] + [(n - 1, i) for i in range(n)]
    drawn = draw_all(render_thesis, points, sigma, border=border).numpy()
    for (x, y), heatmap in zip(points, drawn, strict=True):
        impulse = np.zeros((n, n))
        impulse[y, x] = 255
        expected = gaussian_filter(impulse, sigma, mode=border)
        np.testing.assert_allclose(heatmap, expected, atol=1e-6 * expected.max(), rtol=0)


@BORDER
def test_thesis_in_single_precision_with_mixed_sigmas(border) -> None:
    rng = np.random.default_rng(0)
    points = torch.tensor(rng.uniform(0, 10, (2, 3, 2)), dtype=torch.float32)
    sigmas = torch.tensor(rng.choice([1.0, 1.5, 3.0], (2, 3)), dtype=torch.float32)
    drawn = render_thesis(points, torch.ones(2, 3).bool(), sigmas, 11, border)
    assert drawn.dtype == torch.float32
    for index in np.ndindex(2, 3):
        impulse = np.zeros((11, 11))
        x, y = np.rint(points[index].numpy()).astype(int)
        impulse[y, x] = 255
        expected = gaussian_filter(impulse, float(sigmas[index]), mode=border)
        np.testing.assert_allclose(drawn[index], expected, atol=1e-6 * expected.max(), rtol=0)


def test_thesis_clips_what_lies_outside() -> None:
    outside = draw_all(render_thesis, [(-3.0, 4.0), (20.0, 4.4)], 1.0, 11)
    assert torch.equal(outside, draw_all(render_thesis, [(0.0, 4.0), (10.0, 4.0)], 1.0, 11))


@SIGMAS
def test_a_reflecting_border_keeps_all_mass_wherever_it_is(sigma) -> None:
    drawn = draw_all(render_thesis, [(0, 0), (3, 27), (55, 1)], sigma, border="reflect")
    np.testing.assert_allclose(drawn.sum((1, 2)), 255, rtol=1e-6)


@pytest.mark.parametrize(("sigma", "edge", "corner"), [(1, 1.063, 1.131), (3, 1.752, 3.070)])
def test_a_border_that_is_repeated_adds_mass(sigma, edge, corner) -> None:
    """In units of the mass inside; the figures are those of scikit-image's filter."""
    drawn = draw_all(render_thesis, [(27, 27), (27, 0), (55, 0)], sigma)
    assert (drawn.sum((1, 2)) / 255).tolist() == pytest.approx([1, edge, corner], abs=1e-3)


@SIGMAS
def test_a_border_that_is_repeated_leaves_every_peak_in_its_place(sigma) -> None:
    places = torch.cartesian_prod(*[torch.tensor([0, 1, 2, 3, 5, 9, 10])] * 2).double()
    assert torch.equal(decode_argmax(draw_all(render_thesis, places, sigma, 11))[0], places)


@SIGMAS
def test_subpixel_is_the_normal_density(sigma) -> None:
    points = np.random.default_rng(0).uniform(-1, 11, (7, 2))
    expected = rectangular(points, sigma, 11, 11)
    torch.testing.assert_close(draw_all(render, points, sigma, 11), expected)


@SIGMAS
def test_subpixel_sums_to_255_in_the_interior(sigma) -> None:
    margin = 5 * sigma
    points = np.random.default_rng(1).uniform(margin, 55 - margin, (23, 2))
    np.testing.assert_allclose(draw_all(render, points, sigma).sum((1, 2)), 255, rtol=1e-5)


@SIGMAS
def test_both_renderers_agree_at_whole_pixels_in_the_interior(sigma) -> None:
    points = [(20, 33), (27, 27)]
    a, b = (draw_all(draw, points, sigma) for draw in (render, render_thesis))
    # scipy cuts its kernel at 4 sigma and norms what is left.
    torch.testing.assert_close(a, b, atol=2e-3 * b.max().item(), rtol=0)


def test_a_map_moves_with_its_keypoint() -> None:
    points = torch.tensor([[20.3, 30.7]]).double()
    shift = torch.tensor([3.0, -2.0]).double()
    still, moved = draw_all(render, points, 2.0), draw_all(render, points + shift, 2.0)
    torch.testing.assert_close(moved[:, :-2, 3:], still[:, 2:, :-3])
    # The centre of mass follows by fractions of a pixel too, x first.
    grid = torch.arange(56.0).double()
    for dx, dy in ((0.25, 0.0), (0.0, 0.4), (-0.5, 0.1)):
        heatmap = draw_all(render, points + torch.tensor([dx, dy]), 2.0)[0] / 255
        centre = [(heatmap.sum(0) * grid).sum().item(), (heatmap.sum(1) * grid).sum().item()]
        assert centre == pytest.approx([20.3 + dx, 30.7 + dy], abs=1e-4)


@DRAW
def test_a_missing_keypoint_is_an_all_zero_map(draw) -> None:
    points = torch.full((2, 3, 5, 2), 4.0)
    present = torch.rand(2, 3, 5, generator=torch.Generator().manual_seed(0)) < 0.5
    drawn = draw(points, present, torch.ones(2, 3, 5), 11)
    assert drawn.shape == (2, 3, 5, 11, 11)
    assert not drawn[~present].any()
    assert drawn[present].amax((-2, -1)).gt(0).all()


@DRAW
@READ
@SIGMAS
def test_reading_back_what_was_drawn_at_whole_pixels(draw, read, sigma) -> None:
    points = torch.tensor([(x, y) for x in range(14, 42, 3) for y in range(15, 40, 4)]).double()
    positions, scores = read(draw_all(draw, points, sigma))
    torch.testing.assert_close(positions, points, atol=1e-5, rtol=0)
    torch.testing.assert_close(scores, torch.full_like(scores, scores[0].item()))


@SIGMAS
def test_subpixel_without_noise(sigma) -> None:
    points = torch.tensor(np.random.default_rng(2).uniform(0, 55, (400, 2)))
    corners = torch.tensor([(0, 0), (55, 0), (0.3, 54.6), (54.5, 55), (0.5, 0.5)]).double()
    points = torch.cat([points, corners])
    for heatmaps in (draw_all(render, points, sigma), draw_all(render, points, sigma).float()):
        errors = (decode_subpixel(heatmaps)[0] - points).norm(dim=-1)
        assert errors.mean() <= 0.01
        assert errors.max() <= 0.05


@pytest.mark.parametrize("region", ["interior", "everywhere", "corners"])
def test_subpixel_with_noise(region) -> None:
    """Noise of 2 % of the peak in every pixel, sigma 2."""
    rng = np.random.default_rng(3)
    points = rng.uniform(*((6, 49) if region == "interior" else (0, 55)), (1000, 2))
    if region == "corners":
        points = rng.choice([0, 55], (1000, 2)) + rng.uniform(-2, 2, (1000, 2))
        points = points.clip(0, 55)
    points = torch.tensor(points)
    clean = draw_all(render, points, 2.0)
    noisy = clean + torch.tensor(rng.normal(size=clean.shape)) * 0.02 * 255 / (8 * np.pi)
    errors = (decode_subpixel(noisy)[0] - points).norm(dim=-1)
    if region != "corners":
        assert errors.mean() <= 0.05
    assert errors.max() < 0.75


def test_subpixel_beats_argmax_by_far() -> None:
    points = torch.tensor(np.random.default_rng(4).uniform(5, 50, (300, 2)))
    heatmaps = draw_all(render, points, 1.0)
    coarse, fine = (
        (read(heatmaps)[0] - points).norm(dim=-1) for read in (decode_argmax, decode_subpixel)
    )
    assert coarse.mean() == pytest.approx(0.3826, abs=0.03)  # of a random point in a unit cell
    assert fine.mean() < 0.001


@READ
@pytest.mark.parametrize(("height", "width"), [(7, 23), (23, 7), (13, 31), (5, 11)])
def test_maps_need_not_be_square(read, height, width) -> None:
    rng = np.random.default_rng(5)
    points = rng.uniform(0, (width - 1, height - 1), (50, 2))
    positions, _ = read(rectangular(points, 1.0, height, width))
    away = np.abs(positions.numpy() - points).max()
    assert away <= (0.5 if read is decode_argmax else 0.05)


@READ
def test_leading_dimensions_and_batches_do_not_mix(read) -> None:
    maps = torch.rand(2, 3, 5, 7, 11, generator=torch.Generator().manual_seed(0))
    positions, scores = read(maps)
    assert positions.shape == (2, 3, 5, 2)
    assert scores.shape == (2, 3, 5)
    for index in np.ndindex(2, 3, 5):
        alone = read(maps[index])
        torch.testing.assert_close(alone[0], positions[index], atol=1e-4, rtol=0)
        assert torch.equal(alone[1], scores[index])


@pytest.mark.parametrize("size", [(56, 56), (7, 11), (13, 13), (5, 5), (1, 17), (31, 29)])
def test_argmax_is_numpys(size) -> None:
    maps = np.random.default_rng(6).normal(2, 1, (211, *size)).astype(np.float32)
    positions, scores = decode_argmax(torch.tensor(maps))
    rows, columns = np.unravel_index(maps.reshape(211, -1).argmax(1), size)
    assert np.array_equal(positions.numpy(), np.stack([columns, rows], -1))
    assert np.array_equal(scores.numpy(), maps.max((1, 2)))


@pytest.mark.parametrize("size", [(56, 56), (7, 11), (13, 13)])
def test_of_equal_values_the_first_counts(size) -> None:
    maps = np.random.default_rng(7).integers(0, 4, (97, *size)).astype(np.float32)
    positions, _ = decode_argmax(torch.tensor(maps))
    rows, columns = np.unravel_index(maps.reshape(97, -1).argmax(1), size)
    assert np.array_equal(positions.numpy(), np.stack([columns, rows], -1))


@READ
@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_map_without_a_keypoint_reads_as_its_centre(read, value) -> None:
    positions, scores = read(torch.full((2, 3, 7, 11), value))
    assert positions.unique(dim=0).reshape(-1, 2).unique(dim=0).tolist() == [[5.0, 3.0]]
    assert not scores.any()


def test_a_plateau_reads_within_half_a_pixel_of_its_first_pixel() -> None:
    heatmap = torch.zeros(11, 13)
    heatmap[4:6, 7:9] = 3.0
    (x, y), score = decode_subpixel(heatmap)
    assert score == 3
    assert abs(x - 7) <= 0.5
    assert abs(y - 4) <= 0.5
    flat, _ = decode_subpixel(torch.ones(11, 13))
    assert flat.isfinite().all()
    assert (flat.abs() <= 0.5).all()


@pytest.mark.parametrize("scale", [1e-30, 1e-6, 1.0, 1e6, 1e30])
def test_the_scale_of_a_map_does_not_matter(scale) -> None:
    points = torch.tensor([[20.3, 31.9], [0.2, 54.7]])
    heatmaps = draw_all(render, points, 1.5).float() * scale
    torch.testing.assert_close(decode_subpixel(heatmaps)[0], points, atol=0.01, rtol=0)


@pytest.mark.parametrize("seed", range(3))
def test_subpixel_stays_within_half_a_pixel_of_the_largest(seed) -> None:
    """Whatever the map: noise, negative values, single spikes."""
    generator = torch.Generator().manual_seed(seed)
    maps = torch.randn(300, 11, 13, generator=generator)
    maps[100:200] = 0
    maps[100:200, 5, 6] = torch.rand(100, generator=generator) + 0.1
    maps[200:] = maps[200:] ** 5
    fine, coarse = decode_subpixel(maps)[0], decode_argmax(maps)[0]
    assert (fine - coarse).abs().max() <= 0.5
    torch.testing.assert_close(fine[100:200], coarse[100:200])


def test_subpixel_is_mirrored_and_transposed_with_its_map() -> None:
    points = np.random.default_rng(8).uniform(0, 10, (50, 2))
    maps = rectangular(points, 1.5, 11, 11)
    maps = maps + torch.tensor(np.random.default_rng(9).normal(size=maps.shape)) * 0.3
    positions, _ = decode_subpixel(maps)
    flipped, _ = decode_subpixel(maps.flip(-1))
    torch.testing.assert_close(flipped, positions * torch.tensor([-1, 1]) + torch.tensor([10, 0]))
    transposed, _ = decode_subpixel(maps.mT)
    torch.testing.assert_close(transposed, positions.flip(-1))


def test_small_maps_are_refused() -> None:
    with pytest.raises(ConfigError) as error:
        decode_subpixel(torch.ones(2, 4, 7))
    assert str(error.value) == "heatmaps are 4 x 7; expected at least 5"


def test_choices() -> None:
    assert renderer("subpixel", "nearest") is renderer("subpixel", "reflect") is render
    for border in BORDERS:
        drawn = draw_all(renderer("thesis", border), [(0, 3)], 2.0, 11)
        assert torch.equal(drawn, draw_all(render_thesis, [(0, 3)], 2.0, 11, border=border))
    assert choose(DECODERS, "decoder", "argmax") is decode_argmax
    with pytest.raises(ConfigError) as error:
        choose(DECODERS, "decoder", "taylor")
    assert str(error.value) == "decoder is 'taylor'; expected one of subpixel, argmax"
