"""Consequences that go upward between rooms: announced by the lower room, wired in reactions.py."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

_listeners: dict[type, list[Callable[[Any], None]]] = defaultdict(list)


def on(event: type, listener: Callable[[Any], None]) -> None:
    """Call `listener` whenever such an event is announced. Wiring twice is wiring once."""
    if listener not in _listeners[event]:
        _listeners[event].append(listener)


def announce(event: object) -> None:
    """Tell every listener, inside the caller's transaction. A listener may not refuse."""
    for listener in _listeners[type(event)]:
        listener(event)
