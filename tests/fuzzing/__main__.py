"""``make fuzz FUZZ=10000 SEED=0``: any number of damaged inputs, and a table of what came of them.

With ``--only NUMBER`` one input alone is judged, in this process, with its trace.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

from fuzzing.judging import BAD, GOOD
from fuzzing.working import Worker, explained


def main() -> None:
    """Judges inputs; the exit status is 1 where one is bad."""
    parser = argparse.ArgumentParser(prog="python -m fuzzing", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="number of the first of them")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int)
    options = parser.parse_args()
    if options.only is not None:
        explained(options.seed, options.only)
        return
    found: Counter[tuple[str, str, str]] = Counter()
    with suppress(KeyboardInterrupt):  # what was found until then is shown
        judge_all(options.seed, range(options.first, options.first + options.inputs), found)
    print(table(found))
    sys.exit(any(result in BAD for _, _, result in found))


def judge_all(seed: int, numbers: Iterable[int], found: Counter[tuple[str, str, str]]) -> None:
    """Judges inputs one after another, counts what comes of them, and tells the bad at once."""
    worker = Worker(seed)
    try:
        for number in numbers:
            subject, kind, outcome = worker.judge(number)
            found[subject, kind, outcome.result] += 1
            if found.total() % 100 == 0:
                print(f"{found.total():,} inputs", file=sys.stderr, flush=True)
            if outcome.result in BAD:
                said = f"{outcome.result}: {number}: {subject}, {kind}: {outcome.detail}"
                print(said, flush=True)
    finally:
        worker.close()


def table(found: Counter[tuple[str, str, str]]) -> str:
    """Inputs by reader and kind, and how many of each came to what."""
    results = (*GOOD, *BAD)
    rows = [("reader", "kind", *results)]
    for subject, kind in sorted({key[:2] for key in found}):
        counts = (found[subject, kind, result] for result in results)
        rows.append((subject, kind, *(str(n or "") for n in counts)))
    totals = (sum(n for key, n in found.items() if key[2] == result) for result in results)
    rows.append(("all", "", *map(str, totals)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


if __name__ == "__main__":
    main()
