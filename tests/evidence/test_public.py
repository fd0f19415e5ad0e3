"""/p/verify: whoever brings a PDF learns whether it is unchanged, and nothing about who is in it."""

import re

import pytest

from coachbase import triggers
from coachbase.accounts.models import Attempt
from coachbase.db import database
from coachbase.evidence import actions
from coachbase.evidence.public import MOST
from coachbase.evidence.rules import LARGEST
from tests.evidence.conftest import upload


def check(browser, pdf: bytes) -> str:
    answer = browser.post("/p/verify", **upload(pdf))
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text.partition("<main")[2]).split())


def flip(pdf: bytes, place: int) -> bytes:
    return pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :]


def test_the_page_asks_for_a_file_and_needs_no_link(stranger):
    answer = stranger.get("/p/verify")
    assert answer.status_code == 200
    assert 'type="file"' in answer.text
    assert 'action="/p/verify"' in answer.text


def test_the_sealed_copy_is_unchanged(stranger, signed):
    said = check(stranger, signed.sealed)
    assert "This file is unchanged" in said
    assert re.search(r"Sealed \d+ \w+ \d{4}, \d\d:\d\d UTC", said)
    assert "Signatures 3, completed" in said
    assert "whole 7 events" in said
    assert signed.sealed_file.sha256 in said


def test_a_changed_copy_is_changed_and_the_byte_is_named(stranger, signed):
    said = check(stranger, flip(signed.sealed, 5000))
    assert "This file was changed" in said
    assert f"Byte 5,000 of {len(signed.sealed):,}, under the seal" in said
    assert "unchanged" not in said


def test_what_was_added_or_cut_off_is_named(stranger, signed):
    size = len(signed.sealed)
    assert f"Bytes {size:,} to {size + 3:,} of {size + 4:,}, added behind the end" in check(
        stranger, signed.sealed + b"more"
    )
    assert f"Bytes are missing at {size - 9:,}" in check(stranger, signed.sealed[:-9])


def test_the_sent_document_is_not_taken_for_the_signed_copy(stranger, signed):
    said = check(stranger, signed.sent)
    assert "Unchanged, but not the signed copy" in said
    assert "There is a signed and sealed copy of it" in said


def test_a_document_that_waits_to_be_signed_does_not_count_as_signed(stranger, waiting):
    assert "It does not count as signed" in check(stranger, waiting[1])


@pytest.mark.parametrize(("kind", "word"), [("voided", "withdrawn"), ("declined", "declined")])
def test_a_document_that_was_taken_back_is_no_longer_valid(stranger, waiting, kind, word):
    subject, pdf = waiting
    actions.append(subject, kind, {})
    said = check(stranger, pdf)
    assert "Unchanged, but no longer valid" in said
    assert f"it was {word} on" in said


def test_a_broken_record_is_named_by_its_event(stranger, signed):
    for name in triggers.TRIGGERS:
        if name.startswith("trail_event"):
            database.execute_sql(f"DROP TRIGGER {name}")
    database.execute_sql("UPDATE trail_event SET facts = '{}' WHERE subject = ? AND number = 4", (signed.subject,))
    said = check(stranger, signed.sealed)
    assert "The file is unchanged, but its record is not" in said
    assert "event 4 was changed" in said
    assert "This file is unchanged" not in said


@pytest.mark.parametrize("content", [b"%PDF-1.7 somebody else's", b"no PDF", b"\x00" * 1000])
def test_anything_else_is_unknown(stranger, signed, content):
    assert "We do not know this file" in check(stranger, content)


def test_nobody_learns_from_the_answer_who_is_in_it_or_what_it_is_called(stranger, signed):
    for pdf in (signed.sealed, signed.sent, flip(signed.sealed, 5000)):
        answer = stranger.post("/p/verify", **upload(pdf, "Bob Haddad.pdf")).text
        for word in (
            "Bob",
            "Haddad",
            "brightwater",
            "Alice",
            "agreement",
            signed.subject,
            signed.sealed_file.public_id,
        ):
            assert word not in answer


def test_a_check_keeps_nothing_but_its_count(stranger, signed):
    before = database.execute_sql("SELECT total_changes()").fetchone()[0]
    check(stranger, flip(signed.sealed, 5000))
    assert database.execute_sql("SELECT total_changes()").fetchone()[0] == before + 1
    assert Attempt.select().where(Attempt.bucket.startswith("verify from")).count() == 1


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({}, "Choose a PDF first"),
        (upload(b""), "Choose a PDF first"),
        ({"data": {"pdf": "agreement.pdf"}}, "Choose a PDF first"),
        ({"data": {"other": "x\ud800\x00".encode("utf-8", "surrogatepass")}}, "Choose a PDF first"),
        (upload(b"0" * (LARGEST + 1)), "Files may have up to 25 MB"),
    ],
    ids=["nothing", "empty", "a text", "odd bytes", "too large"],
)
def test_what_cannot_be_checked_gets_a_sentence(stranger, cast, sent, sentence):
    answer = stranger.post("/p/verify", **sent)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_the_largest_file_we_take_is_answered(stranger, signed):
    padded = signed.sealed + b"0" * (LARGEST - len(signed.sealed))
    assert "This file was changed" in check(stranger, padded)


def test_who_checks_without_end_is_asked_to_wait(stranger, cast):
    for _ in range(MOST):
        assert stranger.post("/p/verify", **upload(b"x")).status_code == 200
    assert stranger.post("/p/verify", **upload(b"x")).status_code == 429


def test_checking_asks_the_database_little(stranger, signed, queries):
    with queries() as asked:
        check(stranger, flip(signed.sealed, 5000))
    assert len(asked) <= 15
