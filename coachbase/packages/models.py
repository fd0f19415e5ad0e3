"""Packages: rows with a state, made by the worker."""

from peewee import BooleanField, CharField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import User
from ..assessments.models import Assessment, Report
from ..clients.models import Client
from ..db import EncryptedTextField, Model, PublicIdField, UtcDateTimeField
from ..engagements.models import Engagement
from ..files.models import Document
from ..sessions.models import CoachingSession
from .rules import State


class Package(Model):
    """What was put together for a session, or for no session in particular.

    `fingerprint` is the hash of all that goes in: as long as it is the same, nothing is made again. `done` of `total`
    is how far the worker is. `document` is the coach's copy, `client_document` the one without what is for the coach.
    """

    public_id = PublicIdField()
    client = ForeignKeyField(Client, backref="packages", on_delete="CASCADE")
    engagement = ForeignKeyField(Engagement, null=True, on_delete="SET NULL")
    session = ForeignKeyField(CoachingSession, null=True, on_delete="SET NULL")
    title = TextField()
    state_name = CharField(max_length=8, column_name="state", default=State.PENDING, index=True)
    fingerprint = CharField(max_length=64, default="")
    done = IntegerField(default=0)
    total = IntegerField(default=0)
    error = TextField(default="")
    document = ForeignKeyField(Document, null=True, on_delete="SET NULL")
    client_document = ForeignKeyField(Document, null=True, on_delete="SET NULL")
    leased_until = UtcDateTimeField(null=True)
    created_at = UtcDateTimeField()
    made_at = UtcDateTimeField(null=True)
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @property
    def state(self) -> State:
        return State(self.state_name)

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """Behind the client's wall."""
        return cls.select(cls, Client).join(Client).where(Client.id.in_(Client.visible_to(user, Client.id)))

    @classmethod
    def holds(cls, assessment: Assessment) -> bool:
        """Whether a package is ready that has a report of this assessment in it."""
        reports = Report.select(Report.document).where(Report.assessment == assessment)
        items = PackageItem.select().join(cls).where(cls.state_name == State.READY, PackageItem.left_out == "")
        return items.where(PackageItem.document.in_(reports)).exists()


class PackageItem(Model):
    """A document in a package, in order. `left_out` says why its pages are not there, when they are not."""

    package = ForeignKeyField(Package, backref="items", on_delete="CASCADE")
    document = ForeignKeyField(Document, null=True, on_delete="SET NULL")
    position = IntegerField()
    title = EncryptedTextField()
    sha256 = CharField(max_length=64, default="")
    pages = IntegerField(default=0)
    is_for_client = BooleanField(default=False)
    left_out = TextField(default="")

    class Meta:
        indexes = ((("package", "position"), True),)
