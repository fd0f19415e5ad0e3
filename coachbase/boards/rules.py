"""Stages and what they mean, where a card may go, what makes it late, and which cards a filter keeps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from ..assessments.rules import (
    NEXT_STEP,
    OPEN,
    SOON,
    STAGES,
    STATE_LABELS,
    WAITS_ON,
    Pace,
    Progress,
    State,
    expected_on,
    is_at_risk,
    last_day,
    next_reminder,
)
from ..clients.rules import Party, Status
from ..engagements.rules import StepKind
from ..sessions.rules import State as SessionState

ONBOARDING, ASSESSMENTS = "onboarding", "assessments"
"""The two boards: of clients on their way in, and of what they are assessed with."""

GAP = 1 << 20
"""How far apart cards are put, so that twenty can be squeezed between two neighbours before anything is renumbered."""

KEPT_ADDRESSES = 2000
"""How many addresses of filters are kept in words."""

NEWEST_DONE = 100
"""How many active, and how many closed clients the board shows; the list of clients has them all. Likewise released
assessments, which the page of each client has."""


class StageMeaning(StrEnum):
    """Stages the program understands; a firm renames, reorders and hides them, and adds stages without a meaning.

    Those of the board of assessments are called like the states they stand for.
    """

    INQUIRY = "inquiry"
    CHEMISTRY = "chemistry"
    AGREEMENT = "agreement"
    INTAKE = "intake"
    ASSESSMENT_ACCESS = "assessment_access"
    KICKOFF = "kickoff"
    ACTIVE = "active"
    CLOSED = "closed"
    SET_UP = "set_up"
    ACCESS_SENT = "access_sent"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    REPORT_IN = "report_in"
    PACKAGED = "packaged"
    DEBRIEFED = "debriefed"
    RELEASED = "released"


class Default(NamedTuple):
    """What a stage is called and brings with it before the firm changes anything; no status where it is none of a
    client's."""

    meaning: StageMeaning
    name: str
    target_days: int | None
    status: Status | None
    waits_on: Party
    step: str


DEFAULTS = (
    Default(StageMeaning.INQUIRY, "Inquiry", 2, Status.PROSPECT, Party.US, "Reply to inquiry"),
    Default(StageMeaning.CHEMISTRY, "Chemistry", 5, Status.PROSPECT, Party.CLIENT, "Pick a time"),
    Default(StageMeaning.AGREEMENT, "Agreement", 4, Status.ONBOARDING, Party.CLIENT, "Sign agreement"),
    Default(StageMeaning.INTAKE, "Intake", 3, Status.ONBOARDING, Party.CLIENT, "Answer the questionnaire"),
    Default(StageMeaning.ASSESSMENT_ACCESS, "Assessments", 6, Status.ONBOARDING, Party.US, "Send assessment access"),
    Default(StageMeaning.KICKOFF, "Kickoff", 2, Status.ONBOARDING, Party.CLIENT, "Book the kickoff"),
    Default(StageMeaning.ACTIVE, "Active", None, Status.ACTIVE, Party.NOBODY, ""),
    Default(StageMeaning.CLOSED, "Closed", None, Status.FORMER, Party.NOBODY, ""),
)
STAGE_OF_STATE = {state: StageMeaning(state.value) for state in STAGES}
_TARGETS = {State.COMPLETED: 3, State.REPORT_IN: 2}
"""Days the desk takes; how long people take is their instrument's, and measured by the day it is due."""
OF_ASSESSMENTS = tuple(
    Default(STAGE_OF_STATE[state], STATE_LABELS[state], _TARGETS.get(state), None, WAITS_ON[state], NEXT_STEP[state])
    for state in STAGES
)
STAGES_OF = {ONBOARDING: DEFAULTS, ASSESSMENTS: OF_ASSESSMENTS}
"""What a new firm's boards are laid out with."""
DEFAULT_OF = {default.meaning: default for default in (*DEFAULTS, *OF_ASSESSMENTS)}

_TO_BOOK = (DEFAULT_OF[StageMeaning.CHEMISTRY].waits_on, DEFAULT_OF[StageMeaning.CHEMISTRY].step)
_FIRST = (DEFAULT_OF[StageMeaning.INQUIRY].waits_on, DEFAULT_OF[StageMeaning.INQUIRY].step)
_CHEMISTRY = {
    SessionState.BOOKED: (Party.COACH, "Meet for the first time"),
    SessionState.HELD: (Party.US, "Ask whether they go on"),
}


def ball_of_chemistry(session: SessionState, waiting_on: Party, step: str) -> tuple[Party, str] | None:
    """Who does what after a chemistry session came to this state; None where the ball was passed for another reason."""
    if (waiting_on, step) not in (_FIRST, _TO_BOOK, *_CHEMISTRY.values()):
        return None
    return _CHEMISTRY.get(session, _TO_BOOK)


DONE = (StageMeaning.ACTIVE, StageMeaning.CLOSED, StageMeaning.RELEASED)
"""Stages after the work: their cards are no open work."""
CLOSED = (StageMeaning.CLOSED, StageMeaning.RELEASED)
"""Stages that show only when asked for."""

STAGE_OF = {
    Status.PROSPECT: StageMeaning.INQUIRY,
    Status.ONBOARDING: StageMeaning.AGREEMENT,
    Status.ACTIVE: StageMeaning.ACTIVE,
    Status.PAUSED: StageMeaning.ACTIVE,
    Status.FORMER: StageMeaning.CLOSED,
}
"""Where a new client's card is put."""

STAGE_OF_STEP = {
    StepKind.AGREEMENT_SENT: StageMeaning.AGREEMENT,
    StepKind.AGREEMENT_SIGNED: StageMeaning.AGREEMENT,
    StepKind.QUESTIONNAIRE_SENT: StageMeaning.INTAKE,
    StepKind.QUESTIONNAIRE_ANSWERED: StageMeaning.INTAKE,
    StepKind.FILE_SET_UP: StageMeaning.ASSESSMENT_ACCESS,
    StepKind.ASSESSMENT_ACCESS: StageMeaning.ASSESSMENT_ACCESS,
    StepKind.KICKOFF_BOOKED: StageMeaning.KICKOFF,
    StepKind.LOGISTICS_SENT: StageMeaning.KICKOFF,
    StepKind.THREE_WAY_AGREED: StageMeaning.KICKOFF,
}
"""Where a client stands while an onboarding step is to be done; a firm's own step belongs to the one before it."""


def stages_of(steps: Iterable[tuple[StepKind, bool]]) -> set[StageMeaning]:
    """The stages in which something is still to be done, from (kind, is it gone) in order; Kickoff when nothing is."""
    now, found = StageMeaning.AGREEMENT, set()
    for kind, is_gone in steps:
        now = STAGE_OF_STEP.get(kind, now)
        if not is_gone:
            found.add(now)
    return found or {StageMeaning.KICKOFF}


class Column(NamedTuple):
    """A stage as the rules see it, in the order of the board."""

    meaning: StageMeaning | None
    hidden: bool


def stage_reached(columns: Sequence[Column], now: int, ahead: set[StageMeaning]) -> int | None:
    """The place of the stage a card has reached; None when it stays: it never goes back, nor out of where it is done.

    What is to be done in a hidden stage is done in the next one that shows.
    """
    if columns[now].meaning in DONE:
        return None
    first = next((place for place, column in enumerate(columns) if column.meaning in ahead), None)
    if first is None:
        return None
    shown = (
        place
        for place, column in enumerate(columns)
        if place >= first and not column.hidden and column.meaning not in DONE
    )
    reached = next(shown, None)
    return reached if reached is not None and reached > now else None


_STATE_OF: dict[StageMeaning | None, State] = {meaning: state for state, meaning in STAGE_OF_STATE.items()}


def state_of(meaning: StageMeaning | None) -> State | None:
    """The state of an assessment that a stage stands for; None for the firm's own."""
    return _STATE_OF.get(meaning)


def stage_of_state(columns: Sequence[Column], state: State) -> int:
    """The place of the stage in which an assessment stands: its own; where that is hidden the last one before it that
    shows, else the first one after it."""
    shown = {column.meaning: place for place, column in enumerate(columns) if not column.hidden}
    at = STAGES.index(state)
    nearest = (STAGE_OF_STATE[each] for each in (*reversed(STAGES[: at + 1]), *STAGES[at + 1 :]))
    return next((shown[meaning] for meaning in nearest if meaning in shown), next(iter(shown.values())))


_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)


class Lateness(StrEnum):
    """How a card stands to the target of its stage."""

    FINE = "fine"
    DUE = "due"
    RISK = "at risk"
    LATE = "late"


def lateness(entered_at: datetime, target_days: int | None, now: datetime) -> Lateness:
    """Late once the target has passed, due on its last day."""
    if target_days is None:
        return Lateness.FINE
    return lateness_by(entered_at + target_days * _DAY, now)


def lateness_by(due_at: datetime, now: datetime) -> Lateness:
    """Late after that moment, due on the day before it."""
    if now > due_at:
        return Lateness.LATE
    return Lateness.DUE if now >= due_at - _DAY else Lateness.FINE


class Due(NamedTuple):
    """What a card is measured by: the steps of an onboarding; the target of its stage where none runs."""

    entered_at: datetime
    target_days: int | None
    is_onboarding: bool = False
    due_at: datetime | None = None
    is_done: bool = False
    """Whether the stage comes after the onboarding: a kickoff that has passed is nothing to worry about there."""

    def lateness(self, now: datetime) -> Lateness:
        if self.due_at and (self.is_onboarding or not self.is_done):
            return lateness_by(self.due_at, now)
        return Lateness.FINE if self.is_onboarding else lateness(self.entered_at, self.target_days, now)


AWAITED = STAGES[: STAGES.index(State.REPORT_IN)]
"""As long as the report is still to come."""


def step_of(state: State, waits_on: Party) -> str:
    """What comes next; a client who has answered waits for her raters."""
    return "Raters to answer" if waits_on is Party.RATERS else NEXT_STEP[state]


class Course(NamedTuple):
    """What an assessment's card is measured by: the day the report is needed, and the usual pace until then."""

    state: State
    since: date
    """The day it came to this state."""
    due_on: date | None
    pace: Pace
    entered_at: datetime
    target_days: int | None
    code_until: date | None = None
    invited_on: date | None = None
    invitation_days: int | None = None

    @property
    def is_awaited(self) -> bool:
        return self.state in AWAITED

    @property
    def last_day(self) -> date | None:
        """The last one on which who has to answer can get in."""
        return last_day(self.code_until, self.invited_on, self.invitation_days) if self.state in OPEN else None

    def expected_on(self, today: date) -> date | None:
        return expected_on(self.state, self.since, self.pace, today)

    def lateness(self, now: datetime) -> Lateness:
        """Late when the day has passed, or the target of the stage; at risk when the usual pace misses the day, or
        nobody can get in any more."""
        today = now.date()
        by_stage = Lateness.FINE if self.state is State.RELEASED else lateness(self.entered_at, self.target_days, now)
        if by_stage is Lateness.LATE or (self.is_awaited and self.due_on is not None and self.due_on < today):
            return Lateness.LATE
        has_expired = self.last_day is not None and self.last_day < today
        return Lateness.RISK if has_expired or is_at_risk(self.expected_on(today), self.due_on) else by_stage

    def dates(self, send_on: date | None, today: date) -> str:
        """'due 4 Dec', 'send 20 Nov, due 4 Dec', 'likely 9 Dec, due 4 Dec'; '' once the report is in."""
        if self.due_on is None or not self.is_awaited:
            return ""
        due, expected = f"due {short_day(self.due_on)}", self.expected_on(today)
        if expected and is_at_risk(expected, self.due_on) and self.due_on >= today:
            return f"likely {short_day(expected)}, {due}"
        return f"send {short_day(send_on)}, {due}" if self.state is State.SET_UP and send_on else due

    def access(self, today: date) -> str:
        """'code until 3 Dec', 'invitation expired 3 Dec'; '' once nobody needs to get in any more, and for an
        invitation that lasts for weeks."""
        if self.last_day is None:
            return ""
        what = "code" if self.last_day == self.code_until else "invitation"
        if what == "invitation" and self.last_day > today + timedelta(days=SOON):
            return ""
        return f"{what} {'until' if self.last_day >= today else 'expired'} {short_day(self.last_day)}"


class Chase(NamedTuple):
    """What a client is reminded by, and how often that was done."""

    rhythm: Sequence[int]
    reminders: int
    reminded_on: date | None


def reminder_in_words(course: Course, chase: Chase, today: date) -> str:
    """'reminder 27 Nov', 'reminder today'; '' when nobody will be reminded."""
    if course.state not in (State.ACCESS_SENT, State.IN_PROGRESS) or course.invited_on is None:
        return ""
    day = next_reminder(course.invited_on, *chase)
    if day is None:
        return ""
    return f"reminder {short_day(day) if day > today else 'today'}"


def groups_in_words(progress: Sequence[Progress]) -> str:
    """'Peers 3/4, Manager 0/1': the groups in which somebody has yet to answer."""
    return ", ".join(f"{each.group} {each.done}/{each.asked}" for each in progress if each.asked > each.done)


MOST_SEGMENTS = 24
"""How many segments a bar can have (coachbase.css)."""


def bar(done: int, total: int) -> tuple[int, int]:
    """(done, of how many) segments; what has more than a bar can have is drawn to scale."""
    return (done, total) if total <= MOST_SEGMENTS else (done * MOST_SEGMENTS // total, MOST_SEGMENTS)


def short_day(day: date) -> str:
    """'3 Dec'."""
    return f"{day.day} {day:%b}"


def refusal_to_move(stage: str, *, same_board: bool, hidden: bool) -> str | None:
    """Why a card may not enter the stage of this name, as a sentence; None when it may."""
    if not same_board:
        return f"{stage} belongs to another board."
    return f"{stage} is hidden. Show it in the settings first." if hidden else None


def refusal_to_hide(stage: str, *, cards: int, others_shown: int) -> str | None:
    """Why a stage may not be hidden: a hidden stage with cards would lose clients from sight."""
    if cards:
        return f"{stage} holds {cards} {'card' if cards == 1 else 'cards'}. Move them to another stage first."
    return None if others_shown else "A board needs at least one stage that shows."


def refusal_to_delete(stage: str, meaning: StageMeaning | None, *, cards: int) -> str | None:
    """Why a stage may not be deleted: the program knows those with a meaning; they can be hidden."""
    if meaning:
        return f"The program knows what {stage} means, so it cannot be deleted. Hide it instead."
    return refusal_to_hide(stage, cards=cards, others_shown=1)


def place_between(low: int | None, high: int | None) -> int | None:
    """A place after `low` and before `high`; None when there is no room between them."""
    if low is None:
        return 0 if high is None else high - GAP
    if high is None:
        return low + GAP
    return (low + high) // 2 if high - low > 1 else None


def age(since: datetime, now: datetime) -> str:
    """How long ago in one short figure: '20 m', '4 h', '6 d'."""
    passed = now - since
    if passed >= _DAY:
        return f"{passed.days} d"
    minutes = max(0, passed // _MINUTE)
    return f"{minutes} m" if minutes < 60 else f"{minutes // 60} h"


class Face(NamedTuple):
    """What a card shows: two cards with equal faces are the same HTML."""

    id: str
    stage: int
    version: int
    lateness: Lateness
    client: str
    name: str
    line: str
    step: str
    waits_on: Party
    age: str
    coach: str
    coach_id: str
    organisation: str
    organisation_id: str
    steps_done: int = 0
    steps_total: int = 0
    """0 while no onboarding runs."""
    kickoff: str = ""
    """'3 Dec' when it is booked, '~ 3 Dec' when it is expected."""
    instrument: str = ""
    """What an assessment is made with; '' on the board of clients, as all that follows."""
    instrument_id: str = ""
    vendor: str = ""
    vendor_id: str = ""
    groups: str = ""
    """'Peers 3/4, Manager 0/1', of the raters whom steps_done and steps_total count."""
    notes: tuple[str, ...] = ()
    """Its dates, its code and the next reminder."""
    may_tick: bool = False
    """Whether something can be done with it and others at once: somebody has yet to answer."""

    @property
    def title(self) -> str:
        """What tells this card from the client's others."""
        return f"{self.name}, {self.line}" if self.instrument else self.name

    @property
    def bar(self) -> tuple[int, int]:
        return bar(self.steps_done, self.steps_total)


@dataclass(frozen=True)
class Filter:
    """Which cards of a board to show; kept in the address. `made_with` is an instrument or a vendor."""

    board: str = ONBOARDING
    coach: str = ""
    organisation: str = ""
    made_with: str = ""
    waiting: str = ""
    late: bool = False
    risk: bool = False
    closed: bool = False

    @classmethod
    def read(cls, address: Mapping[str, str], board: str = ONBOARDING) -> "Filter":
        """From an address that anybody may have written: what is not known keeps everything."""
        waiting = address.get("waiting", "")
        is_of_assessments = board == ASSESSMENTS
        return cls(
            board=board,
            coach=address.get("coach", "")[:26],
            organisation=address.get("organisation", "")[:26],
            made_with=address.get("made_with", "")[:26] if is_of_assessments else "",
            waiting=waiting if waiting in list(Party) else "",
            late=address.get("late") == "1",
            risk=is_of_assessments and address.get("risk") == "1",
            closed=address.get("closed") == "1",
        )

    def keeps_people(self, face: Face) -> bool:
        """Whether it is about whom and what is looked for; the chips count among these."""
        return (
            self.coach in ("", face.coach_id)
            and self.organisation in ("", face.organisation_id)
            and self.made_with in ("", face.instrument_id, face.vendor_id)
        )

    def keeps_state(self, face: Face) -> bool:
        is_asked_for = (
            (self.late and face.lateness is Lateness.LATE)
            or (self.risk and face.lateness is Lateness.RISK)
            or not (self.late or self.risk)
        )
        return is_asked_for and self.waiting in ("", face.waits_on)

    @property
    def narrows(self) -> bool:
        return bool(self.coach or self.organisation or self.made_with or self.waiting or self.late or self.risk)

    @property
    def query(self) -> str:
        """As it stands in the address: '?late=1', or nothing."""
        chosen = {name: value for name, value in vars(self).items() if value and name != "board"}
        said = {name: "1" if value is True else value for name, value in chosen.items()}
        return f"?{urlencode(said)}" if said else ""

    @property
    def here(self) -> str:
        """The board's address with this filter."""
        return self.everything + self.query

    @property
    def everything(self) -> str:
        """The board's address without a filter."""
        return f"/boards/{self.board}"

    def but(self, **changes: Any) -> str:
        """The board's address with this filter changed."""
        return _address(self, **changes)


@lru_cache(KEPT_ADDRESSES)
def _address(chosen: Filter, **changes: Any) -> str:
    """A board offers one for each coach, organisation and party."""
    return replace(chosen, **changes).here


def count_waiting(faces: Iterable[Face]) -> dict[Party, int]:
    """How many cards wait on whom, in the order of Party; nobody does not count."""
    counts = dict.fromkeys(Party, 0)
    for face in faces:
        counts[face.waits_on] += 1
    return {party: count for party, count in counts.items() if count and party is not Party.NOBODY}
