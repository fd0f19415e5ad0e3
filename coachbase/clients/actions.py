"""Add and change clients; say who has the ball."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import clock
from ..accounts.models import User
from ..db import atomic
from ..errors import Stale
from ..events import announce
from .models import Client
from .rules import Party, Status, fold

FIELDS = frozenset(
    "name preferred_name pronouns email phone zone language position organisation coach assistant_name assistant_email".split()
)
"""What people may fill in about a client."""


@dataclass(frozen=True)
class ClientAdded:
    """There is a new client; `how` finishes the sentence "Added …"."""

    client: Client
    how: str
    by: User | None


@dataclass(frozen=True)
class ClientChanged:
    """Somebody changed these fields of a client."""

    client: Client
    fields: tuple[str, ...]
    by: User | None


@atomic
def add(values: Mapping[str, Any], *, how: str, status: Status = Status.PROSPECT, by: User | None = None) -> Client:
    """Add a client with any of FIELDS; `how` finishes the sentence "Added …" on the timeline."""
    known = {name: value for name, value in values.items() if name in FIELDS}
    client = Client.create(**known, status_name=status, created_at=clock.now(), search_key=_search_key(known))
    announce(ClientAdded(client, how, by))
    return client


@atomic
def change(client: Client, values: Mapping[str, Any], *, version: int, by: User) -> None:
    """Change any of FIELDS.

    Raises Stale when somebody saved the client since `version`.
    """
    now = Client.get_by_id(client.id)
    if now.version != version:
        raise Stale(f"Somebody else changed {now.name} while you were typing.")
    changed = tuple(name for name in sorted(FIELDS & values.keys()) if getattr(now, name) != values[name])
    if not changed:
        return
    for name in changed:
        setattr(client, name, values[name])
    client.version = version + 1
    client.search_key = _search_key({name: getattr(client, name) for name in FIELDS})
    client.save()
    announce(ClientChanged(client, changed, by))


@atomic
def pass_ball(client: Client, to: Party, step: str) -> None:
    """Say what comes next and who has to do it; the clock of waiting starts anew when either changes."""
    if (client.waiting_on, client.next_step) == (to, step):
        return
    client.waiting_on_name, client.next_step = to, step
    client.waiting_since = None if to is Party.NOBODY else clock.now()
    client.save()


@atomic
def set_status(client: Client, status: Status) -> None:
    """Prospect, onboarding, active, paused or former."""
    client.status_name = status
    client.save()


def _search_key(values: Mapping[str, Any]) -> str:
    organisation = values.get("organisation")
    return fold(
        values.get("name"),
        values.get("preferred_name"),
        values.get("email"),
        values.get("position"),
        organisation.name if organisation else "",
    )
