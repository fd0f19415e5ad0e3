"""Heavy work in a process of its own, which gives its memory back when it is done.

pyHanko alone weighs as much as the whole program; sealing happens a few times a day.
"""

from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def apart(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What a function of a module gives, called in another process that shares nothing with this one.

    Raises what the function raised; EOFError when the process died.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(theirs, function, args, kwargs), daemon=True)
    process.start()
    theirs.close()
    with ours:
        try:
            result, error = ours.recv()
        finally:
            process.join()
            process.close()
    if error is not None:
        raise error
    return result


def _answer(theirs: Connection, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    answer: tuple[Any, Exception | None]
    try:
        answer = (function(*args, **kwargs), None)
    except Exception as error:
        answer = (None, error)
    with theirs:
        theirs.send(answer)
