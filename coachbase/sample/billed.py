"""How the firm of the sample bills, who gets its invoices, and who stands in its coaches' logs."""

from datetime import timedelta
from itertools import cycle
from typing import Any

from .. import clock
from ..accounts.models import User
from ..clients.models import Client, Organisation
from ..engagements.models import Engagement
from ..engagements.rules import Payer as PaidBy
from ..logbook import actions as logbook
from ..logbook.rules import Answer
from ..payers import actions as payers
from ..payers.models import TaxRate
from ..payers.rules import Bundle, Category
from ..sessions.models import CoachingSession
from ..sessions.rules import State
from .times import days_ago

FIRM = {
    "legal_name": "Northbank Coaching Ltd",
    "address": "12 Harbour Road",
    "postcode": "BS1 4RW",
    "city": "Bristol",
    "country": "GB",
    "tax_id": "GB999999973",
    "register": "Registered in England and Wales, no. 00000000",
    "email": "accounts@northbank.example",
    "phone": "+44 117 496 0000",
    "iban": "GB82WEST12345698765432",
    "bic": "WESTGB22",
    "bank": "West Bank",
    "payment_words": "Sort code 12-34-56, account 98765432",
    "foot": "Northbank is a firm of fiction. Please pay nothing.",
    "late_fee_cents": 4_000,
}
ABROAD = "Service for a recipient abroad: outside the scope of UK VAT"
PAYERS: dict[str, dict[str, Any]] = {
    "Brightwater": {
        "legal_name": "Brightwater plc", "address": "40 Canal Street", "postcode": "M1 3HF", "city": "Manchester",
        "country": "GB", "attention": "Accounts payable", "email": "ap@brightwater.example", "needs_po": True,
        "po_number": "BW-4407", "cost_centre": "HR 220",
    },
    "Halden Foods": {
        "legal_name": "Halden Foods Ltd", "address": "3 Mill Yard", "postcode": "LS1 4DL", "city": "Leeds",
        "country": "GB", "bundle_name": Bundle.PAYER, "term_days": 30, "reference": "Leadership 2026",
    },
    "Marlow Rail": {
        "legal_name": "Marlow Rail Ltd", "address": "1 Station Approach", "postcode": "SL7 1NT", "city": "Marlow",
        "country": "GB", "needs_po": True, "portal": "Upload at suppliers.marlowrail.example, as a PDF.",
    },
    "Quill": {"address": "77 Paper Lane", "postcode": "EH1 1RE", "city": "Edinburgh", "country": "GB"},
    "Carrow College": {
        "address": "The Lodge", "postcode": "NR1 1HB", "city": "Norwich", "country": "GB",
        "email": "finance@carrowcollege.example", "rhythm": "14 28 42",
    },
    "Sable Capital": {"address": "5 rue Neuve", "postcode": "75002", "city": "Paris", "country": "FR"},
    "Nordhavn": {
        "legal_name": "Nordhavn AS", "address": "Kaigata 8", "postcode": "0150", "city": "Oslo", "country": "NO",
    },
    "Aster Hotels": {"address": "Rua do Sol 21", "postcode": "1100-061", "city": "Lisbon", "country": "PT"},
}  # fmt: skip
STREET = "{} Garden Row"
SAID = (Answer.NAME, Answer.LETTER, None, Answer.NAME, Answer.NO)
"""What a coach’s clients say about the log, one after the other; None was not asked yet."""


def say_who_bills() -> None:
    """The firm and its rates; the first one is the usual one."""
    payers.keep_seller(FIRM, version=0)
    payers.add_rate("VAT", Category.STANDARD, 2_000, "")
    payers.add_rate("Abroad", Category.OUTSIDE, 0, ABROAD)


def say_who_pays(by: User) -> None:
    """Sponsors, and the clients who pay for themselves."""
    abroad = TaxRate.get(TaxRate.name == "Abroad")
    for organisation in Organisation.select().where(Organisation.name.in_(list(PAYERS))).order_by(Organisation.id):
        said = PAYERS[organisation.name]
        rate = None if said["country"] == "GB" else abroad
        payers.keep_payer(organisation, said | {"rate": rate}, version=0, by=by)
    own = Engagement.select(Engagement.client).where(Engagement.payer_name == PaidBy.CLIENT)
    for number, client in enumerate(Client.select().where(Client.id.in_(own)).order_by(Client.id), start=1):
        with days_ago(20):
            street = client.address.partition("\n")[0] or STREET.format(number)
            where = {"address": street, "postcode": "BS1 5TT", "city": "Bristol", "country": "GB"}
            payers.keep_payer(client, where, version=0, by=by)


def ask_about_the_log(by: User) -> None:
    """Most agree to stand in the log by name, some by a letter; one says no, and some were not asked yet."""
    coached = CoachingSession.select(CoachingSession.client).where(CoachingSession.state_name == State.HELD)
    clients = Client.select(Client, Organisation).left_outer_join(Organisation).where(Client.id.in_(coached))
    for client, answer in zip(clients.order_by(Client.coach, Client.id), cycle(SAID), strict=False):
        if answer is None or (answer is Answer.LETTER and client.organisation_id is None):
            continue
        letter = client.organisation.name if answer is Answer.LETTER else ""
        with days_ago(30):
            on = clock.now().date() - timedelta(days=1)
            how = "Asked at the end of a session"
            logbook.record(client, answer, organisation=letter, on=on, how=how, version=0, by=by)
