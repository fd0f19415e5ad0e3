"""What is open with whom, read from the rooms below; and who was reminded on which day."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from peewee import JOIN, DateField, ForeignKeyField, ModelSelect, fn

from .. import clock
from ..accounts.models import User
from ..agreements.models import Agreement, Signer
from ..agreements.rules import SignerRole, SignerState
from ..agreements.rules import State as AgreementState
from ..assessments.models import Assessment
from ..assessments.rules import State as AssessmentState
from ..assessments.rules import answer_until, until_in_words
from ..availability.models import Availability
from ..availability.rules import PlaceKind, SessionKind
from ..clients.models import Client, Contact, Organisation
from ..clients.rules import web_address
from ..cohorts.models import Cohort, Material
from ..cohorts.models import Meeting as GroupMeeting
from ..db import Model, NoCaseField, kept
from ..engagements.models import Engagement, Participant
from ..engagements.rules import RUNNING, Share, State
from ..files.models import Document
from ..firm.models import Firm
from ..intake.models import Form, FormVersion, Submission
from ..intake.rules import FormState, SubmissionState
from ..invoices.actions import LINKS as INVOICES
from ..invoices.models import Invoice
from ..links.models import Link
from ..mail.models import Message
from ..mail.rules import State as MailState
from ..payers.models import Payer
from ..polls.models import Poll, Voter
from ..raters.models import RaterAsk
from ..raters.rules import APPROVE, NOMINATE
from ..requests.models import Request
from ..requests.rules import RequestState
from ..sessions.models import Attendee, CoachingSession
from ..sessions.rules import State as SessionState
from ..sessions.rules import place_of
from .rules import Ask, Meeting, Reader, Thing

CLIENT, ASSISTANT, SPONSOR = "client", "assistant", "sponsor"
"""The kinds of links: to the client's page, to the page of the client's assistant, to a sponsor contact's."""
SIGN, INTAKE, BOOK, POLL, ASSESS = "sign", "intake", "book", "poll", "assess"
"""What these pages lead on to: signing, answering a questionnaire, booking, saying what suits, an instrument."""

SENT = (AgreementState.OUT, AgreementState.SEALING, AgreementState.COMPLETED)
"""An agreement that people were shown, and that nobody took back."""
CHASED = (State.DRAFT, State.ACTIVE)
"""Nobody is reminded of a program that is paused or over."""


class Chaser(Model):
    """A merged reminder. The day is the reader's own. One a person and day: the unique index is the guard."""

    email = NoCaseField()
    on = DateField()
    message = ForeignKeyField(Message, null=True, on_delete="SET NULL")

    class Meta:
        indexes = ((("email", "on"), True),)


# Whose page it is -----------------------------------------------------------------------------------------------------


def client_known_as(public_id: str) -> Client | None:
    """The client a link is for, with the organisation; and how many invoices the client was sent who pays (`sent`),
    and how many of them are open (`owed`): never what a sponsor pays."""
    sent = Invoice.select(fn.COUNT(Invoice.id)).join(Payer).where(Payer.client == Client.id, Invoice.seq.is_null(False))
    counts = sent.alias("sent"), sent.where(Invoice.open_cents > 0).alias("owed")
    rows = Client.select(Client, Organisation, *counts).left_outer_join(Organisation)
    return rows.where(Client.public_id == public_id).first()


def contact_known_as(public_id: str) -> Contact | None:
    """The sponsor contact a link is for, with the organisation; not one that was removed."""
    return Contact.kept(Contact, Organisation).join(Organisation).where(Contact.public_id == public_id).first()


def running_of(client: Client) -> ModelSelect:
    """A client's programs that are not over, the newest first."""
    return Engagement.of(client).where(Engagement.state_name.in_(RUNNING))


# What is asked of somebody --------------------------------------------------------------------------------------------


def asks_of(client: Client, running: Sequence[Engagement] | None = None) -> list[Ask]:
    """What is, or was, asked of the client in the programs that run, in order. A new room adds its line to ROOMS."""
    engagements = list(running_of(client)) if running is None else running
    return [ask for room in ROOMS for ask in room(client, engagements)]


def _to_sign(client: Client, engagements: Sequence[Engagement]) -> Iterator[Ask]:
    for signer in _signers(SignerRole.CLIENT).where(Agreement.engagement.in_(engagements)):
        yield _ask_to_sign(signer, signer.agreement.title, "Read it in your own time; you sign with a code by mail.")


def _to_answer(client: Client, engagements: Sequence[Engagement]) -> Iterator[Ask]:
    asked = Submission.select(Submission, FormVersion, Form).join(FormVersion).join(Form)
    for submission in asked.where(Submission.engagement.in_(engagements)).order_by(Submission.id):
        is_begun = submission.state is SubmissionState.STARTED
        yield Ask(
            way=INTAKE,
            subject=submission.public_id,
            title=submission.form_version.form.title,
            hint="Begun; what you typed is kept." if is_begun else "A few questions. What you type is kept as you go.",
            button="Go on" if is_begun else "Answer",
            done_at=submission.submitted_at,
        )


def _to_book(client: Client, engagements: Sequence[Engagement]) -> Iterator[Ask]:
    """What is to be booked, also outside of programs. Of what was, only the kickoff: others are among the sessions."""
    for request in Request.for_page(client):
        if may_be_booked(request):
            yield _ask_to_book(request)
        elif request.kind is SessionKind.KICKOFF and request.session_id:
            yield _ask_to_book(request, done_at=request.session.created_at)


def may_be_booked(request: Request) -> bool:
    """Whether now is the time for it: not in a program that rests, nor, but for the kickoff, in one not agreed yet.

    Nor while nobody has said where the coach's sessions are, or all its times lie too far ahead.
    """
    there = any(request.draft().where) and not request.opens_on(clock.now())
    if request.state is not RequestState.ASKED or not there:
        return False
    if request.engagement_id is None:
        return True
    state = request.engagement.state
    return state is State.ACTIVE or (state is State.DRAFT and request.kind is SessionKind.KICKOFF)


def _ask_to_book(request: Request, *, done_at: datetime | None = None) -> Ask:
    told = "You told us that none of the times suits; we write to you. " if request.unsuited_at else ""
    return Ask(
        way=BOOK,
        subject=request.public_id,
        title=f"Book your {request.label.lower()}",
        hint=f"{told}{request.minutes} minutes with {request.coach.name}, at a time that suits you.",
        button="Choose a time",
        done_at=done_at,
    )


def _to_tick(client: Client, engagements: Sequence[Engagement]) -> Iterator[Ask]:
    for voter in Voter.asked_in(CHASED).where(Voter.client == client, Poll.engagement.in_(engagements)):
        yield _ask_to_tick(voter, f"With {voter.poll.coach.name} and your sponsor, at a time that suits all.")


def _ask_to_tick(voter: Voter, hint: str) -> Ask:
    return Ask(
        way=POLL,
        subject=voter.public_id,
        title=f"Say when the {voter.poll.label.lower()} suits you",
        hint=hint,
        button="Tick what suits",
        done_at=voter.answered_at,
    )


def _to_complete(client: Client, engagements: Sequence[Engagement]) -> Iterator[Ask]:
    """Raters to be named, and assessments the client was given access to; the way in stands on a page of its own."""
    today = clock.now().date()
    naming = (RaterAsk.assessment == Assessment.id) & RaterAsk.contact.is_null()
    rows = Assessment.standing_for(client, engagements).switch(Assessment)
    rows = rows.join(RaterAsk, JOIN.LEFT_OUTER, on=naming, attr="naming")
    for row in rows.select_extend(RaterAsk.id, RaterAsk.public_id, RaterAsk.answered_at):
        yield from _to_name(row)
        if row.state is AssessmentState.SET_UP:
            continue
        until = until_in_words(answer_until(row.due_on, row.pace, today))
        is_begun = row.state is AssessmentState.IN_PROGRESS
        is_asked = row.is_open and row.answered_at is None
        yield Ask(
            way=ASSESS,
            subject=row.public_id,
            title=f"Complete “{row.label}”",
            hint=f"{'Begun; finish it' if is_begun else 'Do it'} {until}. How to get in stands on the next page.",
            button="How to get in",
            done_at=None if is_asked else row.answered_at or row.completed_at or row.waiting_since,
            href=f"/p/client/assessment/{row.public_id}",
        )


def _to_name(row: Assessment) -> Iterator[Ask]:
    """Raters to be named, while others may still answer and the program does not rest."""
    ask = getattr(row, "naming", None)
    rests = row.engagement_id and row.engagement.state not in CHASED
    if ask is not None and row.is_open and not rests:
        yield Ask(
            way=NOMINATE,
            subject=ask.public_id,
            title=f"Say who may be asked for “{row.instrument.name}”",
            hint="Names and mail addresses of people who know your work. What you typed is kept.",
            button="Name them",
            done_at=ask.answered_at,
        )


ROOMS = (_to_sign, _to_answer, _to_complete, _to_book, _to_tick)


def asks_to_pay(subject: str, owed: int) -> list[Ask]:
    """One thing to do for all invoices that are open; `subject` is whose they are."""
    title = "An invoice is open" if owed == 1 else f"{owed} invoices are open"
    ask = Ask(INVOICES, subject, title, "What it is for, and how to pay it.", "See how to pay")
    return [ask] if owed else []


def to_book(client: Client) -> list[Request]:
    """What the client's own assistant may book."""
    return [request for request in Request.for_page(client) if may_be_booked(request)]


def asks_of_contact(contact: Contact) -> list[Ask]:
    """What is asked of a sponsor contact now in programs that run: to sign, to say what suits; and what was done."""
    asked = (SignerState.ASKED, SignerState.SIGNED)
    signers = _signers(SignerRole.SPONSOR).where(
        Signer.contact == contact, Signer.state_name.in_(asked), Engagement.state_name.in_(RUNNING)
    )
    to_sign = [
        _ask_to_sign(signer, signer.agreement.title, f"For {signer.agreement.client.name}.") for signer in signers
    ]
    to_tick = Voter.asked_in(CHASED).where(Voter.contact == contact)
    return [
        *to_sign,
        *(_ask_to_tick(voter, f"With {voter.poll.client.name} and {voter.poll.coach.name}.") for voter in to_tick),
        *(_ask_to_approve(ask) for ask in RaterAsk.standing().where(RaterAsk.contact == contact)),
    ]


def _ask_to_approve(ask: RaterAsk) -> Ask:
    return Ask(
        way=APPROVE,
        subject=ask.public_id,
        title="Say whether these people may be asked",
        hint=f"{ask.assessment.client.name} named them.",
        button="See the names",
        done_at=ask.answered_at,
    )


def _signers(role: SignerRole) -> ModelSelect:
    """Who signs in a role, of agreements that people were shown."""
    concerned = (SignerState.WAITING, SignerState.ASKED, SignerState.SIGNED)
    shown = Signer.role_name == role, Signer.state_name.in_(concerned), Agreement.state_name.in_(SENT)
    return Signer.with_agreement().where(*shown).order_by(Signer.id)


def _ask_to_sign(signer: Signer, title: str, hint: str) -> Ask:
    return Ask(
        way=SIGN,
        subject=signer.public_id,
        title=title,
        hint=hint,
        button="Read and sign",
        waits=signer.state is SignerState.WAITING,
        done_at=signer.signed_at if signer.state is SignerState.SIGNED else None,
    )


# Sessions -------------------------------------------------------------------------------------------------------------

MOST_SHOWN = 100
"""Sessions, counted from the one farthest ahead."""


def meetings_of(client: Client, now: datetime) -> tuple[list[Meeting], list[Meeting]]:
    """A client's sessions: those to come, the next first, and those that were, the last first."""
    in_groups = Attendee.select(Attendee.session).where(Attendee.client == client, Attendee.left_at.is_null())
    theirs = (CoachingSession.client == client) | CoachingSession.id.in_(in_groups)
    rows = CoachingSession.with_people().where(theirs, CoachingSession.state_name != SessionState.CANCELLED)
    found = _meetings(list(rows.order_by(CoachingSession.starts_at.desc()).limit(MOST_SHOWN)))
    coming = [each for each in found if each.session.ends_at > now and each.session.state is SessionState.BOOKED]
    return coming[::-1], [each for each in found if each not in coming]


def meetings_with(contact: Contact, now: datetime) -> list[Meeting]:
    """The sessions to come that a sponsor contact attends."""
    attends = Attendee.select(Attendee.session).where(Attendee.contact == contact, Attendee.left_at.is_null())
    coming = CoachingSession.state_name == SessionState.BOOKED, CoachingSession.ends_at > now
    rows = CoachingSession.with_people().where(CoachingSession.id.in_(attends), *coming)
    return _meetings(list(rows.order_by(CoachingSession.starts_at)))


def _meetings(sessions: Sequence[CoachingSession]) -> list[Meeting]:
    """With their places."""
    terms, found = Availability.of_each(), []
    for session in sessions:
        program = session.engagement if session.engagement_id else None
        chain = [(each.place_kind_name, each.place) for each in (session, program, terms.get(session.coach_id)) if each]
        kind, place = place_of(chain)
        found.append(Meeting(session, kind, place, web_address(place) if kind == PlaceKind.VIDEO else None))
    return found


def zone_of(client: Client) -> str:
    """The zone by whose clock a client reads: the own, the coach's, or the firm's."""
    if client.zone or client.coach_id:
        return client.zone or client.coach.zone
    return Firm.home_zone()


# Documents ------------------------------------------------------------------------------------------------------------


def papers_of(client: Client) -> ModelSelect:
    """What a client may open, the newest first; what was handed out in a group says in which, when and on what."""
    own = Document.for_client(client).select(Document.id).order_by()
    told = Cohort.name.alias("group"), GroupMeeting.number.alias("session_number"), GroupMeeting.topic.alias("topic")
    handed_out = (Material.document == Document.id) & Material.id.in_(Material.for_member(client, Material.id))
    rows = Document.select(Document, *told).left_outer_join(Material, on=handed_out)
    rows = rows.left_outer_join(GroupMeeting).left_outer_join(Cohort)
    theirs = own | Material.for_member(client, Material.document)
    return rows.where(Document.id.in_(theirs)).order_by(Document.id.desc()).objects()


# What a sponsor may be told -------------------------------------------------------------------------------------------


def shares_of(engagement: Engagement) -> tuple[Share, ...]:
    """What the sponsor may be told: as the agreement says once there is one, before that as the program does."""
    newest = next(iter(_sent(engagement)), None)
    return newest.shared if newest else engagement.shared


def is_agreed(engagement: Engagement) -> bool:
    """Whether nothing is left to sign: the program runs, or its agreement was signed by all."""
    return engagement.state is not State.DRAFT or any(
        agreement.state is AgreementState.COMPLETED for agreement in _sent(engagement)
    )


def _sent(engagement: Engagement) -> Sequence[Agreement]:
    """The agreements of a program that were sent, the newest first; only to be read."""
    sent = Agreement.select().where(Agreement.engagement == engagement, Agreement.state_name.in_(SENT))
    return kept(("sent", engagement.id), lambda: list(sent.order_by(Agreement.id.desc())))


def sponsor_names(engagement: Engagement) -> list[str]:
    """The sponsor organisations in a program."""
    named = Participant.select(Participant, Contact, Organisation).join(Contact).join(Organisation)
    rows = named.where(Participant.engagement == engagement).order_by(Participant.id)
    return list(dict.fromkeys(row.contact.organisation.name for row in rows))


def told_to(contact: Contact) -> list[tuple[Client, tuple[Share, ...]]]:
    """What this sponsor contact may be told of whom: only where the own signature was asked, or all have signed."""
    asked = Signer.select(Signer.agreement).where(
        Signer.contact == contact, Signer.state_name.in_((SignerState.ASKED, SignerState.SIGNED))
    )
    there = Participant.select(Participant.engagement).where(Participant.contact == contact)
    may_know = Agreement.id.in_(asked) | (
        Agreement.engagement.in_(there) & (Agreement.state_name == AgreementState.COMPLETED)
    )
    rows = Agreement.with_people().where(may_know, Agreement.state_name.in_(SENT), Engagement.state_name.in_(RUNNING))
    newest = {row.engagement_id: row for row in rows.order_by(Agreement.id)}
    return [(row.client, row.shared) for row in sorted(newest.values(), key=attrgetter("client.name"))]


# What is open, for reminders ------------------------------------------------------------------------------------------


def open_things(client: Client | None = None) -> list[Thing]:
    """What people have not done yet, of one client or of all; without those nobody can write to."""
    found = [
        *_open_signatures(client),
        *_open_questionnaires(client),
        *_open_assessments(client),
        *_open_requests(client),
        *_open_polls(client),
        *_open_names(client),
    ]
    return [thing for thing in found if thing.reader.email]


def _open_signatures(client: Client | None) -> Iterator[Thing]:
    chased = Signer.state_name == SignerState.ASKED, Agreement.state_name == AgreementState.OUT
    signers = Signer.with_agreement().where(*chased, Engagement.state_name.in_(CHASED)).order_by(Signer.asked_at)
    if client is not None:
        signers = signers.where(Agreement.client == client)
    rows = list(signers)
    readers = _Readers(rows)
    for signer in rows:
        if reader := readers.of_signer(signer):
            words, about = f"sign “{signer.agreement.title}”", signer.agreement.client
            yield Thing(reader, words, signer.asked_at, signer.reminders, signer.reminded_at, signer, about)


def _open_questionnaires(client: Client | None) -> Iterator[Thing]:
    waiting = Submission.state_name.in_((SubmissionState.ASKED, SubmissionState.STARTED))
    asked = (
        Submission.select(Submission, FormVersion, Form, Engagement, Client)
        .join(FormVersion)
        .join(Form)
        .switch(Submission)
        .join(Engagement)
        .switch(Submission)
        .join(Client)
        .where(waiting, Form.state_name == FormState.OPEN, Engagement.state_name.in_(CHASED))
    )
    if client is not None:
        asked = asked.where(Submission.client == client)
    rows = list(asked)
    readers = _Readers(())
    for row in rows:
        reader = readers.of_client(row.client, row.engagement)
        words = f"answer “{row.form_version.form.title}”"
        yield Thing(reader, words, row.started_at, row.reminders, row.reminded_at, row, row.client)


def _open_assessments(client: Client | None) -> Iterator[Thing]:
    """By the rhythm of each instrument; not once the way in has expired."""
    silent, today = Assessment.silent(CHASED), clock.now().date()
    readers = _Readers(())
    for row in silent.where(Assessment.client == client) if client else silent:
        until = row.dates(today).last_day
        if until is None or until >= today:
            yield Thing(
                readers.of_client(row.client, row.engagement if row.engagement_id else row.client),
                f"complete “{row.label}”",
                row.invited_at,
                row.reminders,
                row.reminded_at,
                row,
                row.client,
                row.instrument.reminders_after,
            )


def _open_requests(client: Client | None) -> Iterator[Thing]:
    asked = Request.to_chase(CHASED)
    rows = [row for row in (asked.where(Request.client == client) if client else asked) if may_be_booked(row)]
    readers = _Readers(())
    for row in rows:
        reader, words = readers.of_client(row.client, row), f"book your {row.label.lower()}"
        yield Thing(reader, words, row.asked_at, row.reminders, row.reminded_at, row, row.client)


def _open_polls(client: Client | None) -> Iterator[Thing]:
    """Only who is silent; for a poll about to expire nobody is asked again once it has."""
    silent = Voter.silent(CHASED)
    rows = list(silent.where(Engagement.client == client) if client else silent)
    readers = _Readers(rows)
    for row in rows:
        words, whose = f"say when the {row.poll.label.lower()} suits you", row.poll.client
        yield Thing(readers.of_voter(row), words, row.asked_at, row.reminders, row.reminded_at, row, whose)


def _open_names(client: Client | None) -> Iterator[Thing]:
    """Raters that are still to be named by the client, or approved by a sponsor contact on the page for that."""
    asked = RaterAsk.standing().where(RaterAsk.answered_at.is_null(), Contact.removed_at.is_null())
    readers = _Readers(())
    for ask in asked.where(Assessment.client == client) if client else asked:
        whose, contact = ask.assessment.client, ask.contact if ask.contact_id else None
        reader = readers.of_client(whose, ask.assessment.engagement if ask.assessment.engagement_id else whose)
        words = f"say who may be asked for “{ask.assessment.instrument.name}”"
        if contact is not None:
            reader = readers.of_contact(contact, whose, (APPROVE, ask.public_id))
            words = "say whether the people named may be asked"
        yield Thing(reader, words, ask.asked_at, ask.reminders, ask.reminded_at, ask, whose)


class _Readers:
    """Who reads what, and where; staff and contacts are read once."""

    def __init__(self, asked: Iterable[Signer | Voter]) -> None:
        self.staff = kept("staff", lambda: {user.id: user for user in User.active()})
        ids = [each.contact_id for each in asked if each.contact_id]
        self.contacts = {contact.id: contact for contact in Contact.kept().where(Contact.id.in_(ids))} if ids else {}
        self.firm_zone = Firm.home_zone()
        self.first_of_coach: dict[int, str] = {}

    def of_signer(self, signer: Signer) -> Reader | None:
        """Who has to sign: the client on the own page, a sponsor contact on theirs, a coach where it is signed."""
        agreement = signer.agreement
        if signer.role is SignerRole.CLIENT:
            return self.of_client(agreement.client, agreement.engagement)
        if signer.role is SignerRole.COACH:
            return self._of_coach(signer)
        return Reader(signer.email, signer.name, self._zone(agreement.engagement), self._page_of_sponsor(signer, SIGN))

    def of_client(self, client: Client, engagement: Engagement | Request | Client) -> Reader:
        return Reader(client.email, client.called, client.zone or self._zone(engagement), (CLIENT, client.public_id))

    def of_contact(self, contact: Contact, client: Client, page: tuple[str, str]) -> Reader:
        return Reader(contact.email, contact.name, self._zone(client), page)

    def of_voter(self, voter: Voter) -> Reader:
        """Who is to say what suits: the client on the own page, a sponsor contact on theirs."""
        client = voter.poll.client
        if voter.client_id:
            return Reader(client.email, client.called, voter.zone, (CLIENT, client.public_id))
        return Reader(voter.email, voter.name, voter.zone, self._page_of_sponsor(voter, POLL))

    def _of_coach(self, signer: Signer) -> Reader | None:
        """A coach has no page by link: the mail leads to the oldest agreement, and that one to the next."""
        user = self.staff.get(signer.user_id)
        if user is None:
            return None
        first = self.first_of_coach.setdefault(user.id, signer.public_id)
        return Reader(signer.email, user.name, user.zone, (SIGN, first))

    def _page_of_sponsor(self, asked: Signer | Voter, otherwise: str) -> tuple[str, str]:
        """The page of the contact shows more than one client, so it is only mailed to the contact's own address."""
        contact = self.contacts.get(asked.contact_id)
        if contact is not None and contact.email.casefold() == asked.email.casefold():
            return SPONSOR, contact.public_id
        return otherwise, asked.public_id

    def _zone(self, engagement: Engagement | Request | Client) -> str:
        coach = self.staff.get(engagement.coach_id)
        return coach.zone if coach else self.firm_zone


def page_is_on_its_way(client: Client) -> bool:
    """Whether a mail with a link to this client's page is still to leave."""
    theirs = Link.kind == CLIENT, Link.subject == client.public_id, Link.revoked_at.is_null()
    waiting = Message.select(Message.id).join(Link).where(*theirs, Message.state_name == MailState.QUEUED)
    return waiting.exists()


def page_mailed(client: Client) -> Any:
    """The latest mail with a link to this client's page; None when there was none."""
    theirs = Link.kind == CLIENT, Link.subject == client.public_id
    return Message.select(Message, Link).join(Link).where(*theirs).order_by(Message.id.desc()).first()
