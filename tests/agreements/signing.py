"""An agreement on its way: drafted for Bob, sent, signed, with the code read from the outbox like from a mailbox."""

from datetime import date
from typing import Any

from coachbase.agreements import actions
from coachbase.agreements.models import Agreement, AgreementTemplate, Signer
from coachbase.agreements.rules import MarkKind
from coachbase.clients.models import Contact
from coachbase.engagements import actions as engagements
from coachbase.engagements.models import Engagement
from coachbase.engagements.rules import Payer, StepKind
from coachbase.evidence.models import TrailEvent
from coachbase.jobs import run_jobs
from coachbase.mail.models import Message
from tests.cast import Cast

FROM = {"source": "203.0.113.7", "user_agent": "Firefox"}
BODY = "# Coaching\n\nBetween {{client_name}} and {{coach_name}} of {{firm_name}}, {{price}}.\n\n{{sharing}}\n"
TERMS = {
    "name": "Leadership 6",
    "months": 6,
    "sessions": 12,
    "session_minutes": 60,
    "cadence_name": "biweekly",
    "price_cents": 960_000,
    "currency": "GBP",
    "billing_name": "halves",
    "assessments": "Hogan HPI\nEQ-i 2.0",
    "battery_id": None,
    "three_ways": "start end",
    "summaries_name": "quarterly",
    "cancel_hours": 24,
    "late_is_charged": True,
    "shares": "sessions goals",
    "logistics": "",
}
STEPS = [
    {"position": 1, "key": "signed", "kind_name": StepKind.AGREEMENT_SIGNED, "label": "Agreement signed",
     "waiting_on_name": "client", "target_days": 5, "needs": ""},
]  # fmt: skip


def engaged(cast: Cast, *, signers: tuple[Contact, ...] = (), **changes: Any) -> Engagement:
    """Bob's program; `signers` are sponsor contacts who sign, `changes` other terms."""
    return engagements.start(
        cast.bob,
        TERMS | changes,
        coach=cast.alice,
        starts_on=date(2026, 12, 1),
        ends_on=date(2027, 5, 31),
        payer=Payer.SPONSOR,
        po_number="",
        participants=[{"contact": contact, "signs": True} for contact in signers],
        steps=STEPS,
        by=cast.vera,
    )


def drafted(cast: Cast, *, body: str = BODY, sponsor: bool = True, **changes: Any) -> Agreement:
    engagement = engaged(cast, signers=(cast.sam,) if sponsor else (), **changes)
    return actions.draft(engagement, actions.keep_template("Coaching agreement", body), by=cast.vera)


def sent(cast: Cast, **options: Any) -> Agreement:
    """Frozen, and the client was asked."""
    agreement = drafted(cast, **options)
    actions.send(agreement, by=cast.vera)
    run_jobs()
    return latest(agreement)


def latest(agreement: Agreement) -> Agreement:
    return Agreement.with_people().where(Agreement.id == agreement.id).get()


def signer_of(agreement: Agreement, role: str) -> Signer:
    """The one who is to sign in this role now."""
    current = Signer.of(agreement).where(Signer.role_name == role).get()
    return Signer.with_agreement().where(Signer.id == current.id).get()


def mailed_code(signer: Signer) -> str:
    """The newest code in this signer's mailbox."""
    mails = Message.select().where(Message.kind == "agreement_code", Message.to_address == signer.email)
    return mails.order_by(Message.id.desc()).first().token


def consent(signer: Signer) -> str:
    """Read, agree, and get the code."""
    actions.open_document(signer, **FROM)
    actions.mail_code(signer, sha256=signer.agreement.sha256, **FROM)
    return mailed_code(signer)


def sign(signer: Signer, code: str, **changes: Any) -> Signer:
    given = {"kind": MarkKind.TYPED, "mark": signer.name, "sha256": signer.agreement.sha256, **FROM} | changes
    return actions.sign(signer, code=code, **given)


def sign_as(agreement: Agreement, role: str) -> Signer:
    """All of it, as one does it who has nothing to ask."""
    signer = signer_of(agreement, role)
    return sign(signer, consent(signer))


def signed(cast: Cast, **options: Any) -> Agreement:
    """Signed by all, sealed and mailed."""
    agreement = sent(cast, **options)
    for signer in list(Signer.of(agreement)):
        sign_as(agreement, signer.role_name)
    run_jobs()
    return latest(agreement)


def trail(agreement: Agreement) -> list[str]:
    """The kinds of events so far, in their order."""
    return [event.kind for event in TrailEvent.of(agreement.public_id)]


def templates() -> list[AgreementTemplate]:
    return list(AgreementTemplate.kept())
