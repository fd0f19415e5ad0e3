"""Write the line."""

from .. import clock
from ..accounts.models import User
from ..clients.models import Client
from ..db import atomic
from .models import Opening
from .rules import What


@atomic
def note(what: What, words: str, *, client: Client | None, by: User) -> None:
    """Somebody opens what is kept shut; in the transaction that opens it, so nothing opens without its line."""
    Opening.create(what_name=what, words=words, client=client, by=by, at=clock.now())
