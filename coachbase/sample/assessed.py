"""What the clients of the sample are assessed with: codes in stock and given, raters, reports, packages."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from .. import clock
from ..accounts.models import Serving, User
from ..assessments import actions as assessments
from ..assessments.models import Assessment
from ..assessments.rules import NOTHING_FILED, STAGES, State
from ..clients.models import Client
from ..credentials import actions as credentials
from ..credentials.rules import Code
from ..development import actions as development
from ..development import tasks as painters
from ..engagements.models import Engagement
from ..engagements.rules import State as Running
from ..files import actions as files
from ..files.models import Document
from ..files.rules import Audience, Kind, Place
from ..instruments import actions as instruments
from ..instruments.models import Instrument
from ..instruments.rules import Part, Way
from ..packages import actions as packages
from ..packages import tasks as binders
from ..packages.models import offers
from ..portal import actions as portal
from ..raters import actions as raters
from ..raters.models import Rater
from ..raters.rules import Person as Named
from ..raters.rules import State as RaterState
from ..sessions.models import CoachingSession
from .reports import report_of
from .times import days_ago, deliver

FIRST_PLAN = """\
## To decide less, and sooner

| What | With whom | By |
|---|---|---|
| Name the three decisions only I can take | my coach | this month |
| Hand the weekly review to the deputies | the deputies | the quarter’s end |

**How I notice:** fewer questions reach me after six.
"""
NEXT_AIM = """
## To be heard without raising my voice

- pause before I answer
- ask first what was meant
"""
PLANS = {
    "Astrid Hammer": (FIRST_PLAN, FIRST_PLAN + NEXT_AIM),
    "Isabel Crane": (FIRST_PLAN,),
    "Henrik Moe": (NEXT_AIM, FIRST_PLAN + NEXT_AIM),
}
"""What they mean to change; the first one has hers."""
SHARED = "Astrid Hammer"


@dataclass(frozen=True)
class Order:
    """Codes that were bought: how many days ago, and in how many days from now they expire."""

    instrument: str
    count: int
    days: int
    expires: int | None
    number: str


ORDERS = (
    Order("Hogan HPI", 6, 118, 9, "H-20417"),
    Order("Hogan HPI", 14, 61, 304, "H-20988"),
    Order("Hogan HDS", 6, 118, 9, "H-20417"),
    Order("Hogan HDS", 13, 61, 304, "H-20988"),
    Order("EQ-i 2.0", 12, 118, None, "MHS 5521"),
    Order("EQ 360", 12, 40, 140, "MHS 5583"),
    Order("Everything DiSC", 6, 100, 33, "EPIC 77-310"),
    Order("CliftonStrengths", 4, 100, None, "G-8841"),
    Order("MBTI", 3, 100, 265, "M-119"),
    Order("Korn Ferry KFLA", 3, 118, 80, "KF-2207"),
    Order("Custom 360", 14, 30, None, "Studio 44"),
)
"""Of EQ-i 2.0 there are too few for all that is set up."""

PRICES = {"Hogan HPI": 4200, "Hogan HDS": 4200, "EQ-i 2.0": 3900, "Everything DiSC": 7500, "CliftonStrengths": 2100}
"""In pence: what this firm pays for one."""


@dataclass(frozen=True)
class Course:
    """How far an assessment came by now, and on which day each thing happened: so many days ago."""

    client: str
    instrument: str
    reached: State
    set_up: float
    due: int | None = None
    """In how many days from now it is needed."""
    answered: float = 0
    filed: float = 0
    released: float = 0


BY_HAND = (
    Course("George Whitlock", "Korn Ferry KFLA", State.RELEASED, 112, -85, 104, 102, 90),
    Course("Lucia Ferrante", "CliftonStrengths", State.RELEASED, 70, -55, 64, 63, 52),
    Course("Adam Kowal", "Everything DiSC", State.RELEASED, 98, -80, 92, 91, 80),
    Course("Adam Kowal", "MBTI", State.CANCELLED, 90, -60),
    Course("Felix Brunner", "CliftonStrengths", State.COMPLETED, 15, 6, 5),
    Course("Felix Brunner", "Everything DiSC", State.REPORT_IN, 15, 6, 7, 2),
    Course("Viktor Salo", "MBTI", State.ACCESS_SENT, 20, 0),
    Course("Astrid Hammer", "EQ-i 2.0", State.SET_UP, 3, 75),
)
"""What nobody's program names. Somebody whose answer is so late that the report will be, too, is among them."""

OF_PROGRAM = {
    "Astrid Hammer": (State.RELEASED, 37.0, 35.0, 24.0),
    "Isabel Crane": (State.DEBRIEFED, 29.0, 27.0, 0.0),
    "Amara Diallo": (State.PACKAGED, 17.0, 15.0, 0.0),
    "Naomi Sato": (State.PACKAGED, 10.5, 10.0, 0.0),
}
"""Of those whose program applied the battery: how far, and how many days ago it was answered, filed, released."""

ANSWERING = {
    "Ken Watanabe-Holt": (("Hogan HPI", State.IN_PROGRESS),),
    "Elif Demir": (("Hogan HPI", State.COMPLETED), ("Hogan HDS", State.IN_PROGRESS)),
    "Paula Figueira": (("Hogan HPI", State.COMPLETED), ("Hogan HDS", State.COMPLETED), ("EQ-i 2.0", State.IN_PROGRESS)),
}
"""Who has got access, and begun."""

RATED = "Henrik Moe"
RATERS = (
    ("Ingrid Aune", "Manager"), ("Ola Berntsen", "Peers"), ("Tuva Dahl", "Peers"), ("Jonas Eide", "Peers"),
    ("Silje Foss", "Peers"), ("Marte Gran", "Direct reports"), ("Eirik Holm", "Direct reports"),
    ("Nora Iversen", "Direct reports"),
)  # fmt: skip
"""Who answers about him: the first five have."""
NAMING = "Clara Weiss"
NAMED = (("Anna Hofer", "Manager"), ("Beat Keller", "Peers"), ("Lea Moser", "Peers"), ("Urs Graf", "Direct reports"))
"""Whom she has named so far."""


# The stock ------------------------------------------------------------------------------------------------------------


def buy_codes(by: User) -> None:
    """What the firm pays, and the codes it bought: some expire soon, and of one instrument there are too few."""
    there = {row.name: row for row in Instrument.kept()}
    for name, cents in PRICES.items():
        _price(there[name], cents)
    today = clock.now().date()
    for order in sorted(ORDERS, key=lambda order: -order.days):
        last = today + timedelta(days=order.expires) if order.expires else None
        instrument = Instrument.get_by_id(there[order.instrument].id)
        codes = [_code(instrument, place, last) for place in range(order.count)]
        with days_ago(order.days):
            credentials.add(instrument, codes, order=order.number, by=by)


def _price(instrument: Instrument, cents: int) -> None:
    names = ("name", "way_name", "answer_days", "report_days", "code_days", "invitation_days", "rhythm", "currency")
    more = ("has_coach_part", "has_client_part", "credits", "how_to", "file_words")
    values = {name: getattr(instrument, name) for name in (*names, *more)}
    values["cost_cents"] = cents
    instruments.change(instrument, instrument.vendor.name, values, [], version=instrument.version)


def _code(instrument: Instrument, place: int, last: date | None) -> Code:
    """One that no vendor would take."""
    word = secrets.token_hex(4).upper()
    match instrument.way:
        case Way.LINK:
            return Code(f"https://vendor.example/start/{word}", "", last)
        case Way.ACCOUNT:
            return Code(f"Fiction-{word}", f"NB{secrets.randbelow(90000) + 10000}{place:02}", last)
    return Code(f"{word[:4]}-{word[4:]}", "", last)


# Access ---------------------------------------------------------------------------------------------------------------


def give_access(program: Engagement, by: User, *, only: Iterable[str] = ()) -> None:
    """Mail the client the ways in for what the program's battery set up; `only` these instruments, if any are named."""
    rows = [row for row in Assessment.of_program(program) if row.state is State.SET_UP]
    send([row for row in rows if not only or row.instrument.name in only], by)


def send(rows: list[Assessment], by: User) -> None:
    """Send access, and let the mails have arrived."""
    assessments.send({row.id: row.version for row in rows}, by=by)
    for client in {row.client_id: row.client for row in rows}.values():
        deliver(client)


# How far they came ----------------------------------------------------------------------------------------------------


def answer_all() -> None:
    """Those who have access answer, as far as each came."""
    for name, marks in ANSWERING.items():
        for instrument, state in marks:
            row = _row(name, instrument)
            with days_ago(0.3):
                assessments.mark(row, state, facts=NOTHING_FILED, by=_desk(row.client))
    for name, (_, answered, filed, _) in OF_PROGRAM.items():
        client = Client.get(Client.name == name)
        by = _desk(client)
        rows = [row for row in Assessment.of(client) if row.item_id]
        _answer(rows, answered, by)
        _file(rows, filed, by)
        with days_ago(filed - 0.2):
            bind(client, by)
    for course in BY_HAND:
        _run(course, _desk(Client.get(Client.name == course.client)))
    _ask_about(Client.get(Client.name == RATED))
    _name_raters(Client.get(Client.name == NAMING))


def _desk(client: Client) -> User:
    """The assistant who serves this client's coach."""
    return Serving.desk_of(client.coach)[0]


def release_all() -> None:
    """The coach gives the client parts away, once they were debriefed."""
    for name, (reached, _, _, released) in OF_PROGRAM.items():
        client = Client.get(Client.name == name)
        if reached is State.RELEASED:
            with days_ago(released):
                for row in [row for row in Assessment.of(client) if row.state is State.DEBRIEFED]:
                    _release(row)


def _row(client: str, instrument: str) -> Assessment:
    found = Assessment.with_people().where(Client.name == client, Instrument.name == instrument)
    return found.order_by(Assessment.id.desc()).get()


def _answer(rows: list[Assessment], days: float, by: User) -> None:
    """One after the other, a day between the first click and the last."""
    for place, row in enumerate(rows):
        for state, before in ((State.IN_PROGRESS, 1.5), (State.COMPLETED, 0.0)):
            with days_ago(days + before - 0.1 * place):
                assessments.mark(row, state, facts=NOTHING_FILED, by=by)


def _file(rows: list[Assessment], days: float, by: User) -> None:
    """The reports as they came, each part a file."""
    for row in rows:
        with days_ago(days):
            for part in row.instrument.parts:
                upload = report_of(row.client.name, row.instrument.name, part, row.completed_at or clock.now())
                _file_one(row, part, upload, by)


def _file_one(row: Assessment, part: Part, upload: files.Upload, by: User) -> None:
    [arrival] = files.drop([upload], client=row.client, by=by)
    place = Place(Kind.REPORT, assessment=row.public_id, part=part)
    on = clock.now().date()
    filing = files.Filing(row.client, place, row.instrument, replaces=None, dated_on=on, audience=Audience.TEAM)
    files.file_arrivals([(arrival, filing)], by=by)


def bind(client: Client, by: User, session: CoachingSession | None = None) -> None:
    """A package of all reports there are."""
    documents = [offer.document for offer in offers(client, by) if offer.is_wanted]
    package, _ = packages.make(client, documents, session=session, by=by)
    binders.make.call_local(package.public_id)


def _run(course: Course, by: User) -> None:
    """An assessment nobody's program names, from its beginning."""
    client = Client.get(Client.name == course.client)
    due = clock.now().date() + timedelta(days=course.due) if course.due is not None else None
    with days_ago(course.set_up):
        instrument = Instrument.kept().where(Instrument.name == course.instrument).get()
        row = assessments.set_up(client, instrument, engagement=_running(client), due=due, by=by)
    if course.reached is State.CANCELLED:
        with days_ago(course.set_up - 5):
            assessments.cancel(row, reason="She knew her type from an earlier program", by=by)
        return
    if course.reached is not State.SET_UP:
        with days_ago(course.set_up - 0.5):
            send([_row(course.client, course.instrument)], by)
    if course.reached is State.ACCESS_SENT:
        for days in (3, 7, 10):
            with days_ago(course.set_up - 0.5 - days):
                portal.remind(client, by=by)
                deliver(client)
    place = STAGES.index(course.reached)
    if place >= STAGES.index(State.COMPLETED):
        _answer([_row(course.client, course.instrument)], course.answered, by)
    if place >= STAGES.index(State.REPORT_IN):
        _file([_row(course.client, course.instrument)], course.filed, by)
    if course.reached is State.RELEASED:
        with days_ago(course.released):
            _release(_row(course.client, course.instrument))


def _running(client: Client) -> Engagement | None:
    """The program it belongs to: none while that rests, or is over."""
    program = Engagement.current_of(client)
    return program if program and program.state is Running.ACTIVE else None


def _release(row: Assessment) -> None:
    """By whoever may read it."""
    by = row.client.coach
    assessments.mark(row, State.RELEASED, facts=row.facts(by, has_package=True), by=by)


# Plans ----------------------------------------------------------------------------------------------------------------


def write_plans() -> None:
    """What came of the debriefs: by the desk, for the coach and the client to go on with."""
    for name, texts in PLANS.items():
        client = Client.get(Client.name == name)
        by = _desk(client)
        for version, text in enumerate(texts):
            with days_ago(20 - 9 * version):
                plan = development.write(client, text, version=version, by=by)
        if name == SHARED:
            with days_ago(10):
                drawn = painters.draw(client, plan.text, number=plan.version, at=plan.changed_at)
                development.share(client, drawn, version=plan.version, by=by)


# The log --------------------------------------------------------------------------------------------------------------


def open_some() -> None:
    """Coaches open reports before a debrief, and somebody on the phone asks for a code once more."""
    for days, (name, (_, _, filed, _)) in enumerate(OF_PROGRAM.items()):
        client = Client.get(Client.name == name)
        with days_ago(filed - 2 + 0.1 * days):
            mine = Document.client == client, Document.kind_name == Kind.PACKAGE
            files.open_shut(Document.select().where(*mine).order_by(Document.id).first(), by=client.coach)
    asked = _row("Viktor Salo", "MBTI")
    with days_ago(1.4):
        by = _desk(asked.client)
        credentials.reveal(asked.credential, for_whom=asked.client.name, client=asked.client, by=by)


# Raters ---------------------------------------------------------------------------------------------------------------


def _ask_about(client: Client) -> None:
    """A 360 of somebody who has answered; five of eight others have, and at this pace it will be late."""
    by = _desk(client)
    with days_ago(16):
        instrument = Instrument.get(Instrument.name == "Custom 360")
        due = (clock.now() + timedelta(days=22)).date()
        row = assessments.set_up(client, instrument, engagement=_running(client), due=due, by=by)
        people = [Named(name, _address_of(name), group) for name, group in RATERS]
        raters.add(row, people, by=by)
    with days_ago(15):
        send([_row(client.name, "Custom 360")], by)
        raters.send_access({rater.id: rater.version for rater in Rater.of(row)}, {}, by=by)
        deliver(client)
    there = {rater.name: rater for rater in Rater.of(row)}
    for place, (name, _) in enumerate(RATERS[:5]):
        with days_ago(11 - 1.5 * place):
            raters.mark([there[name]], RaterState.COMPLETED, by=by)
    with days_ago(8):
        raters.note_client(_row(client.name, "Custom 360"), by=by)
    with days_ago(5):
        for name, _ in RATERS[5:]:
            raters.remind(there[name], by=by)
        deliver(client)


def _name_raters(client: Client) -> None:
    """Another 360, for which the client has named some, who wait for a yes."""
    by = _desk(client)
    with days_ago(3):
        instrument = Instrument.get(Instrument.name == "EQ 360")
        due = (clock.now() + timedelta(days=40)).date()
        row = assessments.set_up(client, instrument, engagement=_running(client), due=due, by=by)
        ask = raters.ask_to_name(row, by=by)
        deliver(client)
    with days_ago(1):
        raters.name(ask, [Named(name, _address_of(name), group) for name, group in NAMED], is_all=False)


def _address_of(name: str) -> str:
    return f"{name.replace(' ', '.').lower()}@colleague.example"
