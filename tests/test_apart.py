import os

import pytest

from coachbase.apart import apart
from coachbase.errors import Refused


def of_process() -> int:
    return os.getpid()


def refuses(word: str) -> None:
    raise Refused(f"Not {word}.")


def dies() -> None:
    os._exit(3)


def test_another_process_does_it_and_is_gone_then():
    pid = apart(of_process)
    assert pid != os.getpid()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_what_it_raises_is_raised_here():
    with pytest.raises(Refused, match="Not today"):
        apart(refuses, "today")


def test_its_death_is_no_silence():
    with pytest.raises(EOFError):
        apart(dies)
