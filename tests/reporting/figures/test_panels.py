import numpy as np
import pytest
from matplotlib import pyplot, rcParams
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from temporal_pose.pose.skeletons import Skeleton
from temporal_pose.reporting.figures.panels import (
    Poses,
    filmstrip,
    heatmaps,
    pixels,
    plain_numbers,
    skeletons,
)

SQUARE = Skeleton("square", ("a", "b", "c", "d"), (("a", "b"), ("b", "c"), ("c", "d")))
T, K, SIZE = 3, 4, 11


def poses(offset=0.0, hidden=()):
    corners = np.array([[2, 2], [8, 2], [8, 8], [2, 8]], np.float32)
    shown = np.ones((T, K), bool)
    shown[:, list(hidden)] = False
    return Poses(np.tile(corners, (T, 1, 1)) + np.float32(offset), shown)


def panels(figure):
    return [axes for axes in figure.axes if axes.axison]


def points(line):
    """Finite points of a line."""
    xy = np.asarray(line.get_xydata())
    return {tuple(point) for point in xy[np.isfinite(xy).all(1)].tolist()}


def segments(line):
    """Pairs of successive finite points: what is drawn as a stroke."""
    xy = np.asarray(line.get_xydata())
    both = np.isfinite(xy[:-1]).all(1) & np.isfinite(xy[1:]).all(1)
    return [tuple(map(tuple, pair)) for pair in np.stack([xy[:-1], xy[1:]], 1)[both].tolist()]


def test_every_frame_has_a_panel_with_every_pose():
    figure = skeletons({"truth": poses(), "input": poses(1), "output": poses(0.5)}, SQUARE, SIZE)
    assert len(panels(figure)) == T
    assert [len(axes.lines) for axes in panels(figure)] == [3, 3, 3]


def test_limbs_join_the_keypoints_they_name():
    line = panels(skeletons({"truth": poses()}, SQUARE, SIZE))[0].lines[0]
    assert segments(line) == [((2, 2), (8, 2)), ((8, 2), (8, 8)), ((8, 8), (2, 8))]


def test_missing_keypoints_are_left_out_with_their_limbs():
    line = panels(skeletons({"truth": poses(hidden=[1])}, SQUARE, SIZE))[0].lines[0]
    assert points(line) == {(2, 2), (8, 8), (2, 8)}
    assert segments(line) == [((8, 8), (2, 8))]


def test_a_pose_without_keypoints_draws_nothing():
    figure = skeletons({"truth": poses(hidden=range(K)), "input": poses()}, SQUARE, SIZE)
    assert panels(figure)[0].get_title() == "frame 1\ninput: – px"
    assert points(panels(figure)[0].lines[0]) == set()


def test_y_points_downwards_and_both_axes_have_one_scale():
    axes = panels(skeletons({"truth": poses()}, SQUARE, SIZE))[0]
    assert axes.get_xlim() == (-0.5, SIZE - 0.5)
    assert axes.get_ylim() == (SIZE - 0.5, -0.5)
    assert axes.get_aspect() == 1


def test_titles_give_the_mean_error_over_what_both_show():
    wrong = poses(3, hidden=[0])
    wrong.keypoints[0, 0] = 1e6
    figure = skeletons({"truth": poses(), "input": wrong, "output": poses(1)}, SQUARE, SIZE)
    titles = [axes.get_title() for axes in panels(figure)]
    assert titles == [f"frame {i}\ninput: 4.2, output: 1.4 px" for i in (1, 2, 3)]


def test_the_legend_names_the_poses_in_the_colours_of_the_lines():
    figure = skeletons({"truth": poses(), "input": poses(1)}, SQUARE, SIZE)
    (legend,) = [axes.get_legend() for axes in figure.axes if axes.get_legend()]
    assert [text.get_text() for text in legend.get_texts()] == ["truth", "input"]
    drawn = [line.get_color() for line in panels(figure)[0].lines]
    assert [line.get_color() for line in legend.get_lines()] == drawn
    assert len(set(drawn)) == 2


@pytest.mark.parametrize("columns", [1, 2, 7])
def test_columns(columns):
    figure = skeletons({"truth": poses()}, SQUARE, SIZE, columns)
    assert figure.axes[0].get_gridspec().ncols == columns


N, M, H, W = 2, 3, 5, 7
NAMES = (("wrist", "knee"), ("input", "output", "target"))


def some_heatmaps(shown=True):
    maps = np.random.default_rng(0).uniform(-1, 9, (N, M, H, W)).astype(np.float32)
    peaks = np.stack(np.meshgrid(np.arange(M), np.arange(N)), -1).astype(np.float32)
    return maps, peaks, np.full((N, M), shown)


def grid(figure):
    return np.array([axes for axes in figure.axes if axes.images]).reshape(N, M)


def test_a_panel_shows_its_map():
    maps, peaks, shown = some_heatmaps()
    axes = grid(heatmaps(maps, peaks, shown, *NAMES))
    for index in np.ndindex(N, M):
        np.testing.assert_array_equal(axes[index].images[0].get_array(), maps[index])
    assert [a.get_title() for a in axes[0]] == ["input", "output", "target"]
    assert [a.get_ylabel() for a in axes[:, 0]] == ["wrist", "knee"]


def test_a_row_has_one_scale_from_zero_to_its_largest_value():
    maps, peaks, shown = some_heatmaps()
    for row, panels_ in zip(maps, grid(heatmaps(maps, peaks, shown, *NAMES)), strict=True):
        limits = {(p.images[0].norm.vmin, p.images[0].norm.vmax) for p in panels_}
        assert limits == {(0, row.max())}


def test_marks_stand_at_the_truth_and_at_the_maps_own_peak():
    maps, peaks, shown = some_heatmaps()
    axes = grid(heatmaps(maps, peaks, shown, *NAMES))[1, 0]
    at = {(line.get_marker(), *line.get_xydata()[0]) for line in axes.lines}
    assert at == {("+", 2, 1), ("x", 0, 1)}


def test_missing_keypoints_say_so_and_have_no_mark():
    maps, peaks, shown = some_heatmaps(shown=False)
    for axes in grid(heatmaps(0 * maps, peaks, shown, *NAMES)).flat:
        assert [text.get_text() for text in axes.texts] == ["missing"]
        assert not axes.lines


@pytest.mark.parametrize("fill", [0.0, -3.0])
def test_maps_without_a_positive_value_are_drawn(fill):
    maps, peaks, shown = some_heatmaps()
    figure = heatmaps(np.full_like(maps, fill), peaks, shown, *NAMES)
    assert pixels(figure).std() > 0


def test_a_row_has_a_colour_bar():
    figure = heatmaps(*some_heatmaps(), *NAMES)
    assert sum(any(isinstance(c, QuadMesh) for c in a.collections) for a in figure.axes) == N


def test_pixels_are_those_of_the_figure():
    figure = skeletons({"truth": poses()}, SQUARE, SIZE)
    image = pixels(figure)
    width, height = (figure.get_size_inches() * figure.dpi).astype(int)
    assert image.shape == (height, width, 3)
    assert image.dtype == np.uint8
    assert (image[0, 0] == 255).all()
    np.testing.assert_array_equal(image, pixels(skeletons({"truth": poses()}, SQUARE, SIZE)))


def test_arguments_stay_as_they_are():
    truth, wrong = poses(), poses(1, hidden=[2])
    before = [array.copy() for array in (*truth, *wrong)]
    pixels(skeletons({"truth": truth, "input": wrong}, SQUARE, SIZE))
    for array, copy in zip((*truth, *wrong), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_no_global_state():
    settings = dict(rcParams)
    pixels(heatmaps(*some_heatmaps(), *NAMES))
    assert dict(rcParams) == settings
    assert not pyplot.get_fignums()


@pytest.mark.parametrize(
    ("low", "high"), [(1.5205, 1.5241), (0.9, 2.1), (0.02, 0.5), (1234.0, 1236.0), (1e-5, 9e-5)]
)
def test_numbers_on_a_logarithmic_axis_are_few_plain_and_all_different(low, high):
    axes = Figure().subplots()
    axes.plot([1, 2], [low, high])
    axes.set_yscale("log")
    plain_numbers(axes.yaxis, low, high)
    axes.figure.canvas.draw()
    bottom, top = axes.get_ylim()
    shown = [
        label.get_text()
        for label, place in zip(axes.get_yticklabels(), axes.get_yticks(), strict=True)
        if bottom <= place <= top
    ]
    assert 2 <= len(shown) <= 9
    assert len(set(shown)) == len(shown)
    assert "times" not in "".join(shown)
    assert [float(text) for text in shown] == sorted(float(text) for text in shown)


def test_a_film_strip_has_a_row_a_pose_with_the_truth_below_it():
    figure = filmstrip({"truth": poses(), "input": poses(1), "output": poses(0.5)}, SQUARE, SIZE)
    grid = np.array(figure.axes).reshape(3, T)
    assert [axes.get_ylabel() for axes in grid[:, 0]] == ["truth", "input", "output"]
    assert [axes.get_title() for axes in grid[0]] == [f"frame {n}" for n in (1, 2, 3)]
    assert [axes.get_title() for axes in grid[1]] == ["1.4 px"] * T
    below, above = grid[1, 0].lines
    assert segments(below) == [((2, 2), (8, 2)), ((8, 2), (8, 8)), ((8, 8), (2, 8))]
    assert segments(above) == [((3, 3), (9, 3)), ((9, 3), (9, 9)), ((9, 9), (3, 9))]
    assert grid[2, 1].get_ylim() == (SIZE - 0.5, -0.5)


def test_a_film_strip_without_a_skeleton_has_dots_alone():
    line = filmstrip({"truth": poses(hidden=[1])}, None, SIZE).axes[0].lines[1]
    assert points(line) == {(2, 2), (8, 8), (2, 8)}
    assert segments(line) == []
