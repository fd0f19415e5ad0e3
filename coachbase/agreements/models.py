"""Agreement templates, agreements and their signers. The wall is the client's."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Self

from peewee import SQL, CharField, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import User
from ..clients.models import Client, Contact, Organisation
from ..clients.rules import called
from ..db import EncryptedTextField, Model, NoCaseField, PublicIdField, UtcDateTimeField
from ..engagements.models import Engagement
from ..engagements.rules import Share
from ..files.models import Document
from ..firm.models import Firm
from .rules import (
    FACES,
    LIVING,
    ROLE_LABELS,
    SIGNER_FACES,
    Face,
    MarkKind,
    SignerRole,
    SignerState,
    State,
    fill,
    missing,
    refusal_to,
    refusal_to_act,
    values,
)


class AgreementTemplate(Model):
    """Markdown with {{merge_fields}}."""

    public_id = PublicIdField()
    name = TextField()
    body = TextField()
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()
    removed_at = UtcDateTimeField(null=True)

    @classmethod
    def kept(cls) -> ModelSelect:
        return cls.select().where(cls.removed_at.is_null()).order_by(cls.name, cls.id)


class Agreement(Model):
    """One document to be signed; `number` is its version for this engagement.

    `body` is its Markdown: with merge fields in a draft, so that answers which come late still fill them; filled in
    once it is sent, when `source` keeps it as it was drafted, for a new version.

    `document` is the frozen PDF everybody is shown, `sha256` its hash; `sealed` the signed and sealed one.
    `problem` says why the worker could not freeze or seal it; it tries again at `try_at`.
    """

    public_id = PublicIdField()
    engagement = ForeignKeyField(Engagement, backref="agreements", on_delete="CASCADE")
    client = ForeignKeyField(Client, backref="agreements", on_delete="CASCADE")
    template = ForeignKeyField(AgreementTemplate, null=True, on_delete="SET NULL")
    previous = ForeignKeyField("self", null=True, on_delete="SET NULL")
    number = IntegerField(default=1)
    title = TextField()
    body = EncryptedTextField()
    source = EncryptedTextField(null=True)
    shares = TextField(default="")
    state_name = CharField(max_length=10, column_name="state", default=State.DRAFT, index=True)
    document = ForeignKeyField(Document, null=True, backref="frozen_agreements", on_delete="RESTRICT")
    sha256 = CharField(max_length=64, default="")
    pages = IntegerField(default=0)
    sealed = ForeignKeyField(Document, null=True, backref="sealed_agreements", on_delete="RESTRICT")
    sealed_sha256 = CharField(max_length=64, default="")
    reason = EncryptedTextField(null=True)
    problem = TextField(default="")
    attempts = IntegerField(default=0)
    try_at = UtcDateTimeField(null=True)
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()
    sent_at = UtcDateTimeField(null=True)
    completed_at = UtcDateTimeField(null=True)
    closed_at = UtcDateTimeField(null=True)
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @property
    def state(self) -> State:
        return State(self.state_name)

    @property
    def face(self) -> Face:
        return FACES[self.state]

    def may(self, act: str) -> bool:
        """Whether its state takes an act of rules.MAY_BE."""
        return refusal_to(act, self.state) is None

    @property
    def is_living(self) -> bool:
        """Whether it is still to be signed."""
        return self.state in LIVING

    @property
    def is_worked_on(self) -> bool:
        """Whether the worker has it, and nothing went wrong so far."""
        return self.state in (State.FREEZING, State.SEALING) and not self.problem

    @property
    def name(self) -> str:
        """What its files are called."""
        return f"{self.title} - {self.client.name}.pdf".replace("/", "-").replace("\\", "-")

    def values_on(self, today: date) -> dict[str, str]:
        """What stands for each merge field now."""
        engagement = self.engagement
        signing = [signer.name for signer in Signer.of(self) if signer.role is SignerRole.SPONSOR]
        return values(
            client=self.client,
            organisation=self.client.organisation,
            coach=engagement.coach,
            firm=Firm.current(),
            terms=engagement,
            starts_on=engagement.starts_on,
            ends_on=engagement.ends_on,
            payer=engagement.payer_name,
            po_number=engagement.po_number,
            sponsor_signer=" and ".join(signing),
            today=today,
        )

    def filled_on(self, today: date) -> str:
        """The text as it would be sent on a day; as it was sent when it was."""
        return fill(self.body, self.values_on(today)) if self.state is State.DRAFT else self.body

    def missing_on(self, today: date) -> list[str]:
        """The merge fields of a draft that nothing fills yet."""
        return missing(self.body, self.values_on(today)) if self.state is State.DRAFT else []

    @property
    def shared(self) -> tuple[Share, ...]:
        """What the sponsor may be told, as agreed here."""
        return tuple(share for share in Share if share in self.shares.split())

    @classmethod
    def with_people(cls) -> ModelSelect:
        """With engagement, client and organisation, whoever may see them."""
        return (
            cls.select(cls, Engagement, Client, Organisation)
            .join(Engagement)
            .switch(cls)
            .join(Client)
            .left_outer_join(Organisation)
        )

    @classmethod
    def visible_to(cls, user: User) -> ModelSelect:
        """Behind the client's wall."""
        return cls.with_people().where(Client.id.in_(Client.visible_to(user, Client.id)))

    @classmethod
    def of(cls, client: Client) -> ModelSelect:
        """All of a client's, the newest first."""
        return cls.with_people().where(cls.client == client).order_by(cls.id.desc())

    @classmethod
    def is_out(cls, engagement: Engagement) -> bool:
        """Whether one was sent to be signed, and perhaps signed since."""
        sent = cls.state_name.in_((State.OUT, State.SEALING, State.COMPLETED))
        return cls.select(cls.id).where(cls.engagement == engagement, sent).exists()

    @classmethod
    def for_worker(cls, now: datetime) -> ModelSelect:
        """What waits to be frozen or sealed: never tried, or to be tried again by now."""
        waits = cls.state_name.in_((State.FREEZING, State.SEALING))
        return cls.select().where(waits, (cls.attempts == 0) | (cls.try_at <= now)).order_by(cls.id)

    @classmethod
    def in_trouble(cls, user: User) -> ModelSelect:
        """What the worker could not freeze or seal, and perhaps has given up."""
        return cls.visible_to(user).where(cls.problem != "").order_by(cls.id.desc())

    @classmethod
    def living_of(cls, engagement: Engagement) -> Self | None:
        return cls.with_people().where(cls.engagement == engagement, cls.state_name.in_(LIVING)).first()


Agreement.add_index(
    Agreement.index(
        Agreement.engagement,
        unique=True,
        name="agreement_one_living",
        where=SQL("\"state\" IN ('draft', 'freezing', 'out', 'sealing')"),
    )
)


class Signer(Model):
    """Somebody who is to sign, in the order of `position`; who handed over keeps the row, the other gets a new one.

    The mark is the typed name, or the strokes of a drawn one as JSON. `code_hash` is of the code that was mailed.
    """

    public_id = PublicIdField()
    agreement = ForeignKeyField(Agreement, backref="signers", on_delete="CASCADE")
    position = IntegerField()
    role_name = CharField(max_length=8, column_name="role")
    name = TextField()
    email = NoCaseField()
    contact = ForeignKeyField(Contact, null=True, on_delete="SET NULL")
    user = ForeignKeyField(User, null=True, on_delete="SET NULL")
    state_name = CharField(max_length=12, column_name="state", default=SignerState.WAITING, index=True)
    asked_at = UtcDateTimeField(null=True)
    opened_at = UtcDateTimeField(null=True)
    consented_at = UtcDateTimeField(null=True)
    signed_at = UtcDateTimeField(null=True)
    mark_kind_name = CharField(max_length=8, column_name="mark_kind", default="")
    mark = EncryptedTextField(null=True)
    code_hash = CharField(max_length=64, default="")
    code_sent_at = UtcDateTimeField(null=True)
    code_tries = IntegerField(default=0)
    reminders = IntegerField(default=0)
    reminded_at = UtcDateTimeField(null=True)
    reason = EncryptedTextField(null=True)

    @property
    def role(self) -> SignerRole:
        return SignerRole(self.role_name)

    @property
    def state(self) -> SignerState:
        return SignerState(self.state_name)

    @property
    def face(self) -> Face:
        return SIGNER_FACES[self.state]

    @property
    def since(self) -> datetime | None:
        """When it came to the present state; None for who is not asked yet."""
        if self.state is SignerState.SIGNED:
            return self.signed_at
        return self.agreement.closed_at if self.state is SignerState.DECLINED else self.asked_at

    @property
    def called(self) -> str:
        """How we address this person; a client signs by the legal name and is called by another."""
        return self.agreement.client.called if self.role is SignerRole.CLIENT else called(self.name)

    @property
    def role_label(self) -> str:
        return ROLE_LABELS[self.role]

    @property
    def is_turn(self) -> bool:
        """Whether this signer may read, sign or decline now."""
        return refusal_to_act(self.agreement.state, self.state) is None

    @property
    def mark_kind(self) -> MarkKind:
        return MarkKind(self.mark_kind_name)

    @classmethod
    def with_agreement(cls) -> ModelSelect:
        """With agreement, engagement and client."""
        return (
            cls.select(cls, Agreement, Engagement, Client)
            .join(Agreement)
            .join(Engagement)
            .switch(Agreement)
            .join(Client)
        )

    @classmethod
    def known_as(cls, public_id: str) -> Self | None:
        """The signer a signing link is for."""
        return cls.with_agreement().where(cls.public_id == public_id).first()

    @classmethod
    def to_sign(cls) -> ModelSelect:
        """Who has not signed yet what is sent, or about to be."""
        unsigned = cls.state_name.in_((SignerState.WAITING, SignerState.ASKED))
        return cls.with_agreement().where(unsigned, Agreement.state_name.in_((State.FREEZING, State.OUT)))

    @classmethod
    def asked(cls) -> ModelSelect:
        """Whose turn it is, anywhere; with agreement, engagement and client."""
        return cls.with_agreement().where(cls.state_name == SignerState.ASKED, Agreement.state_name == State.OUT)

    @classmethod
    def of_all(cls, agreements: Sequence[Agreement]) -> dict[int, list[Self]]:
        """Everybody who ever was to sign these, in their order, by agreement."""
        by_id = {agreement.id: agreement for agreement in agreements}
        found: dict[int, list[Self]] = {known: [] for known in by_id}
        for row in cls.select().where(cls.agreement.in_(list(by_id))).order_by(cls.position, cls.id):
            row.agreement = by_id[row.agreement_id]
            found[row.agreement_id].append(row)
        return found

    @classmethod
    def next_of(cls, agreement: Agreement) -> Self | None:
        """Who is to be asked next."""
        return cls.of(agreement).where(cls.state_name == SignerState.WAITING).first()

    @classmethod
    def of(cls, agreement: Agreement) -> ModelSelect:
        """In their order, without those who handed over."""
        return (
            cls.select()
            .where(cls.agreement == agreement, cls.state_name != SignerState.HANDED_OVER)
            .order_by(cls.position, cls.id)
        )


Signer.add_index(
    Signer.index(
        Signer.agreement,
        Signer.position,
        unique=True,
        name="signer_one_at_a_place",
        where=SQL("\"state\" <> 'handed_over'"),
    )
)
