"""A practice made of fiction, with something to show on every page. Nobody in it exists, and none of its mail leaves.

It is written by the same verbs people use, at pretended times, so that timelines and boards are true to themselves.
"""

import secrets
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .. import clock
from ..accounts import actions as accounts
from ..accounts.models import User
from ..accounts.rules import Role, hash_password
from ..agreements import actions as agreements
from ..agreements import tasks as papers
from ..agreements.models import Agreement, Signer
from ..agreements.rules import MarkKind, SignerRole
from ..agreements.rules import State as AgreementState
from ..assessments.rules import State as Assessed
from ..availability import actions as availability
from ..availability.rules import SessionKind, Special, Travel, Wall
from ..boards import actions as boards
from ..boards.models import Card, Stage
from ..boards.rules import StageMeaning
from ..clients import actions as clients
from ..clients.models import Client, Contact, Organisation
from ..clients.rules import ContactRole, Status, fold
from ..cohorts import actions as cohorts
from ..cohorts.models import Cohort, Meeting
from ..cohorts.rules import Tick
from ..db import atomic
from ..engagements import actions as engagements
from ..engagements.models import Engagement, Participant, Step
from ..engagements.rules import Payer, StepKind, moved_end
from ..errors import Refused
from ..files import actions as files
from ..files.rules import Upload
from ..firm.models import Firm
from ..intake import actions as intake
from ..intake.models import Form, FormVersion, Question, Submission
from ..intake.rules import AGREED, QuestionKind, Typed
from ..invitations import actions as invitations
from ..mail.models import Message
from ..mail.rules import State
from ..planning import actions as planning
from ..planning.models import foresee_absence
from ..planning.rules import ProposalKind
from ..polls import actions as polls
from ..polls.models import PollSlot, Voter
from ..polls.rules import spread
from ..portal import actions as portal
from ..programs import actions as programs
from ..programs.models import ProgramTemplate, Start
from ..programs.rules import planned_start
from ..requests import actions as requests
from ..scheduling import actions as scheduling
from ..scheduling.rules import Side, Via
from ..sessions import actions as sessions
from ..sessions.models import Attendee, CoachingSession, LedgerEntry
from ..sessions.rules import Entry
from ..sessions.rules import State as SessionState
from ..slots.models import moments, openings_of
from ..timeline import actions as timeline
from . import assessed, billed, invoiced
from .cast import (
    ASKED,
    BOOKED_AHEAD,
    COACHED,
    NOTES,
    PACE,
    PATH,
    PEOPLE,
    PLACES,
    ROOM_TO_ANSWER,
    SERVES,
    SOUGHT,
    SPONSORS,
    STALLED,
    TEAM,
    TOPICS,
    M,
    Person,
    S,
)
from .times import days_ago, deliver


def fill() -> str:
    """`python app.py sample`: found a firm of fiction and fill it; says how to sign in.

    Raises Refused when this practice is in use.
    """
    if Firm.current() is not None:
        raise Refused("This practice is in use. Set COACHBASE_DATA to an empty folder and migrate it first.")
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    _found(hash_password(password))
    return (
        f"Northbank, a firm of fiction, with {len(PEOPLE)} clients. Everybody’s password is {password}\n"
        "Sign in as olive@northbank.example (owner), alice@northbank.example (coach) or "
        "vera@northbank.example (assistant)."
    )


@atomic
def _found(password_hash: str) -> None:
    with days_ago(130):
        owner = accounts.set_up(
            firm_name="Northbank",
            zone="Europe/London",
            currency="GBP",
            owner_name="Olive Marsh",
            owner_email="olive@northbank.example",
            password_hash=password_hash,
        )
    populate(owner, password_hash)


@atomic
def populate(owner: User, password_hash: str | None = None) -> None:
    """Team, sponsors and clients for a practice that has none. Without a password the team cannot sign in."""
    with days_ago(125):
        team = {name: _member(name, role, owner, password_hash) for name, role in TEAM}
        for name, (kind, place) in PLACES.items():
            availability.save_terms(team[name], {"place_kind_name": kind, "place": place}, version=0)
        for assistant, coaches in SERVES.items():
            accounts.serve(team[assistant], [team[coach] for coach in coaches])
        sponsors = {name: _sponsor(name, people) for name, people in SPONSORS.items()}
        billed.say_who_bills()
    assessed.buy_codes(team["Vera Moreau"])
    for number, person in enumerate(sorted(PEOPLE, key=lambda person: -person.days)):
        _live(person, team, sponsors, number)
    assessed.answer_all()
    _debrief(team["Vera Moreau"])
    assessed.release_all()
    assessed.write_plans()
    assessed.open_some()
    _fill_this_week(team["Vera Moreau"])
    _gather(team["Alice Kern"], team["Vera Moreau"])
    _differ(team)
    _fill_next_week(team["Vera Moreau"])
    _look_for_a_time(Client.get(Client.name == SOUGHT), team["Vera Moreau"])
    _plan_absence(team["Jonas Reyes"], team["Vera Moreau"])
    billed.say_who_pays(team["Vera Moreau"])
    invoiced.invoice_all(team["Vera Moreau"])
    billed.ask_about_the_log(team["Vera Moreau"])
    _settle_mail()


def _plan_absence(coach: User, by: User) -> None:
    """What would become of a week in which a coach has sessions: proposed, and not applied."""
    to_come = CoachingSession.select().where(
        CoachingSession.coach == coach, CoachingSession.starts_at > clock.now() + timedelta(days=8)
    )
    if session := to_come.order_by(CoachingSession.starts_at).first():
        day = session.starts_at.date()
        monday = day - timedelta(days=day.weekday())
        friday = monday + timedelta(days=4)
        lines, _ = foresee_absence(coach, monday, friday)
        planning.propose(ProposalKind.ILL, coach, lines, first=monday, last=friday, reason="A conference", by=by)


def _member(name: str, role: Role, owner: User, password_hash: str | None) -> User:
    email = f"{fold(name).split()[0]}@northbank.example"
    # Whoever tries things out may have invited one of the cast by hand.
    return User.by_email(email) or User.create(
        name=name, email=email, role_name=role, zone=owner.zone, password_hash=password_hash, created_at=clock.now()
    )


def _sponsor(name: str, people: tuple[str, ...]) -> Organisation:
    sponsor = Organisation.create(name=name, search_key=fold(name), created_at=clock.now())
    for person, role in zip(people, (ContactRole.HR, ContactRole.ACCOUNTS_PAYABLE), strict=False):
        email = f"{fold(person).split()[0]}@{fold(name).replace(' ', '')}.example"
        Contact.create(organisation=sponsor, name=person, role_name=role, email=email, search_key=fold(person, email))
    return sponsor


def _live(person: Person, team: dict[str, User], sponsors: dict[str, Organisation], number: int) -> None:
    """One client's way to the present stage, at the times it took."""
    steps = PATH[: PATH.index(person.stage) + 1]
    moments = [person.days + 1.5 * away + (number % 3) * 0.2 for away in reversed(range(len(steps)))]
    moments[-1] = person.days
    if person.stage is S.CLOSED:
        moments[:-1] = [days + COACHED for days in moments[:-1]]
    assistant = team["Nils Abara" if person.coach == M else "Vera Moreau"]
    with days_ago(moments[0]):
        client = _arrive(person, team, sponsors, assistant)
    for meaning, days in zip(steps[1:], moments[1:], strict=True):
        with days_ago(days):
            _WAY[meaning](Client.get_by_id(client.id), person, assistant)
        if meaning is S.ACTIVE:
            _coach(client, person, number, assistant)
    _turn(client, person, assistant)
    if len(steps) > 2:
        _write(client, assistant, moments, number)
    if _will_pause(person, number):
        _pause(client, assistant)


def _arrive(person: Person, team: dict[str, User], sponsors: dict[str, Organisation], assistant: User) -> Client:
    coach = team.get(person.coach)
    email = _address_of(person.name, person.organisation)
    if person.by_form:
        client = _fill_in_form(person, email)
        _join(client, coach, sponsors.get(person.organisation), assistant)
        return client
    values = {
        "name": person.name,
        "email": email,
        "position": person.position,
        "organisation": sponsors.get(person.organisation) or _sponsor_on_the_way(person.organisation, sponsors),
        "coach": coach,
        "zone": person.zone,
        "language": "English",
        "assistant_name": person.assistant,
        "assistant_email": _address_of(person.assistant, person.organisation) if person.assistant else "",
    }
    return clients.add(values, how="by hand", by=assistant)


def _address_of(name: str, organisation: str) -> str:
    return f"{fold(name).replace(' ', '.')}@{fold(organisation).replace(' ', '')}.example"


def _join(client: Client, coach: User | None, sponsor: Organisation | None, assistant: User) -> None:
    """What the assistant does with an inquiry: choose the coach, and join it to the sponsor the firm knows."""
    apart = client.organisation
    chosen = {"coach": coach, "organisation": sponsor}
    values = {name: value for name, value in chosen.items() if value}
    clients.change(client, values, version=client.version, by=assistant)
    if sponsor:
        apart.delete_instance()


def _sponsor_on_the_way(name: str, sponsors: dict[str, Organisation]) -> Organisation:
    sponsors[name] = _sponsor(name, ())
    return sponsors[name]


def _fill_in_form(person: Person, email: str) -> Client:
    form = Form.get(Form.slug == "inquiry")
    version = FormVersion.get(FormVersion.form == form)
    submission = intake.start(version, secrets.token_urlsafe(24), source=person.name)
    known = {
        "name": person.name,
        "email": email,
        "position": person.position,
        "organisation": person.organisation,
        "zone": person.zone,
    }
    typed = {
        question: _answer_to(question, known) for question in Question.select().where(Question.form_version == version)
    }
    intake.keep(submission, {question: answer for question, answer in typed.items() if answer is not None}, {})
    return intake.submit(submission, source=person.name).client


def _answer_to(question: Question, known: dict[str, str]) -> Typed | None:
    if question.fills:
        return known.get(question.fills, "")
    match question.kind:
        case QuestionKind.LONG if question.coach_only:
            return "My last coach spoke with my manager. I would like to be sure that this cannot happen here."
        case QuestionKind.LONG | QuestionKind.SHORT:
            return "To decide less myself and more through my team, and to sleep before board meetings."
        case QuestionKind.CHOICE | QuestionKind.SCALE:
            return question.offered[len(question.offered) // 2]
        case QuestionKind.CONSENT:
            return AGREED
    return None


# The way from stage to stage ------------------------------------------------------------------------------------------


def _move(client: Client, meaning: StageMeaning, by: User) -> None:
    card = Card.get(Card.client == client, Card.assessment.is_null())
    stage = Stage.get(Stage.board == card.board_id, Stage.meaning_name == meaning)
    boards.move(card, stage, before=None, by=by, seen_version=card.version)


def _meet(client: Client, person: Person, by: User) -> None:
    _move(client, S.CHEMISTRY, by)


def _begin(client: Client, person: Person, by: User) -> None:
    """The program starts, and its agreement goes out: signed by the client, the sponsor's HR contact and the coach."""
    contacts = list(Contact.of(client.organisation)) if client.organisation_id else []
    first = tuple(contacts[:1])
    template = _program_for(person, sponsored=bool(contacts))
    room = ROOM_TO_ANSWER if _assesses_first(person, template) else timedelta()
    chosen = Start(
        coach=client.coach,
        starts_on=planned_start(clock.now().date()) + room,
        ends_on=None,
        price_cents=template.price_cents,
        payer=Payer.SPONSOR if contacts else Payer.CLIENT,
        po_number=f"PO-{4100 + client.id}" if contacts and client.id % 3 else "",
        signers=first,
        meets=first,
        reads=first,
        pays=tuple(contacts[-1:]),
        send_now=not person.is_old,
    )
    programs.begin(client, template, chosen, by=by)
    if chosen.send_now:
        papers.freeze.call_local(_paper_of(client).public_id)
    deliver(client)


def _assesses_first(person: Person, template: ProgramTemplate) -> bool:
    """Whether there is still time to answer before the program begins; with the others it has begun."""
    return bool(template.battery_id) and person.stage is not S.ACTIVE


def _program_for(person: Person, *, sponsored: bool) -> ProgramTemplate:
    """A long program for those who lead all, a short one for whoever pays alone."""
    offered = {one.name: one for one in ProgramTemplate.offered()}
    leads = person.stage is S.ACTIVE and person.position in ("CEO", "Chair", "Partner")
    wanted = "Leadership 6" if sponsored or person.stage is S.ASSESSMENT_ACCESS else "Leadership 3"
    return offered["Executive year" if leads else wanted]


def _agree(client: Client, person: Person, by: User) -> None:
    """Everybody signs, one after the other."""
    agreement = _paper_of(client)
    if agreement.state is AgreementState.DRAFT:
        _tick(client, StepKind.AGREEMENT_SIGNED, by, reason="Signed on paper")
        agreements.withdraw(agreement, reason="Signed on paper", by=by)
    for signer in list(Signer.of(agreement)) if agreement.sent_at else ():
        _sign(signer.public_id)
    papers.seal.call_local(agreement.public_id)
    deliver(client)


def _sign(public_id: str) -> None:
    """As on the page: read, agree, type the code from the mail, and the name."""
    signer = Signer.with_agreement().where(Signer.public_id == public_id).get()
    trace = {"source": "203.0.113.7", "user_agent": "Firefox (fiction)"}
    agreements.open_document(signer, **trace)
    agreements.mail_code(signer, sha256=signer.agreement.sha256, **trace)
    mailed = Message.select().where(Message.kind == "agreement_code", Message.to_address == signer.email)
    code = mailed.order_by(Message.id.desc()).first().token
    agreements.sign(signer, code=code, kind=MarkKind.TYPED, mark=signer.name, sha256=signer.agreement.sha256, **trace)
    deliver(signer.agreement.client)


def _answer(client: Client, person: Person, by: User) -> None:
    """The questionnaire is answered, and with it what the papers need."""
    for submission in list(Submission.asked_of(client)):
        known = {
            "legal_name": client.name,
            "address": f"{10 + client.id} Harbour Road\nBristol BS1 5TT",
            "preferred_name": client.name.split()[0],
            "zone": person.zone,
            "phone": f"+44 7700 900{100 + client.id}",
            "language": "English",
            "assistant_name": client.assistant_name,
            "assistant_email": client.assistant_email,
        }
        asked = Question.select().where(Question.form_version == submission.form_version_id, Question.position > 0)
        typed = {question: _answer_to(question, known) for question in asked}
        intake.keep(submission, {question: answer for question, answer in typed.items() if answer is not None}, {})
        intake.submit(submission, source=person.name)
    deliver(client)


def _give_access(client: Client, person: Person, by: User) -> None:
    """What the battery set up is mailed, by which its step is done; in a program without one there is no such step."""
    assessed.give_access(_program_of(client), by)


def _kick_off(client: Client, person: Person, by: User) -> None:
    """What is left of the onboarding, and the kickoff itself, by which the card moves on."""
    _tick(client, StepKind.THREE_WAY_AGREED, by, reason="Agreed with HR by phone")
    with invitations.quiet():
        kickoff = _book(client, SessionKind.KICKOFF, clock.now().date() + timedelta(days=2), 10, by)
    deliver(client)
    on = kickoff.starts_at.date()
    if person.name != "Astrid Hammer":  # whose program nobody has moved with it yet
        program = _program_of(client)
        days = {"starts_on": on, "ends_on": moved_end(program.starts_on, program.ends_on, on)}
        engagements.change(program, days, version=program.version, by=by)
    with clock.pretend(kickoff.ends_at):
        sessions.mark(kickoff, SessionState.HELD, by=client.coach)


def _part(client: Client, person: Person, by: User) -> None:
    engagements.complete(_program_of(client), by=by)
    _move(client, S.CLOSED, by)


# Sessions -------------------------------------------------------------------------------------------------------------


def _coach(client: Client, person: Person, number: int, by: User) -> None:
    """The sessions since the kickoff as they went, at the pace of the program, and some to come."""
    program, now = _program_of(client), clock.now()
    kickoff = CoachingSession.of_engagement(program).get()
    ahead = timedelta() if _will_pause(person, number) else BOOKED_AHEAD
    last = now - timedelta(days=person.days) if person.stage is S.CLOSED else now + ahead
    for place in range(1, 3 if person.name == STALLED else program.sessions - 2):
        day = kickoff.starts_at.date() + timedelta(days=place * PACE[program.cadence])
        if day >= last.date():
            break
        _meet_once(client, SessionKind.COACHING, day, 9 + number % 7, by, how=(number + place) % 9)
    meets = [row.contact for row in Participant.of(program) if row.meets]
    if meets and number % 2 and person.stage is S.ACTIVE:
        day = kickoff.starts_at.date() + timedelta(days=16)
        _meet_once(client, SessionKind.THREE_WAY, day, 9 + number % 7, by, contacts=meets)


def _meet_once(client: Client, kind: SessionKind, day: date, hour: int, by: User, *, how: int = 0, **more: Any) -> None:
    """Booked some days before, and then held, missed, or cancelled too late. What is hardly over nobody has marked."""
    now, at = clock.now(), _moment(day, hour, client.coach)
    with clock.pretend(min(now, at - timedelta(days=6))):
        session = _book(client, kind, day, hour, by, is_quiet=at < now, **more)
    if session.ends_at > now - timedelta(days=1):
        return
    if how == 5:
        with clock.pretend(session.starts_at - timedelta(hours=4)), invitations.quiet():
            scheduling.cancel(session, side=Side.CLIENT, reason="A board meeting was moved", by=None)
    else:
        with clock.pretend(session.ends_at + timedelta(minutes=20)):
            sessions.mark(session, SessionState.NO_SHOW if how == 3 else SessionState.HELD, by=client.coach)


def _book(
    client: Client, kind: SessionKind, day: date, hour: int, by: User, *, is_quiet: bool = True, **more: Any
) -> CoachingSession:
    """At the first time from there on that suits everybody. Of what is past nobody is told."""
    program = Engagement.current_of(client)
    minutes = program.session_minutes if program else 30
    given: dict[str, Any] = {"via": Via.STAFF, "client": client, "engagement": program, "by": by}
    day += timedelta(days=7 - day.weekday() if day.weekday() > 4 else 0)
    starts_at = _moment(day, hour, client.coach)
    with invitations.quiet() if is_quiet else nullcontext():
        while True:
            try:
                return scheduling.book(client.coach, kind, starts_at, minutes, **(given | more))
            except Refused:
                if starts_at > _moment(day, hour, client.coach) + timedelta(days=7):
                    raise
                starts_at += timedelta(minutes=30)


def _debrief(by: User) -> None:
    """Those whose reports are packaged meet about them, as far as they came."""
    for name, (reached, _, filed, _) in assessed.OF_PROGRAM.items():
        if reached in (Assessed.DEBRIEFED, Assessed.RELEASED):
            client = Client.get(Client.name == name)
            day = (clock.now() - timedelta(days=filed - 5)).date()
            _meet_once(client, SessionKind.DEBRIEF, day, 16, by)


def _moment(day: date, hour: int, coach: User) -> datetime:
    return datetime.combine(day, time(hour), ZoneInfo(coach.zone))


def _will_pause(person: Person, number: int) -> bool:
    return number % 9 == 0 and person.stage is S.ACTIVE


def _fill_this_week(by: User) -> None:
    """Some sessions of today, some that are just over, some who are asked; and a ledger with lines by hand."""
    now, there = clock.now(), {client.name: client for client in Client.select()}
    for client, hour in zip(_met_often(), (14, 11, 15), strict=False):
        with days_ago(8):
            _book(client, SessionKind.COACHING, _working_day(now, client.coach, hour, -1), hour, by)
    for name, kind, hour in (
        ("Daniel Osei", SessionKind.CHEMISTRY, 10),
        ("Yusuf Kaya", SessionKind.CHEMISTRY, 16),
        ("Hanne Voss", SessionKind.CHEMISTRY, 13),
        ("Astrid Hammer", SessionKind.COACHING, 15),
    ):
        with days_ago(2):
            day = _working_day(now, there[name].coach, hour, 1)
            _book(there[name], kind, day, hour, by, is_quiet=False)
    for name, days in ASKED:
        client, program = there[name], _program_of(there[name])
        with days_ago(days):
            requests.ask(
                client, client.coach, SessionKind.DEBRIEF, minutes=program.session_minutes, engagement=program, by=by
            )
            deliver(client)
    _write_ledgers(by)


def _met_often() -> Iterator[Client]:
    """One client of each coach, whose program runs."""
    yield from {program.coach_id: program.client for program in _running()}.values()


def _running() -> Iterator[Engagement]:
    quiet_ones = (STALLED, *(name for name, _ in ASKED))
    active = Engagement.state_name == "active", Engagement.onboarded_at.is_null(False), Client.name.not_in(quiet_ones)
    yield from Engagement.with_client().where(*active).order_by(Engagement.id)


def _fill_next_week(by: User) -> None:
    """A session with everybody who has some left and none that week, so that the calendar has a week to show."""
    today = clock.now().date()
    monday = today + timedelta(days=7 - today.weekday())
    for program, (away, hour) in zip(_running(), ((0, 9), (1, 9), (3, 11), (2, 13), (4, 13)), strict=False):
        days = {each.starts_at.date() - monday for each in CoachingSession.of_engagement(program)}
        if LedgerEntry.balance(program).left and not any(timedelta() <= day < timedelta(days=5) for day in days):
            with days_ago(3):
                day = monday + timedelta(days=away)
                _book(program.client, SessionKind.COACHING, day, hour, by, is_quiet=False)


def _look_for_a_time(client: Client, by: User) -> None:
    """Times for a three-way meeting, proposed yesterday; the client has answered."""
    program, day = _program_of(client), timedelta(days=1)
    with days_ago(1):
        first, last = clock.now() + 6 * day, clock.now() + 14 * day
        free = openings_of(program.coach, SessionKind.THREE_WAY, 60, first, last, clients=[client])
        guests = list(Contact.of(client.organisation).limit(1))
        times = spread(moments(free.starts), program.coach.zone)
        poll = polls.propose(program, guests, times, minutes=60, by=by)
        voter = Voter.get(Voter.poll == poll, Voter.client == client)
        suiting = PollSlot.select().where(PollSlot.poll == poll).order_by(PollSlot.starts_at).limit(2)
        polls.answer(voter, list(suiting), note="Mornings are best.", zone=client.zone)


def _working_day(now: datetime, coach: User, hour: int, step: int) -> date:
    """Today, or the nearest working day in that direction on which a session at this hour is over, or to come."""
    day = now.astimezone(ZoneInfo(coach.zone)).date()
    while day.weekday() > 4 or (_moment(day, hour, coach) + timedelta(hours=2) > now) == (step < 0):
        day += timedelta(days=step)
    return day


def _gather(coach: User, by: User) -> None:
    """A group program: two sessions are over, one of which somebody missed, and two are to come."""
    active = Client.status_name.in_((Status.ACTIVE, Status.ONBOARDING)), Client.coach == coach, Client.name != STALLED
    with days_ago(45):
        cohort = cohorts.create(coach, {"name": "Leaders’ circle", "seats": 8, "minutes": 90}, by=by)
        for client in Client.select().where(*active).order_by(Client.id).limit(6):
            cohorts.take_seat(cohort, client, by=by)
    for place, topic in enumerate(TOPICS):
        day = (clock.now() + timedelta(days=14 * place - 20)).date()
        with days_ago(45), invitations.quiet() if place < 2 else nullcontext():
            meeting = _gather_once(cohort, day, topic, by)
        if place < 2:
            with clock.pretend(meeting.session.ends_at + timedelta(minutes=20)):
                came = {
                    attendee.public_id: Tick(seen=False, now=number != 2 or place > 0)
                    for number, attendee in enumerate(Attendee.of(meeting.session))
                }
                cohorts.tick(cohort, came, by=by)


def _gather_once(cohort: Cohort, day: date, topic: str, by: User) -> Meeting:
    """At the first time from that day's noon on that suits the coach."""
    day += timedelta(days=7 - day.weekday() if day.weekday() > 4 else 0)
    starts_at = _moment(day, 12, cohort.coach)
    while True:
        try:
            return cohorts.book_series(cohort, [starts_at], topics=[topic], by=by)[0]
        except Refused:
            if starts_at > _moment(day, 12, cohort.coach) + timedelta(days=4):
                raise
            starts_at += timedelta(minutes=30)


def _differ(team: dict[str, User]) -> None:
    """Holidays, an evening, a journey and some days off in the coming weeks."""
    today = clock.now().date()
    alice, jonas, marit = (team[name] for name in PLACES)
    for coach in (alice, jonas):
        availability.choose_country(coach, "GB-ENG")
    availability.choose_country(marit, "NO")
    evening = today + timedelta(days=9)
    availability.add_special(alice, Special(evening, evening, Wall(17 * 60, 20 * 60), "An evening for Tokyo"))
    first = today + timedelta(days=40)
    availability.add_trip(jonas, Travel(first, first + timedelta(days=6), "Asia/Singapore", "Singapore"))
    availability.add_special(marit, Special(first, first + timedelta(days=4), None, "Skiing"))


def _write_ledgers(by: User) -> None:
    """What was missed for a good reason is given back; what is left of a program that is over is forfeited."""
    missed = CoachingSession.with_people().where(CoachingSession.state_name == SessionState.NO_SHOW).first()
    why = "The airport was closed by fog"
    sessions.enter_by_hand(missed.engagement, Entry.MADE_UP, 1, reason=why, session=missed, by=by)
    over = Engagement.with_client().where(Client.name == "Lucia Ferrante").get()
    left = LedgerEntry.balance(over).left
    sessions.enter_by_hand(over, Entry.FORFEITED, left, reason="Ended as agreed in autumn", by=by)


# The whole way --------------------------------------------------------------------------------------------------------

_WAY = {
    S.CHEMISTRY: _meet,
    S.AGREEMENT: _begin,
    S.INTAKE: _agree,
    S.ASSESSMENT_ACCESS: _answer,
    S.KICKOFF: _give_access,
    S.ACTIVE: _kick_off,
    S.CLOSED: _part,
}
"""What brings a client to each stage."""


def _tick(client: Client, kind: StepKind, by: User, *, reason: str, **more: date) -> None:
    if step := _open_step(client, kind):
        engagements.tick(step, reason=reason, by=by, **more)


def _open_step(client: Client, kind: StepKind) -> Step | None:
    return next((step for step in Step.of(_program_of(client)) if step.kind is kind and not step.is_gone), None)


def _program_of(client: Client) -> Engagement:
    return Engagement.of(client).get()


def _paper_of(client: Client) -> Agreement:
    return Agreement.of(client).get()


def _turn(client: Client, person: Person, by: User) -> None:
    """What happened to some on the way, so that not everybody's looks alike."""
    match person.name:
        case "Grace Adeyemi":
            with days_ago(person.days - 1):
                _sign(_signer(client, SignerRole.CLIENT).public_id)
            with days_ago(1.1):
                _remind(client, by)
        case "Clara Weiss":
            with days_ago(1.3):
                _remind(client, by)
        case "Anton Vidal":
            with days_ago(person.days - 1):
                _sign(_signer(client, SignerRole.CLIENT).public_id)
            with days_ago(person.days - 2):
                _decline(_signer(client, SignerRole.SPONSOR))
        case "Elif Demir":
            with days_ago(person.days - 1):
                _skip(client, StepKind.THREE_WAY_AGREED, "The sponsor prefers a call after the first month", by)
        case "Emeka Obi":
            with days_ago(person.days - 2):
                assessed.give_access(_program_of(client), by, only=["Hogan HPI"])
                _tick(client, StepKind.THREE_WAY_AGREED, by, reason="Iris Tamm wrote that the 14th suits her")


def _remind(client: Client, by: User) -> None:
    portal.remind(client, by=by)
    deliver(client)


def _decline(signer: Signer) -> None:
    reason = "We need our own clause on data protection in it."
    agreements.decline(signer, reason=reason, source="203.0.113.8", user_agent="Safari (fiction)")
    deliver(signer.agreement.client)


def _skip(client: Client, kind: StepKind, reason: str, by: User) -> None:
    if step := _open_step(client, kind):
        engagements.skip(step, reason=reason, by=by)


def _signer(client: Client, role: SignerRole) -> Signer:
    mine = Signer.agreement == _paper_of(client), Signer.role_name == role
    return Signer.with_agreement().where(*mine).get()


def _write(client: Client, by: User, moments: list[float], number: int) -> None:
    for place in range(1 + number % 3):
        kind, body = NOTES[(number + place) % len(NOTES)]
        with days_ago(moments[min(place, len(moments) - 1)] - 0.4 if place else moments[0] - 0.1):
            timeline.write(client, kind, body, by=by)
    if number % 4 == 0:
        with days_ago(moments[-1]):
            text = f"Program overview for {client.name}. This is fiction.".encode()
            files.file(client, [Upload("Program overview.txt", text)], by=by)


def _pause(client: Client, by: User) -> None:
    with days_ago(9):
        engagements.pause(_program_of(client), by=by)


def _settle_mail() -> None:
    """Give every message a fate, so that none is ever sent to people who do not exist; real invitations go on."""
    of_practice = Message.client.is_null(False) | (Message.about != "")
    unsent = Message.select().where(Message.state_name == State.QUEUED, of_practice)
    for number, message in enumerate(unsent.order_by(Message.id)):
        message.token = None
        if number == 3:
            message.state_name, message.attempts = State.DEAD, 6
            message.answer = "550 5.1.1 No such mailbox (a sample: this was never sent)"
        elif number == 5:
            message.state_name = State.CANCELLED
        else:
            message.state_name, message.attempts, message.sent_at = State.SENT, 1, message.created_at
            message.answer = "250 2.0.0 Taken (a sample: this was never sent)"
        message.save()
