"""What the processor of this machine can do by itself."""

from pathlib import Path

_INFO = Path("/proc/cpuinfo")

#: Words by which processors say that they multiply bfloat16: x86 and ARM.
_BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16", "svebf16"}


def multiplies_bfloat16(info: Path = _INFO) -> bool:
    """Whether there are units for it; without them torch is slower than in single precision.

    Args:
        info: what the system says of its processors; where it is missing, there are none.
    """
    if not info.exists():
        return False
    return bool(_BFLOAT16 & set(info.read_text(encoding="utf-8", errors="replace").split()))
