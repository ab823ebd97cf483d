import pytest
from matplotlib.figure import Figure

from temporal_pose.reporting.axes import plain_numbers


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
