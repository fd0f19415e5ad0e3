"""The pages of the books, and the files for an accountant."""

import csv
import io
import re
from datetime import date

import pytest

from coachbase.invoices.models import Invoice

OCTOBER, NOVEMBER = date(2026, 10, 15), date(2026, 11, 12)
ADDRESSES = ("/books", "/books/receivables", "/books/tax", "/books/documents.csv", "/books/payments.csv")


def words_of(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def sheet(answer):
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))


def test_revenue_shows_a_picture_and_a_table_that_say_the_same(desk, today, olive):
    desk.issue(OCTOBER, desk.line(12_345_00))
    desk.for_dan(NOVEMBER, 80_000, currency="JPY")
    page = olive.get("/books")
    words = words_of(page)
    assert "£12,345.00 billed in GBP" in words
    assert "JP¥80,000 billed in JPY" in words
    assert "Alice Kern, October: £12,345.00" in page.text
    assert 'href="/invoices/list?since=2026-10-01&amp;until=2026-10-31&amp;currency=GBP"' in page.text
    assert page.text.count('class="chart"') == 2, "a picture for each currency: they are never added"


def test_the_period_is_in_the_address_and_leads_to_its_neighbours(desk, today, olive):
    desk.issue(OCTOBER, desk.line(10_000))
    page = olive.get("/books?period=2026-Q3")
    assert "Nothing was billed in Quarter 3, 2026" in words_of(page)
    assert 'href="/books?period=2026-Q4"' in page.text
    assert 'href="/books?period=2026-Q2"' in page.text
    assert "£100.00" in olive.get("/books?period=2026-10").text


def test_what_is_owed_is_shown_by_age_with_a_way_to_its_invoices(late, today, olive, desk):
    page = olive.get("/books/receivables")
    words = words_of(page)
    assert "Over 90 days" in words
    assert "We owe back" in words
    assert f'href="/invoices/list?payer={desk.bobs.public_id}"' in page.text
    assert page.text.count('class="strip"') == 2


def test_nobody_owes_anything(olive):
    assert "Nobody owes anything" in olive.get("/books/receivables").text


def test_the_tax_report_shows_each_rate_and_what_they_come_to(desk, today, olive):
    desk.issue(NOVEMBER, desk.line(10_000), desk.line(5000, rate=desk.less))
    words = words_of(olive.get("/books/tax?period=2026-Q4"))
    assert "£23.50 tax on £150.00 net" in words
    assert "Taxed at 20 % 1 £100.00 £20.00 £120.00" in words
    assert "Together £150.00 £23.50 £173.50" in words


def test_the_accountants_file_has_plain_numbers_and_no_formulas(desk, today, olive):
    desk.bobs.legal_name = "=cmd|' /C calc'!A0"
    desk.bobs.save()
    invoice = desk.issue(OCTOBER, desk.line(1_234_567))
    desk.credit(invoice, NOVEMBER)
    answer = olive.get("/books/documents.csv?period=2026")
    billed, credited = sheet(answer)
    assert "documents-2026.csv" in answer.headers["Content-Disposition"]
    assert billed["Payer"].startswith("'=cmd")
    assert (billed["Net"], billed["Tax"], billed["Gross"]) == ("12345.67", "2469.13", "14814.80")
    assert credited["Gross"] == "-14814.80"


def test_what_came_in_is_a_file_of_its_own(desk, today, olive):
    desk.paid(desk.issue(OCTOBER, desk.line(10_000)), 12_000, NOVEMBER)
    (row,) = sheet(olive.get("/books/payments.csv?period=2026-11"))
    assert (row["Day"], row["Amount"], row["Reference"]) == ("2026-11-12", "120.00", "'=Ref 1")


def test_page_and_file_and_document_say_the_same_to_the_last_cent(desk, today, olive):
    desk.issue(NOVEMBER, desk.line(33_333, quantity_milli=1500, discount_bps=333), discount_bps=777)
    invoice = Invoice.issued().get()
    (row,) = sheet(olive.get("/books/documents.csv?period=2026"))
    assert row["Net"].replace(".", "") == str(invoice.net_cents)
    assert row["Tax"].replace(".", "") == str(invoice.tax_cents)
    written = f"{invoice.net_cents // 100}.{invoice.net_cents % 100:02d}"
    assert written in olive.get("/books").text.replace(",", "")
    assert written in olive.get("/books/tax").text.replace(",", "")


def test_carol_sees_nothing_of_bobs(desk, today, late, carol, vera):
    desk.issue(NOVEMBER, desk.line(7_654_321))
    for address in ADDRESSES:
        answer = carol.get(address)
        assert answer.status_code == 200
        told = answer.text.replace(",", "")
        for canary in ("Bob Haddad", "Alice Kern", "76543.21", "91851.85", "GBP"):
            assert canary not in told, (address, canary)
    assert "76543.21" in vera.get("/books/documents.csv").text


def test_who_sees_some_clients_only_is_told_so(desk, today, olive, alice):
    assert "other coaches’ clients" in alice.get("/books").text
    assert "other coaches’ clients" not in olive.get("/books").text


@pytest.mark.parametrize("period", ["9" * 5000, "2026-99", "%00", "%ed%a0%80", "../../etc/passwd", "2099-12", "2000"])
def test_a_period_that_is_none_is_no_fault(period, desk, today, olive):
    for address in ADDRESSES:
        assert olive.get(f"{address}?period={period}").status_code == 200


def test_however_many_documents_there_are_a_page_asks_as_often(desk, today, olive, queries):
    desk.issue(OCTOBER, desk.line(10_000))
    for address in ADDRESSES:
        olive.get(address)
        with queries() as few:
            olive.get(address)
        for _ in range(3):
            desk.issue(NOVEMBER, desk.line(10_000), desk.line(100, rate=desk.less))
            desk.for_dan(NOVEMBER, 5000, currency="EUR")
        olive.get(address)
        with queries() as many:
            olive.get(address)
        assert len(many) <= min(len(few), 15), address
