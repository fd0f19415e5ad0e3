"""What staff type about clients and sponsors, what a list is asked for, and the CSV file they bring."""

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from werkzeug.datastructures import FileStorage
from wtforms import SelectField, StringField
from wtforms.validators import ValidationError

from ..accounts.models import User
from ..accounts.rules import Role
from ..errors import Refused
from ..web.forms import Form, choices, long_text, short_text, version_field, zone_field
from ..web.forms import address as mail_address
from .actions import FIELDS
from .models import Client
from .rules import (
    ALL,
    COLUMNS,
    CONTACT_ROLE_LABELS,
    CURRENT,
    LONGEST,
    LONGEST_LINE,
    LONGEST_SEARCH,
    MAX_IMPORT_BYTES,
    PARTY_LABELS,
    SORTS,
    STATUS_LABELS,
    ClientFilter,
    Columns,
    ContactRole,
    Party,
    Sheet,
    Status,
    web_address,
)

DEEPEST_PAGE = 100_000


def client_filter(asked: Mapping[str, str]) -> ClientFilter:
    """What an address asks of the list; nonsense counts as not asked."""
    sort = asked.get("sort", "")
    status, waiting = asked.get("status", ""), asked.get("waiting", "")
    return ClientFilter(
        q=asked.get("q", "")[:LONGEST_SEARCH].strip(),
        status=status if status in {CURRENT, ALL, *Status} else CURRENT,
        coach=asked.get("coach", "")[:26],
        organisation=asked.get("organisation", "")[:26],
        waiting=waiting if waiting in set(Party) else "",
        sort=sort.lstrip("-") if sort.lstrip("-") in SORTS else "name",
        descending=sort.startswith("-"),
        page=_page(asked.get("page", "")),
    )


def _page(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) < 9
    return max(1, min(int(text), DEEPEST_PAGE)) if is_number else 1


class ClientForm(Form):
    """A client. `offer` says which coaches may be chosen; a coach's own form has no such field."""

    name = short_text("Name", "What is the client’s name?")
    preferred_name = short_text("Preferred name", help="How we address this person.")
    legal_name = short_text(
        "Legal name", help="As it stands in agreements and invoices, when it differs from the name."
    )
    pronouns = short_text("Pronouns", longest=LONGEST["pronouns"], example="she/her")
    email = mail_address("Email", required=False)
    phone = short_text("Phone", longest=LONGEST["phone"], type="tel")
    zone = zone_field("Time zone", required=False)
    language = short_text("Language", longest=LONGEST["language"], example="English")
    position = short_text("Position", example="COO")
    organisation = short_text("Organisation", help="A new name makes a new sponsor.", list="organisations")
    coach = SelectField("Coach")
    address = long_text(
        "Postal address", longest=LONGEST["address"], help="As it stands in agreements and invoices.", rows=3
    )
    assistant_name = short_text("Own assistant", help="Who keeps the client’s calendar.")
    assistant_email = mail_address("Own assistant’s email", required=False)
    status = SelectField("Status", choices=choices(STATUS_LABELS.items()), default=Status.PROSPECT.value)

    def offer(self, coaches: Iterable[User], user: User, client: Client | None = None) -> None:
        """Let `user` choose among these coaches; the client's present one stays possible.

        "No coach yet" shows a client to every assistant, so only the owner takes a coach away.
        """
        if user.role is Role.COACH:
            del self.coach
            return
        may_be_none = user.role is Role.OWNER or client is None or client.coach_id is None
        self._coaches = {coach.public_id: coach for coach in coaches}
        if client and client.coach_id:
            self._coaches.setdefault(client.coach.public_id, client.coach)
        nobody = [("", "No coach yet")] if may_be_none else []
        self.coach.choices = choices(nobody + [(key, coach.name) for key, coach in self._coaches.items()])

    def values(self, user: User) -> dict[str, Any]:
        """What was typed, as actions take it."""
        typed = {name: value for name, value in self.data.items() if name != "version"}
        coach = self._coaches.get(typed["coach"]) if "coach" in typed else user
        return typed | {"coach": coach, "status": Status(typed["status"])}


class ClientEditForm(ClientForm):
    version = version_field()


def as_typed(client: Client) -> SimpleNamespace:
    """A client with the form's fields as the form holds them, to fill it and to compare with it."""
    return SimpleNamespace(
        **{name: getattr(client, name) for name in FIELDS - {"organisation", "coach"}},
        status=client.status.value,
        organisation=client.organisation.name if client.organisation_id else "",
        coach=client.coach.public_id if client.coach_id else "",
        version=client.version,
    )


class BallForm(Form):
    next_step = short_text("Next step", longest=LONGEST_LINE, example="Send the agreement")
    waiting_on = SelectField(
        "Waiting on", choices=choices((p, label.capitalize()) for p, label in PARTY_LABELS.items())
    )
    version = version_field()


class SponsorForm(Form):
    name = short_text("Name", "What is the organisation called?")
    website = short_text("Website", longest=300, example="brightwater.example", inputmode="url")
    address = long_text("Address", longest=1000, help="As it stands on invoices.", rows=3)

    def validate_website(self, field: StringField) -> None:
        if not field.data:
            return
        link = web_address(field.data)
        if link is None:
            raise ValidationError("Type an address that begins with https:// or http://.")
        field.data = link


class SponsorEditForm(SponsorForm):
    version = version_field()


class ContactForm(Form):
    name = short_text("Name", "What is the contact’s name?")
    role = SelectField("Role", choices=choices(CONTACT_ROLE_LABELS.items()))
    title = short_text("Position")
    email = mail_address("Email", required=False)
    phone = short_text("Phone", longest=LONGEST["phone"], type="tel")

    def values(self) -> dict[str, Any]:
        return self.data | {"role": ContactRole(self.role.data)}


class ContactEditForm(ContactForm):
    version = version_field()


def uploaded(upload: FileStorage | None, what: str = "a CSV file with your clients") -> tuple[str, bytes]:
    """Name and bytes of the file.

    Raises Refused when there is none, or too much of it.
    """
    content = upload.stream.read(MAX_IMPORT_BYTES + 1) if upload else b""
    if not content.strip():
        raise Refused(f"Choose {what} first.")
    if len(content) > MAX_IMPORT_BYTES:
        raise Refused("A file may have up to 5 MB. Split it and import the parts.")
    name = "".join(sign for sign in ((upload and upload.filename) or "") if sign.isprintable())
    return name[-80:] or "a file", content


class ColumnsForm(Form):
    """What a file's rows get when their own coach or status is empty; the columns themselves are read beside it."""

    coach = SelectField("Coach where the file names none")
    status = SelectField("Status where the file names none", choices=choices(STATUS_LABELS.items()))

    def offer(self, coaches: Iterable[User]) -> None:
        self.coach.choices = choices([("", "No coach yet"), *((coach.public_id, coach.name) for coach in coaches)])


def chosen_columns(sheet: Sheet, form: ColumnsForm, sent: Mapping[str, str]) -> Columns:
    """What was chosen for each column, `column-0` and so on; what is no field of ours fills nothing."""
    fields = (sent.get(f"column-{number}", "") for number in range(len(sheet.header)))
    return Columns(tuple(field if field in COLUMNS else "" for field in fields), form.coach.data, form.status.data)
