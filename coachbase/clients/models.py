"""Clients, sponsor organisations and their contacts. `Client.visible_to` is the wall (domain.md §1)."""

from collections.abc import Iterable, Sequence
from functools import cached_property, reduce
from operator import and_
from typing import Any, Self

from peewee import SQL, Case, CharField, ForeignKeyField, IntegerField, ModelSelect, Ordering, TextField, fn

from ..accounts.models import Serving, User
from ..accounts.rules import Role
from ..db import ADDED_LATER, EncryptedTextField, Model, NoCaseField, PublicIdField, UtcDateTimeField
from .rules import (
    ALL,
    CONTACT_ROLE_LABELS,
    CURRENT,
    NO_COACH,
    PARTY_LABELS,
    STATUS_LABELS,
    ClientFilter,
    Columns,
    ContactRole,
    Party,
    PlannedClient,
    Sheet,
    Status,
    called,
    fold,
    plan_clients,
    read_sheet,
    words_of,
)


def _says(key: TextField, words: Iterable[str]) -> Any:
    """Whether a search key holds every word; LIKE's own signs are escaped by peewee."""
    return reduce(and_, (key.contains(word) for word in words), SQL("1"))


def _best_first(key: TextField, words: Sequence[str]) -> tuple[Any, ...]:
    """Names that begin so, then names and words that do, then the rest."""
    rank = Case(
        None,
        ((key.startswith(" ".join(words)), 0), (key.startswith(words[0]), 1), (key.contains(f" {words[0]}"), 2)),
        3,
    )
    return rank, key


class Organisation(Model):
    """A sponsor: the company that pays for some of its people. `added_by` is None when a stranger named it."""

    public_id = PublicIdField()
    name = TextField()
    website = TextField(default="")
    address = TextField(default="")
    search_key = TextField(default="", index=True)
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()
    added_by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """Those where the user may see a client, and those without any that the user added.

        That Carol has, or had, a client at X is Carol's.
        """
        if user.role is Role.OWNER:
            return cls.select()
        taken = Client.select(Client.organisation).where(Client.organisation.is_null(False))
        own = (cls.added_by == user) & cls.id.not_in(taken)
        return cls.select().where(cls.id.in_(Client.visible_to(user, Client.organisation)) | own)

    @classmethod
    def count_for(cls, user: User) -> ModelSelect:
        return cls.visible_to(user).select(fn.COUNT(cls.id))

    @classmethod
    def called(cls, name: str, user: User) -> Self | None:
        """The organisation of this name that the user may see."""
        return cls.visible_to(user).where(cls.search_key == fold(name)).order_by(cls.id).first()

    @classmethod
    def with_clients_of(cls, user: User) -> ModelSelect:
        """Those where the user sees a client, by name."""
        theirs = Client.visible_to(user, Client.organisation)
        return cls.select(cls.public_id, cls.name).where(cls.id.in_(theirs)).order_by(cls.search_key)

    @classmethod
    def listed(cls, user: User, words: Sequence[str], sort: str, *, descending: bool) -> ModelSelect:
        """`visible_to` with `client_count` (the visible ones) and `contact_count`, for the list."""
        clients = Client.visible_to(user, fn.COUNT(Client.id)).where(Client.organisation == cls.id)
        contacts = Contact.kept(fn.COUNT(Contact.id)).where(Contact.organisation == cls.id)
        found = cls.visible_to(user).select_extend(clients.alias("client_count"), contacts.alias("contact_count"))
        by = {"clients": SQL("client_count"), "contacts": SQL("contact_count")}.get(sort, cls.search_key)
        order = Ordering(by, "DESC" if descending else "ASC")
        return found.where(_says(cls.search_key, words)).order_by(order, cls.search_key, cls.id)

    @classmethod
    def found(cls, user: User, words: Sequence[str]) -> ModelSelect:
        """What search finds, best first."""
        return cls.visible_to(user).where(_says(cls.search_key, words)).order_by(*_best_first(cls.search_key, words))


class Contact(Model):
    """Somebody at a sponsor organisation whom we write to."""

    public_id = PublicIdField()
    organisation = ForeignKeyField(Organisation, backref="contacts", on_delete="CASCADE")
    name = TextField()
    role_name = CharField(max_length=20, column_name="role", default=ContactRole.OTHER)
    title = TextField(default="")
    email = NoCaseField(default="")
    phone = TextField(default="")
    search_key = TextField(default="")
    version = IntegerField(default=1)
    removed_at = UtcDateTimeField(null=True)

    @property
    def role(self) -> ContactRole:
        return ContactRole(self.role_name)

    @property
    def role_label(self) -> str:
        return CONTACT_ROLE_LABELS[self.role]

    @classmethod
    def kept(cls, *columns: object) -> ModelSelect:
        """Without the removed ones, which stay for a day so that a removal can be undone."""
        return cls.select(*columns).where(cls.removed_at.is_null())

    @classmethod
    def of(cls, organisation: Organisation) -> ModelSelect:
        """An organisation's contacts, HR first."""
        by_role = Case(cls.role_name, [(role.value, place) for place, role in enumerate(ContactRole)])
        return cls.kept().where(cls.organisation == organisation).order_by(by_role, cls.search_key, cls.id)

    @classmethod
    def found(cls, user: User, words: Sequence[str]) -> ModelSelect:
        """What search finds, best first, with the organisation."""
        theirs = Organisation.visible_to(user).select(Organisation.id)
        found = cls.kept(cls, Organisation).join(Organisation).where(cls.organisation.in_(theirs))
        return found.where(_says(cls.search_key, words)).order_by(*_best_first(cls.search_key, words))


class Client(Model):
    """A person who is coached, or asked to be. `next_step`, `waiting_on` and `waiting_since` say who has the ball."""

    public_id = PublicIdField()
    name = TextField()
    preferred_name = TextField(default="")
    pronouns = TextField(default="")
    email = NoCaseField(default="", index=True)
    phone = TextField(default="")
    zone = TextField(default="")
    language = TextField(default="")
    position = TextField(default="")
    organisation = ForeignKeyField(Organisation, null=True, backref="clients", on_delete="RESTRICT")
    coach = ForeignKeyField(User, null=True, backref="clients", on_delete="RESTRICT")
    assistant_name = TextField(default="")
    assistant_email = NoCaseField(default="")
    legal_name = TextField(default="", constraints=[ADDED_LATER])
    address = TextField(default="", constraints=[ADDED_LATER])
    status_name = CharField(max_length=12, column_name="status", default=Status.PROSPECT, index=True)
    next_step = TextField(default="")
    waiting_on_name = CharField(max_length=12, column_name="waiting_on", default=Party.NOBODY)
    waiting_since = UtcDateTimeField(null=True)
    search_key = TextField(default="", index=True)
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()

    class Meta:
        indexes = ((("coach", "status_name"), False), (("organisation", "coach"), False))

    party_labels = PARTY_LABELS  # whom the ball can be passed to

    @property
    def status(self) -> Status:
        return Status(self.status_name)

    @property
    def status_label(self) -> str:
        return STATUS_LABELS[self.status]

    @property
    def waiting_on(self) -> Party:
        return Party(self.waiting_on_name)

    @property
    def waiting_on_label(self) -> str:
        return PARTY_LABELS[self.waiting_on]

    @property
    def called(self) -> str:
        """How we address this person."""
        return self.preferred_name or called(self.name)

    @property
    def line(self) -> str:
        """Position and organisation in one line."""
        organisation = self.organisation.name if self.organisation_id else ""
        return ", ".join(part for part in (self.position, organisation) if part)

    @classmethod
    def visible_to(cls, user: User, *columns: object) -> ModelSelect:
        """The wall: the owner sees all, a coach the own clients, an assistant those of the coaches she serves.

        A client without a coach is an inquiry that somebody must pick up: the owner and every assistant see it,
        no coach does (docs/decisions/0003).
        """
        clients = cls.select(*columns)
        if user.role is Role.OWNER:
            return clients
        if user.role is Role.COACH:
            return clients.where(cls.coach == user)
        return clients.where(cls.coach.is_null() | cls.coach.in_(Serving.coaches_of(user)))

    @classmethod
    def with_people(cls, user: User) -> ModelSelect:
        """`visible_to` with organisation and coach joined, for lists and pages."""
        return (
            cls.visible_to(user, cls, Organisation, User)
            .left_outer_join(Organisation)
            .switch(cls)
            .left_outer_join(User, on=(cls.coach == User.id))
        )

    @classmethod
    def current_count(cls, user: User) -> ModelSelect:
        """How many the user may see, without the former ones."""
        return cls.visible_to(user, fn.COUNT(cls.id)).where(cls.status_name != Status.FORMER)

    @classmethod
    def matching(cls, user: User, shown: ClientFilter) -> ModelSelect:
        """Those of a list, in its order, with organisation and coach."""
        order = [
            Ordering(key, "DESC" if shown.descending else "ASC", nulls=nulls) for key, nulls in cls._order(shown.sort)
        ]
        return cls._filtered(cls.with_people(user), shown).order_by(*order)

    @classmethod
    def count_matching(cls, user: User, shown: ClientFilter) -> int:
        return cls._filtered(cls.visible_to(user, cls.id), shown).count()

    @classmethod
    def _order(cls, sort: str) -> list[tuple[Any, str | None]]:
        """The keys to sort by, and where nothing goes; a plain search key keeps to its index."""
        by_status = Case(cls.status_name, [(status.value, place) for place, status in enumerate(Status)])
        first = {
            "organisation": Organisation.search_key,
            "coach": User.name,
            "status": by_status,
            "since": cls.waiting_since,
        }
        return ([(first[sort], "LAST")] if sort in first else []) + [(cls.search_key, None), (cls.id, None)]

    @classmethod
    def _filtered(cls, clients: ModelSelect, shown: ClientFilter) -> ModelSelect:
        if shown.status == CURRENT:
            clients = clients.where(cls.status_name != Status.FORMER)
        elif shown.status != ALL:
            clients = clients.where(cls.status_name == shown.status)
        if shown.coach == NO_COACH:
            clients = clients.where(cls.coach.is_null())
        elif shown.coach:
            clients = clients.where(cls.coach.in_(User.select(User.id).where(User.public_id == shown.coach)))
        if shown.organisation:
            there = Organisation.select(Organisation.id).where(Organisation.public_id == shown.organisation)
            clients = clients.where(cls.organisation.in_(there))
        if shown.waiting:
            clients = clients.where(cls.waiting_on_name == shown.waiting)
        return clients.where(_says(cls.search_key, words)) if (words := words_of(shown.q)) else clients

    @classmethod
    def found(cls, user: User, words: Sequence[str]) -> ModelSelect:
        """What search finds, best first; former clients after the others."""
        former = cls.status_name == Status.FORMER
        rank, key = _best_first(cls.search_key, words)
        return cls.with_people(user).where(_says(cls.search_key, words)).order_by(former, rank, key)

    @classmethod
    def latest(cls, user: User) -> ModelSelect:
        """The newest current ones."""
        return cls.with_people(user).where(cls.status_name != Status.FORMER).order_by(cls.id.desc())

    @classmethod
    def of_address(cls, email: str, user: User, *, but: Self | None = None) -> Self | None:
        """Another client with this address whom the user may see."""
        there = cls.visible_to(user).where(cls.email == email, cls.email != "")
        return (there.where(cls.id != but.id) if but else there).first()

    @classmethod
    def known_by(cls, email: str) -> Self | None:
        """The client who writes from this address; of several, the latest."""
        return cls.select().where(cls.email == email, cls.email != "").order_by(cls.id.desc()).first()


class ClientImport(Model):
    """A CSV file on its way in: kept sealed until applied, so that mapping and dry run see the same rows."""

    public_id = PublicIdField()
    by = ForeignKeyField(User, on_delete="CASCADE")
    filename = TextField()
    content = EncryptedTextField()
    mapping = TextField(default="{}")
    created_at = UtcDateTimeField()
    applied_at = UtcDateTimeField(null=True)

    @classmethod
    def open_of(cls, user: User) -> ModelSelect:
        """A user's own files that are not applied yet."""
        return cls.select().where(cls.by == user, cls.applied_at.is_null())

    @cached_property
    def sheet(self) -> Sheet:
        return read_sheet(self.content)

    @property
    def columns(self) -> Columns | None:
        """What the columns fill, once somebody said so."""
        return Columns.from_json(self.mapping) if self.mapping != "{}" else None

    def plan(self) -> list[PlannedClient]:
        """What each line would become, judged by what its user may see; nothing before the columns are known."""
        if self.columns is None:
            return []
        addresses = Client.visible_to(self.by, Client.email, Client.name).where(Client.email != "").tuples()
        known = {email.casefold(): name for email, name in addresses}
        return plan_clients(self.sheet, self.columns, coaches=_coaches_by_key(self.by), known=known)


def _coaches_by_key(user: User) -> dict[str, User | None]:
    """The coaches this user may give a client to, by folded name, address and id; None where two share a name."""
    found: dict[str, User | None] = {}
    for coach in User.coaches_for(user):
        found[fold(coach.email)] = found[fold(coach.public_id)] = coach
        found[fold(coach.name)] = None if fold(coach.name) in found else coach
    return found
