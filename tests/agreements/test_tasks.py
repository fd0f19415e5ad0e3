"""The worker: a PDF is frozen once and sealed once, whatever falls over in between, and whoever must look is told."""

import hashlib
import io
import json
import re
from datetime import datetime, timedelta
from types import SimpleNamespace

import pypdf
import pytest

from coachbase import clock, jobs
from coachbase.agreements import actions, tasks
from coachbase.agreements.models import Agreement, Signer
from coachbase.agreements.rules import CONSENT, DELAYS, MarkKind, State
from coachbase.db import database
from coachbase.engagements.models import Engagement
from coachbase.errors import Refused
from coachbase.evidence.models import ProvableFile, TrailEvent
from coachbase.evidence.rules import Detail, first_break
from coachbase.files.models import Document, DocumentContent
from coachbase.firm.models import Firm
from coachbase.jobs import run_jobs
from coachbase.mail.models import Message
from tests.agreements import signing


def words_in(content: bytes) -> str:
    return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


@pytest.fixture
def freezing(cast):
    """Sent; the worker has not looked yet."""
    agreement = signing.drafted(cast)
    actions.send(agreement, by=cast.vera)
    jobs.huey.storage.flush_queue()
    return signing.latest(agreement)


@pytest.fixture
def sealing(cast):
    """Signed by all; the worker has not looked yet."""
    agreement = signing.sent(cast)
    for signer in list(Signer.of(agreement)):
        signing.sign_as(agreement, signer.role_name)
    jobs.huey.storage.flush_queue()
    return signing.latest(agreement)


def freeze(agreement: Agreement) -> Agreement:
    tasks.freeze.call_local(agreement.public_id)
    return signing.latest(agreement)


def seal(agreement: Agreement) -> Agreement:
    tasks.seal.call_local(agreement.public_id)
    return signing.latest(agreement)


def one_minute_later():
    return clock.pretend(clock.now() + timedelta(minutes=1, seconds=1))


def test_a_frozen_document_is_stored_hashed_and_provable(freezing):
    agreement = freeze(freezing)
    content = agreement.document.content
    assert agreement.state is State.OUT
    assert agreement.sha256 == hashlib.sha256(content).hexdigest() == ProvableFile.get().sha256
    assert agreement.pages == len(pypdf.PdfReader(io.BytesIO(content)).pages)
    assert agreement.document.client is None
    assert agreement.document.name == "Coaching agreement - Bob Haddad.pdf"
    assert "Between Bob Haddad and Alice Kern of Northbank, £9,600.00." in words_in(content)
    assert agreement.sha256 in TrailEvent.of(agreement.public_id).first().facts


def test_what_may_be_shared_is_drawn_also_when_the_text_does_not_say_it(cast):
    words = words_in(signing.sent(cast, body="For {{client_name}}.").document.content)
    assert "Sessions held and planned" in words
    assert "Progress" not in words


def test_without_a_sponsor_nothing_is_said_of_sharing(cast):
    cast.bob.organisation = None
    cast.bob.save()
    words = words_in(signing.sent(cast, body="For {{client_name}}.", sponsor=False).document.content)
    assert "sponsor" not in words.casefold()


def test_two_workers_freeze_it_once(freezing):
    freeze(freezing)
    freeze(freezing)
    assert Document.select().count() == 1
    assert signing.trail(freezing) == ["frozen", "sent"]


def test_a_worker_that_was_slower_throws_its_document_away(freezing, monkeypatch):
    """Both have rendered; the first to write wins."""
    render = tasks.draw

    def overtaken(agreement, **options):
        monkeypatch.setattr(tasks, "draw", render)
        Agreement.update(attempts=0, try_at=None).where(Agreement.id == agreement.id).execute()
        freeze(agreement)
        return render(agreement, **options)

    monkeypatch.setattr(tasks, "draw", overtaken)
    freeze(freezing)
    assert Document.select().count() == 1
    assert signing.trail(freezing) == ["frozen", "sent"]


def test_a_worker_that_was_slower_to_seal_throws_its_file_away(sealing, monkeypatch):
    certificate = tasks.certificate_of

    def overtaken(agreement):
        monkeypatch.setattr(tasks, "certificate_of", certificate)
        Agreement.update(attempts=0, try_at=None).where(Agreement.id == agreement.id).execute()
        seal(agreement)
        return certificate(agreement)

    monkeypatch.setattr(tasks, "certificate_of", overtaken)
    seal(sealing)
    assert Document.select().where(Document.client.is_null(False)).count() == 1
    assert signing.trail(sealing).count("sealed") == 1


class Killed(BaseException):
    """As good as kill -9: nobody catches it."""


def killed(*_: object, **__: object) -> None:
    raise Killed


def test_a_worker_killed_between_drawing_and_writing_leaves_nothing_and_the_sweep_mends_it(freezing, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(tasks.evidence, "keep", killed)
        with pytest.raises(Killed):
            freeze(freezing)
    assert Document.select().count() == 0
    assert signing.latest(freezing).state is State.FREEZING
    actions.sweep()
    assert run_jobs() == 0  # the killed one might still be at it
    with one_minute_later():
        actions.sweep()
        run_jobs()
    assert signing.latest(freezing).state is State.OUT
    assert Document.select().count() == 1


def test_a_worker_killed_before_it_began_is_mended_by_the_next_sweep(freezing):
    actions.sweep()
    actions.sweep()
    assert len(jobs.huey.pending()) == 1
    run_jobs()
    assert signing.latest(freezing).state is State.OUT


def test_a_worker_killed_while_sealing_is_mended_too(sealing, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(tasks.evidence, "append", killed)
        with pytest.raises(Killed):
            seal(sealing)
    assert signing.latest(sealing).sealed is None
    assert signing.trail(sealing)[-1] == "completed"
    with one_minute_later():
        actions.sweep()
        run_jobs()
    assert signing.latest(sealing).state is State.COMPLETED
    assert signing.trail(sealing).count("sealed") == 1
    assert Message.select().where(Message.kind == "agreement_copy").count() == 3


def fall(*_: object, **__: object) -> bytes:
    raise OSError("no space left")


def test_what_fails_is_tried_again_later_each_time_and_then_somebody_must_look(freezing, monkeypatch, caplog):
    monkeypatch.setattr(tasks, "draw", fall)
    now = clock.now()
    for delay in DELAYS:
        with clock.pretend(now):
            assert freeze(freezing).try_at == now + delay
            assert "could not be made" in signing.latest(freezing).problem
        now += delay
    with clock.pretend(now):
        assert freeze(freezing).try_at is None
        actions.sweep()
        assert run_jobs() == 0
    assert "no space left" in caplog.text
    monkeypatch.undo()
    actions.try_again(freezing)
    run_jobs()
    assert signing.latest(freezing).state is State.OUT
    assert signing.latest(freezing).problem == ""


def test_trying_again_is_refused_when_there_is_nothing_to_try(cast):
    with pytest.raises(Refused, match="nothing to try again"):
        actions.try_again(signing.sent(cast))


def test_what_was_withdrawn_while_the_worker_drew_it_stays_so(freezing, cast, monkeypatch):
    render = tasks.draw

    def withdrawn(agreement, **options):
        actions.withdraw(agreement, reason="Too early.", by=cast.vera)
        return render(agreement, **options)

    monkeypatch.setattr(tasks, "draw", withdrawn)
    assert freeze(freezing).state is State.VOID
    assert Document.select().count() == 0


def test_the_sealed_file_holds_the_pages_the_certificate_and_the_evidence(sealing):
    agreement = seal(sealing)
    content = agreement.sealed.content
    assert agreement.sealed_sha256 == hashlib.sha256(content).hexdigest()
    words = words_in(content)
    assert "Between Bob Haddad and Alice Kern" in words
    for told in ("Certificate of signing", "Sam Okafor", "Agreed to sign"):
        assert told in words
    assert agreement.sha256 in re.sub(r"[^0-9a-f]", "", words)
    attached = pypdf.PdfReader(io.BytesIO(content)).attachments
    assert attached["agreement.pdf"][0] == agreement.document.content
    evidence = json.loads(attached["evidence.json"][0])
    hashes = [event.hash for event in TrailEvent.of(agreement.public_id)]
    assert [event["hash"] for event in evidence["events"]] == hashes[:-1]  # the last one names this very file
    assert agreement.sealed_sha256 in TrailEvent.of(agreement.public_id).order_by(-TrailEvent.number).first().facts


def test_nobody_learns_from_the_sealed_file_where_or_on_what_another_signed(sealing):
    content = seal(sealing).sealed.content
    evidence = pypdf.PdfReader(io.BytesIO(content)).attachments["evidence.json"][0].decode()
    for private in ("203.0.113.7", "Firefox"):
        assert private not in words_in(content)
        assert private not in evidence


def test_the_evidence_alone_shows_that_its_chain_is_whole(sealing):
    content = seal(sealing).sealed.content
    evidence = json.loads(pypdf.PdfReader(io.BytesIO(content)).attachments["evidence.json"][0])
    events = [SimpleNamespace(**event | {"at": datetime.fromisoformat(event["at"])}) for event in evidence["events"]]
    details = {event.number: Detail(**event.detail) for event in events if event.detail}
    assert first_break(evidence["subject"], events, details) is None
    assert "Sam Okafor" in details[1].content
    events[3].facts = events[3].facts.replace("signer", "singer")
    assert first_break(evidence["subject"], events, details).number == 4
    assert evidence["consent"]["text"] == CONSENT


def test_a_drawn_mark_is_drawn(cast):
    agreement = signing.sent(cast, sponsor=False)
    bob = signing.signer_of(agreement, "client")
    signing.sign(bob, signing.consent(bob), kind=MarkKind.DRAWN, mark="[[[100,500],[300,200],[600,800]],[[700,700]]]")
    signing.sign_as(agreement, "coach")
    run_jobs()
    assert "Drawn by the signer" in words_in(signing.latest(agreement).sealed.content)


def test_two_workers_seal_it_once(sealing):
    seal(sealing)
    seal(sealing)
    assert signing.trail(sealing).count("sealed") == 1
    assert Message.select().where(Message.kind == "agreement_copy").count() == 3


def test_a_document_that_was_changed_in_the_store_is_not_sealed(sealing):
    database.execute_sql("DROP TRIGGER provable_document_is_frozen")
    DocumentContent.update(content=b"%PDF-1.7 for more").where(DocumentContent.document == sealing.document).execute()
    agreement = seal(sealing)
    assert agreement.state is State.SEALING
    assert "not the one that was signed" in agreement.problem
    assert agreement.try_at is None


def test_nothing_is_sealed_on_a_broken_trail(sealing):
    database.execute_sql("DROP TRIGGER trail_event_is_never_changed")
    TrailEvent.update(facts="{}").where(TrailEvent.number == 5).execute()
    agreement = seal(sealing)
    assert agreement.state is State.SEALING
    assert "event 5" in agreement.problem


def test_forty_pages_are_frozen_signed_and_sealed(cast):
    clause = "The coach keeps to what was agreed and says so when it changes, in writing and before it does. " * 12
    body = "# Terms\n\n" + "\n\n".join(f"## Clause {number}\n\n{clause}" for number in range(1, 160))
    agreement = signing.signed(cast, body=body[:199_000], sponsor=False)
    assert agreement.pages >= 40
    assert agreement.state is State.COMPLETED, agreement.problem


def test_a_draft_can_be_drawn_before_it_is_sent(cast):
    words = words_in(
        tasks.draw(signing.drafted(cast, body="For {{client_name}}, PO {{po_number}}."), made_at=clock.now())
    )
    assert "For Bob Haddad, PO {{po_number}}." in words


def test_the_day_on_it_is_the_firms_own(cast):
    Firm.update(zone="Pacific/Auckland").execute()
    agreement = signing.drafted(cast, body="On {{today}}.")
    evening = clock.now().replace(year=2026, month=11, day=22, hour=20)
    with clock.pretend(evening):
        actions.send(agreement, by=cast.vera)
        run_jobs()
    assert signing.latest(agreement).body == "On 23 November 2026."
    assert "23 November 2026" in words_in(signing.latest(agreement).document.content)


def test_a_gone_agreement_is_no_trouble(cast):
    tasks.freeze.call_local("01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert Engagement.select().count() == 0


def test_the_first_signer_is_asked_once_it_is_frozen(freezing):
    freeze(freezing)
    assert [signer.state_name for signer in Signer.of(freezing)] == ["asked", "waiting", "waiting"]
