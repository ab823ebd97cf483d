"""Waiting for what comes over a network, and no longer than there is something to wait for."""

import time
from collections.abc import Callable

_LOOK_S = 0.1


def awaited(ended: Callable[[], bool], until: Callable[[], float]) -> bool:
    """Waits for something that goes on beside.

    Args:
        ended: whether it has.
        until: when there is no sense in waiting any longer, by what is known so far; seconds of
            ``time.monotonic``.

    Returns:
        Whether it has ended; otherwise it was given up.
    """
    while not ended():
        if time.monotonic() >= until():
            return False
        time.sleep(_LOOK_S)
    return True
