"""Files from the bank and their lines. They are the firm's: whoever looks after the desk sees them.

What a line says is sealed; `key` and `payer_key` are hashes with a secret of ours, so that a copied database tells
nothing of it either. Which invoices a line may pay is asked behind the wall of whoever looks.
"""

import hmac
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

from peewee import CharField, DateField, ForeignKeyField, IntegerField, ModelSelect, TextField, fn

from .. import sealing
from ..accounts.models import User
from ..clients.models import Client, Organisation
from ..db import EncryptedTextField, Model, PublicIdField, UtcDateTimeField
from ..invoices.models import SHORT, Invoice, Posting, saying
from ..invoices.rules import Entry as Booked
from ..invoices.rules import State
from ..numbers.rules import Kind
from ..payers.models import Payer
from .rules import Columns, LineState, Open, Paid, Proposal, numbers_in, propose

MOST_LOOKED_AT = 1000
"""Open lines that are compared with all open invoices for one page; the rest follows once these are dealt with."""
MOST_OPEN, MOST_FOUND = 5000, 12


class BankFile(Model):
    """A file that was read; or one on its way in, whose columns nobody has said yet: `content` holds that, sealed.

    `seen_count` are lines of it that another file had brought before.
    """

    public_id = PublicIdField()
    name = TextField()
    sha256 = CharField(max_length=64)
    way = CharField(max_length=8)
    content = EncryptedTextField(default="")
    seen_count = IntegerField(default=0)
    at = UtcDateTimeField()
    read_at = UtcDateTimeField(null=True)
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    @classmethod
    def waiting(cls, user: User) -> "ModelSelect[Self]":
        """A user's own files whose columns are still to be said."""
        return cls.select().where(cls.read_at.is_null(), cls.by == user).order_by(cls.id.desc())

    @classmethod
    def counted(cls) -> "ModelSelect[Self]":
        """Those that were read, the latest first, each with who brought it and how many of its lines stand where."""
        lines = BankLine.select(fn.COUNT(BankLine.id)).where(BankLine.file == cls.id)
        dealt = lines.where(BankLine.state_name != LineState.OPEN)
        rows = cls.select(cls, User, lines.alias("line_count"), dealt.alias("dealt_count")).left_outer_join(User)
        return rows.where(cls.read_at.is_null(False)).order_by(cls.id.desc())


class BankLine(Model):
    """Money that came in or went out. `key` tells a line of another file that is the same one, `payer_key` who it was.

    What it paid are the postings whose `about` is its public id.
    """

    public_id = PublicIdField()
    file = ForeignKeyField(BankFile, backref="lines", on_delete="CASCADE")
    key = CharField(max_length=64, unique=True)
    on = DateField()
    cents = IntegerField()
    currency = CharField(max_length=3)
    payer = EncryptedTextField(default="")
    account = EncryptedTextField(default="")
    reference = EncryptedTextField(default="")
    payer_key = CharField(max_length=64, default="", index=True)
    state_name = CharField(max_length=8, column_name="state", default=LineState.OPEN)
    reason = TextField(default="")
    version = IntegerField(default=1)
    dealt_at = UtcDateTimeField(null=True)
    by = ForeignKeyField(User, null=True, on_delete="SET NULL")

    class Meta:
        indexes = ((("state_name", "on"), False),)

    @property
    def state(self) -> LineState:
        return LineState(self.state_name)

    @classmethod
    def in_state(cls, state: LineState) -> "ModelSelect[Self]":
        """The latest first, each with who dealt with it."""
        rows = cls.select(cls, User).left_outer_join(User).where(cls.state_name == state)
        return rows.order_by(cls.on.desc(), cls.id.desc())

    @classmethod
    def counts(cls) -> dict[str, int]:
        return dict(cls.select(cls.state_name, fn.COUNT(cls.id)).group_by(cls.state_name).tuples())

    @classmethod
    def known(cls, keys: Iterable[str]) -> set[str]:
        """Which of these keys lines have."""
        wanted, found = list(keys), set[str]()
        for start in range(0, len(wanted), 500):
            rows = cls.select(cls.key).where(cls.key.in_(wanted[start : start + 500])).tuples()
            found |= {key for (key,) in rows}
        return found


class BankColumns(Model):
    """Which column of a bank's CSV file says what, remembered by its headings."""

    headings = CharField(max_length=64, unique=True)
    columns = TextField()

    @classmethod
    def remembered(cls, headings: str) -> Columns | None:
        row = cls.get_or_none(cls.headings == headings)
        return row and Columns.from_json(row.columns)


# Hashes ---------------------------------------------------------------------------------------------------------------


def hashes_of(text: str, what: str) -> list[str]:
    """Its hash, and those an older key of ours would have given it: lines that were read then are still known."""
    return [hmac.new(secret.encode(), text.encode(), "sha256").hexdigest() for secret in sealing.derived(what)]


def payer_keys(who: str) -> list[str]:
    return hashes_of(who, "who paid") if who else []


# Postings -------------------------------------------------------------------------------------------------------------


def living(postings: Sequence[Posting]) -> list[Posting]:
    """Those that stand: neither taken back nor taking back."""
    undone = {posting.undoes_id for posting in postings}
    return [posting for posting in postings if not posting.undoes_id and posting.id not in undone]


def postings_of(lines: Sequence[BankLine]) -> dict[str, list[Posting]]:
    """What stands of each line's postings, by its public id, whoever may see their invoices."""
    about = [line.public_id for line in lines]
    rows = Posting.select().where(Posting.about.in_(about)).order_by(Posting.id)
    found = defaultdict(list)
    for posting in living(list(rows)):
        found[posting.about].append(posting)
    return found


def unseen(postings: Sequence[Posting], user: User) -> set[str]:
    """What some of these are about (a line of the bank, a transfer) that concerns an invoice this user does not see."""
    about = {posting.about for posting in postings if posting.about}
    mine = Invoice.visible_to(user).select(Invoice.id)
    rows = Posting.select(Posting.about).where(Posting.about.in_(sorted(about)), Posting.invoice.not_in(mine))
    return {about for (about,) in rows.distinct().tuples()}


def is_all_seen(posting: Posting, user: User) -> bool:
    """Whether a user sees every invoice that a posting, and what was booked with it, is about."""
    return not unseen([posting], user)


class Match(NamedTuple):
    """A posting of a line, and its invoice."""

    posting: Posting
    invoice: Invoice


def matches_of(lines: Sequence[BankLine], user: User) -> dict[str, list[Match]]:
    """What each line pays of the invoices a user sees."""
    postings = postings_of(lines)
    wanted = {posting.invoice_id for each in postings.values() for posting in each}
    seen = {invoice.id: invoice for invoice in Invoice.visible_to(user).where(Invoice.id.in_(list(wanted)))}
    return {
        about: [Match(posting, seen[posting.invoice_id]) for posting in each if posting.invoice_id in seen]
        for about, each in postings.items()
    }


# What may be paid -----------------------------------------------------------------------------------------------------


def payable_for(user: User) -> "ModelSelect[Invoice]":
    """Issued invoices and fees a user sees; of a credit note nothing is ever open."""
    rows = Invoice.visible_to(user).select(*SHORT, Payer, Client, Organisation)
    return rows.where(Invoice.state_name == State.ISSUED, Invoice.kind_name != Kind.CREDIT)


def payable(user: User, line: BankLine, keys: Sequence[str], words: str) -> list[Invoice]:
    """Those of `keys` in their order, then what a search finds among those with something open, the oldest first."""
    known = {row.public_id: row for row in payable_for(user).where(Invoice.public_id.in_(list(keys)))}
    due = Invoice.open_cents > 0 if line.cents > 0 else Invoice.open_cents < 0
    found = saying(payable_for(user).where(Invoice.currency == line.currency, due), words)
    found = found.order_by(Invoice.due_on, Invoice.id)
    others = [row for row in found.limit(MOST_FOUND + len(known)) if row.public_id not in known]
    return [known[key] for key in dict.fromkeys(keys) if key in known] + others[:MOST_FOUND]


def transferable(user: User, invoice: Invoice) -> list[Invoice]:
    """What the payer of this one still owes in its currency, the oldest first."""
    rows = payable_for(user).where(Invoice.payer == invoice.payer_id, Invoice.currency == invoice.currency)
    return list(rows.where(Invoice.open_cents > 0, Invoice.id != invoice.id).order_by(Invoice.due_on).limit(100))


def proposals(user: User, lines: Sequence[BankLine]) -> list[Proposal]:
    """What each line probably pays, of the invoices a user sees: what is open of something, and what is named."""
    named = {number for line in lines for number in numbers_in(line.reference).whole}
    seqs = sorted({seq for _, _, seq in named if seq < 2**31})[:500]
    wanted = (Invoice.open_cents != 0) | (Invoice.seq.in_(seqs))
    invoices = [open_of(row) for row in payable_for(user).where(wanted).order_by(Invoice.id.desc()).limit(MOST_OPEN)]
    known = payers_before([line.payer_key for line in lines if line.payer_key])
    return propose([paid_of(line, known.get(line.payer_key, frozenset())) for line in lines], invoices)


def open_lines() -> list[BankLine]:
    """The latest that nobody has dealt with, oldest first: of two that pay the same, that one is the likely one."""
    return list(BankLine.in_state(LineState.OPEN).limit(MOST_LOOKED_AT))[::-1]


def payers_before(keys: Sequence[str]) -> dict[str, frozenset[int]]:
    """Whose invoices lines with these keys have paid, and nobody took it back."""
    later = Posting.alias()
    undone = later.select(later.undoes).where(later.undoes.is_null(False))
    rows = (
        BankLine.select(BankLine.payer_key, Invoice.payer)
        .join(Posting, on=(Posting.about == BankLine.public_id))
        .join(Invoice, on=(Posting.invoice == Invoice.id))
        .where(BankLine.payer_key.in_(sorted(set(keys))), Posting.entry == Booked.PAYMENT, Posting.undoes.is_null())
        .where(Posting.id.not_in(undone))
        .distinct()
        .tuples()
    )
    found: dict[str, set[int]] = defaultdict(set)
    for key, payer in rows:
        found[key].add(payer)
    return {key: frozenset(payers) for key, payers in found.items()}


def open_of(invoice: Invoice) -> Open:
    payer = invoice.payer
    return Open(
        public_id=invoice.public_id,
        number=invoice.number,
        year=invoice.year,
        seq=invoice.seq,
        currency=invoice.currency,
        cents=invoice.open_cents,
        payer=payer.id,
        names=tuple({payer.legal_name, payer.name} - {""}),
        due_on=invoice.due_on,
        row=invoice,
    )


def paid_of(line: BankLine, known: frozenset[int]) -> Paid:
    return Paid(line.public_id, line.on, line.cents, line.currency, line.payer, line.reference, known=known, row=line)
