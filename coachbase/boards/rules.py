"""Stages and what they mean, where a card may go, what makes it late, and which cards a filter keeps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from ..clients.rules import Party, Status
from ..engagements.rules import StepKind
from ..sessions.rules import State

GAP = 1 << 20
"""How far apart cards are put, so that twenty can be squeezed between two neighbours before anything is renumbered."""

KEPT_ADDRESSES = 2000
"""How many addresses of filters are kept in words."""

NEWEST_DONE = 100
"""How many active, and how many closed clients the board shows; the list of clients has them all."""


class StageMeaning(StrEnum):
    """Stages the program understands; a firm renames, reorders and hides them, and adds stages without a meaning."""

    INQUIRY = "inquiry"
    CHEMISTRY = "chemistry"
    AGREEMENT = "agreement"
    INTAKE = "intake"
    ASSESSMENT_ACCESS = "assessment_access"
    KICKOFF = "kickoff"
    ACTIVE = "active"
    CLOSED = "closed"


class Default(NamedTuple):
    """What a stage is called and brings with it before the firm changes anything."""

    meaning: StageMeaning
    name: str
    target_days: int | None
    status: Status
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
DEFAULT_OF = {default.meaning: default for default in DEFAULTS}

_TO_BOOK = (DEFAULT_OF[StageMeaning.CHEMISTRY].waits_on, DEFAULT_OF[StageMeaning.CHEMISTRY].step)
_FIRST = (DEFAULT_OF[StageMeaning.INQUIRY].waits_on, DEFAULT_OF[StageMeaning.INQUIRY].step)
_CHEMISTRY = {State.BOOKED: (Party.COACH, "Meet for the first time"), State.HELD: (Party.US, "Ask whether they go on")}


def ball_of_chemistry(session: State, waiting_on: Party, step: str) -> tuple[Party, str] | None:
    """Who does what after a chemistry session came to this state; None where the ball was passed for another reason."""
    if (waiting_on, step) not in (_FIRST, _TO_BOOK, *_CHEMISTRY.values()):
        return None
    return _CHEMISTRY.get(session, _TO_BOOK)


DONE = (StageMeaning.ACTIVE, StageMeaning.CLOSED)
"""Stages after the onboarding: their cards are no open work."""

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


_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)


class Lateness(StrEnum):
    """How a card stands to the target of its stage."""

    FINE = "fine"
    DUE = "due"
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


@dataclass(frozen=True)
class Filter:
    """Which cards to show; kept in the address."""

    coach: str = ""
    organisation: str = ""
    waiting: str = ""
    late: bool = False
    closed: bool = False

    @classmethod
    def read(cls, address: Mapping[str, str]) -> "Filter":
        """From an address that anybody may have written: what is not known keeps everything."""
        waiting = address.get("waiting", "")
        return cls(
            coach=address.get("coach", "")[:26],
            organisation=address.get("organisation", "")[:26],
            waiting=waiting if waiting in list(Party) else "",
            late=address.get("late") == "1",
            closed=address.get("closed") == "1",
        )

    def keeps_people(self, face: Face) -> bool:
        return self.coach in ("", face.coach_id) and self.organisation in ("", face.organisation_id)

    def keeps_state(self, face: Face) -> bool:
        return self.waiting in ("", face.waits_on) and (not self.late or face.lateness is Lateness.LATE)

    @property
    def narrows(self) -> bool:
        return bool(self.coach or self.organisation or self.waiting or self.late)

    @property
    def query(self) -> str:
        """As it stands in the address: '?late=1', or nothing."""
        said = {name: "1" if value is True else value for name, value in vars(self).items() if value}
        return f"?{urlencode(said)}" if said else ""

    def but(self, **changes: Any) -> str:
        """The board's address with this filter changed."""
        return _address(self, **changes)


@lru_cache(KEPT_ADDRESSES)
def _address(chosen: Filter, **changes: Any) -> str:
    """A board offers one for each coach, organisation and party."""
    return f"/boards/onboarding{replace(chosen, **changes).query}"


def count_waiting(faces: Iterable[Face]) -> dict[Party, int]:
    """How many cards wait on whom, in the order of Party; nobody does not count."""
    counts = dict.fromkeys(Party, 0)
    for face in faces:
        counts[face.waits_on] += 1
    return {party: count for party, count in counts.items() if count and party is not Party.NOBODY}
