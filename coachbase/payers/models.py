"""The seller (one row), tax rates, and payers. The wall of a payer is its client's, or its organisation's."""

from typing import Self

from peewee import BooleanField, CharField, Check, ForeignKeyField, IntegerField, ModelSelect, TextField

from ..accounts.models import User
from ..clients.models import Client, Organisation
from ..db import Model, NoCaseField, PublicIdField, UtcDateTimeField
from ..engagements.models import Engagement
from ..engagements.rules import RUNNING
from ..engagements.rules import Payer as PaidBy
from .rules import CATEGORY_LABELS, RHYTHM, TERM_DAYS, Bundle, Category, country_in_words, iban_in_words, rate_in_words


class TaxRate(Model):
    """A rate of the firm's. `rate_bps` is in hundredths of a percent; `note` stands on an invoice that uses it."""

    public_id = PublicIdField()
    name = TextField()
    category_name = CharField(max_length=2, column_name="category", default=Category.STANDARD)
    rate_bps = IntegerField(default=0)
    note = TextField(default="")
    removed_at = UtcDateTimeField(null=True)
    version = IntegerField(default=1)

    @property
    def category(self) -> Category:
        return Category(self.category_name)

    @property
    def label(self) -> str:
        """'VAT, 20 %'."""
        return rate_in_words(self.name, self.rate_bps)

    @property
    def category_label(self) -> str:
        return CATEGORY_LABELS[self.category]

    @classmethod
    def kept(cls) -> "ModelSelect[Self]":
        """Without the removed ones, which invoices of the past still name."""
        return cls.in_order().where(cls.removed_at.is_null())

    @classmethod
    def in_order(cls) -> "ModelSelect[Self]":
        """All, the highest first."""
        return cls.select().order_by(cls.rate_bps.desc(), cls.name, cls.id)

    @classmethod
    def offered(cls, chosen: Self | None) -> list[Self]:
        """The kept ones, and the one that is chosen already, should it be removed."""
        kept = list(cls.kept())
        return kept if chosen is None or chosen in kept else [*kept, chosen]


class Party(Model):
    """How somebody stands on an invoice. `country` is two letters (ISO 3166), `tax_id` the number for VAT."""

    legal_name = TextField(default="")
    address = TextField(default="")
    postcode = TextField(default="")
    city = TextField(default="")
    country = CharField(max_length=2, default="")
    tax_id = TextField(default="")

    is_shape = True

    @property
    def country_name(self) -> str:
        return country_in_words(self.country)


class Seller(Party):
    """The firm as it bills: one row, absent until somebody fills it in.

    `batch_weekday` is when drafts are made by the clock: 0 for Monday, -1 for never. `rhythm` is days after the due
    day, with spaces between. `late_fee_cents` are of the firm's currency.
    """

    tax_number = TextField(default="")
    register = TextField(default="")
    email = NoCaseField(default="")
    phone = TextField(default="")
    account_holder = TextField(default="")
    iban = TextField(default="")
    bic = TextField(default="")
    bank = TextField(default="")
    payment_words = TextField(default="")
    foot = TextField(default="")
    term_days = IntegerField(default=TERM_DAYS)
    rhythm = TextField(default=" ".join(map(str, RHYTHM)))
    late_fee_cents = IntegerField(default=0)
    rate = ForeignKeyField(TaxRate, null=True, on_delete="RESTRICT")
    batch_weekday = IntegerField(default=0)
    version = IntegerField(default=1)

    @property
    def iban_in_words(self) -> str:
        return iban_in_words(self.iban)

    @classmethod
    def current(cls) -> Self | None:
        """With the usual rate."""
        return cls.select(cls, TaxRate).left_outer_join(TaxRate).first()


class Payer(Party):
    """Who is billed: a client, or a sponsor organisation. What is '' or None holds as the firm or the terms say.

    `attention` and `email` are whom invoices are mailed to (accounts payable); without an address the client, or the
    contact who pays. `portal` says where else it must be handed in.
    """

    public_id = PublicIdField()
    client = ForeignKeyField(Client, null=True, unique=True, on_delete="RESTRICT")
    organisation = ForeignKeyField(Organisation, null=True, unique=True, on_delete="RESTRICT")
    attention = TextField(default="")
    email = NoCaseField(default="")
    copy_to = NoCaseField(default="")
    needs_po = BooleanField(default=False)
    po_number = TextField(default="")
    cost_centre = TextField(default="")
    reference = TextField(default="")
    portal = TextField(default="")
    currency = CharField(max_length=3, default="")
    term_days = IntegerField(null=True)
    rate = ForeignKeyField(TaxRate, null=True, on_delete="RESTRICT")
    bundle_name = CharField(max_length=8, column_name="bundle", default=Bundle.PROGRAM)
    rhythm = TextField(default="")
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()

    class Meta:
        constraints = (Check('("client_id" IS NULL) <> ("organisation_id" IS NULL)'),)

    @property
    def bundle(self) -> Bundle:
        return Bundle(self.bundle_name)

    @property
    def name(self) -> str:
        """What it is called on our pages; needs client or organisation."""
        return self.organisation.name if self.organisation_id else self.client.name

    @classmethod
    def with_people(cls) -> "ModelSelect[Self]":
        """With client, organisation and rate, whoever may see them."""
        rows = cls.select(cls, Client, Organisation, TaxRate).left_outer_join(Client).switch(cls)
        return rows.left_outer_join(Organisation).switch(cls).left_outer_join(TaxRate)

    @classmethod
    def visible_to(cls, user: User) -> "ModelSelect[Self]":
        """Clients behind the wall, organisations where the user sees a client."""
        clients = cls.client.in_(Client.visible_to(user, Client.id))
        organisations = cls.organisation.in_(Organisation.visible_to(user).select(Organisation.id))
        return cls.with_people().where(clients | organisations)

    @classmethod
    def begun(cls, party: Client | Organisation) -> Self:
        """A payer that is not kept yet, made from what is known of a client or an organisation."""
        if isinstance(party, Client):
            return cls(client=party, legal_name=party.legal_name or party.name, address=party.address, version=0)
        return cls(organisation=party, legal_name=party.name, address=party.address, version=0)

    @classmethod
    def known_as(cls, party: Client | Organisation) -> Self | None:
        """The client, or the organisation, as a payer; None while nobody has been billed or entered."""
        who = cls.client if isinstance(party, Client) else cls.organisation
        return cls.with_people().where(who == party).first()

    @classmethod
    def of(cls, engagement: Engagement) -> Self | None:
        """Whom this program is billed to; None while nobody has been billed or entered."""
        party = engagement.client.organisation if engagement.payer is PaidBy.SPONSOR else engagement.client
        return party and cls.known_as(party)

    @classmethod
    def sponsored(cls, client: Client) -> Engagement | None:
        """The client's program, when it is the sponsor who pays it."""
        program = Engagement.current_of(client)
        is_sponsored = program and program.payer is PaidBy.SPONSOR and program.client.organisation_id
        return program if is_sponsored else None

    def programs(self, user: User) -> "ModelSelect[Engagement]":
        """Programs that are not over and that it pays, of clients this user may see."""
        running = Engagement.visible_to(user).where(Engagement.state_name.in_(RUNNING)).order_by(Client.name)
        if self.client_id:
            return running.where(Engagement.client == self.client_id, Engagement.payer_name == PaidBy.CLIENT)
        return running.where(Client.organisation == self.organisation_id, Engagement.payer_name == PaidBy.SPONSOR)
