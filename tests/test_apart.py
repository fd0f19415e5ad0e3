import os
import time
from pathlib import Path

import pytest

from coachbase import apart as beside
from coachbase.apart import apart
from coachbase.errors import Refused


def of_process() -> int:
    return os.getpid()


def refuses(word: str) -> None:
    raise Refused(f"Not {word}.")


def dies() -> None:
    os._exit(3)


def test_another_process_does_it_and_goes_on_doing_so():
    pid = apart(of_process)
    assert pid != os.getpid()
    assert apart(of_process) == pid


def test_what_it_raises_is_raised_here_and_ends_nothing():
    pid = apart(of_process)
    with pytest.raises(Refused, match="Not today"):
        apart(refuses, "today")
    assert apart(of_process) == pid


def test_its_death_is_no_silence_and_the_next_gets_a_new_one():
    pid = apart(of_process)
    with pytest.raises(EOFError):
        apart(dies)
    assert apart(of_process) != pid


def test_it_ends_when_the_one_who_asks_is_gone():
    pid = apart(of_process)
    beside._line.close()
    beside._line = None
    deadline = time.monotonic() + 10
    while is_there(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_there(pid)


def is_there(pid: int) -> bool:
    """Alive, not only waiting to be buried by its parent."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
