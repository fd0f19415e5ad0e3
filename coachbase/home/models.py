"""What Today reads from the other rooms; it has no table of its own."""

from typing import NamedTuple

from peewee import ModelSelect, fn

from ..accounts.models import User
from ..accounts.rules import Role
from ..boards.models import Card, Stage
from ..clients.models import Client, Organisation
from ..clients.rules import Party
from ..mail.models import Message
from ..mail.rules import State

MOST = 25
"""Rows a section shows, the longest waiting first; whoever has more open than that works from the board."""


class Waiting(NamedTuple):
    """Clients whose next step waits, with their cards' stages; and how many there are in all."""

    rows: list
    total: int


def mine(user: User) -> tuple[Party, ...]:
    """Whose ball this reader plays: the desk's, or a coach's own."""
    return {Role.COACH: (Party.COACH,), Role.ASSISTANT: (Party.US,), Role.OWNER: (Party.US, Party.COACH)}[user.role]


def waiting(user: User, parties: tuple[Party, ...]) -> Waiting:
    """Visible clients whose next step waits on one of these."""
    columns = (
        Client.public_id, Client.name, Client.position, Client.next_step, Client.waiting_on_name,
        Client.waiting_since, Organisation.name.alias("organisation"), User.name.alias("coach"),
        Card.entered_at, Stage.target_days, fn.COUNT().over().alias("of"),
    )  # fmt: skip
    clients = (
        Client.visible_to(user, *columns)
        .left_outer_join(Organisation)
        .switch(Client)
        .left_outer_join(User, on=(Client.coach == User.id))
        .switch(Client)
        .left_outer_join(Card)
        .left_outer_join(Stage)
        .where(Client.waiting_on_name.in_(parties))
        .order_by(Client.waiting_since)
        .limit(MOST)
    )
    rows = list(clients.namedtuples())
    return Waiting(rows, rows[0].of if rows else 0)


def undelivered(user: User) -> ModelSelect:
    """Mail that did not leave and will not by itself."""
    return Message.visible_to(user).where(Message.state_name == State.DEAD).order_by(Message.id.desc()).limit(MOST)


def is_new_practice() -> bool:
    """Whether nobody was ever entered here."""
    return not Client.select(Client.id).exists()
