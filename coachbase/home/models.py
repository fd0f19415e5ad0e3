"""What Today reads from the other rooms; it has no table of its own."""

from peewee import ModelSelect

from ..accounts.models import User
from ..accounts.rules import Role
from ..boards.models import Card, Stage
from ..clients.models import Client, Organisation
from ..clients.rules import Party
from ..mail.models import Message
from ..mail.rules import State

MOST = 60
"""Rows a section shows; whoever has more open than that needs a list, not a day."""


def mine(user: User) -> tuple[Party, ...]:
    """Whose ball this reader plays: the desk's, or a coach's own."""
    return {Role.COACH: (Party.COACH,), Role.ASSISTANT: (Party.US,), Role.OWNER: (Party.US, Party.COACH)}[user.role]


def waiting(user: User, parties: tuple[Party, ...]) -> list[Client]:
    """Visible clients whose next step waits on one of these, longest wait first, each with its `.card` and stage."""
    coach = User.alias()
    clients = (
        Client.visible_to(user, Client, Organisation, coach, Card, Stage)
        .left_outer_join(Organisation)
        .switch(Client)
        .left_outer_join(coach, on=(Client.coach == coach.id))
        .switch(Client)
        .left_outer_join(Card, on=(Card.client == Client.id), attr="card")
        .left_outer_join(Stage)
        .where(Client.waiting_on_name.in_(parties))
        .order_by(Client.waiting_since)
        .limit(MOST)
    )
    return list(clients)


def undelivered(user: User) -> ModelSelect:
    """Mail that did not leave and will not by itself."""
    return Message.visible_to(user).where(Message.state_name == State.DEAD).order_by(Message.id.desc()).limit(MOST)


def is_new_practice() -> bool:
    """Whether nobody was ever entered here."""
    return not Client.select().exists()
