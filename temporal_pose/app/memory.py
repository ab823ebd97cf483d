"""Memory that is free, back to the system."""

import ctypes
import sys


def give_back() -> None:
    """Gives back what freed arrays have left in pieces, where the C library can: glibc's.

    Frames of a video are made by several threads, each of which keeps what it frees. Between two
    long steps that is as much as the next one needs.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
