"""What goes upward between rooms: consequences, which the lower room announces, and questions, which it asks.

Both are wired in reactions.py.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_listeners: dict[type, list[Callable[[Any], None]]] = defaultdict(list)
_tellers: dict[type, Callable[[Any], Any]] = {}


def on(event: type, listener: Callable[[Any], None]) -> None:
    """Call `listener` whenever such an event is announced. Wiring twice is wiring once."""
    if listener not in _listeners[event]:
        _listeners[event].append(listener)


def announce(event: object) -> None:
    """Tell every listener, inside the caller's transaction. A listener may not refuse."""
    for listener in _listeners[type(event)]:
        listener(event)


class Question(Generic[T]):
    """What a room asks that only a room above it knows: a frozen dataclass, to be answered with a T."""


def tell(question: type[Question[T]], teller: Callable[[Any], T]) -> None:
    """Let `teller` answer such a question."""
    _tellers[question] = teller


def ask(question: Question[T]) -> T:
    """The answer of the room above. Raises KeyError when nobody was wired to know it: that is a bug of ours."""
    return _tellers[type(question)](question)
