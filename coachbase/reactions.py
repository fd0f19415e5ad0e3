"""When this happens, do that; who is asked this, knows that: all that goes upward between rooms."""

from datetime import date
from zoneinfo import ZoneInfo

from . import clock
from .accounts.actions import FirmFounded, Invited, ResetAsked
from .accounts.models import User
from .agreements import actions as agreements
from .agreements.models import Agreement, Signer
from .agreements.rules import SignerRole, refusal_to
from .agreements.tasks import Frozen, Sealed
from .assessments import actions as assessments
from .assessments.models import ACCESS, Assessment, Report
from .assessments.rules import State as AssessmentState
from .availability import actions as availability
from .availability.rules import SessionKind
from .billing import actions as billing
from .boards import actions as boards
from .clients.actions import ClientAdded, ClientChanged, ContactMoved
from .clients.models import Client
from .clients.rules import Party, called
from .credentials import actions as credentials
from .dunning import actions as dunning
from .dunning.models import Dun
from .engagements import actions as engagements
from .engagements.models import Engagement
from .engagements.rules import State, StepKind
from .events import on, tell
from .evidence import actions as evidence
from .files.actions import DocumentFiled, Removed, Replaced, ReportsWanted, Restored, TakenOut
from .files.rules import named, sentence_of_filing
from .home.actions import SampleAsked
from .home.models import codes_wanted
from .instruments import actions as instruments
from .intake import actions as intake
from .intake.models import Submission
from .invitations import actions as invitations
from .invoices import actions as invoices
from .invoices.models import Invoice
from .invoices.tasks import Drawn
from .mail import actions as mail
from .mail.models import Message
from .mail.rules import State as MailState
from .mail.rules import sentence_on
from .mail.tasks import MailEnded
from .numbers import actions as numbers
from .packages import actions as packages
from .packages.models import assessments_in
from .packages.tasks import Made
from .payers import actions as payers
from .polls import actions as polls
from .portal import actions as portal
from .programs import actions as programs
from .raters import actions as raters
from .requests import actions as requests
from .requests.models import Request
from .sample import populate
from .scheduling import actions as scheduling
from .scheduling.rules import Via
from .sessions import actions as sessions
from .sessions.models import CoachingSession
from .sessions.rules import State as SessionState
from .timeline import actions as timeline
from .timeline.rules import Kind, sentence_of_change


def wire() -> None:
    """Connect announcements with what follows from them, and questions with who knows."""
    tell(credentials.CodesWanted, lambda asked: codes_wanted())
    tell(ReportsWanted, lambda asked: Report.wanted(asked.clients))
    tell(numbers.NumbersAlike, lambda asked: Invoice.begins_like(asked.prefix, but=asked.but))
    tell(invoices.RemindersAsked, lambda asked: Dun.counts(asked.invoices))
    tell(scheduling.KindAsked, lambda asked: Request.kind_asked_of(asked.client))
    on(FirmFounded, _lay_out_board)
    on(FirmFounded, _offer_first_form)
    on(FirmFounded, _ship_instruments)
    on(FirmFounded, _ship_programs)
    on(FirmFounded, _make_seal)
    on(Invited, _mail_invitation)
    on(ResetAsked, _mail_reset)
    on(ClientAdded, _note_new_client)
    on(ClientAdded, _put_on_board)
    on(assessments.SetUp, _put_assessment_on_board)
    on(assessments.StateChanged, _follow_assessment)
    on(ClientChanged, _note_changed_client)
    on(ClientChanged, _follow_coach)
    on(ClientChanged, _follow_addresses)
    on(ContactMoved, _forget_contact)
    on(payers.Readdressed, lambda event: invoices.follow_payer(event.payer))
    on(DocumentFiled, _note_document)
    on(DocumentFiled, _file_report)
    on(TakenOut, _take_report_out)
    on(Replaced, _follow_version)
    on(Restored, _note_restored)
    on(Removed, _note_removed)
    on(Removed, _take_copies_back)
    on(TakenOut, _take_copies_back)
    on(SampleAsked, _fill_sample)
    on(MailEnded, _note_mail)
    on(MailEnded, _tick_what_was_sent)
    on(MailEnded, _ask_anew)
    on(MailEnded, _follow_access)
    on(engagements.StepsChanged, _follow_steps)
    on(engagements.StepOpened, _do_what_opened)
    on(engagements.StateChanged, _take_back_what_is_out)
    on(engagements.PeopleChanged, _follow_people)
    on(Frozen, _ask_first_signer)
    on(Sealed, _send_copies)
    on(agreements.SignatureAsked, _ask_on_the_page)
    on(agreements.Readdressed, _wait_on_who_can_sign)
    on(agreements.Completed, _tick_agreement)
    on(agreements.Closed, _take_agreement_back)
    on(engagements.StateChanged, _buy_sessions)
    on(engagements.StateChanged, _plan_billing)
    on(requests.BookingAsked, _tell_of_request)
    on(scheduling.Booked, _answer_request)  # before the steps, which say anew who has the ball
    on(scheduling.Restored, _answer_request)
    on(scheduling.Cancelled, _ask_again)
    on(scheduling.Booked, _invite)
    on(scheduling.Booked, _tick_booking)
    on(scheduling.Booked, _follow_chemistry)
    on(scheduling.Cancelled, _follow_chemistry)
    on(sessions.Marked, _follow_chemistry)
    on(scheduling.Booked, _ask_no_more_times)
    on(engagements.StateChanged, _close_polls)
    on(scheduling.Moved, _tell_of_change)
    on(scheduling.Moved, _move_kickoff)
    on(scheduling.Cancelled, _take_invitation_back)
    on(scheduling.Cancelled, _lose_kickoff)
    on(engagements.PlaceChanged, _follow_program_place)
    on(availability.UsualPlaceChanged, _follow_usual_place)
    on(sessions.Marked, _begin_coaching)
    on(scheduling.PeopleChanged, _follow_attendees)
    on(intake.QuestionnaireAsked, _tell_of_questionnaire)
    on(intake.QuestionnaireAnswered, _tick_questionnaire)
    on(credentials.CameBack, _part_from_code)
    on(assessments.StateChanged, _stop_raters)
    on(Made, _mark_packaged)
    on(assessments.StateChanged, _follow_release)
    on(engagements.StepOpened, _look_at_access)
    on(engagements.StepsChanged, _follow_days)
    on(engagements.StateChanged, _close_assessments)
    on(assessments.BatteryApplied, _tick_access)
    on(assessments.StateChanged, _tick_access_of_one)
    on(sessions.Marked, _hold_debrief)
    on(Drawn, _mail_invoice)
    on(MailEnded, _note_mailed_invoice)
    on(MailEnded, _follow_letter)
    on(invoices.Posted, _call_reminders_off)
    on(invoices.Disputed, _leave_in_peace)


def _lay_out_board(event: FirmFounded) -> None:
    boards.lay_out()


def _offer_first_form(event: FirmFounded) -> None:
    intake.make_first_form(event.firm)


def _make_seal(event: FirmFounded) -> None:
    evidence.make_key(event.firm.name)


def _ship_instruments(event: FirmFounded) -> None:
    instruments.ship(event.firm.currency)


def _ship_programs(event: FirmFounded) -> None:
    programs.ship(event.firm)


def _put_on_board(event: ClientAdded) -> None:
    boards.put_on_board(event.client)


def _put_assessment_on_board(event: assessments.SetUp) -> None:
    boards.follow_assessment(event.assessment)


def _follow_assessment(event: assessments.StateChanged) -> None:
    boards.follow_assessment(event.assessment)


def _mail_invitation(event: Invited) -> None:
    mail.queue(
        "invitation",
        to=(event.user.name, event.user.email),
        fields={"name": called(event.user.name), "inviter": event.by.name},
        link=(event.link, event.token),
        by=event.by,
    )


def _mail_reset(event: ResetAsked) -> None:
    mail.queue(
        "password_reset",
        to=(event.user.name, event.user.email),
        fields={"name": called(event.user.name)},
        link=(event.link, event.token),
    )


def _note_new_client(event: ClientAdded) -> None:
    timeline.record(event.client, Kind.CHANGE, f"Added {event.how}", by=event.by)


def _note_changed_client(event: ClientChanged) -> None:
    timeline.record(event.client, Kind.CHANGE, sentence_of_change(event.fields), by=event.by)


def _follow_coach(event: ClientChanged) -> None:
    if "coach" in event.fields:
        engagements.follow_coach(event.client)


def _follow_addresses(event: ClientChanged) -> None:
    if "email" in event.fields:
        agreements.follow_client(event.client)
        raters.follow_client(event.client)
    portal.follow_addresses(event.client, event.fields)
    if "email" in event.fields:
        polls.follow_client(event.client)  # after the page's links died: these are new ones
        invoices.follow_client(event.client)
    invitations.follow_client(event.client, event.fields)


def _forget_contact(event: ContactMoved) -> None:
    portal.forget_contact(event.contact)
    agreements.follow_contact(event.contact)
    raters.follow_contact(event.contact)
    polls.follow_contact(event.contact)
    invitations.follow_contact(event.contact)
    invoices.follow_contact(event.contact)


def _note_document(event: DocumentFiled) -> None:
    document = event.document
    _note_of_file(event.client, sentence_of_filing(document.name, document.audience, document.kind), event.by)


def _note_of_file(client: Client, sentence: str, by: User) -> None:
    timeline.record(client, Kind.FILE, sentence, href=f"/clients/{client.public_id}/documents", by=by)


def _file_report(event: DocumentFiled) -> None:
    if event.assessment and event.part:
        assessments.file_report(event.assessment, event.document, event.part, by=event.by)


def _take_report_out(event: TakenOut) -> None:
    document = event.document
    said = named(document.name, document.audience, document.kind)
    _note_of_file(event.client, f"{said} is filed anew: it was not what it was filed as", event.by)
    assessments.take_report_out(document, by=event.by)


def _follow_version(event: Replaced) -> None:
    assessments.follow_version(event.was, event.now)


def _note_restored(event: Restored) -> None:
    document = event.document
    said = named(document.name, document.audience, document.kind)
    _note_of_file(document.client, f"{said} is back in its version {document.number}", event.by)


def _take_copies_back(event: TakenOut | Removed) -> None:
    """A part that is not what it seemed is in no copy the client may open."""
    packages.follow_document(event.document, by=event.by)


def _note_removed(event: Removed) -> None:
    document = event.document
    said = named(document.name, document.audience, document.kind)
    _note_of_file(document.client, f"{said} was {'put back' if event.is_back else 'removed'}", event.by)


def _fill_sample(event: SampleAsked) -> None:
    populate(event.by)


def _note_mail(event: MailEnded) -> None:
    message = event.message
    if message.client:
        sentence = sentence_on(message.kind, message.to_address, message.state)
        timeline.record(message.client, Kind.MAIL, sentence, by=message.by, href=f"/mail/{message.public_id}")


def _ask_first_signer(event: Frozen) -> None:
    agreements.ask_first(event.agreement)


def _send_copies(event: Sealed) -> None:
    agreements.complete(event.agreement)


_TURNS = {SignerRole.CLIENT: Party.CLIENT, SignerRole.SPONSOR: Party.SPONSOR, SignerRole.COACH: Party.COACH}


def _ask_on_the_page(event: agreements.SignatureAsked) -> None:
    engagement = event.signer.agreement.engagement
    engagements.wait_on(engagement, StepKind.AGREEMENT_SIGNED, _TURNS[event.signer.role])
    if event.signer.role is SignerRole.CLIENT:
        portal.invite(engagement)


def _wait_on_who_can_sign(event: agreements.Readdressed) -> None:
    signer = event.signer
    party = _TURNS[signer.role] if signer.email else Party.US
    engagements.wait_on(signer.agreement.engagement, StepKind.AGREEMENT_SIGNED, party)


def _tick_agreement(event: agreements.Completed) -> None:
    engagements.happened(event.agreement.engagement, StepKind.AGREEMENT_SIGNED)


def _take_agreement_back(event: agreements.Closed) -> None:
    engagements.wait_on(event.agreement.engagement, StepKind.AGREEMENT_SIGNED, Party.US)


def _buy_sessions(event: engagements.StateChanged) -> None:
    if event.engagement.state is State.ACTIVE:
        sessions.buy(event.engagement, by=event.by)


def _plan_billing(event: engagements.StateChanged) -> None:
    if event.engagement.state is State.ACTIVE:
        billing.plan_of(event.engagement)


def _tell_of_request(event: requests.BookingAsked) -> None:
    portal.ask_to_book(event.request, by=event.by)


def _answer_request(event: scheduling.Booked | scheduling.Restored) -> None:
    requests.answer(event.session)


def _ask_again(event: scheduling.Cancelled) -> None:
    requests.ask_again(event.session)


def _invite(event: scheduling.Booked) -> None:
    invitations.invite(event.session)


def _tick_booking(event: scheduling.Booked) -> None:
    session = event.session
    if session.engagement_id is None:
        return
    if session.kind is SessionKind.KICKOFF:
        engagements.book_kickoff(session.engagement, _day_of(session), by=event.by)
    if session.kind is SessionKind.THREE_WAY:
        engagements.happened(session.engagement, StepKind.THREE_WAY_AGREED, by=event.by)


def _follow_chemistry(event: scheduling.Booked | scheduling.Cancelled | sessions.Marked) -> None:
    if event.session.kind is SessionKind.CHEMISTRY and event.session.client_id:
        boards.follow_chemistry(event.session)


def _ask_no_more_times(event: scheduling.Booked) -> None:
    """A three-way meeting that was booked by other ways: nobody need say any more which times suit."""
    session = event.session
    if session.kind is SessionKind.THREE_WAY and session.engagement_id and session.via != Via.POLL:
        polls.close_all(session.engagement)


def _close_polls(event: engagements.StateChanged) -> None:
    if event.engagement.state in (State.ENDED, State.COMPLETED):
        polls.close_all(event.engagement)


def _tell_of_change(event: scheduling.Moved) -> None:
    invitations.tell_of_change(event.session)
    if event.was != event.session.starts_at:
        invitations.look_no_further(event.session, event.was)


def _move_kickoff(event: scheduling.Moved) -> None:
    session = event.session
    if session.kind is SessionKind.KICKOFF and session.engagement_id:
        engagements.book_kickoff(session.engagement, _day_of(session), by=event.by)


def _take_invitation_back(event: scheduling.Cancelled) -> None:
    invitations.take_back(event.session)


def _lose_kickoff(event: scheduling.Cancelled) -> None:
    session = event.session
    if session.kind is SessionKind.KICKOFF and session.engagement_id:
        engagements.lose_kickoff(session.engagement, by=event.by)


def _day_of(session: CoachingSession) -> date:
    """The day of a session by the clock it was booked by."""
    return session.starts_at.astimezone(ZoneInfo(session.zone)).date()


def _ask_anew(event: MailEnded) -> None:
    invitations.ask_anew(event.message)


def _follow_program_place(event: engagements.PlaceChanged) -> None:
    scheduling.follow_place(CoachingSession.inheriting(clock.now(), engagement=event.engagement), by=event.by)


def _follow_usual_place(event: availability.UsualPlaceChanged) -> None:
    scheduling.follow_place(CoachingSession.inheriting(clock.now(), coach=event.coach), by=None)


def _begin_coaching(event: sessions.Marked) -> None:
    """The kickoff was held and no step is open any more: the card moves on, and nobody is waited on."""
    session = event.session
    is_kickoff = session.kind is SessionKind.KICKOFF and session.state is SessionState.HELD
    if is_kickoff and event.by and session.engagement_id and session.engagement.onboarded_at:
        boards.begin_coaching(session.client, by=event.by)


def _follow_attendees(event: scheduling.PeopleChanged) -> None:
    for attendee in event.joined:
        invitations.invite_one(attendee)
    for attendee in event.left:
        invitations.take_back_one(attendee)


def _tell_of_questionnaire(event: intake.QuestionnaireAsked) -> None:
    portal.invite(event.engagement, by=event.by)


def _tick_questionnaire(event: intake.QuestionnaireAnswered) -> None:
    engagements.happened(event.engagement, StepKind.QUESTIONNAIRE_ANSWERED)


def _part_from_code(event: credentials.CameBack) -> None:
    assessments.forget_code(event.code)
    raters.forget_code(event.code)


def _stop_raters(event: assessments.StateChanged) -> None:
    """It is closed: what waits to be sent to raters is not."""
    if not event.assessment.is_open:
        raters.stop(event.assessment, by=event.by)


def _tick_access(event: assessments.BatteryApplied) -> None:
    if Assessment.access_is_out(event.engagement):
        engagements.happened(event.engagement, StepKind.ASSESSMENT_ACCESS)


def _tick_access_of_one(event: assessments.StateChanged) -> None:
    assessment = event.assessment
    if assessment.engagement_id and Assessment.access_is_out(assessment.engagement):
        engagements.happened(assessment.engagement, StepKind.ASSESSMENT_ACCESS, by=event.by)


def _look_at_access(event: engagements.StepOpened) -> None:
    """It was all sent before its step came."""
    engagement = event.step.engagement
    if event.step.kind is StepKind.ASSESSMENT_ACCESS and Assessment.access_is_out(engagement):
        engagements.happened(engagement, StepKind.ASSESSMENT_ACCESS)


def _follow_access(event: MailEnded) -> None:
    """The mail that gave access left: its step may be done. Or it will not: then it is our turn again."""
    message = event.message
    if message.kind != ACCESS:
        return
    if message.state is MailState.DEAD:
        assessments.take_ball(message.about)
        return
    found = Assessment.get_or_none(Assessment.public_id == message.about)
    if found and found.engagement_id and Assessment.access_is_out(found.engagement, taken=message.about):
        engagements.happened(found.engagement, StepKind.ASSESSMENT_ACCESS)


def _follow_days(event: engagements.StepsChanged) -> None:
    assessments.follow_days(event.engagement)


def _close_assessments(event: engagements.StateChanged) -> None:
    if event.engagement.state in (State.ENDED, State.COMPLETED):
        assessments.close(event.engagement, by=event.by)


def _hold_debrief(event: sessions.Marked) -> None:
    session = event.session
    if session.kind is SessionKind.DEBRIEF and session.client_id and SessionState.HELD in (event.was, session.state):
        assessments.hold_debrief(session, by=event.by)


def _mark_packaged(event: Made) -> None:
    """What has a report and now stands in a package waits for its debrief; what is further stays there."""
    for assessment in assessments_in(event.package):
        if assessment.state is AssessmentState.REPORT_IN:
            facts = assessment.facts(event.by, has_package=True)
            assessments.mark(assessment, AssessmentState.PACKAGED, facts=facts, by=event.by)


def _follow_release(event: assessments.StateChanged) -> None:
    if event.was is AssessmentState.RELEASED:
        packages.follow_assessment(event.assessment, by=event.by)


def _mail_invoice(event: Drawn) -> None:
    invoices.send(event.invoice, by=event.invoice.issued_by if event.invoice.issued_by_id else None)


def _note_mailed_invoice(event: MailEnded) -> None:
    """An invoice's own history says what became of its mail; timelines of clients hear of it as of all mail."""
    message = event.message
    if message.kind not in invoices.MAILED_AS.values():
        return
    if found := Invoice.get_or_none(Invoice.public_id == message.about):
        icon = "mail-check" if message.state is MailState.SENT else "mail-x"
        invoices.note(found, icon, sentence_on(message.kind, message.to_address, message.state), by=message.by)


def _follow_letter(event: MailEnded) -> None:
    dunning.follow_mail(event.message)


def _call_reminders_off(event: invoices.Posted) -> None:
    dunning.follow(event.posting.invoice, why="what is open has changed")


def _leave_in_peace(event: invoices.Disputed) -> None:
    dunning.follow(event.invoice, why="it is disputed")


def _follow_steps(event: engagements.StepsChanged) -> None:
    boards.follow_steps(event.engagement, by=event.by)


def _take_back_what_is_out(event: engagements.StateChanged) -> None:
    """Nobody is to sign for a program that has ended; what all have signed already is sealed nevertheless."""
    if event.engagement.state not in (State.ENDED, State.COMPLETED) or event.by is None:
        return
    living = Agreement.living_of(event.engagement)
    if living and refusal_to("withdraw", living.state) is None:
        agreements.withdraw(living, reason=event.engagement.reason or "The program is over", by=event.by)


def _follow_people(event: engagements.PeopleChanged) -> None:
    agreements.follow_people(event.engagement)
    requests.follow_coach(event.engagement)


def _do_what_opened(event: engagements.StepOpened) -> None:
    engagement = event.step.engagement
    if event.step.kind is StepKind.LOGISTICS_SENT:
        portal.send_logistics(engagement)
    if event.step.kind is StepKind.KICKOFF_BOOKED and engagement.coach_id:
        minutes = engagement.session_minutes
        requests.ask(
            engagement.client, engagement.coach, SessionKind.KICKOFF, minutes=minutes, engagement=engagement, by=None
        )


def _tick_what_was_sent(event: MailEnded) -> None:
    """What was asked by a mail counts as sent when the mail server took it."""
    message = event.message
    engagement = _engagement_of(message) if message.state is MailState.SENT else None
    if engagement is None:
        return
    if message.kind == "logistics":
        engagements.happened(engagement, StepKind.LOGISTICS_SENT)
    if message.kind in ("client_page", "agreement_request") and Agreement.is_out(engagement):
        engagements.happened(engagement, StepKind.AGREEMENT_SENT)
    if message.kind == "client_page" and Submission.was_asked(engagement):
        engagements.happened(engagement, StepKind.QUESTIONNAIRE_SENT)


def _engagement_of(message: Message) -> Engagement | None:
    """The program a mail belongs to; a client may have had several since it was written."""
    if message.kind == "agreement_request":
        signer = Signer.known_as(message.about)
        return signer and signer.agreement.engagement
    return Engagement.get_or_none(Engagement.public_id == message.about)
