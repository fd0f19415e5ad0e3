"""Draft, send, sign, decline, hand over, remind, withdraw and renew agreements; keep their templates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .. import clock, jobs, paper, sealing
from ..accounts.models import Attempt, Serving, User
from ..clients.models import Client, Contact
from ..db import atomic
from ..engagements.models import Engagement, Participant
from ..errors import Refused, RefusedAndNoted, Stale
from ..events import announce
from ..evidence import actions as evidence
from ..files.models import Document
from ..firm.models import Firm, day_of
from ..links import actions as links
from ..mail import actions as mail
from ..timeline import actions as timeline
from ..timeline.rules import Kind
from . import tasks
from .models import Agreement, AgreementTemplate, Signer
from .rules import (
    CODES_WITHIN,
    CONSENT,
    CONSENT_VERSION,
    HOLD_LASTS,
    LINK_LASTS,
    MOST_CODES,
    MOST_TRIES,
    EventKind,
    MarkKind,
    SignerRole,
    SignerState,
    State,
    code_typed,
    fill,
    hash_code,
    missing,
    new_code,
    refusal_of_body,
    refusal_of_code,
    refusal_of_document,
    refusal_of_filled,
    refusal_of_mark,
    refusal_of_reason,
    refusal_to,
    refusal_to_act,
    refusal_to_hand_over,
    refusal_to_remind,
    refusal_to_send,
    tidy,
)

LINK = "sign"
"""The kind of link that leads to the signing page: /p/sign."""

BATCH = 50
"""How many agreements one sweep wakes."""
HOLDS, SIGN_TRIES, HAND_OVERS = 60, 40, 5
"""In an hour: links one network address may ask for, tries to sign of one signer; and hand-overs of one agreement."""


@dataclass(frozen=True)
class SignatureAsked:
    """It is this signer's turn. Sponsors and coaches get a mail from here; a client is asked on the own page."""

    signer: Signer


@dataclass(frozen=True)
class Readdressed:
    """Whose turn it is has another mail address, or none: then nobody can sign until we do something about it."""

    signer: Signer


@dataclass(frozen=True)
class Completed:
    """Everybody signed, and the sealed copy is filed."""

    agreement: Agreement


@dataclass(frozen=True)
class Closed:
    """Declined or withdrawn."""

    agreement: Agreement


# Templates ------------------------------------------------------------------------------------------------------------


@atomic
def keep_template(name: str, body: str) -> AgreementTemplate:
    """A new template. Raises Refused when a field is misspelt or the text is none."""
    return AgreementTemplate.create(name=name, body=_checked(body), created_at=clock.now())


@atomic
def change_template(template: AgreementTemplate, *, name: str, body: str, version: int) -> None:
    """Change a template; what was drafted from it before stays as it is.

    Raises Stale when somebody saved it since `version`; Refused when a field is misspelt.
    """
    if AgreementTemplate.get_by_id(template.id).version != version:
        raise Stale("Somebody else changed this template while you were typing.")
    template.name, template.body, template.version = name, _checked(body), version + 1
    template.save()


@atomic
def remove_template(template: AgreementTemplate) -> None:
    """Offer it no longer; agreements made from it stay."""
    AgreementTemplate.update(removed_at=clock.now()).where(AgreementTemplate.id == template.id).execute()


@atomic
def restore_template(template: AgreementTemplate) -> None:
    """Undo `remove_template`."""
    AgreementTemplate.update(removed_at=None).where(AgreementTemplate.id == template.id).execute()


def _checked(body: str) -> str:
    tidied = tidy(body)
    if refusal := refusal_of_body(tidied):
        raise Refused(refusal)
    return tidied


# Drafting and sending -------------------------------------------------------------------------------------------------


@atomic
def draft(engagement: Engagement, template: AgreementTemplate, *, by: User | None) -> Agreement:
    """An agreement from a template, with client, signing sponsor contacts and coach as signers, in this order."""
    return _draft(engagement, title=template.name, body=template.body, template=template, by=by)


def _draft(engagement: Engagement, **values: object) -> Agreement:
    if Agreement.living_of(engagement) is not None:
        raise Refused("This program has an agreement on its way already. Withdraw that one first.")
    agreement = Agreement.create(
        engagement=engagement,
        client=engagement.client,
        number=Agreement.select().where(Agreement.engagement == engagement).count() + 1,
        shares=engagement.shares,
        created_at=clock.now(),
        **values,
    )
    _write_signers(agreement)
    return agreement


def _write_signers(agreement: Agreement) -> None:
    """Client, sponsor, coach, as they are called and reached now. Of a draft only: nobody was asked yet."""
    engagement, client = agreement.engagement, agreement.client
    Signer.delete().where(Signer.agreement == agreement).execute()
    signing = Participant.of(engagement).where(Participant.signs)
    people: list[dict[str, object]] = [
        {"role_name": SignerRole.CLIENT, "name": client.legal_name or client.name, "email": client.email},
        *(
            {
                "role_name": SignerRole.SPONSOR,
                "name": row.contact.name,
                "email": row.contact.email,
                "contact": row.contact,
            }
            for row in signing
        ),
    ]
    if coach := engagement.coach:
        people.append({"role_name": SignerRole.COACH, "name": coach.name, "email": coach.email, "user": coach})
    for position, person in enumerate(people, start=1):
        Signer.create(agreement=agreement, position=position, **person)


@atomic
def follow_people(engagement: Engagement) -> None:
    """Who signs a draft is who takes part now; what was sent stays as it is."""
    living = Agreement.living_of(engagement)
    if living is not None and living.state is State.DRAFT:
        _write_signers(living)


@atomic
def change_text(agreement: Agreement, *, title: str, body: str, version: int) -> None:
    """Change what a draft says. Raises Stale when somebody saved it since `version`."""
    now = Agreement.get_by_id(agreement.id)
    if refusal := refusal_to("change", now.state):
        raise Refused(refusal)
    if now.version != version:
        raise Stale("Somebody else changed this agreement while you were typing.")
    now.title, now.body, now.version = title, _checked(body), version + 1
    now.save()


@atomic
def send(agreement: Agreement, *, by: User | None, version: int | None = None) -> None:
    """Freeze it, which the worker does, and ask the first signer then.

    Raises Refused, naming them, while merge fields are missing or the fonts cannot draw a name; Stale when a `version`
    is given and somebody changed the text since: what is sent is what was read.
    """
    agreement = _as_it_is(agreement)
    if refusal := refusal_to("send", agreement.state):
        raise Refused(refusal)
    if version is not None and version != agreement.version:
        raise Stale("Somebody else changed this agreement meanwhile. Read it again, then send it.")
    _write_signers(agreement)
    now = clock.now()
    values = agreement.values_on(day_of(now))
    signers = list(Signer.of(agreement))
    if refusal := refusal_to_send(
        agreement.state,
        missing=missing(agreement.body, values),
        without_address=[signer.name for signer in signers if not signer.email],
        gone=[signer.name for signer in signers if _is_gone(signer, agreement.client)],
        has_coach=any(signer.role is SignerRole.COACH for signer in signers),
    ):
        raise Refused(refusal)
    agreement.source, agreement.body = agreement.body, fill(agreement.body, values)
    if refusal := refusal_of_filled(agreement.body) or paper.refusal_to_draw(*_drawn_of(agreement, signers)):
        raise Refused(refusal)
    agreement.shares, agreement.sent_at, agreement.by = agreement.engagement.shares, now, by
    agreement.state_name, agreement.version = State.FREEZING, agreement.version + 1
    agreement.save()
    tasks.freeze(agreement.public_id)
    _note(agreement, f"Sent “{agreement.title}” to be signed", by=by)


def _is_gone(signer: Signer, client: Client) -> bool:
    """Whether somebody who was chosen to sign has nothing to do with this client any more."""
    if contact := signer.contact:
        return contact.removed_at is not None or contact.organisation_id != client.organisation_id
    return signer.user is not None and signer.user.disabled_at is not None


def _drawn_of(agreement: Agreement, signers: Iterable[Signer]) -> list[str]:
    """What the fonts will have to draw."""
    client, firm = agreement.client, Firm.current()
    people = [text for signer in signers for text in (signer.name, signer.email)]
    return [agreement.title, agreement.body, client.name, client.line, firm.name if firm else "", *people]


@atomic
def ask_first(agreement: Agreement) -> None:
    """Frozen: from now on the trail tells what happens, and the first signer is asked."""
    signers = list(Signer.of(agreement))
    evidence.append(
        agreement.public_id,
        EventKind.FROZEN,
        {
            "sha256": agreement.sha256,
            "pages": agreement.pages,
            "version": agreement.number,
            "shares": [str(share) for share in agreement.shared],
            "signers": [[signer.public_id, signer.role_name] for signer in signers],
        },
        {"title": agreement.title, "signers": [_person(signer) for signer in signers]},
    )
    _ask(signers[0])


def _ask(signer: Signer) -> None:
    """It is this signer's turn."""
    signer.state_name, signer.asked_at = SignerState.ASKED, clock.now()
    signer.save()
    agreement = signer.agreement
    _append(signer, EventKind.SENT)
    if signer.role is not SignerRole.CLIENT:
        _mail_request(signer)
    _note(agreement, f"{signer.name} was asked to sign “{agreement.title}”")
    announce(SignatureAsked(signer))


def _mail_request(signer: Signer) -> None:
    agreement = signer.agreement
    mail.queue(
        "agreement_request",
        to=(signer.name, signer.email),
        fields={"name": signer.called, "client": agreement.client.name, "title": agreement.title},
        link=links.issue(LINK, signer.public_id, lasts=LINK_LASTS),
        client=agreement.client,
        about=signer.public_id,
        reply_to=Serving.desk_address(agreement.engagement.coach),
    )


# Signing --------------------------------------------------------------------------------------------------------------


@atomic
def hold(signer: Signer, *, source: str) -> str:
    """The token of a signing link for a browser that came by another link of the same person.

    Raises Refused when it is not this signer's turn, TooMany when one address asks for them without end.
    """
    _require_turn(_signer_as_it_is(signer))
    Attempt.count_one(f"agreement held from {source}", limit=HOLDS, within=CODES_WITHIN, now=clock.now())
    return links.issue(LINK, signer.public_id, lasts=HOLD_LASTS)[1]


@atomic
def open_document(signer: Signer, *, source: str, user_agent: str) -> None:
    """Somebody pressed “Read”: noted once."""
    signer = _signer_as_it_is(signer)
    _require_turn(signer)
    if signer.opened_at is None:
        signer.opened_at = clock.now()
        signer.save()
        _append(signer, EventKind.OPENED, {"sha256": signer.agreement.sha256}, _trace(source, user_agent))


@atomic
def mail_code(signer: Signer, *, sha256: str, source: str, user_agent: str) -> None:
    """After the consent: mail a new six-digit code; the one before dies.

    Raises Refused when it is not this signer's turn or the document is another one, TooMany when asked without end.
    """
    signer = _signer_as_it_is(signer)
    _require_turn(signer)
    if refusal := _refusal_of_document(signer.agreement, sha256):
        raise Refused(refusal)
    now, trace = clock.now(), _trace(source, user_agent)
    Attempt.count_one(f"agreement code of {signer.public_id}", limit=MOST_CODES, within=CODES_WITHIN, now=now)
    if signer.consented_at is None:
        signer.consented_at = now
        consent = {"consent": CONSENT, "consent_version": CONSENT_VERSION}
        _append(signer, EventKind.CONSENTED, {"sha256": sha256}, consent | trace)
    code = new_code()
    signer.code_hash, signer.code_sent_at, signer.code_tries = _hash_of(code, signer), now, 0
    signer.save()
    _append(signer, EventKind.CODE_SENT, {}, {"email": signer.email} | trace)
    mail.queue(
        "agreement_code",
        to=(signer.name, signer.email),
        fields={"name": signer.called, "title": signer.agreement.title},
        code=code,
        client=signer.agreement.client,
        about=signer.public_id,
        reply_to=Serving.desk_address(signer.agreement.engagement.coach),
    )


@atomic
def sign(signer: Signer, *, code: str, kind: MarkKind, mark: str, sha256: str, source: str, user_agent: str) -> Signer:
    """Sign. A second call finds it done. `mark` is the typed name, or the drawn strokes as JSON (rules.strokes_of).

    Raises Refused for a wrong or old code, another document, or when it is not this signer's turn; such a try is
    noted. TooMany when somebody keeps trying.
    """
    signer = _signer_as_it_is(signer)
    if signer.state is SignerState.SIGNED:
        return signer
    _require_turn(signer)
    if signer.consented_at is None:
        raise Refused("Agree to sign electronically first.")
    if refusal := refusal_of_mark(kind, mark) or (kind is MarkKind.TYPED and paper.refusal_to_draw(mark)):
        raise Refused(refusal)
    now, trace = clock.now(), _trace(source, user_agent)
    Attempt.count_one(f"agreement tries of {signer.public_id}", limit=SIGN_TRIES, within=CODES_WITHIN, now=now)
    _require_document(signer, sha256, trace)
    _require_code(signer, code, trace)
    signer.state_name, signer.signed_at, signer.code_hash = SignerState.SIGNED, now, ""
    signer.mark_kind_name, signer.mark = kind, mark.strip()
    signer.save()
    mail.call_off(signer.public_id)
    _append(signer, EventKind.CODE_VERIFIED, {}, trace)
    facts = {"sha256": sha256, "role": signer.role_name, "mark": str(kind), "consent_version": CONSENT_VERSION}
    _append(signer, EventKind.SIGNED, facts, {"mark": signer.mark, "consent": CONSENT} | trace)
    _go_on(signer)
    return signer


def _go_on(signer: Signer) -> None:
    """After a signature: the next one's turn, or the seal. The own link lives on: its page says that all is done."""
    agreement = signer.agreement
    _note(agreement, f"{signer.name} signed “{agreement.title}”")
    following = Signer.next_of(agreement)
    if following is not None:
        following.agreement = agreement
        _ask(following)
    else:
        agreement.state_name = State.SEALING
        agreement.save()
        evidence.append(agreement.public_id, EventKind.COMPLETED, {"sha256": agreement.sha256})
        tasks.seal(agreement.public_id)


def _require_document(signer: Signer, sha256: str, trace: Mapping[str, str]) -> None:
    if refusal := _refusal_of_document(signer.agreement, sha256):
        _append(signer, EventKind.CODE_FAILED, {"why": "another document"}, trace)
        raise RefusedAndNoted(refusal)


def _refusal_of_document(agreement: Agreement, sha256: str) -> str | None:
    document: Document | None = agreement.document
    return refusal_of_document(sha256, agreement.sha256, document.content if document else None)


def _require_code(signer: Signer, code: str, trace: Mapping[str, str]) -> None:
    """A wrong code counts, also when nothing else comes of it; what is counted out is not noted without end."""
    refusal = refusal_of_code(
        _hash_of(code_typed(code), signer),
        code_hash=signer.code_hash,
        sent_at=signer.code_sent_at,
        tries=signer.code_tries,
        now=clock.now(),
    )
    if refusal is None:
        return
    if signer.code_tries >= MOST_TRIES:
        raise Refused(refusal)
    signer.code_tries += 1
    signer.save()
    _append(signer, EventKind.CODE_FAILED, {"why": "code", "try": signer.code_tries}, trace)
    raise RefusedAndNoted(refusal)


def _hash_of(code: str, signer: Signer) -> str:
    return hash_code(code, signer.public_id, sealing.derive("agreement codes"))


@atomic
def complete(agreement: Agreement) -> None:
    """Sealed: everybody gets a copy with its hash; their mailboxes are witnesses outside."""
    for signer in Signer.of(agreement):
        mail.queue(
            "agreement_copy",
            to=(signer.name, signer.email),
            fields={
                "name": signer.called,
                "title": agreement.title,
                "sha256": agreement.sealed_sha256,
                "verify": tasks.VERIFY,
            },
            attach=agreement.sealed,
            client=agreement.client,
            reply_to=Serving.desk_address(agreement.engagement.coach),
        )
    _note(agreement, f"“{agreement.title}” is signed by all; the sealed copy is filed")
    announce(Completed(agreement))


# Other ways it can go -------------------------------------------------------------------------------------------------


@atomic
def decline(signer: Signer, *, reason: str, source: str, user_agent: str) -> None:
    """Say no, with a reason; the agreement is closed."""
    signer = _signer_as_it_is(signer)
    if signer.state is SignerState.DECLINED:
        return
    _require_turn(signer)
    if refusal := refusal_of_reason(reason):
        raise Refused(refusal)
    agreement = signer.agreement
    signer.state_name, signer.reason = SignerState.DECLINED, reason
    signer.save()
    mail.call_off(signer.public_id)
    _append(signer, EventKind.DECLINED, {}, {"reason": reason} | _trace(source, user_agent))
    _close(agreement, State.DECLINED, reason, but=signer)
    for reader in Serving.desk_of(agreement.engagement.coach):
        mail.queue(
            "agreement_declined",
            to=(reader.name, reader.email),
            fields={
                "signer": signer.name,
                "client": agreement.client.name,
                "title": agreement.title,
                "page": f"/clients/{agreement.client.public_id}/agreements",
            },
            client=agreement.client,
        )
    _note(agreement, f"{signer.name} declined to sign “{agreement.title}”")
    announce(Closed(agreement))


@atomic
def hand_over(signer: Signer, *, name: str, email: str, source: str, user_agent: str) -> Signer:
    """Let another person at the sponsor sign; the link so far dies."""
    signer = _signer_as_it_is(signer)
    _require_turn(signer)
    agreement = signer.agreement
    taken = [other.email for other in Signer.of(agreement)]
    if refusal := refusal_to_hand_over(signer.role, email=email, taken=taken) or paper.refusal_to_draw(name, email):
        raise Refused(refusal)
    Attempt.count_one(f"agreement handed over {agreement.id}", limit=HAND_OVERS, within=CODES_WITHIN, now=clock.now())
    signer.state_name, signer.code_hash = SignerState.HANDED_OVER, ""
    signer.save()
    _shut(signer)
    other = Signer.create(
        agreement=agreement, position=signer.position, role_name=signer.role_name, name=name, email=email
    )
    _append(
        signer,
        EventKind.REASSIGNED,
        {"to": other.public_id},
        {"to_name": name, "to_email": email} | _trace(source, user_agent),
    )
    _note(agreement, f"{signer.name} asked {name} to sign “{agreement.title}” instead")
    _ask(other)
    return other


@atomic
def remind(signer: Signer, *, by: User | None) -> None:
    """Note that this signer was reminded; the mail is the caller's (portal merges them)."""
    signer = _signer_as_it_is(signer)
    if refusal := refusal_to_remind(signer.agreement.state, signer.state, signer.reminders):
        raise Refused(refusal)
    signer.reminders, signer.reminded_at = signer.reminders + 1, clock.now()
    signer.save()
    _append(signer, EventKind.REMINDED, {"reminder": signer.reminders}, _staff(by))


@atomic
def withdraw(agreement: Agreement, *, reason: str, by: User) -> None:
    """Void it: links die, who was asked is told. A draft, which nobody has seen, needs no reason."""
    agreement = _as_it_is(agreement)
    if refusal := refusal_to("withdraw", agreement.state):
        raise Refused(refusal)
    was_draft = agreement.state is State.DRAFT
    if not was_draft and (refusal := refusal_of_reason(reason)):
        raise Refused(refusal)
    _close(agreement, State.VOID, reason)
    if not was_draft:
        evidence.append(agreement.public_id, EventKind.VOIDED, {}, {"reason": reason} | _staff(by))
    _note(
        agreement,
        f"Discarded the draft of “{agreement.title}”" if was_draft else f"Withdrew “{agreement.title}”",
        by=by,
    )
    announce(Closed(agreement))


def _close(agreement: Agreement, state: State, reason: str, *, but: Signer | None = None) -> None:
    """End it: links die, and whoever was asked learns that there is nothing to do.

    The link of the one who ended it lives on: its page says so.
    """
    agreement.state_name, agreement.reason, agreement.closed_at = state, reason, clock.now()
    agreement.problem, agreement.try_at = "", None
    agreement.save()
    for signer in Signer.of(agreement):
        if signer == but:
            continue
        _shut(signer)
        if signer.asked_at is not None and signer.email:
            mail.queue(
                "agreement_closed",
                to=(signer.name, signer.email),
                fields={"name": signer.called, "title": agreement.title},
                client=agreement.client,
                reply_to=Serving.desk_address(agreement.engagement.coach),
            )


def _shut(signer: Signer) -> None:
    """No link of this signer works any more, and no mail that waits asks to sign."""
    links.revoke_all(LINK, signer.public_id)
    mail.call_off(signer.public_id)


@atomic
def follow_client(client: Client) -> None:
    """The client has another mail address."""
    _readdress(Signer.to_sign().where(Agreement.client == client, Signer.role_name == SignerRole.CLIENT), client.email)


@atomic
def follow_contact(contact: Contact) -> None:
    """A sponsor contact has another mail address, was removed or put back."""
    _readdress(Signer.to_sign().where(Signer.contact == contact), "" if contact.removed_at else contact.email)


def _readdress(signers: Iterable[Signer], email: str) -> None:
    """Another address is another mailbox: what went to the old one opens nothing, and the code goes to the new one.

    Whoever read and agreed there may have been somebody else. A client is asked anew on the own page. Without a new
    address nobody can sign or be reminded: then it waits for one, or is withdrawn.
    """
    for signer in signers:
        if signer.email.casefold() == email.casefold():
            continue
        _shut(signer)
        if signer.agreement.state is State.OUT:
            _append(signer, EventKind.READDRESSED, {}, {"to_email": email})
            _note(signer.agreement, _moved_in_words(signer, email))
        signer.email = email
        signer.opened_at = signer.consented_at = signer.code_sent_at = None
        signer.code_hash = ""
        signer.save()
        if signer.state is SignerState.ASKED:
            if email and signer.role is not SignerRole.CLIENT:
                _mail_request(signer)
            announce(Readdressed(signer))


def _moved_in_words(signer: Signer, email: str) -> str:
    title = f"“{signer.agreement.title}”"
    if email:
        return f"{signer.name} has another mail address; links to sign {title} that went to the old one no longer work"
    return f"{signer.name} has no mail address any more, so nobody can sign {title} in this place"


@atomic
def renew(agreement: Agreement, *, by: User) -> Agreement:
    """A new version as a draft, from one that is void, declined or completed."""
    agreement = _as_it_is(agreement)
    if refusal := refusal_to("renew", agreement.state):
        raise Refused(refusal)
    return _draft(
        agreement.engagement,
        title=agreement.title,
        body=agreement.source or agreement.body,
        template=agreement.template,
        previous=agreement,
        by=by,
    )


@atomic
def try_again(agreement: Agreement) -> None:
    """Let the worker try anew what it gave up."""
    agreement = _as_it_is(agreement)
    if refusal := refusal_to("try_again", agreement.state):
        raise Refused(refusal)
    agreement.problem, agreement.attempts, agreement.try_at = "", 0, None
    agreement.save()
    _nudge(agreement)


@atomic
def sweep() -> None:
    """Wake the worker for what waits to be frozen or sealed."""
    awake = {task.args[0] for task in jobs.huey.pending() if isinstance(task, _TASKS)}
    for agreement in Agreement.for_worker(clock.now()).limit(BATCH):
        if agreement.public_id not in awake:
            _nudge(agreement)


_TASKS = (tasks.freeze.task_class, tasks.seal.task_class)


def _nudge(agreement: Agreement) -> None:
    job = tasks.freeze if agreement.state is State.FREEZING else tasks.seal
    job(agreement.public_id)


# What several of them do ----------------------------------------------------------------------------------------------


def _as_it_is(agreement: Agreement) -> Agreement:
    """The row as it stands in this transaction: what the page showed may be old."""
    return Agreement.with_people().where(Agreement.id == agreement.id).get()


def _signer_as_it_is(signer: Signer) -> Signer:
    return Signer.with_agreement().where(Signer.id == signer.id).get()


def _require_turn(signer: Signer) -> None:
    if refusal := refusal_to_act(signer.agreement.state, signer.state):
        raise Refused(refusal)


def _append(
    signer: Signer,
    kind: EventKind,
    facts: Mapping[str, object] | None = None,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Note on the trail what this signer did, or what was done about the signer. Only the detail is personal."""
    evidence.append(
        signer.agreement.public_id,
        kind,
        {"signer": signer.public_id} | dict(facts or {}),
        _person(signer) | dict(detail or {}),
    )


def _person(signer: Signer) -> dict[str, object]:
    return {"name": signer.name, "email": signer.email}


def _trace(source: str, user_agent: str) -> dict[str, str]:
    """Where somebody came from."""
    return {"ip": source, "user_agent": user_agent[:300]}


def _staff(by: User | None) -> dict[str, object]:
    return {"by": by.name} if by else {}


def _note(agreement: Agreement, sentence: str, *, by: User | None = None) -> None:
    timeline.record(
        agreement.client, Kind.SIGN, sentence, by=by, href=f"/clients/{agreement.client.public_id}/agreements"
    )
