"""An invoice of twelve lines, as the worker draws it: in its own process, with the code for banking apps on it; and
with the electronic invoice inside, checked by the norm, where that extra is installed.
"""

import time
from dataclasses import asdict

from coachbase import einvoice, paper
from coachbase.invoices.rules import as_read, transfer_of

MADE_AT = "2026-11-03T14:05:00+00:00"
LINES = 12


def snapshot() -> dict:
    """What is frozen when an invoice is issued (invoices.models.snapshot_of)."""
    party = dict.fromkeys(("postcode", "city", "tax_id", "tax_number", "register", "email", "phone", "bank"), "")
    party |= {"legal_name": "Northbank Ltd", "address": "1 Quay", "country": "GB", "account_holder": "", "foot": ""}
    seller = party | {
        "tax_id": "GB123456782",
        "city": "London",
        "iban": "DE02120300000000202051",
        "bic": "BYLADEM1001",
        "payment_words": "",
    }
    payer = party | {"city": "Bristol", "attention": "Accounts payable", "cost_centre": "HR-410", "reference": ""}
    line = {
        "text": "Coaching with Alice Kern", "detail": "Sessions of 60 minutes", "quantity_milli": 2000, "unit": "E48",
        "unit_cents": 25_000, "discount_bps": 0, "net_cents": 50_000, "rate_bps": 2000, "category": "S", "tax_note": "",
        "supplied": ["2026-11-01", "2026-11-30"],
    }  # fmt: skip
    net = LINES * 50_000
    rate = {
        "category": "S", "rate_bps": 2000, "discount_cents": 0, "base_cents": net, "tax_cents": net // 5, "name": "VAT",
        "note": "",
    }  # fmt: skip
    return {
        "kind": "invoice", "number": "2026-0012", "issued_on": "2026-11-03", "due_on": "2026-11-17", "term_days": 14,
        "currency": "EUR", "seller": seller, "payer": payer, "po_number": "4500", "words": "", "reason": "",
        "corrects": None, "supplied": [None, None], "subtotal_cents": net, "net_cents": net,
        "lines": [line | {"position": place} for place in range(1, LINES + 1)],
        "discount": {"bps": 0, "cents": 0, "words": ""}, "rates": [rate], "tax_cents": net // 5,
        "total_cents": net + net // 5,
    }  # fmt: skip


def drawn(*, with_xml: bool = False) -> bytes:
    said = snapshot()
    pays = transfer_of(said["seller"], said["currency"], said["total_cents"], said["number"])
    more = {"firm": {"name": "Northbank", "logo": ""}, "made_at": MADE_AT, "code": paper.transfer_code(*pays)}
    data = paper.drawn(asdict(as_read(said))) | more
    if not with_xml:
        return paper.render("invoice", data, standard="a-3b")
    made = einvoice.render("invoice", data, said, marker="01JD2C0000000000000000007K")
    assert made.is_electronic, made.why_not
    return made.content


def taken(times: int, *, with_xml: bool = False) -> tuple[list[float], int]:
    """Milliseconds, turn by turn, once the process beside this one is up; and the size of the file in bytes."""
    size, spans = len(drawn(with_xml=with_xml)), []
    for _ in range(times):
        start = time.perf_counter()
        drawn(with_xml=with_xml)
        spans.append((time.perf_counter() - start) * 1000)
    return spans, size
