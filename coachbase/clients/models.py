"""Clients, sponsor organisations and their contacts. `Client.visible_to` is the wall (domain.md §1)."""

from datetime import datetime
from typing import Self

from peewee import CharField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import Serving, User
from ..accounts.rules import Role
from ..db import EncryptedTextField, Model, NoCaseField, PublicIdField, UtcDateTimeField
from .rules import PARTY_LABELS, ContactRole, Party, Status


class Organisation(Model):
    """A sponsor: the company that pays for some of its people."""

    public_id = PublicIdField()
    name = TextField()
    website = TextField(default="")
    address = TextField(default="")
    search_key = TextField(default="")
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """Those where the user may see a client, and those without any; that Carol has a client at X is Carol's."""
        if user.role is Role.OWNER:
            return cls.select()
        taken = Client.select(Client.organisation).where(Client.organisation.is_null(False))
        return cls.select().where(cls.id.in_(Client.visible_to(user, Client.organisation)) | cls.id.not_in(taken))


class Contact(Model):
    """Somebody at a sponsor organisation whom we write to."""

    public_id = PublicIdField()
    organisation = ForeignKeyField(Organisation, backref="contacts", on_delete="CASCADE")
    name = TextField()
    role_name = CharField(max_length=20, column_name="role", default=ContactRole.OTHER)
    title = TextField(default="")
    email = NoCaseField(default="")
    phone = TextField(default="")

    @property
    def role(self) -> ContactRole:
        return ContactRole(self.role_name)


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
    status_name = CharField(max_length=12, column_name="status", default=Status.PROSPECT, index=True)
    next_step = TextField(default="")
    waiting_on_name = CharField(max_length=12, column_name="waiting_on", default=Party.NOBODY)
    waiting_since = UtcDateTimeField(null=True)
    search_key = TextField(default="")
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()

    party_labels = PARTY_LABELS  # whom the ball can be passed to

    @property
    def status(self) -> Status:
        return Status(self.status_name)

    @property
    def waiting_on(self) -> Party:
        return Party(self.waiting_on_name)

    @property
    def waiting_on_label(self) -> str:
        return PARTY_LABELS[self.waiting_on]

    @property
    def called(self) -> str:
        """How we address this person."""
        return self.preferred_name or self.name.split(" ")[0]

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
    def open_for(cls, user: User, public_id: str) -> Self | None:
        """This user's own import that is not applied yet."""
        return cls.get_or_none(cls.public_id == public_id, cls.by == user, cls.applied_at.is_null())

    @classmethod
    def older_than(cls, moment: datetime) -> ModelSelect:
        return cls.select().where(cls.created_at < moment)
