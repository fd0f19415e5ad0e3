"""Drafting, sending, signing in order, and every way it can be refused: without a trace of success."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from coachbase import clock
from coachbase.accounts.models import Attempt
from coachbase.agreements import actions
from coachbase.agreements.models import Agreement, AgreementTemplate, Signer
from coachbase.agreements.rules import CODE_LASTS, CONSENT, MOST_CODES, MOST_TRIES, MarkKind, SignerState, State
from coachbase.clients import actions as clients
from coachbase.clients.models import Client
from coachbase.db import database
from coachbase.engagements.models import Engagement, Step
from coachbase.engagements.rules import StepKind, StepState
from coachbase.errors import Refused, Stale, TooMany
from coachbase.evidence.models import TrailDetail, TrailEvent
from coachbase.files.models import DocumentContent
from coachbase.jobs import run_jobs
from coachbase.links.models import Link
from coachbase.mail.models import Message
from coachbase.timeline.models import Entry
from tests.agreements import signing
from tests.agreements.signing import FROM

OF_ONE = ["sent", "opened", "consented", "code_sent", "code_verified", "signed"]


def mails(kind: str) -> list[str]:
    return [message.to_address for message in Message.select().where(Message.kind == kind).order_by(Message.id)]


def live_links(signer: Signer) -> int:
    return Link.select().where(Link.subject == signer.public_id, Link.revoked_at.is_null()).count()


def standing() -> dict[str, list[object]]:
    """Everything a signature would leave behind."""
    return {
        "agreements": list(Agreement.select(Agreement.state_name, Agreement.document, Agreement.sealed).tuples()),
        "signers": list(Signer.select(Signer.state_name, Signer.signed_at, Signer.mark).tuples()),
        "signed": [event.kind for event in TrailEvent.select() if event.kind not in ("code_failed", "code_sent")],
        "entries": [entry.sentence for entry in Entry.select()],
    }


# Templates ------------------------------------------------------------------------------------------------------------


def test_a_template_is_kept_changed_removed_and_brought_back(cast):
    template = actions.keep_template("Short", "For {{ client_name }}.")
    assert template.body == "For {{client_name}}."
    actions.change_template(template, name="Shorter", body="For you.", version=1)
    with pytest.raises(Stale):
        actions.change_template(template, name="Shortest", body="You.", version=1)
    assert AgreementTemplate.get_by_id(template.id).name == "Shorter"
    actions.remove_template(template)
    assert template not in AgreementTemplate.kept()
    actions.restore_template(template)
    assert template in AgreementTemplate.kept()


def test_a_misspelt_field_is_refused_by_name(cast):
    with pytest.raises(Refused, match="client_name"):
        actions.keep_template("Short", "For {{clientname}}.")
    assert not AgreementTemplate.select().where(AgreementTemplate.name == "Short").exists()


# Drafting and sending -------------------------------------------------------------------------------------------------


def test_a_draft_has_client_sponsor_and_coach_as_signers_in_this_order(cast):
    agreement = signing.drafted(cast)
    assert [(signer.role_name, signer.name) for signer in Signer.of(agreement)] == [
        ("client", "Bob Haddad"), ("sponsor", "Sam Okafor"), ("coach", "Alice Kern"),
    ]  # fmt: skip
    assert agreement.state is State.DRAFT
    assert agreement.number == 1


def test_without_a_signing_contact_client_and_coach_sign(cast):
    agreement = signing.drafted(cast, sponsor=False)
    assert [signer.role_name for signer in Signer.of(agreement)] == ["client", "coach"]


def test_a_program_has_one_agreement_on_its_way(cast):
    agreement = signing.drafted(cast)
    with pytest.raises(Refused, match="on its way already"):
        actions.draft(agreement.engagement, AgreementTemplate.kept().first(), by=cast.vera)
    assert Agreement.select().count() == 1


def test_a_draft_is_changed_by_whoever_read_the_newest(cast):
    agreement = signing.drafted(cast)
    actions.change_text(agreement, title="Contract", body="For {{ client_name }}.", version=1)
    assert signing.latest(agreement).body == "For {{client_name}}."
    with pytest.raises(Stale):
        actions.change_text(agreement, title="Mine", body="Mine.", version=1)
    assert signing.latest(agreement).title == "Contract"


def test_a_missing_field_blocks_sending_and_is_named(cast):
    agreement = signing.drafted(cast, body="At {{client_address}} under {{po_number}}.")
    with pytest.raises(Refused, match="the client’s postal address and the purchase order"):
        actions.send(agreement, by=cast.vera)
    assert signing.latest(agreement).state is State.DRAFT
    assert agreement.missing_on(clock.now().date()) == ["client_address", "po_number"]


def test_what_is_answered_after_the_draft_still_fills_it(cast):
    agreement = signing.drafted(cast, body="{{client_name}} at {{client_address}}.")
    bob = Client.get_by_id(cast.bob.id)
    clients.change(bob, {"address": "14 Quay Street", "legal_name": "Robert Haddad"}, version=bob.version, by=None)
    actions.send(agreement, by=cast.vera)
    agreement = signing.latest(agreement)
    assert agreement.body == "Robert Haddad at 14 Quay Street."
    assert agreement.source == "{{client_name}} at {{client_address}}."
    assert Signer.of(agreement).first().name == "Robert Haddad"


def test_a_signer_without_an_address_blocks_sending(cast):
    Client.update(email="").where(Client.id == cast.bob.id).execute()
    agreement = signing.drafted(cast)
    with pytest.raises(Refused, match="mail address of Bob Haddad"):
        actions.send(agreement, by=cast.vera)


def test_a_program_without_a_coach_cannot_send(cast):
    agreement = signing.drafted(cast, body="For {{client_name}}.")
    Engagement.update(coach=None).where(Engagement.id == agreement.engagement_id).execute()
    with pytest.raises(Refused, match="Choose the coach"):
        actions.send(agreement, by=cast.vera)


@pytest.mark.parametrize("name", ["Νίκος Παπαδόπουλος", "Олена Коваль", "Đặng Łukasz Ćwiąkała"])
def test_names_in_latin_greek_and_cyrillic_are_signed_and_sealed(cast, name):
    Client.update(name=name).where(Client.id == cast.bob.id).execute()
    renamed = replace(cast, bob=Client.get_by_id(cast.bob.id))
    agreement = signing.signed(renamed, sponsor=False)
    assert Signer.of(agreement).first().mark == name
    assert agreement.state is State.COMPLETED, agreement.problem


@pytest.mark.parametrize("name", ["王小明", "Bob 😀 Haddad", "محمد علي"])
def test_a_name_the_fonts_cannot_draw_is_refused_before_anything_is_frozen(cast, name):
    Client.update(legal_name=name).where(Client.id == cast.bob.id).execute()
    agreement = signing.drafted(cast)
    with pytest.raises(Refused, match="cannot draw"):
        actions.send(agreement, by=cast.vera)
    assert signing.latest(agreement).state is State.DRAFT
    assert signing.latest(agreement).body == signing.BODY


def test_sending_writes_on_the_timeline_who_did_it(cast):
    signing.sent(cast)
    entry = Entry.get(Entry.sentence == "Sent “Coaching agreement” to be signed")
    assert entry.by == cast.vera
    assert entry.href == f"/clients/{cast.bob.public_id}/agreements"


# A whole signing ------------------------------------------------------------------------------------------------------


def test_all_sign_in_order_and_the_trail_tells_it(cast):
    agreement = signing.signed(cast)
    assert signing.trail(agreement) == ["frozen", *OF_ONE, *OF_ONE, *OF_ONE, "completed", "sealed"]
    assert TrailEvent.break_of(agreement.public_id) is None
    assert agreement.state is State.COMPLETED
    assert agreement.sealed.client == cast.bob
    assert agreement.sealed.audience_name == "client"
    step = Step.get(Step.kind_name == StepKind.AGREEMENT_SIGNED)
    assert step.state is StepState.DONE


def test_everybody_is_mailed_the_copy_with_its_hash(cast):
    agreement = signing.signed(cast)
    copies = list(Message.select().where(Message.kind == "agreement_copy"))
    assert [copy.to_address for copy in copies] == [
        "bob@brightwater.example", "sam@brightwater.example", "alice@northbank.example",
    ]  # fmt: skip
    assert all(copy.document == agreement.sealed for copy in copies)
    assert all(agreement.sealed_sha256 in copy.text for copy in copies)
    assert all(copy.reply_to == "vera@northbank.example" for copy in copies)


def test_sponsor_and_coach_are_asked_by_mail_and_the_client_on_the_own_page(cast):
    agreement = signing.sent(cast)
    assert mails("agreement_request") == []
    assert mails("client_page") == ["bob@brightwater.example"]
    signing.sign_as(agreement, "client")
    assert mails("agreement_request") == ["sam@brightwater.example"]
    signing.sign_as(agreement, "sponsor")
    assert mails("agreement_request") == ["sam@brightwater.example", "alice@northbank.example"]


def test_no_personal_data_stands_in_the_chain(cast):
    agreement = signing.signed(cast)
    facts = " ".join(event.facts for event in TrailEvent.of(agreement.public_id)).casefold()
    for personal in ("bob", "sam", "alice", "haddad", "@", "203.0.113.7", "firefox", "agree to sign"):
        assert personal not in facts
    beside = " ".join(detail.content for detail in TrailDetail.beside(agreement.public_id).values())
    for kept in ("bob@brightwater.example", "203.0.113.7", "Firefox", CONSENT[:40], "Sam Okafor"):
        assert kept in beside


def test_a_code_is_never_seen_by_staff_nor_stored_readable(cast):
    signer = signing.signer_of(signing.sent(cast), "client")
    code = signing.consent(signer)
    message = Message.get(Message.kind == "agreement_code")
    assert code not in message.text_shown + message.html_shown
    assert code not in Signer.get_by_id(signer.id).code_hash


def test_a_drawn_mark_is_kept_as_lines(cast):
    signer = signing.signer_of(signing.sent(cast), "client")
    signing.sign(signer, signing.consent(signer), kind=MarkKind.DRAWN, mark="[[[1,2],[30,40]]]")
    assert Signer.get_by_id(signer.id).mark_kind is MarkKind.DRAWN


# Refused without a trace of success -----------------------------------------------------------------------------------


@pytest.fixture
def out(cast):
    """Out, and Bob has his code."""
    agreement = signing.sent(cast)
    signing.consent(signing.signer_of(agreement, "client"))
    return agreement


def refused(act, match=None, error=Refused):
    """It is refused, and nothing that a signature would leave is there."""
    before = standing()
    with pytest.raises(error, match=match):
        act()
    assert standing() == before


def test_who_is_second_can_do_nothing_before_the_first_has_signed(out):
    sam = signing.signer_of(out, "sponsor")
    for act in (
        lambda: actions.open_document(sam, **FROM),
        lambda: actions.mail_code(sam, sha256=out.sha256, **FROM),
        lambda: signing.sign(sam, "000000"),
        lambda: actions.decline(sam, reason="No.", **FROM),
        lambda: actions.hand_over(sam, name="Kim", email="kim@brightwater.example", **FROM),
        lambda: actions.hold(sam, source="203.0.113.7"),
    ):
        refused(act, "not your turn")
    assert live_links(sam) == 0
    signing.sign_as(out, "client")
    actions.open_document(signing.signer_of(out, "sponsor"), **FROM)  # now it is


def test_a_wrong_code_is_counted_and_noted_although_it_is_refused(out):
    bob = signing.signer_of(out, "client")
    refused(lambda: signing.sign(bob, "not it"), "4 times more")
    assert Signer.get_by_id(bob.id).code_tries == 1
    assert signing.trail(out)[-1] == "code_failed"
    assert signing.sign(bob, signing.mailed_code(bob)).state is SignerState.SIGNED


def test_after_five_wrong_codes_the_right_one_does_not_do_either(out):
    bob = signing.signer_of(out, "client")
    right = signing.mailed_code(bob)
    for _ in range(MOST_TRIES):
        refused(lambda: signing.sign(bob, "0"))
    refused(lambda: signing.sign(bob, right), "too often")
    assert signing.trail(out).count("code_failed") == MOST_TRIES


def test_a_code_dies_after_a_quarter_of_an_hour(out):
    bob = signing.signer_of(out, "client")
    right = signing.mailed_code(bob)
    with clock.pretend(clock.now() + CODE_LASTS + timedelta(seconds=5)):
        refused(lambda: signing.sign(bob, right), "too old")


def test_a_new_code_kills_the_one_before(out):
    bob = signing.signer_of(out, "client")
    first = signing.mailed_code(bob)
    actions.mail_code(bob, sha256=out.sha256, **FROM)
    second = signing.mailed_code(bob)
    assert first != second
    refused(lambda: signing.sign(bob, first), "not the code")
    assert signing.sign(bob, second).state is SignerState.SIGNED


def test_codes_are_not_mailed_without_end(out):
    bob = signing.signer_of(out, "client")
    for _ in range(MOST_CODES - 1):
        actions.mail_code(bob, sha256=out.sha256, **FROM)
    refused(lambda: actions.mail_code(bob, sha256=out.sha256, **FROM), error=TooMany)
    assert len(mails("agreement_code")) == MOST_CODES


def test_a_code_is_its_signers_alone(cast):
    agreement = signing.sent(cast)
    bob = signing.signer_of(agreement, "client")
    bobs = signing.consent(bob)
    signing.sign(bob, bobs)
    sam = signing.signer_of(agreement, "sponsor")
    sams = signing.consent(sam)
    Signer.update(code_hash=Signer.get_by_id(sam.id).code_hash).where(Signer.id == bob.id).execute()
    other = signing.signer_of(agreement, "coach")
    refused(lambda: signing.sign(sam, bobs), "not the code")
    refused(lambda: signing.sign(other, sams), "not your turn")
    assert signing.sign(sam, sams).state is SignerState.SIGNED


def test_another_document_is_not_signed(out):
    bob = signing.signer_of(out, "client")
    right = signing.mailed_code(bob)
    refused(lambda: signing.sign(bob, right, sha256="0" * 64), "was changed")
    refused(lambda: actions.mail_code(bob, sha256="0" * 64, **FROM), "was changed")
    assert signing.trail(out)[-1] == "code_failed"


def test_a_document_that_was_swapped_in_the_store_is_not_signed(out):
    bob = signing.signer_of(out, "client")
    right = signing.mailed_code(bob)
    database.execute_sql("DROP TRIGGER provable_document_is_frozen")
    DocumentContent.update(content=b"%PDF-1.7 for more").where(DocumentContent.document == out.document).execute()
    refused(lambda: signing.sign(bob, right), "not what was sent")


def test_nobody_signs_without_having_agreed_to_sign_electronically(cast):
    bob = signing.signer_of(signing.sent(cast), "client")
    refused(lambda: signing.sign(bob, "123456"), "Agree to sign electronically first")


@pytest.mark.parametrize(
    ("kind", "mark"), [("typed", ""), ("typed", "王小明"), ("typed", "<b>"), ("drawn", "[]"), ("drawn", "Bob")]
)
def test_no_mark_no_signature(out, kind, mark):
    bob = signing.signer_of(out, "client")
    right = signing.mailed_code(bob)
    refused(lambda: signing.sign(bob, right, kind=MarkKind(kind), mark=mark))
    assert signing.sign(bob, right).state is SignerState.SIGNED


def test_a_second_signature_finds_the_first_and_changes_nothing(out):
    bob = signing.signer_of(out, "client")
    right = signing.mailed_code(bob)
    signing.sign(bob, right)
    before = standing()
    assert signing.sign(bob, right, mark="Somebody Else").mark == "Bob Haddad"
    assert standing() == before


def test_signing_eight_times_at_once_makes_one_signature(out):
    bob = signing.signer_of(out, "client")
    right = signing.mailed_code(bob)
    start, failures = threading.Barrier(8), []

    def press() -> None:
        try:
            start.wait()
            signing.sign(bob, right)
        except Exception as error:
            failures.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=press) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert failures == []
    assert signing.trail(out).count("signed") == 1
    assert mails("agreement_request") == ["sam@brightwater.example"]


def test_somebody_who_keeps_trying_is_stopped(out):
    bob = signing.signer_of(out, "client")
    for _ in range(actions.SIGN_TRIES):
        refused(lambda: signing.sign(bob, "0", sha256="0" * 64))
    noted = signing.trail(out).count("code_failed")
    refused(lambda: signing.sign(bob, signing.mailed_code(bob)), error=TooMany)
    assert signing.trail(out).count("code_failed") == noted


def test_links_are_not_made_without_end(out):
    bob = signing.signer_of(out, "client")
    for _ in range(actions.HOLDS):
        Attempt.create(bucket="agreement held from 203.0.113.7", at=clock.now())
    refused(lambda: actions.hold(bob, source="203.0.113.7"), error=TooMany)


def test_opening_is_noted_once(out):
    bob = signing.signer_of(out, "client")
    actions.open_document(bob, **FROM)
    assert signing.trail(out).count("opened") == 1


# Other ways it can go -------------------------------------------------------------------------------------------------


def test_after_a_withdrawal_nobody_signs_and_who_was_asked_is_told(out, cast):
    bob = signing.signer_of(out, "client")
    right = signing.mailed_code(bob)
    actions.hold(bob, source="203.0.113.7")
    actions.withdraw(out, reason="The price was wrong.", by=cast.vera)
    assert signing.latest(out).state is State.VOID
    assert mails("agreement_closed") == ["bob@brightwater.example"]
    assert live_links(bob) == 0
    assert signing.trail(out)[-1] == "voided"
    refused(lambda: signing.sign(bob, right), "withdrawn")
    refused(lambda: actions.mail_code(bob, sha256=out.sha256, **FROM), "withdrawn")
    refused(lambda: actions.withdraw(out, reason="Again.", by=cast.vera))


def test_a_withdrawal_has_a_reason_but_a_draft_is_simply_discarded(cast):
    agreement = signing.drafted(cast)
    actions.withdraw(agreement, reason="", by=cast.vera)
    assert signing.latest(agreement).state is State.VOID
    assert signing.trail(agreement) == []
    assert mails("agreement_closed") == []
    again = actions.draft(agreement.engagement, AgreementTemplate.kept().first(), by=cast.vera)
    Agreement.update(state_name=State.OUT).where(Agreement.id == again.id).execute()
    refused(lambda: actions.withdraw(again, reason=" ", by=cast.vera), "Say why")


def test_who_declines_closes_it_and_the_assistant_learns_of_it_without_the_reason(cast):
    agreement = signing.sent(cast)
    signing.sign_as(agreement, "client")
    sam = signing.signer_of(agreement, "sponsor")
    refused(lambda: actions.decline(sam, reason=" ", **FROM), "Say why")
    actions.decline(sam, reason="Budget was cut.", **FROM)
    actions.decline(sam, reason="Budget was cut.", **FROM)  # a double click
    assert signing.latest(agreement).state is State.DECLINED
    assert signing.latest(agreement).reason == "Budget was cut."
    assert signing.trail(agreement).count("declined") == 1
    assert mails("agreement_declined") == ["vera@northbank.example"]
    assert mails("agreement_closed") == ["bob@brightwater.example"]
    assert not any("Budget" in message.text + message.subject for message in Message.select())
    assert live_links(signing.signer_of(agreement, "coach")) == 0
    refused(lambda: signing.sign(sam, "123456"), "declined")


def test_a_sponsor_hands_over_and_the_other_signs(cast):
    agreement = signing.sent(cast)
    signing.sign_as(agreement, "client")
    sam = signing.signer_of(agreement, "sponsor")
    kim = actions.hand_over(sam, name="Kim Sato", email="kim@brightwater.example", **FROM)
    assert Signer.get_by_id(sam.id).state is SignerState.HANDED_OVER
    assert live_links(sam) == 0
    assert live_links(kim) == 1
    assert mails("agreement_request")[-1] == "kim@brightwater.example"
    assert signing.trail(agreement)[-2:] == ["reassigned", "sent"]
    refused(lambda: actions.open_document(sam, **FROM), "Somebody else signs")
    signing.sign_as(agreement, "sponsor")
    assert [signer.name for signer in Signer.of(agreement)] == ["Bob Haddad", "Kim Sato", "Alice Kern"]
    signing.sign_as(agreement, "coach")
    run_jobs()
    assert signing.latest(agreement).state is State.COMPLETED


def test_client_and_coach_cannot_be_represented(out):
    bob = signing.signer_of(out, "client")
    refused(lambda: actions.hand_over(bob, name="Kim", email="kim@brightwater.example", **FROM), "Only the sponsor")
    signing.sign_as(out, "client")
    sam = signing.signer_of(out, "sponsor")
    twice = {"name": "Bob", "email": "BOB@brightwater.example"}
    refused(lambda: actions.hand_over(sam, **twice, **FROM), "already")
    strange = {"name": "王小明", "email": "wang@brightwater.example"}
    refused(lambda: actions.hand_over(sam, **strange, **FROM), "cannot draw")


def test_a_reminder_is_noted_and_four_are_enough(out, cast):
    bob = signing.signer_of(out, "client")
    for _ in range(4):
        actions.remind(bob, by=cast.vera)
    assert signing.trail(out).count("reminded") == 4
    refused(lambda: actions.remind(bob, by=cast.vera), "enough")
    refused(lambda: actions.remind(signing.signer_of(out, "coach"), by=None), "Only whose turn")


def test_a_new_version_keeps_the_text_with_its_fields_and_needs_new_signatures(out, cast):
    refused(lambda: actions.renew(out, by=cast.vera), "out to be signed")
    signing.sign_as(out, "client")
    actions.withdraw(out, reason="The price was wrong.", by=cast.vera)
    new = actions.renew(out, by=cast.vera)
    assert (new.number, new.body, new.previous) == (2, signing.BODY, out)
    assert all(signer.state is SignerState.WAITING for signer in Signer.of(new))
    with pytest.raises(Refused, match="on its way already"):
        actions.renew(out, by=cast.vera)


def test_a_frozen_agreement_is_not_changed(out, cast):
    refused(lambda: actions.change_text(out, title="x", body="y", version=out.version), "Only a draft")
    refused(lambda: actions.send(out, by=cast.vera), "Only a draft")
