"""What the bank says is the firm's: a line that was read, and files of Vera's and Dora's on their way in.

What came in for Bob's invoice, and for Dan's, stays behind their walls.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from coachbase import clock
from coachbase.accounts.models import User
from coachbase.invoices import actions as invoices
from coachbase.invoices.models import Invoice
from coachbase.invoices.rules import Entry
from coachbase.payments.models import BankFile, BankLine

if TYPE_CHECKING:
    from tests.safety.world import World

Readers = frozenset[str]
DESK = frozenset({"olive", "vera", "dora"})


def bank(world: "World", readers: Mapping[str, Readers], staff: Mapping[str, User]) -> None:
    now = clock.now()
    read = BankFile.create(name=world.word("bankfile", "bob", DESK), sha256="0" * 64, way="csv", at=now, read_at=now)
    world.keep("firm", read)
    told = {name: world.word(f"bank{name}", "bob", DESK) for name in ("payer", "reference")}
    line = BankLine.create(file=read, key="a key", on=now.date(), cents=12_300, currency="GBP", **told)
    world.keep("firm", line)
    for whose, name in (("bob", "vera"), ("dan", "dora")):
        mine = frozenset({name})
        text = f"Date,Amount,Note\n2026-11-20,12.00,{world.word('bankcell', whose, mine)}\n"
        told = {"name": world.word("bankwaits", whose, mine), "content": text, "sha256": "0" * 64, "way": "csv"}
        world.keep(whose, BankFile.create(at=now, by=staff[name], **told))
        invoice = Invoice.get(Invoice.public_id == world.ids["invoice"][whose])
        reference = world.word("paidreference", whose, readers[whose])
        world.keep(whose, invoices.post(invoice, Entry.PAYMENT, 1_000, now.date(), reference=reference, by=None))
