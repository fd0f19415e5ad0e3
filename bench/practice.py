"""A practice of a given size, written straight into the tables: what is measured is reading it."""

from datetime import timedelta

from coachbase import clock, triggers
from coachbase.accounts.models import User
from coachbase.assessments.models import Assessment
from coachbase.assessments.rules import STAGES, WAITS_ON
from coachbase.assessments.rules import State as AssessmentState
from coachbase.availability.models import Availability, Hours
from coachbase.availability.rules import SessionKind
from coachbase.boards.models import Board, Card, Stage
from coachbase.clients.models import Client, Organisation
from coachbase.clients.rules import Party, Status, fold
from coachbase.db import atomic, database, new_public_id
from coachbase.engagements.models import Engagement
from coachbase.engagements.rules import State
from coachbase.feeds.models import Busy, Feed
from coachbase.files.models import Document
from coachbase.instruments.models import Instrument, InstrumentGroup
from coachbase.invoices.models import Invoice, Line, Portion
from coachbase.invoices.rules import State as Billed
from coachbase.links import actions as links
from coachbase.numbers.models import LastNumber, Series
from coachbase.numbers.rules import Kind as Bill
from coachbase.payers.models import Payer
from coachbase.raters.models import Rater
from coachbase.raters.rules import State as RaterState
from coachbase.requests import actions as requests
from coachbase.sessions.models import CoachingSession
from coachbase.timeline.models import Entry
from coachbase.timeline.rules import Kind
from coachbase.triggers import TRIGGERS
from tests.cast import assemble

GAP = 1024


@atomic
def fill(*, cards: int, entries: int = 0, clients: int = 0, entries_each: int = 0) -> None:
    """`cards` clients on open stages, `clients` more who are active; `entries` on the first one's timeline."""
    assemble()
    Card.delete().execute()
    Client.delete().execute()
    coach = User.get(User.name == "Alice Kern")
    organisations = [_organisation(number) for number in range(40)]
    board = Board.get(Board.slug == "onboarding")
    is_open = Stage.board == board, ~Stage.hidden, Stage.meaning_name.not_in(("active", "closed"))
    stages = list(Stage.select().where(*is_open).order_by(Stage.position))
    active = Stage.get(Stage.meaning_name == "active")
    for number in range(cards):
        client = _client(number, coach, organisations, Status.ONBOARDING)
        _card(board, stages[number % len(stages)], client, number)
        _engagement(client, number)
        if number == 0:
            _entries(client.id, coach.id, entries)
    for number in range(cards, cards + clients):
        client = _client(number, coach, organisations, Status.ACTIVE)
        _card(board, active, client, number)
        _engagement(client, number, State.ACTIVE)
        _entries(client.id, coach.id, entries_each)
    for number, client in enumerate(Client.select().order_by(Client.id).limit(cards)):
        _assessment(client, number)


def _organisation(number: int) -> Organisation:
    name = f"Organisation {number}"
    return Organisation.create(name=name, search_key=fold(name), created_at=clock.now())


def _client(number: int, coach: User, organisations: list[Organisation], status: Status) -> Client:
    organisation = organisations[number % len(organisations)]
    name = f"Client Number {number}"
    return Client.create(
        name=name, email=f"client{number}@example.com", position="Head of Operations", organisation=organisation,
        coach=coach, status_name=status, next_step="Answer the questionnaire", waiting_on_name=Party.CLIENT,
        waiting_since=clock.now() - timedelta(hours=number), search_key=fold(name), created_at=clock.now(),
    )  # fmt: skip


def _card(board: Board, stage: Stage, client: Client, number: int) -> None:
    entered = clock.now() - timedelta(hours=number)
    Card.create(board=board, stage=stage, client=client, position=(number + 1) * GAP, entered_at=entered)


def _engagement(client: Client, number: int, state: State = State.DRAFT) -> None:
    """An onboarding under way; or one that is over, of a client who is active."""
    now = clock.now()
    due = now + timedelta(hours=number % 200 - 40)
    Engagement.create(
        client=client, coach=client.coach, name="Leadership 6", currency="GBP", state_name=state, created_at=now,
        starts_on=now.date() + timedelta(days=number % 40), ready_on=now.date() + timedelta(days=7 + number % 20),
        steps_done=number % 9, steps_total=9, due_at=due if state is State.DRAFT else None,
        onboarded_at=None if state is State.DRAFT else now,
    )  # fmt: skip


def _assessment(client: Client, number: int) -> None:
    """One of our instruments, somewhere before its release; eight raters where it asks any."""
    now, instruments = clock.now(), list(Instrument.kept())
    instrument, state = instruments[number % len(instruments)], STAGES[number % (len(STAGES) - 1)]
    invited = now - timedelta(days=number % 9) if state is not AssessmentState.SET_UP else None
    assessment = Assessment.create(
        client=client, instrument=instrument, state_name=state, created_at=now, waiting_on_name=WAITS_ON[state],
        waiting_since=now - timedelta(hours=number), invited_at=invited, send_on=now.date(),
        due_on=now.date() + timedelta(days=number % 40 - 4),
    )  # fmt: skip
    stage = Stage.get(Stage.meaning_name == state.value)
    Card.create(
        public_id=assessment.public_id, board=stage.board, stage=stage, client=client, assessment=assessment,
        position=(number + 1) * GAP, entered_at=now - timedelta(hours=number),
    )  # fmt: skip
    for group in InstrumentGroup.of(instrument) if instrument.needs_raters and invited else ():
        for each in range(4):
            answered = RaterState.COMPLETED if (number + each) % 3 else RaterState.INVITED
            Rater.create(
                assessment=assessment, group=group, name=f"Rater {each}", email=f"r{each}.{group.id}@example.com",
                state_name=answered, created_at=now,
            )  # fmt: skip


def _entries(client: int, by: int, count: int) -> None:
    first = clock.now() - timedelta(hours=count)
    rows = [
        (new_public_id(), client, Kind.CALL.value, f"Called about session {number}", "", moment, moment, by)
        for number in range(count)
        for moment in [(first + timedelta(hours=number)).replace(tzinfo=None).isoformat(timespec="microseconds")]
    ]
    if rows:
        columns = "public_id, client_id, kind, sentence, href, happened_at, recorded_at, by_id"
        database.connection().executemany(
            f"INSERT INTO {Entry._meta.table_name} ({columns}) VALUES (?,?,?,?,?,?,?,?)", rows
        )


@atomic
def ask_to_book(client: Client) -> str:
    """Ask a client to book with a coach whose calendar elsewhere holds 400 busy times; the token of the link to it."""
    coach, now = client.coach, clock.now()
    Availability.create(coach=coach, place="https://meet.example/room", notice_hours=0)
    for weekday in range(5):
        Hours.create(coach=coach, weekday=weekday, begins=9 * 60, ends=17 * 60)
    feed = Feed.create(coach=coach, name="Outlook", address="https://x.example/a.ics", created_at=now, ok_at=now)
    begins = [now + timedelta(hours=11 * number) for number in range(400)]
    Busy.insert_many(
        [{"feed": feed.id, "begins_at": each, "ends_at": each + timedelta(hours=1)} for each in begins]
    ).execute()
    request = requests.ask(client, coach, SessionKind.CHEMISTRY, minutes=60, engagement=None, by=None)
    return links.issue(requests.BOOK, request.public_id, lasts=timedelta(days=1))[1]


@atomic
def busy_week() -> str:
    """Three coaches with eight sessions on each day of the next week; that week, as its address names it."""
    now = clock.now()
    monday = (now + timedelta(days=7 - now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    clients = list(Client.select().limit(100))
    third = {"role_name": "coach", "zone": "Europe/London", "created_at": now}
    User.create(name="Edgar Blunt", email="edgar@northbank.example", **third)
    for coach in User.select().where(User.role_name == "coach"):
        for number in range(40):
            begins = monday + timedelta(days=number // 8, hours=9 + number % 8)
            CoachingSession.create(
                uid=f"{coach.id}-{number}", coach=coach, client=clients[number] if coach == clients[0].coach else None,
                title="Circle", kind_name="coaching", starts_at=begins, ends_at=begins + timedelta(minutes=50),
                zone=coach.zone, via="staff", created_at=now,
            )  # fmt: skip
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02}"


@atomic
def bill(count: int) -> None:
    """So many issued invoices of two lines each to forty organisations, over years; most are paid, a few late.

    Numbers and snapshots are written past the guards of the database, which are put back.
    """
    now, today = clock.now(), clock.now().date()
    for name in TRIGGERS:
        database.execute_sql(f"DROP TRIGGER IF EXISTS {name}")
    series = Series.create(kind_name=Bill.INVOICE)
    clients = list(Client.select().order_by(Client.id))
    payers = {each.id: Payer.create(organisation=each, created_at=now).id for each in Organisation.select()}
    document = Document.create(
        client=None, name="Invoice.pdf", media_type="application/pdf", size=1, sha256="0", uploaded_at=now
    )
    blank = Invoice(payer=1, currency="GBP", term_days=14, created_at=now, state_name=Billed.ISSUED, series=series)
    blank.year, blank.document, blank.snapshot = (
        2026,
        document,
        "{" + '"text": "Coaching session, in words", ' * 90 + "}",
    )
    invoices, lines, portions = [], [], []
    for number in range(1, count + 1):
        client, issued = clients[number % len(clients)], today - timedelta(days=(count - number) // 8)
        is_open = issued > today - timedelta(days=20) or number % 97 == 0
        invoices.append({
            **blank.__data__, "public_id": new_public_id(), "payer": payers[client.organisation_id], "seq": number,
            "number": f"2026-{number:05}", "currency": ("GBP", "GBP", "EUR")[number % 3], "issued_on": issued,
            "due_on": issued + timedelta(days=14), "net_cents": 100_000, "tax_cents": 20_000, "total_cents": 120_000,
            "open_cents": 120_000 if is_open else 0, "settled_on": None if is_open else issued + timedelta(days=10),
            "issued_at": now, "overdue_noted_at": now,
        })  # fmt: skip
        lines += [
            {"public_id": new_public_id(), "invoice": number, "position": position, "text": "Coaching session",
             "unit_cents": 50_000, "net_cents": 50_000, "client": client.id, "coach": client.coach_id}
            for position in (1, 2)
        ]  # fmt: skip
        portions.append({
            "invoice": number, "coach": client.coach_id, "category_name": "S", "rate_bps": 2000, "net_cents": 100_000,
            "tax_cents": 20_000,
        })  # fmt: skip
    for model, rows in ((Invoice, invoices), (Line, lines), (Portion, portions)):
        for begin in range(0, len(rows), 200):
            model.insert_many(rows[begin : begin + 200]).execute()
    LastNumber.create(series=series, year=2026, last=count)
    triggers.install()
