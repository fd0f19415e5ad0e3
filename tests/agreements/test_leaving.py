"""Addresses move, people leave, clients pass to another coach: who may no longer sign, be asked, or learn of it."""

from datetime import date, timedelta

import pytest

from coachbase import clock
from coachbase.accounts import actions as accounts
from coachbase.agreements import actions
from coachbase.agreements.models import Agreement, Signer
from coachbase.agreements.rules import CODE_LASTS
from coachbase.clients import actions as clients
from coachbase.clients.models import Client, Contact
from coachbase.clients.rules import Party
from coachbase.db import atomic
from coachbase.engagements import actions as engagements
from coachbase.engagements.models import Engagement, Step
from coachbase.engagements.rules import Payer, StepKind, StepState
from coachbase.errors import Refused, Stale
from coachbase.jobs import run_jobs
from coachbase.links import actions as links
from coachbase.mail.models import MailServer, Message
from coachbase.mail.rules import KINDS, Outcome, State
from coachbase.mail.tasks import end
from coachbase.portal import actions as portal
from coachbase.portal.models import open_things
from tests.agreements import signing


@pytest.fixture
def out(cast) -> Agreement:
    """Bob has signed; it is Sam's turn."""
    agreement = signing.sent(cast)
    signing.sign_as(agreement, "client")
    return signing.latest(agreement)


@pytest.fixture
def come(app, stranger):
    def enter(signer: Signer):
        browser = app.test_client()
        browser.get(f"/p/sign/open/{links.issue(actions.LINK, signer.public_id, lasts=timedelta(days=1))[1]}")
        return browser

    return enter


def move(contact: Contact, email: str) -> None:
    now = Contact.get_by_id(contact.id)
    clients.change_contact(
        now, name=now.name, role=now.role, title=now.title, email=email, phone=now.phone, version=now.version
    )


def change(client: Client, by, **values) -> None:
    now = Client.get_by_id(client.id)
    clients.change(now, values, version=now.version, by=by)


def mails(kind: str, to: str) -> list[Message]:
    return list(Message.select().where(Message.kind == kind, Message.to_address == to).order_by(Message.id))


# Another mailbox -----------------------------------------------------------------------------------------------------


def test_what_went_to_a_mistyped_address_signs_nothing_and_the_right_one_is_asked(cast, out, come):
    sam = signing.signer_of(out, "sponsor")
    wrong, code = come(sam), signing.consent(sam)
    move(cast.sam, "sam@right.example")
    assert wrong.get("/p/sign").status_code == 404
    with pytest.raises(Refused, match="Agree to sign"):
        signing.sign(sam, code)
    assert len(mails("agreement_request", "sam@right.example")) == 1
    assert signing.trail(out)[-1] == "readdressed"
    signing.sign_as(out, "sponsor")
    assert len(mails("agreement_code", "sam@right.example")) == 1


def test_a_client_with_another_address_gets_the_code_there(cast):
    agreement = signing.sent(cast)
    change(cast.bob, cast.vera, email="bob@right.example")
    assert mails("client_page", "bob@right.example")
    signing.sign_as(agreement, "client")
    assert [mail.to_address for mail in Message.select().where(Message.kind == "agreement_code")] == [
        "bob@right.example"
    ]


def test_who_has_signed_keeps_the_address_of_then(cast, out):
    change(cast.bob, cast.vera, email="bob@right.example")
    assert signing.signer_of(out, "client").email == "bob@brightwater.example"
    assert "readdressed" not in signing.trail(out)


def test_an_address_written_in_other_letters_is_the_same(cast, out):
    move(cast.sam, "SAM@brightwater.example")
    assert "readdressed" not in signing.trail(out)


def test_a_removed_contact_opens_nothing_and_is_not_reminded_until_put_back(cast, out, come):
    browser = come(signing.signer_of(out, "sponsor"))
    clients.remove_contact(cast.sam)
    assert browser.get("/p/sign").status_code == 404
    assert open_things(cast.bob) == []
    assert Client.get_by_id(cast.bob.id).waiting_on is Party.US
    clients.restore_contact(cast.sam)
    assert [thing.reader.name for thing in open_things(cast.bob)] == ["Sam Okafor"]
    assert Client.get_by_id(cast.bob.id).waiting_on is Party.SPONSOR
    signing.sign_as(out, "sponsor")


def test_withdrawing_writes_to_nobody_without_an_address(cast, out):
    clients.remove_contact(cast.sam)
    actions.withdraw(out, reason="Sam left.", by=cast.vera)
    told = Message.select().where(Message.kind == "agreement_closed")
    assert [mail.to_address for mail in told] == ["bob@brightwater.example"]


# Who has nothing to do with it any more ------------------------------------------------------------------------------


def test_a_contact_who_was_removed_or_is_another_sponsors_is_not_asked(cast):
    agreement = signing.drafted(cast)
    change(cast.bob, cast.vera, organisation="Elsewhere")
    with pytest.raises(Refused, match="Sam Okafor can no longer sign for this client"):
        actions.send(agreement, by=cast.vera)
    change(cast.bob, cast.vera, organisation=cast.brightwater)
    clients.remove_contact(cast.sam)
    with pytest.raises(Refused, match="Sam Okafor can no longer sign for this client"):
        actions.send(agreement, by=cast.vera)
    clients.restore_contact(cast.sam)
    actions.send(agreement, by=cast.vera)


def test_a_coach_who_may_no_longer_sign_in_signs_nothing_for_us(cast, out, come):
    signing.sign_as(out, "sponsor")
    browser = come(signing.signer_of(out, "coach"))
    assert browser.get("/p/sign").status_code == 200
    accounts.disable(cast.alice, by=cast.olive)
    assert browser.get("/p/sign").status_code == 404
    assert browser.post("/p/sign/code", data={"sha256": out.sha256, "consent": "y"}).status_code == 404


def test_an_agreement_is_not_sent_to_a_coach_who_left(cast):
    agreement = signing.drafted(cast)
    accounts.disable(cast.alice, by=cast.olive)
    with pytest.raises(Refused, match="Alice Kern can no longer sign"):
        actions.send(agreement, by=cast.vera)


def test_nobody_signs_for_a_program_that_was_completed(cast, out, come):
    browser = come(signing.signer_of(out, "sponsor"))
    engagements.tick(Step.get(Step.engagement == out.engagement), reason="Signed on paper", by=cast.vera)
    engagements.complete(out.engagement, by=cast.vera)
    assert signing.latest(out).state == "void"
    assert browser.get("/p/sign").status_code == 404


def test_a_draft_names_who_will_be_asked(cast):
    agreement = signing.drafted(cast)
    now = Engagement.get_by_id(agreement.engagement_id)
    engagements.change_participants(now, [], version=now.version, by=cast.vera)
    assert [signer.name for signer in Signer.of(agreement)] == ["Bob Haddad", "Alice Kern"]
    change(cast.bob, cast.olive, coach=cast.carol)
    assert [signer.name for signer in Signer.of(agreement)] == ["Bob Haddad", "Carol Voss"]


def test_a_client_who_passes_to_another_coach_is_told_of_to_that_desk_only(cast):
    agreement = signing.drafted(cast)
    change(cast.bob, cast.olive, coach=cast.carol)
    assert Engagement.get_by_id(agreement.engagement_id).coach == cast.carol
    actions.send(agreement, by=cast.olive)
    run_jobs()
    assert signing.signer_of(agreement, "coach").email == "carol@northbank.example"
    actions.decline(signing.signer_of(agreement, "client"), reason="Not now", **signing.FROM)
    told = [mail.to_address for mail in Message.select().where(Message.kind == "agreement_declined")]
    assert told == ["olive@northbank.example"]
    assert not Message.select().where(Message.reply_to == "vera@northbank.example").exists()


# What waits in the outbox --------------------------------------------------------------------------------------------


def fates() -> dict[str, str]:
    """What would become of everything that waits, were the mail server there by now: by kind and reader."""
    server = {"host": "127.0.0.1", "port": 9, "from_name": "Desk", "from_address": "desk@northbank.example"}
    MailServer.create(**server, security_name="none")
    run_jobs()
    rows = Message.select().where(Message.kind != "agreement_closed").order_by(Message.id)
    return {f"{row.kind} {row.to_address.partition('@')[0]}": row.state for row in rows}


def test_nothing_asks_to_sign_what_was_withdrawn(cast, out):
    signing.consent(signing.signer_of(out, "sponsor"))
    portal.remind(cast.bob, by=cast.vera)
    actions.withdraw(out, reason="Another price", by=cast.vera)
    became = fates()
    assert {became[f"{kind} sam"] for kind in ("agreement_request", "agreement_code", "reminder")} == {State.CANCELLED}
    assert not Message.select().where(Message.state_name == State.CANCELLED, Message.token.is_null(False)).exists()


def test_who_signs_in_the_same_minute_is_not_reminded_of_it(cast, out):
    portal.remind(cast.bob, by=cast.vera)
    signing.sign_as(out, "sponsor")
    assert fates()["reminder sam"] is State.CANCELLED


def test_a_code_that_would_come_too_late_is_not_sent_and_the_desk_learns_of_it(cast, out):
    signing.consent(signing.signer_of(out, "sponsor"))
    with clock.pretend(clock.now() + CODE_LASTS + timedelta(seconds=1)):
        assert fates()["agreement_code sam"] is State.DEAD
    assert "too late" in mails("agreement_code", "sam@brightwater.example")[0].answer
    assert KINDS["agreement_code"].good_for == CODE_LASTS


def test_a_mail_of_one_program_ticks_no_step_of_the_next(cast):
    """The logistics of the first wait in the outbox until the second has begun."""
    step = {"position": 1, "key": "told", "kind_name": StepKind.LOGISTICS_SENT, "label": "Told", "needs": ""}
    first = begun(cast, step)
    (mail,) = mails("logistics", "bob@brightwater.example")
    engagements.tick(Step.get(Step.engagement == first), reason="By phone", by=cast.vera)
    second = begun(cast, step)
    mail_ended(mail)
    assert Step.get(Step.engagement == second).state is StepState.OPEN
    mail_ended(mails("logistics", "bob@brightwater.example")[-1])
    assert Step.get(Step.engagement == second).state is StepState.DONE


def begun(cast, step: dict[str, object]) -> Engagement:
    return engagements.start(
        cast.bob,
        signing.TERMS | {"logistics": "By video."},
        coach=cast.alice,
        starts_on=date(2026, 12, 1),
        ends_on=None,
        payer=Payer.CLIENT,
        po_number="",
        participants=[],
        steps=[step | {"waiting_on_name": "us", "target_days": 1}],
        by=cast.vera,
    )


@atomic
def mail_ended(message: Message) -> None:
    """The mail server took it."""
    end(message, Outcome(State.SENT, "250 Fine"))
    message.save()


# What was read is what is sent ---------------------------------------------------------------------------------------


def test_a_text_that_somebody_changed_meanwhile_is_not_sent_unread(cast, vera):
    agreement = signing.drafted(cast)
    seen = agreement.version
    actions.change_text(agreement, title="Agreement", body=f"{signing.BODY} More.", version=seen)
    with pytest.raises(Stale):
        actions.send(agreement, by=cast.vera, version=seen)
    address = f"/clients/{cast.bob.public_id}/agreements/{agreement.public_id}/send"
    answer = vera.post(address, data={"version": str(seen)})
    assert answer.status_code == 422
    assert "Somebody else changed this agreement" in answer.text
    assert f'name="version" value="{seen + 1}"' in vera.get(f"/clients/{cast.bob.public_id}/agreements").text
    assert signing.latest(agreement).state == "draft"
