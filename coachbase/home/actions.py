"""Ask for the sample practice."""

from dataclasses import dataclass

from ..accounts.models import User
from ..db import atomic
from ..errors import Refused
from ..events import announce
from .models import is_new_practice


@dataclass(frozen=True)
class SampleAsked:
    """The owner of an empty practice wants fiction to try things out."""

    by: User


@atomic
def ask_for_sample(*, by: User) -> None:
    """Fill the practice with fiction, once, and only while it is empty.

    Raises Refused when there are real clients.
    """
    if not is_new_practice():
        raise Refused("There are clients here already, so no fiction was added.")
    announce(SampleAsked(by))
