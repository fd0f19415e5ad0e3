"""The one cast of all tests."""

from dataclasses import dataclass
from functools import cache

from coachbase import clock
from coachbase.accounts import actions as accounts
from coachbase.accounts.models import Serving, User
from coachbase.accounts.rules import Role, hash_password
from coachbase.boards import actions as boards
from coachbase.clients.models import Client, Contact, Organisation
from coachbase.clients.rules import ContactRole, fold
from coachbase.db import atomic

PASSWORD = "a quiet morning in June"


@dataclass(frozen=True)
class Cast:
    olive: User
    alice: User
    vera: User
    carol: User
    bob: Client
    sam: Contact
    brightwater: Organisation

    @classmethod
    def met(cls) -> "Cast":
        staff = {user.email.partition("@")[0]: user for user in User.select()}
        return cls(
            **staff,
            bob=Client.get(Client.name == "Bob Haddad"),
            sam=Contact.get(Contact.name == "Sam Okafor"),
            brightwater=Organisation.get(Organisation.name == "Brightwater"),
        )


@cache
def password_hash() -> str:
    return hash_password(PASSWORD)


@atomic
def assemble() -> None:
    """Put the cast into an empty database."""
    now = clock.now()
    accounts.set_up(
        firm_name="Northbank",
        zone="Europe/London",
        currency="GBP",
        owner_name="Olive Marsh",
        owner_email="olive@northbank.example",
        password_hash=password_hash(),
    )
    alice, _carol, vera = (
        User.create(
            name=name,
            email=f"{name.split()[0].lower()}@northbank.example",
            role_name=role,
            zone="Europe/London",
            password_hash=password_hash(),
            created_at=now,
        )
        for name, role in (("Alice Kern", Role.COACH), ("Carol Voss", Role.COACH), ("Vera Moreau", Role.ASSISTANT))
    )
    Serving.create(assistant=vera, coach=alice)
    brightwater = Organisation.create(name="Brightwater", search_key=fold("Brightwater"), created_at=now)
    Contact.create(
        organisation=brightwater,
        name="Sam Okafor",
        role_name=ContactRole.HR,
        email="sam@brightwater.example",
        search_key=fold("Sam Okafor", "sam@brightwater.example"),
    )
    boards.put_on_board(_add_bob(alice, brightwater))


def _add_bob(alice: User, brightwater: Organisation) -> Client:
    return Client.create(
        name="Bob Haddad",
        email="bob@brightwater.example",
        position="SVP Operations",
        organisation=brightwater,
        coach=alice,
        zone="Asia/Dubai",
        search_key=fold("Bob Haddad", "bob@brightwater.example", "SVP Operations"),
        created_at=clock.now(),
    )
