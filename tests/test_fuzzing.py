"""Damaged inputs to every reader and writer: a clear error, or a result, and nothing else.

``make fuzz`` does as many as one likes, each in a process of its own; see `fuzzing`.
"""

import os
import pickle
import random
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

import pytest

pytest.importorskip("torchvision", reason="the detect extra is not installed")
pytest.importorskip("h5py", reason="the formats extra is not installed")
pytest.importorskip("onnx", reason="the dev extra is not installed")

from fuzzing.judging import BAD, GOOD, Sample, judge, kinds, sound
from fuzzing.opening import ELSEWHERE, entered, opening
from fuzzing.subjects import Subject, subjects
from fuzzing.working import Worker
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sharing import once

from temporal_pose.files.options import described, filters, networks, options, shipped
from temporal_pose.formats.known import formats

EACH = int(os.environ.get("TEMPORAL_POSE_FUZZ", 4))  # inputs of each reader and kind
SECONDS = 60  # for an input, on a machine that is busy with others

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # of libraries, at what is damaged
    pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system"),
]
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    KNOWN = subjects()
SEEDED = settings(
    deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
ENTERED: set[str] = set()  # functions that reading the samples has gone through


@pytest.fixture(scope="module")
def sampled(shared_folder: Path):
    """A sound sample of a reader, made once."""

    @cache
    def made(name: str) -> Sample:
        folder = once(shared_folder, f"sample {name}", partial(make_sample, KNOWN[name]))
        sample, gone_through = pickle.loads((folder / "sample").read_bytes())
        ENTERED.update(gone_through)
        return sample

    return made


def make_sample(subject: Subject, folder: Path) -> None:
    """A sample, and beside it what is known of it."""
    gone_through: set[str] = set()
    with entered(gone_through):
        sample = sound(subject, folder)
    (folder / "sample").write_bytes(pickle.dumps((sample, gone_through)))


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Ends what hangs."""

    def late(*_: object) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("name", KNOWN)
def test_nothing_but_a_result_or_a_line_comes_of_damage(sampled, name: str) -> None:
    subject, sample = KNOWN[name], sampled(name)

    @settings(SEEDED, max_examples=max(1, EACH // 4) if subject.heavy else EACH)
    @given(seed=st.integers(0, 2**32))
    def check(seed: int) -> None:
        rng = random.Random(seed)
        kind = rng.choice(kinds(subject))
        with within(SECONDS):
            found = judge(subject, sample, kind, rng)
        assert found.result in GOOD, (kind, found)

    check()


def test_every_function_that_opens_a_file_is_gone_through(sampled) -> None:
    for name in KNOWN:
        sampled(name)
    known = opening()
    assert known - ENTERED - ELSEWHERE.keys() == set()
    assert ELSEWHERE.keys() - known == set()


def test_every_option_that_reads_files_is_among_them() -> None:
    read = {f"formats/{name}" for name in formats()}
    read |= {f"model/{name}" for name in [*filters(), *networks()]}
    read |= {f"detector/{n}" for n in options("detector") if "weights" in described("detector", n)}
    read |= {f"data/{n}" for n in options("data") if "${data.root}" in str(described("data", n))}
    read |= {f"shipped/{name}" for name in shipped()}
    read -= {"data/aist_and_penn"}  # of sets that are there alone
    assert {name for name in read if not any(one.startswith(name) for one in KNOWN)} == set()


@pytest.mark.parametrize("name", [name for name in KNOWN if not name.startswith("detector/")])
def test_a_sample_is_sound_before_it_is_damaged(sampled, name: str) -> None:
    """Those of detectors need not be: real networks are too large to be damaged by thousands."""
    assert sampled(name).whole, sampled(name).said


def test_a_worker_tells_every_way_to_come_to_grief_and_is_replaced() -> None:
    worker = Worker(0, "fuzzing.ways", seconds=1)
    try:
        found = {name: outcome.result for name, _, outcome in map(worker.judge, range(7))}
    finally:
        worker.close()
    assert found == {name: name for name in (*BAD, "accepted", "clear error")}
