"""How axes look in every figure of a report."""

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import (
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    ScalarFormatter,
)


def plain(axes: Axes) -> None:
    """No box, a faint grid, small numbers."""
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25, linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)


def plain_numbers(axis: Axis, low: float, high: float) -> None:
    """On a logarithmic axis, a few round numbers instead of powers of ten.

    Args:
        low, high: the smallest and the largest value shown.
    """
    subs = (1, 2, 5) if high > 10 * low else (1, 1.5, 2, 3, 5, 7)
    wide = high > 3 * low
    axis.set_major_locator(LogLocator(subs=subs) if wide else MaxNLocator(5))
    if wide:
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    else:  # as many digits as tell neighbours apart
        digits = ScalarFormatter(useOffset=False)
        digits.set_scientific(False)
        axis.set_major_formatter(digits)
    axis.set_minor_formatter(NullFormatter())
