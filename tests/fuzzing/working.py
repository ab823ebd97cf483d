"""Inputs in a process of their own, with a limit of time and of memory."""

import multiprocessing
import random
import resource
import signal
import sys
import tempfile
import traceback
import warnings
from functools import partial
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path

from fuzzing.judging import Outcome, Sample, judge, kinds, sound
from fuzzing.subjects import Subject, subjects

SECONDS, BYTES = 5.0, 2 * 2**30
_PATIENCE = 24  # a busy machine may take so many times longer; only the processor's time counts


class Worker:
    """A process that judges inputs, begun again where one has ended it.

    Args:
        seed: of all inputs.
        source: the module whose ``subjects`` are given them.
        seconds: of the processor that an input may take.
    """

    def __init__(
        self, seed: int, source: str = "fuzzing.subjects", seconds: float = SECONDS
    ) -> None:
        self.seed, self.source, self.seconds = seed, source, seconds
        self._patience = _PATIENCE * max(seconds, SECONDS)
        self._context = multiprocessing.get_context("forkserver")
        ours = source == "fuzzing.subjects"
        self._context.set_forkserver_preload(["fuzzing.preloaded"] if ours else [source])
        self._process: multiprocessing.process.BaseProcess | None = None

    def judge(self, number: int) -> tuple[str, str, Outcome]:
        """Reader, kind and outcome of an input."""
        self._start()
        self._pipe.send(number)
        about = self._answer()
        return ("?", "?", about) if isinstance(about, Outcome) else (*about, self._answer())

    def close(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None

    def _answer(self) -> object:
        """What the process says; the outcome of an input that it has not survived."""
        try:
            if self._pipe.poll(self._patience):
                return self._pipe.recv()
        except (EOFError, ConnectionError):
            self._process.join(5)
            status = self._process.exitcode
            self.close()
            slow = status == -signal.SIGXCPU
            return Outcome("hang" if slow else "crash", f"ended with status {status}")
        self.close()
        return Outcome("hang", f"more than {self._patience:g} s")

    def _start(self) -> None:
        if self._process is not None and self._process.is_alive():
            return
        self._pipe, theirs = self._context.Pipe()
        self._process = self._context.Process(
            target=_serve, args=(theirs, self.seed, self.source, self.seconds)
        )
        self._process.start()
        theirs.close()


def planned(seed: int, number: int, known: dict[str, Subject]) -> tuple[str, str, random.Random]:
    """Reader, kind and chance of an input: the same for the same seed and number."""
    rng = random.Random(f"{seed}/{number}")
    names = sorted(known)
    subject = names[number % len(names)]
    return subject, rng.choice(kinds(known[subject])), rng


def _serve(pipe: Connection, seed: int, source: str, seconds: float) -> None:
    warnings.simplefilter("ignore")
    known, samples = import_module(source).subjects(), {}
    folder = Path(tempfile.mkdtemp(prefix="fuzz-samples"))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while True:
        number = pipe.recv()
        name, kind, rng = planned(seed, number, known)
        pipe.send((name, kind))
        if name not in samples:
            (folder / str(len(samples))).mkdir()
            samples[name] = sound(known[name], folder / str(len(samples)))
        _limit(seconds)
        found = _judged(known[name], samples[name], kind, rng)
        pipe.send(found if found.seconds < seconds else found._replace(result="hang"))


def _judged(subject: Subject, sample: Sample, kind: str, rng: random.Random) -> Outcome:
    try:
        return judge(subject, sample, kind, rng)
    except BaseException:
        traceback.print_exc(file=sys.stderr)
        raise


def _limit(seconds: float) -> None:
    """Of what is used by now, so much more; a limit of processor time ends what hangs."""
    resource.setrlimit(resource.RLIMIT_AS, (_used() + BYTES, resource.RLIM_INFINITY))
    spent = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    resource.setrlimit(resource.RLIMIT_CPU, (int(spent + seconds + 1), resource.RLIM_INFINITY))


def _used() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def explained(seed: int, number: int) -> None:
    """Judges one input in this process and shows its trace."""
    from fuzzing import judging

    known = subjects()
    name, kind, rng = planned(seed, number, known)
    with tempfile.TemporaryDirectory() as folder:
        sample = sound(known[name], Path(folder))
        judging._outcome = partial(_shown)
        print(name, kind, judge(known[name], sample, kind, rng))


def _shown(work: object) -> tuple[str, str]:
    try:
        return "accepted", str(work())[:2000]  # type: ignore[operator]
    except Exception:
        traceback.print_exc()
        return "trace", ""
