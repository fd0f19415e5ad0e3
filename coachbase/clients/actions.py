"""Add and change clients, sponsors and their contacts; say who has the ball; take in a list of clients."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from peewee import IntegrityError

from .. import clock
from ..accounts.models import User
from ..db import atomic
from ..errors import Refused, Stale
from ..events import announce
from .models import Client, ClientImport, Contact, Organisation
from .rules import Columns, ContactRole, Party, PlannedClient, Status, fold, refusal_of_columns

FIELDS = frozenset(
    {
        "name",
        "preferred_name",
        "pronouns",
        "email",
        "phone",
        "zone",
        "language",
        "position",
        "organisation",
        "coach",
        "assistant_name",
        "assistant_email",
        "legal_name",
        "address",
    }
)
"""What people may fill in about a client. An organisation may be given by its name: see `_organisation`."""


@dataclass(frozen=True)
class ClientAdded:
    """There is a new client; `how` finishes the sentence "Added …"."""

    client: Client
    how: str
    by: User | None


@dataclass(frozen=True)
class ContactMoved:
    """A sponsor contact has another mail address, or none; or was removed, or put back."""

    contact: Contact


@dataclass(frozen=True)
class ClientChanged:
    """Somebody changed these fields of a client; `rules.in_words(fields)` names them in a sentence."""

    client: Client
    fields: tuple[str, ...]
    by: User | None


@atomic
def add(values: Mapping[str, Any], *, how: str, status: Status = Status.PROSPECT, by: User | None = None) -> Client:
    """Add a client with any of FIELDS; `how` finishes the sentence "Added …" on the timeline."""
    known = {name: value for name, value in values.items() if name in FIELDS}
    if isinstance(named := known.get("organisation"), str):
        known["organisation"] = _organisation(named, known.get("coach"), by)
    client = Client.create(**known, status_name=status, created_at=clock.now(), search_key=_search_key(known))
    announce(ClientAdded(client, how, by))
    return client


@atomic
def change(client: Client, values: Mapping[str, Any], *, version: int, by: User | None) -> None:
    """Change any of FIELDS, and the status.

    Raises Stale when somebody saved the client since `version`.
    """
    now = Client.get_by_id(client.id)
    if now.version != version:
        raise Stale(f"Somebody else changed {now.name} while you were typing.")
    wanted = {name: value for name, value in values.items() if name in FIELDS or name == "status"}
    if isinstance(named := wanted.get("organisation"), str):
        kept = now.organisation and now.organisation.search_key == fold(named)
        wanted["organisation"] = now.organisation if kept else _organisation(named, wanted.get("coach", now.coach), by)
    changed = tuple(name for name in sorted(wanted) if getattr(now, name) != wanted[name])
    if not changed:
        return
    for name in changed:
        setattr(client, "status_name" if name == "status" else name, wanted[name])
    client.version = version + 1
    client.search_key = _search_key({name: getattr(client, name) for name in FIELDS})
    client.save()
    announce(ClientChanged(client, changed, by))


@atomic
def pass_ball(
    client: Client, to: Party, step: str, *, status: Status | None = None, version: int | None = None
) -> None:
    """Say what comes next and who has to do it, and with it perhaps the status; a new ball starts the clock anew.

    Raises Stale when a `version` is given and somebody changed the client since.
    """
    now = Client.get_by_id(client.id)
    is_new_ball = (now.waiting_on, now.next_step) != (to, step)
    if not is_new_ball and status in (None, now.status):
        return
    if version is not None and version != now.version:
        raise Stale(f"Somebody else changed {now.name} while you were typing.")
    if is_new_ball:
        client.waiting_on_name, client.next_step = to, step
        client.waiting_since = None if to is Party.NOBODY else clock.now()
    client.status_name = status or now.status
    client.version = now.version + 1
    client.save()


@atomic
def set_status(client: Client, status: Status) -> None:
    """Prospect, onboarding, active, paused or former. A form that was open meanwhile then learns that it is stale."""
    client.status_name = status
    client.version = Client.get_by_id(client.id).version + 1
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


# Sponsors -------------------------------------------------------------------------------------------------------------


def _organisation(name: str, coach: User | None, by: User | None) -> Organisation | None:
    """The organisation of this name, made if need be; None for no name.

    Only one that the client's coach, or else whoever types, may see counts: that another coach has a client at
    Brightwater stays unknown, so there may be two of a name. A stranger's inquiry attaches itself to no sponsor.
    """
    if not fold(name).strip():
        return None
    seen = (Organisation.called(name, user) for user in (coach, by) if user)
    return next(filter(None, seen), None) or add_organisation(name=name, by=by)


@atomic
def add_organisation(*, name: str, website: str = "", address: str = "", by: User | None) -> Organisation:
    return Organisation.create(
        name=name, website=website, address=address, search_key=fold(name), created_at=clock.now(), added_by=by
    )


@atomic
def change_organisation(organisation: Organisation, *, name: str, website: str, address: str, version: int) -> None:
    """Change a sponsor; its clients are found by the new name.

    Raises Stale when somebody saved it since `version`.
    """
    now = Organisation.get_by_id(organisation.id)
    if now.version != version:
        raise Stale(f"Somebody else changed {now.name} while you were typing.")
    organisation.name, organisation.website, organisation.address = name, website, address
    organisation.search_key, organisation.version = fold(name), version + 1
    organisation.save()
    if name != now.name:
        for client in Client.select(Client, Organisation).join(Organisation).where(Client.organisation == organisation):
            client.search_key = _search_key({field: getattr(client, field) for field in FIELDS - {"coach"}})
            client.save()


@atomic
def add_contact(
    organisation: Organisation, *, name: str, role: ContactRole, title: str = "", email: str = "", phone: str = ""
) -> Contact:
    return Contact.create(
        organisation=organisation,
        name=name,
        role_name=role,
        title=title,
        email=email,
        phone=phone,
        search_key=fold(name, title, email),
    )


@atomic
def change_contact(
    contact: Contact, *, name: str, role: ContactRole, title: str, email: str, phone: str, version: int
) -> None:
    """Raises Stale when somebody saved the contact since `version`."""
    now = Contact.get_by_id(contact.id)
    if now.version != version:
        raise Stale(f"Somebody else changed {now.name} while you were typing.")
    contact.name, contact.role_name, contact.title, contact.email, contact.phone = name, role, title, email, phone
    contact.search_key = fold(name, title, email)
    contact.version = version + 1
    contact.save()
    if email.casefold() != now.email.casefold():
        announce(ContactMoved(contact))


@atomic
def remove_contact(contact: Contact) -> None:
    """Take a contact off the list; for a day it can be put back, then it is deleted (tidying.py)."""
    contact.removed_at = clock.now()
    contact.save()
    announce(ContactMoved(contact))


@atomic
def restore_contact(contact: Contact) -> None:
    """Undo a removal."""
    contact.removed_at = None
    contact.save()
    announce(ContactMoved(contact))


# A list of clients ----------------------------------------------------------------------------------------------------


@atomic
def take_file(*, filename: str, text: str, by: User) -> ClientImport:
    """Keep a CSV text, sealed, until it is applied or a week has passed."""
    return ClientImport.create(by=by, filename=filename, content=text, created_at=clock.now())


@atomic
def choose_columns(upload: ClientImport, columns: Columns) -> None:
    """Say what the columns fill."""
    if refusal := refusal_of_columns(columns.fields):
        raise Refused(refusal)
    upload.mapping = columns.to_json()
    upload.save()


@atomic
def apply_import(upload: ClientImport, *, add_doubles: bool) -> int:
    """Add the clients of a file, all or none; how many.

    Raises Refused, and adds nobody, when any line has a problem, and when the file was applied before.
    """
    now = ClientImport.open_of(upload.by).where(ClientImport.id == upload.id).first()
    if now is None or now.columns is None:
        raise Refused("This file was imported already. Its clients are on the list.")
    planned = now.plan()
    if bad := next((row for row in planned if row.problem), None):
        raise Refused(f"Line {bad.line}: {bad.problem} Nothing was imported.")
    wanted = [row for row in planned if add_doubles or not row.double]
    organisations: dict[tuple[str, int | None], Organisation | None] = {}
    for row in wanted:
        _add_planned(row, organisations, by=now.by, how=f"from {now.filename}")
    now.applied_at, now.content = clock.now(), ""
    now.save()
    return len(wanted)


def _add_planned(
    row: PlannedClient, organisations: dict[tuple[str, int | None], Organisation | None], *, by: User, how: str
) -> None:
    """Add one line's client; each organisation is looked up once a file and coach."""
    name, coach = row.values["organisation"], row.values["coach"]
    key = (fold(name), coach and coach.id)
    if key not in organisations:
        organisations[key] = _organisation(name, coach, by)
    try:
        add({**row.values, "organisation": organisations[key]}, how=how, status=row.values["status"], by=by)
    except IntegrityError as error:
        raise Refused(f"Line {row.line} could not be stored. Nothing was imported.") from error
