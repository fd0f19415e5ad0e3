"""What a bank's file says, read line by line."""

from dataclasses import replace
from datetime import date

import pytest

from coachbase.errors import Refused
from coachbase.payments import tasks
from coachbase.payments.rules import (
    MOST_BYTES,
    Columns,
    Entry,
    Way,
    cents_in,
    completed,
    decimal_of,
    entries_of,
    entries_of_camt,
    facts_of,
    guessed,
    order_of,
    refusal_of_columns,
    sheet_of,
    text_of,
    way_of,
)
from coachbase.tracking.rules import Order
from tests.payments.banks import CAMT_NEW, CAMT_OLD, FINTECH, GERMAN, UK, US

TODAY = date(2026, 11, 23)


def read(content: bytes, currency: str = "GBP", **said) -> list[Entry]:
    """By headings and cells alone, as when nobody has said anything."""
    assert way_of(content) is Way.CSV
    sheet = sheet_of(text_of(content))
    columns = replace(guessed(sheet, currency), **said)
    assert refusal_of_columns(columns, sheet) is None
    entries, problems = entries_of(sheet, columns, TODAY)
    assert problems == []
    return entries


def told(entries: list[Entry]) -> list[tuple]:
    return [(entry.on.day, entry.cents, entry.currency, entry.payer, entry.reference) for entry in entries]


def test_a_british_csv_with_two_columns_of_amounts():
    assert told(read(UK)) == [
        (20, 360_000, "GBP", "", "BRIGHTWATER LTD INV 2026-0001"),
        (21, -8_420, "GBP", "", "KILN LANE SERVICES"),
        (23, 30_000, "GBP", "", "HADDAD B 2026 2"),
        (23, 30_000, "GBP", "", "HADDAD B 2026 2"),
    ]


def test_a_german_csv_with_commas_and_lines_above_its_headings():
    entries = read(GERMAN, "EUR")
    assert told(entries)[0] == (
        20, 428_400, "EUR", "Brightwater Europe GmbH",
        "RE 2026 0001 GUTSCHRIFT",
    )  # fmt: skip
    assert [entry.cents for entry in entries] == [428_400, -119_050, -790]
    assert (entries[0].account, entries[0].own) == ("DE89370400440532013000", "DE02120300000000202051")
    assert [entry.number for entry in entries] == [5, 6, 7]


def test_an_american_csv_with_the_month_first():
    assert told(read(US, "USD")) == [
        (20, 540_000, "USD", "", "WIRE IN BRIGHTWATER INC REF INVOICE 20260001"),
        (23, -4_217, "USD", "", "CARD PURCHASE OFFICE SUPPLY"),
    ]


def test_a_csv_of_several_currencies_leaves_out_what_is_not_booked():
    assert told(read(FINTECH)) == [
        (20, 360_000, "GBP", "", "From Brightwater Ltd 2026-0001"),
        (20, 540_000, "JPY", "", "From Brightwater KK"),
    ]


def test_camt_of_version_2_with_a_batch_and_a_reversal():
    entries = entries_of_camt(CAMT_OLD)
    assert told(entries) == [
        (20, 428_400, "EUR", "Brightwater Europe GmbH", "RE 2026-0001 Fuehrungskraefte-Coaching"),
        (21, 25_000, "EUR", "Ida Berg", "2026-0002"),
        (21, 35_000, "EUR", "Bo Holm", "2026-0003"),
        (22, -25_000, "EUR", "Ida Berg", "Reversal: 2026-0002"),
    ]
    assert (entries[0].account, entries[0].own) == ("DE89370400440532013000", "DE02120300000000202051")


def test_camt_of_version_8_with_prefixes_and_a_structured_reference():
    assert told(entries_of_camt(CAMT_NEW)) == [
        (20, 540_050, "CHF", "Brightwater AG", "RF18539007547034 2026-0001"),
        (21, -1_200, "CHF", "", "Account fee"),
    ]


def test_a_batch_whose_parts_do_not_add_up_is_one_line():
    entries = entries_of_camt(CAMT_OLD.replace(b">350.00<", b">349.00<"))
    assert [entry.cents for entry in entries] == [428_400, 60_000, -25_000]


@pytest.mark.parametrize("kind", [b"053", b"052", b"054"])
def test_reports_and_notices_are_read_like_statements(kind):
    names = {b"053": b"Stmt", b"052": b"Rpt", b"054": b"Ntfctn"}
    content = CAMT_OLD.replace(b"<Stmt>", b"<%s>" % names[kind]).replace(b"</Stmt>", b"</%s>" % names[kind])
    assert len(entries_of_camt(content.replace(b"camt.053", b"camt." + kind))) == 4


# Amounts and days -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "decimal", "currency", "cents"),
    [
        ("1,234.50", ".", "GBP", 123_450),
        ("1.234,50", ",", "EUR", 123_450),
        ("1 234,50", ",", "EUR", 123_450),
        ("1\u202f234,50 €", ",", "EUR", 123_450),
        ("CHF 1'234.50", ".", "CHF", 123_450),
        ("£300", ".", "GBP", 30_000),
        ("-£300.00", ".", "GBP", -30_000),
        ("£-300.00", ".", "GBP", -30_000),
        ("−300.00", ".", "GBP", -30_000),
        ("300.00-", ".", "GBP", -30_000),
        ("(300.00)", ".", "GBP", -30_000),
        ("+300.00", ".", "GBP", 30_000),
        ("12,00 S", ",", "EUR", -1_200),
        ("12,00 H", ",", "EUR", 1_200),
        ("12.00 DR", ".", "USD", -1_200),
        ("12.00CR", ".", "USD", 1_200),
        ("540000", ".", "JPY", 540_000),
        ("12.5", ".", "JPY", None),
        ("1.234", ".", "KWD", 1_234),
        ("1.234", ",", "EUR", 123_400),
        ("0,5", ",", "EUR", 50),
        (",50", ",", "EUR", 50),
        ("1,2,3", ".", "GBP", None),
        ("12.345.6", ",", "EUR", None),
        ("12abc3", ".", "GBP", None),
        ("twelve", ".", "GBP", None),
        ("1e9", ".", "GBP", None),
        ("٣", ".", "GBP", None),
        ("9" * 39, ".", "GBP", None),
        ("9" * 5000, ".", "GBP", None),
        ("", ".", "GBP", None),
    ],
)
def test_an_amount_is_read_as_the_bank_writes_it(cell, decimal, currency, cents):
    assert cents_in(cell, decimal, currency) == cents


@pytest.mark.parametrize(
    ("cells", "decimal"),
    [
        (["1,234.50"], "."),
        (["1.234,50"], ","),
        (["12,5"], ","),
        (["12.50", "1.234"], "."),
        (["1.234.567"], ","),
        (["0,250"], ","),
        (["12345.678"], "."),
        (["1.234"], ""),
        (["1,234", "12"], ""),
        (["12", ""], "."),
    ],
)
def test_which_sign_parts_the_decimals_is_told_by_all_amounts_or_by_none(cells, decimal):
    assert decimal_of(cells) == decimal


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["03/12/2026", "23/11/2026"], Order.DAY),
        (["03/12/2026", "11/23/2026"], Order.MONTH),
        (["03.12.2026"], Order.DAY),
        (["03/12/2026"], Order.UNKNOWN),
        (["23/11/2026", "11/23/2026"], Order.UNKNOWN),
        (["2026-11-23"], Order.UNKNOWN),
    ],
)
def test_whether_the_day_or_the_month_is_first_is_told_by_all_days(cells, order):
    assert order_of(cells) is order


def test_what_may_be_read_in_two_ways_is_asked():
    sheet = sheet_of("Date,Amount\n03/12/2025,12.00\n04/12/2025,14.00\n")
    assert "days" in refusal_of_columns(guessed(sheet, "GBP"), sheet)
    sheet = sheet_of("Date,Amount\n2025-12-03,1.234\n")
    assert "amounts" in refusal_of_columns(guessed(sheet, "EUR"), sheet)
    sheet = sheet_of("Date,Amount\n2025-12-03,12.00\n")
    assert "currency" in refusal_of_columns(guessed(sheet, ""), sheet)
    assert refusal_of_columns(guessed(sheet, "GBP"), sheet) is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (("on", "on", "amount"), "Two columns hold “Day”"),
        (("", "amount", ""), "holds the day"),
        (("on", "", "payer"), "holds the amount"),
        (("on", "amount", "credit"), "not both"),
    ],
)
def test_columns_that_cannot_be_read_are_said(fields, sentence):
    sheet = sheet_of("a,b,c\n2026-11-20,12.00,x\n")
    assert sentence in refusal_of_columns(completed(sheet, Columns(fields, currency="GBP")), sheet)


def test_lines_that_are_not_understood_are_named_and_those_without_money_left_out():
    sheet = sheet_of(
        "Date,Amount,Name\n2026-11-20,12.00,A\n,,Opening balance\nsoon,12.00,B\n2026-11-21,a lot,C\n"
        "2027-01-01,5.00,D\n2026-11-21,0.00,E\n"
    )
    entries, problems = entries_of(sheet, guessed(sheet, "GBP"), TODAY)
    assert [entry.payer for entry in entries] == ["A"]
    assert [(problem.number, problem.why) for problem in problems] == [
        (4, "The day is not understood."),
        (5, "“a lot” is no amount in GBP."),
        (6, "The day lies ahead."),
    ]


def test_a_column_that_says_in_or_out_gives_the_sign():
    entries = read(b"Date;Amount;Soll/Haben\n20.11.2026;12,00;S\n20.11.2026;13,00;H\n", "EUR")
    assert [entry.cents for entry in entries] == [-1_200, 1_300]


# The same line in another file ----------------------------------------------------------------------------------------


def test_equal_lines_of_a_day_are_counted_so_that_each_is_one():
    entries = read(UK)
    facts = facts_of(entries)
    assert len(set(facts)) == 4
    assert facts_of(entries[2:])[0] == facts[2]
    assert facts_of(list(reversed(entries)))[0] == facts[2], "whichever of two equal lines comes first is the first"


def test_each_part_of_a_line_tells_it_from_another():
    line = Entry(1, TODAY, 100, "GBP", "Bob", "A1", "2026-0001", "OWN")
    changes = {"on": date(2026, 11, 22), "cents": 101, "currency": "EUR", "payer": "Rob", "account": "A2"}
    others = [line._replace(**{name: value}) for name, value in {**changes, "reference": "x", "own": "y"}.items()]
    assert len({facts_of([each])[0] for each in (line, *others)}) == 8
    assert facts_of([line._replace(number=9)]) == facts_of([line])


# Hostile files --------------------------------------------------------------------------------------------------------

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">'
    + b"".join(b'<!ENTITY lol%d "%s">' % (n, b"&lol%d;" % (n - 1) * 10) for n in range(2, 10))
    + b"]><Document>&lol9;</Document>"
)
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Document>&x;</Document>'


@pytest.mark.parametrize("content", [LAUGHS, OUTSIDE], ids=["billion laughs", "another file"])
def test_xml_with_entities_of_its_own_is_not_read(content):
    with pytest.raises(Refused, match="entities"):
        tasks.read_camt(content)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<Document><a></Document>", "cannot be read"),
        (b"<html><body>Not found</body></html>", "no account statement"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "cannot be read"),
        (CAMT_OLD.replace(b"4284.00", b"lots"), "Entry 1 .* no amount"),
        (CAMT_OLD.replace(b'Amt Ccy="EUR">4284', b'Amt Ccy="">4284'), "Entry 1 .* no amount"),
        (CAMT_OLD.replace(b"2026-11-21", b"9999-99-99"), "Entry 2 .* no day"),
        (CAMT_OLD.replace(b"2026-11-21", b"1800-01-01"), "Entry 2 .* no day"),
    ],
)
def test_xml_that_says_nothing_gets_a_sentence(content, sentence):
    with pytest.raises(Refused, match=sentence):
        tasks.read_camt(content)


@pytest.mark.parametrize("begins", [b"PK\x03\x04", b"\x1f\x8b\x08", b"Rar!", b"7z\xbc\xaf"])
def test_what_is_packed_is_to_be_unpacked_first(begins):
    with pytest.raises(Refused, match="Unpack"):
        way_of(begins + b"\0" * 100)


def test_xml_deep_as_a_well_gets_a_sentence():
    with pytest.raises(Refused):
        tasks.read_camt(b"<a>" * 1_000_000)


def test_too_many_lines_are_refused():
    entry = b'<Ntry><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><BookgDt><Dt>2026-11-20</Dt></BookgDt></Ntry>'
    with pytest.raises(Refused, match="10,000"):
        entries_of_camt(b"<Document><GrpHdr/><Stmt>" + entry * 10_001 + b"</Stmt></Document>")
    with pytest.raises(Refused, match="10,000"):
        sheet_of("Date,Amount\n" + "2026-11-20,1.00\n" * 10_001)


@pytest.mark.parametrize(
    "text",
    ['a,b\n"' + "x" * MOST_BYTES, "," * MOST_BYTES, '"' * MOST_BYTES, "a,b\n" + "\n" * MOST_BYTES, "a;b\n" * 1_200_000],
    ids=["one cell", "commas", "quotes", "empty lines", "a million rows"],
)
def test_a_hostile_csv_gets_a_sentence(text):
    with pytest.raises(Refused):
        tasks.read_csv(text)


def test_a_reader_that_never_ends_is_ended(monkeypatch):
    monkeypatch.setattr(tasks, "SECONDS", 0.0)
    with pytest.raises(Refused, match="too long"):
        tasks.read_camt(CAMT_OLD)
