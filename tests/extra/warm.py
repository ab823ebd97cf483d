"""Runs commands, each in a process that is forked from this one, which has imported everything.

A line of JSON asks for one, and its process id is the answer; or for the exit status of one, null
while it runs. What a command imports is imported here when it is first asked for.
"""

import atexit
import gc
import json
import os
import signal
import sys
import threading
import traceback
from importlib import import_module
from multiprocessing import util
from types import ModuleType
from typing import Any, NoReturn

_spawn = util.spawnv_passfds


def begin(order: dict[str, Any]) -> int:
    """Forks; in the child, all is as if the command had been typed, but for what it had to import.

    Args:
        order: the ``command``, what is ``typed`` behind it, ``folder`` to work in, and ``err``,
            the file that takes what it says; if need be ``out``, the file of what it shows,
            ``environment``, in place of this one's, ``most`` bytes that a file may have, and
            ``also``, modules that it would import when it needs them.
    """
    command = import_module(f"temporal_pose.{order['command']}")
    for name in order.get("also", ()):
        import_module(name)
    gc.freeze()  # a collection in a child would look at, and so copy, all that it shares
    child = os.fork()
    if not child:
        follow(command, order)
    return child


def follow(command: ModuleType, order: dict[str, Any]) -> NoReturn:
    """Does what is asked for, in a session of its own."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests may run in the background
    os.chdir(order["folder"])
    for number, name in enumerate((os.devnull, order.get("out", os.devnull), order["err"])):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND), number)
    if order.get("environment"):
        os.environ.clear()
        os.environ.update(order["environment"])
        own = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        sys.path[1:1] = [path for path in own if path not in sys.path]
    if order.get("most"):
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["most"], order["most"]))
    util.spawnv_passfds = fork_server
    sys.argv = [str(command.__file__), *order["typed"]]
    end(outcome(command.main))


def outcome(main: Any) -> int:
    """What the interpreter makes of how a command ends: its exit status."""
    try:
        main()
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        print(ended.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def end(status: int) -> NoReturn:
    """Ends this process as the interpreter does, but for clearing away all that was imported,
    which takes longer than most commands.
    """
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def fork_server(path: bytes, arguments: list[Any], kept: list[int]) -> int:
    """Takes the place of multiprocessing's, which starts its fork server as a new interpreter:
    this one need not import anything either. All else about the server is the same.
    """
    code = str(arguments[-1])
    if "multiprocessing.forkserver" not in code:
        return int(_spawn(path, arguments, kept))
    child = os.fork()
    if child:
        return child
    try:
        for first, next_ in zip([2, *sorted(kept)], [*sorted(kept), 4096], strict=True):
            os.closerange(first + 1, next_)
        exec(code)
    finally:
        os._exit(0)


def status(child: int) -> int | None:
    """How a child ended, as `subprocess` has it; None while it runs."""
    ended, how = os.waitpid(child, os.WNOHANG)
    return os.waitstatus_to_exitcode(how) if ended else None


if __name__ == "__main__":
    for line in sys.stdin:
        asked = json.loads(line)
        answer = begin(asked) if isinstance(asked, dict) else status(asked)
        print(json.dumps(answer), flush=True)
