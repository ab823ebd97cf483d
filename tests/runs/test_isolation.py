"""Jobs in processes of their own; what becomes of whole sweeps is tested in `test_sweep`."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

NESTED = """
import subprocess, sys, time
from temporal_pose.runs.isolation import end_with_parent
if len(sys.argv) > 1:
    end_with_parent()
    print("ready", flush=True)
else:
    print(subprocess.Popen([sys.executable, __file__, "child"]).pid, flush=True)
time.sleep(60)
"""

OVER = """
import time
from temporal_pose.runs.isolation import isolated
if __name__ == "__main__":
    isolated(time.sleep, 60, over=lambda: True)
    print("not reached")
"""

INTERRUPTED = """
import signal, sys
from temporal_pose.runs.isolation import isolated
if __name__ == "__main__":
    signal.signal(signal.SIGINT, getattr(signal, sys.argv[1]))
    try:
        print(isolated(signal.raise_signal, signal.SIGINT))
    except KeyboardInterrupt:
        print("interrupted")
"""


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except FileNotFoundError:
        return True


def test_a_process_ends_with_the_one_that_started_it(tmp_path) -> None:
    script = tmp_path / "nested.py"
    script.write_text(NESTED)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as parent:
        lines = {parent.stdout.readline(), parent.stdout.readline()}
        child = int((lines - {"ready\n"}).pop())
        assert not gone(child)
        parent.kill()
    end = time.monotonic() + 20
    while not gone(child):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_job_of_a_sweep_that_is_over_ends(tmp_path) -> None:
    script = tmp_path / "over.py"
    script.write_text(OVER)
    ended = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=False, timeout=40
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", "")


@pytest.mark.parametrize(
    ("disposition", "said"), [("default_int_handler", "interrupted"), ("SIG_IGN", "None")]
)
def test_an_interrupt_of_a_job_counts_unless_this_process_ignores_them(
    tmp_path, disposition, said
) -> None:
    script = tmp_path / "interrupted.py"
    script.write_text(INTERRUPTED)
    done = subprocess.run(
        [sys.executable, script, disposition],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == (f"{said}\n", "", 0)
