"""Figures as files, the same bytes for the same figure."""

import io
from typing import Any

import matplotlib
from matplotlib.figure import Figure

#: Ids in an SVG file are hashes; with a fixed salt they are the same every time.
_SETTINGS = {"svg.hashsalt": "temporal_pose", "svg.fonttype": "path"}


def png(figure: Figure) -> bytes:
    """The figure as PNG."""
    return _save(figure, format="png", dpi=150, metadata={"Software": None})


def svg(figure: Figure) -> bytes:
    """The figure as SVG."""
    return _save(figure, format="svg", metadata={"Date": None, "Creator": None})


def _save(figure: Figure, **how: Any) -> bytes:
    buffer = io.BytesIO()
    with matplotlib.rc_context(_SETTINGS):
        figure.savefig(buffer, **how)
    return buffer.getvalue()
