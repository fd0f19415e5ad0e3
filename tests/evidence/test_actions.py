"""Trails grow by whole events, one after the other; the key that seals is one, and is read by nobody."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization

from coachbase import clock, triggers
from coachbase.check import findings
from coachbase.db import database, new_public_id, transaction
from coachbase.errors import Refused, Stale
from coachbase.evidence import actions, tasks
from coachbase.evidence.models import ProvableFile, SealKey, TrailDetail, TrailEvent
from coachbase.evidence.rules import Break, Outcome
from tests.evidence.conftest import draw, keep, trail
from tests.evidence.test_rules import pkcs12_file

SIX = ("frozen", "sent", "opened", "consented", "signed", "completed")


@pytest.fixture
def subject(cast) -> str:
    subject = new_public_id()
    trail(subject, *SIX)
    return subject


def test_events_are_numbered_and_chained_and_keep_their_facts(subject):
    events = list(TrailEvent.of(subject))
    assert [event.number for event in events] == [1, 2, 3, 4, 5, 6]
    assert [event.kind for event in events] == list(SIX)
    assert events[3].told == {"step": 4}
    assert TrailEvent.break_of(subject) is None


def test_the_chain_holds_no_name(subject):
    columns = database.execute_sql("SELECT group_concat(facts || kind || hash) FROM trail_event").fetchone()[0]
    assert "Bob" not in columns
    assert "Bob Haddad" in TrailDetail.beside(subject)[1].content


def test_the_same_detail_has_another_hash_in_every_event(subject):
    for _ in range(2):
        actions.append(subject, "opened", {}, {"name": "Bob Haddad"})
    hashes = [event.detail_hash for event in TrailEvent.of(subject)][-2:]
    assert hashes[0] != hashes[1]


def without_guards() -> None:
    """What somebody with the file in hand would do first."""
    for name in triggers.TRIGGERS:
        if name.startswith("trail_event"):
            database.execute_sql(f"DROP TRIGGER {name}")


TAMPERED = [
    ("UPDATE trail_event SET facts = '{\"step\":9}' WHERE subject = ? AND number = 3", 3),
    ("UPDATE trail_event SET at = '2026-01-01T00:00:00.000000' WHERE subject = ? AND number = 1", 1),
    ("UPDATE trail_event SET kind = 'declined' WHERE subject = ? AND number = 6", 6),
    ("UPDATE trail_event SET number = number + 10 WHERE subject = ? AND number >= 4", 4),
    ("UPDATE trail_event SET subject = 'elsewhere' WHERE subject = ? AND number = 5", 5),
]


@pytest.mark.parametrize(("statement", "number"), TAMPERED)
def test_a_row_changed_behind_our_back_is_named_by_trail_and_check(subject, statement, number):
    without_guards()
    database.execute_sql(statement, (subject,))
    assert TrailEvent.break_of(subject).number == number
    assert any(f"trail of {subject} is broken at event {number}" in line for line in findings())


def test_a_detail_moved_to_another_event_is_named(subject):
    first, second = TrailDetail.select().order_by(TrailDetail.id).limit(2)
    TrailDetail.update(salt=first.salt, content=first.content).where(TrailDetail.id == second.id).execute()
    assert TrailEvent.break_of(subject) == Break(2, "the names and addresses of event 2 were changed")


def test_details_that_were_erased_leave_the_trail_whole(subject):
    TrailDetail.delete().execute()
    assert TrailEvent.break_of(subject) is None


def test_with_its_guards_the_database_refuses_to_change_an_event(subject):
    with pytest.raises(Exception, match="an audit trail is append only"):
        database.execute_sql(TAMPERED[0][0], (subject,))


def test_an_event_goes_when_what_it_tells_of_is_rolled_back(subject):
    with transaction() as _, database.atomic() as attempt:
        actions.append(subject, "sealed", {})
        attempt.rollback()
    assert TrailEvent.last_of(subject).kind == "completed"


def test_events_appended_at_once_stand_in_one_chain(cast):
    subject, gate = new_public_id(), threading.Barrier(4)

    def append_ten(_: int) -> None:
        gate.wait()
        for _ in range(10):
            actions.append(subject, "opened", {}, {"name": "Bob"})
        database.close()

    with ThreadPoolExecutor(4) as hands:
        list(hands.map(append_ten, range(4)))
    assert TrailEvent.of(subject).count() == 40
    assert TrailEvent.break_of(subject) is None


# Files ----------------------------------------------------------------------------------------------------------------


def test_a_later_file_of_a_subject_replaces_the_earlier_one(waiting):
    subject, sent = waiting
    marker = new_public_id()
    later = draw(marker, "Another wording.")
    keep(subject, later, marker=marker, is_sealed=False)
    assert ProvableFile.behind(sent).verdict_on(sent).is_replaced
    assert not ProvableFile.behind(later).verdict_on(later).is_replaced


def test_a_file_that_no_event_names_proves_nothing_and_the_check_says_so(signed):
    without_guards()
    database.execute_sql("DELETE FROM trail_event WHERE kind = 'sealed'")
    verdict = signed.sealed_file.verdict_on(signed.sealed)
    assert verdict.outcome is Outcome.UNCHANGED
    assert verdict.broken == "no event names this file"
    assert any("No event of the audit trail" in line for line in findings())


def test_a_stored_file_that_was_changed_is_found_by_the_check_and_vouches_for_nothing(signed):
    assert list(findings()) == []
    database.execute_sql("DROP TRIGGER provable_document_is_frozen")
    content = signed.sealed_file.document.contents.get()
    content.content = signed.sent
    content.save()
    assert any("is not what its SHA-256 says" in line for line in findings())
    assert ProvableFile.behind(signed.sealed).verdict_on(signed.sealed).outcome is Outcome.UNCHANGED
    forged = signed.sealed.replace(b"Signed by all", b"Signed by two")
    content.content = forged
    content.save()
    verdict = ProvableFile.behind(forged).verdict_on(forged)
    assert (verdict.outcome, verdict.differences) == (Outcome.CHANGED, ())


# The key --------------------------------------------------------------------------------------------------------------


def test_founding_the_firm_makes_its_key(cast):
    key = SealKey.in_use()
    assert (key.subject, key.is_own) == ("Northbank", False)


def test_a_new_key_retires_the_one_before(cast):
    first = SealKey.in_use()
    second = actions.make_key("Northbank")
    assert SealKey.in_use() == second
    assert [key.public_id for key in SealKey.retired()] == [first.public_id]


def test_of_two_who_change_the_key_at_once_the_second_is_told(cast):
    seen = SealKey.in_use().public_id
    actions.make_key("Northbank", instead_of=seen)
    with pytest.raises(Stale):
        actions.make_key("Northbank", instead_of=seen)
    assert SealKey.retired().count() == 1


def test_a_certificate_that_is_refused_leaves_the_one_in_use(cast):
    before = SealKey.in_use()
    with pytest.raises(Refused):
        actions.load_key(pkcs12_file(password=b"another"), "quiet")
    assert SealKey.in_use() == before


@pytest.mark.parametrize("how", ["never made", "expired"])
def test_without_a_key_that_is_fit_one_is_made_when_something_is_to_be_sealed(cast, how):
    if how == "expired":
        SealKey.update(expires_at=clock.now() - timedelta(days=1)).execute()
    else:
        SealKey.delete().execute()
    marker = new_public_id()
    tasks.seal(draw(marker), marker=marker, reason="Signed by all", attachments={})
    assert SealKey.in_use().expires_at > clock.now()
    assert SealKey.select().where(SealKey.retired_at.is_null()).count() == 1


def test_the_private_key_can_be_read_nowhere(cast, config):
    key = SealKey.in_use()
    private = serialization.load_pem_private_key(key.private_key, None)
    secret = private.private_numbers().private_value.to_bytes(32, "big")
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    stored = b"".join(path.read_bytes() for path in config.data.iterdir() if path.is_file())
    for readable in (b"PRIVATE KEY", key.private_key[40:80], secret, secret.hex().encode()):
        assert readable not in stored
    assert b"BEGIN CERTIFICATE" in stored  # the certificate is public: this is the file, and it is readable
