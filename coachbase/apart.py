"""Heavy work in a process beside this one, which ends by itself and gives its memory back when there is no more of it.

The libraries that write and seal PDFs weigh more than the whole program, and are needed a few times a day.
"""

import resource
import signal
import threading
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

IDLE = 10.0
"""Seconds the process waits for more."""

_one_at_a_time = threading.Lock()
_line: Connection | None = None
_process: Any = None


def apart(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What a function of a module gives, called in a process that shares nothing with this one.

    Raises what the function raised; EOFError when the process died of it. The function may be called twice, when the
    process ended just as it was asked.
    """
    return _apart(None, function, args, kwargs)


def apart_within(seconds: float, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """`apart`, for what a stranger's file could make endless. Raises TimeoutError, too; the process is ended by it."""
    return _apart(seconds, function, args, kwargs)


def with_memory(most: int, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What a function gives that may take so many bytes of memory more than there are in use. Runs apart.

    Raises MemoryError when it wants more.
    """
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + most, hard))
    try:
        return function(*args, **kwargs)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _apart(seconds: float | None, *call: Any) -> Any:
    with _one_at_a_time:
        try:
            answer = _asked(_line, seconds, *call) if _line else None
        except (EOFError, BrokenPipeError, ConnectionResetError):  # it had nothing to do, and has ended
            answer = None
        answer = answer or _asked(_begin_anew(), seconds, *call)
    result, error = answer
    if error is not None:
        raise error
    return result


def _begin_anew() -> Connection:
    global _line, _process
    if _line is not None:
        _line.close()
    context = get_context("spawn")
    _line, theirs = context.Pipe()
    _process = context.Process(target=_serve, args=(theirs,), daemon=True)
    _process.start()
    theirs.close()
    _line.recv()  # it is up: starting is no part of the work
    return _line


def _asked(line: Connection, seconds: float | None, *call: Any) -> tuple[Any, Exception | None]:
    line.send(call)
    if seconds is not None and not line.poll(seconds):
        if _process is not None:
            _process.kill()
        raise TimeoutError
    return line.recv()


def _serve(theirs: Connection) -> None:
    """In the other process, until nobody asks; also when the one who asked was killed: then the line is cut."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who asks, who may want this finished
    with theirs:
        theirs.send(None)
        while theirs.poll(IDLE):
            try:
                function, args, kwargs = theirs.recv()
            except EOFError:
                return
            theirs.send(_answer(function, args, kwargs))


def _answer(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    try:
        return function(*args, **kwargs), None
    except Exception as error:
        return None, error
