"""Ways to damage a file, or a file of a folder; each is told by its name and a seed."""

import io
import json
import os
import random
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

#: What may stand in the place of a value.
ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1, 2, 0.5, 1e9, -1e308, 1e308, 2**63, -(2**63), 10**400),
    *(float("nan"), float("inf"), "", "a", "abc\nd", "\x1b[31m", "${oc.env:HOME}", "a$\\frac{$"),
    *([], {}, [[]], [1, [2]], {"a": 1}, "x" * 5000, "1e5", "NaN", ["a", 1], [None] * 3),
)
_TEXTS = (b"", b"NaN", b"1e999", b'"', b"\n", b",", b"null", b"[", b"{", b"-", b"\0", b"\xff\xfe")
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_DTYPES = (">f2", "<f2", ">f8", "c16", "i1", "u8", "U3", "S2", "M8[D]", "O", "?", "V4")

#: A name of two lines.
NEWLINE = "a\nb"

Damage = Callable[[Path, random.Random], None]


def chosen(path: Path, rng: random.Random) -> Path:
    """A file of a sample."""
    if path.is_file():
        return path
    return rng.choice(sorted(item for item in path.rglob("*") if item.is_file()))


def bits(path: Path, rng: random.Random) -> None:
    """A bit or some bytes change, as on a bad disk."""
    content = bytearray(path.read_bytes())
    for _ in range(rng.choice([1, 1, 1, 4, 40])):
        if content:
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def pieces(path: Path, rng: random.Random) -> None:
    """A part is lost, doubled, moved or replaced."""
    content = path.read_bytes()
    start, end = sorted(rng.randrange(len(content) + 1) for _ in range(2))
    if rng.random() < 0.5:
        end = min(len(content), start + rng.randrange(9))
    cut = rng.choice([b"", b"\0" * (end - start), content[start:end] * 2, *_TEXTS])
    other = content[:start] + cut + content[end:]
    path.write_bytes(rng.choice([other, content[:start], other + content]))


def values(path: Path, rng: random.Random) -> None:
    """A number, text or array of the content is another one, the file itself being sound."""
    content = path.read_bytes()
    changed = next(filter(None, (change(content, rng) for change in _CHANGES)), content)
    path.write_bytes(changed)


def _json(content: bytes, rng: random.Random) -> bytes | None:
    try:
        document = json.loads(content)
    except ValueError:
        return None
    return json.dumps(_replaced(document, rng)).encode()


def _yaml(content: bytes, rng: random.Random) -> bytes | None:
    if b": " not in content or b"\0" in content:
        return None
    try:
        document = yaml.safe_load(content)
    except (yaml.YAMLError, ValueError):
        return None
    if not isinstance(document, dict):
        return None
    return yaml.safe_dump(_replaced(document, rng), sort_keys=False).encode()


def _replaced(value: Any, rng: random.Random) -> Any:
    """A document with something in it replaced, left out or doubled, at any depth."""
    if not isinstance(value, dict | list) or not value or rng.random() < 0.15:
        return rng.choice(ODD)
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    key = rng.choice(list(copy) if isinstance(copy, dict) else range(len(copy)))
    way = rng.random()
    if way < 0.1:
        del copy[key]
    elif way < 0.2 and isinstance(copy, dict):
        copy[rng.choice(["x", "", "_target_", "a\nb", "test/pck@abc", 7])] = copy[key]
    elif way < 0.2:
        copy.append(copy[key])
    else:
        copy[key] = _replaced(copy[key], rng)
    return copy


def _npz(content: bytes, rng: random.Random) -> bytes | None:
    if not content.startswith(b"PK"):
        return None
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    names = [name for name in members if name.endswith(".npy")]
    if not names:
        return None
    name = rng.choice(names)
    inside = members.pop(name)
    if rng.random() < 0.8:
        members[rng.choice([name, name, name, f"x{name}"])] = _npy(inside, rng) or inside
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", rng.choice([0, zipfile.ZIP_DEFLATED])) as archive:
        for name, inside in members.items():
            archive.writestr(name, inside)
    return out.getvalue()


def _npy(content: bytes, rng: random.Random) -> bytes | None:
    if not content.startswith(b"\x93NUMPY"):
        return None
    array = np.load(io.BytesIO(content), allow_pickle=False)
    out = io.BytesIO()
    if rng.random() < 0.2:  # a header that lies
        shape = tuple(rng.choice([n, n, 10**12, 0, -1, n + 1]) for n in array.shape)
        head = {"descr": array.dtype.str, "fortran_order": rng.random() < 0.2, "shape": shape}
        np.lib.format.write_array_header_1_0(out, head)
        return out.getvalue() + array.tobytes()
    np.save(out, _other(array, rng), allow_pickle=True)
    return out.getvalue()


def _other(array: np.ndarray, rng: random.Random) -> np.ndarray:
    way = rng.randrange(4)
    with np.errstate(all="ignore"):
        if way == 0 and array.size and array.dtype.kind in "biuf":
            changed = array.astype(rng.choice([array.dtype, np.float64]), copy=True)
            if changed.dtype.kind == "f":
                odd = [np.nan, np.inf, -np.inf, 1e300, -1.0, 0.0, 1e-300]
                changed.flat[rng.randrange(array.size)] = rng.choice(odd)
            return changed
        if way == 1:
            try:
                return array.astype(rng.choice(_DTYPES))
            except (ValueError, TypeError):
                return array.astype("O")
        if way == 2:
            flat = array.ravel()
            others = [array[..., None], flat[:0], flat, array[None], array.T]
            return np.asarray(rng.choice(others))
        return np.asarray(rng.choice([1.0, "a", b"a", 10**30, -1, np.nan]))


def _checkpoint(content: bytes, rng: random.Random) -> bytes | None:
    if not content.startswith(b"PK") or b"data.pkl" not in content:
        return None
    found = torch.load(io.BytesIO(content), weights_only=True)
    state = found.get("state_dict", found)
    name = rng.choice(list(state)) if state else "a"
    was = state.pop(name, None)
    odd = [*ODD[:13], torch.ones(2, 3), torch.ones(3).to_sparse(), torch.ones(3, device="meta")]
    if isinstance(was, dict):
        odd += [_replaced(was, rng), _replaced(was, rng)]
    if isinstance(was, torch.Tensor) and was.numel():
        odd += [was * np.nan, was.double() * 1e300, was.to(torch.complex64) * 1j, was[None]]
        odd += [was.half(), was.double(), was.int()]
    if rng.random() < 0.85:
        state[rng.choice([name, name, name, "x", 7, b"x"])] = rng.choice(odd)
    out = io.BytesIO()
    torch.save(rng.choice([found, found, found, found, state, [state]]), out)
    return out.getvalue()


def _token(content: bytes, rng: random.Random) -> bytes | None:
    """A number in a text is another one."""
    if b"\0" in content[:4000]:
        return None
    places = [found.span() for found in _NUMBER.finditer(content[:100_000])]
    if not places:
        return None
    start, end = rng.choice(places)
    odd = (
        b"NaN",
        b"1e999",
        b"",
        b"-1",
        b"9" * 5000,
        b"0",
        b"1e300",
        b"inf",
        b"x",
        b"1,5",
        b"NULL",
    )
    return content[:start] + rng.choice(odd) + content[end:]


_CHANGES = (_json, _npz, _checkpoint, _npy, _yaml, _token)


def places(path: Path, rng: random.Random) -> None:
    """In the place of the file is something else, or nothing."""
    content = path.read_bytes()
    path.unlink()
    way = rng.choice(["gone", "empty", "pipe", "folder", "loop", "endless", "other"])
    if way == "pipe":
        os.mkfifo(path)
    elif way == "folder":
        path.mkdir()
    elif way == "loop":
        path.symlink_to(path.name)
    elif way == "endless":
        path.symlink_to("/dev/zero")
    elif way != "gone":
        path.write_bytes(b"" if way == "empty" else rng.choice(_others(content)))


def _others(content: bytes) -> list[bytes]:
    """Files of other kinds, and of more than there is room for."""
    array, bomb = io.BytesIO(), io.BytesIO()
    np.save(array, np.zeros((3, 2)))
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("truth.npy", bytes(2**24))
    anchors = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))
    texts = (
        *("[" * 100_000, '{"a":' * 100_000, "a: &a0 [1]\n" + anchors, "- " * 20_000, "9" * 5000),
        *("\n" * 100_000, "a" * 10**6, "1," * 10**5, "{}", "[]", "null", "a: 1", "\ufeff", "a\0b"),
    )
    encoded = [text.encode() for text in texts]
    pickled = b"\x80\x04\x95cposix\nsystem\n"
    changed = [content.replace(b"\n", b"\r"), content.decode("latin-1").encode("utf-16")]
    return [array.getvalue(), bomb.getvalue(), pickled, *changed, *encoded]


def litter(path: Path, rng: random.Random) -> None:
    """Beside the file is another one, or its name is odd."""
    name = rng.choice(["\x1b[2J", NEWLINE, os.fsdecode(b"\xff\xfe"), "=1+1", "x" * 200, ".hidden"])
    other = path.with_name(name + path.suffix)
    if rng.random() < 0.5:
        shutil.copy(path, other)
        bits(other, rng)
    else:
        other.mkdir()


#: By the name of a kind.
KINDS: dict[str, Damage] = {
    **{"bits": bits, "pieces": pieces, "values": values, "places": places, "litter": litter}
}


def checksummed(path: Path, kind: str) -> bool:
    """Whether a sound file's own checksums show that a kind of damage has changed bytes of it.

    Event files grow by records, so one that ends early is none that is damaged.
    """
    if not path.is_file() or kind not in ("bits", "pieces"):
        return False
    with path.open("rb") as file:
        start = file.read(8)
    return start.startswith((b"PK", b"\x89PNG")) or (kind == "bits" and ".tfevents." in path.name)
