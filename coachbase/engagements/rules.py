"""The terms of a program, the states of an engagement, and how onboarding steps hold each other up."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeVar

from ..clients.rules import Party


class State(StrEnum):
    """domain.md §2: draft until the agreement is signed; active never returns to draft."""

    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    ENDED = "ended"


RUNNING = (State.DRAFT, State.ACTIVE, State.PAUSED)


class Cadence(StrEnum):
    WEEKLY = "weekly"
    BIWEEKLY = "biweekly"
    MONTHLY = "monthly"
    FREE = "free"


class Billing(StrEnum):
    UPFRONT = "upfront"
    HALVES = "halves"
    MONTHLY = "monthly"
    PER_SESSION = "per_session"


class Payer(StrEnum):
    CLIENT = "client"
    SPONSOR = "sponsor"


class Summaries(StrEnum):
    NONE = "none"
    MIDDLE_AND_END = "middle_and_end"
    QUARTERLY = "quarterly"


class ThreeWay(StrEnum):
    START = "start"
    MIDDLE = "middle"
    END = "end"


class Share(StrEnum):
    """What a sponsor may be told (domain.md §9). Everything else is never shared."""

    SESSIONS = "sessions"
    PHASE = "phase"
    GOALS = "goals"
    PROGRESS = "progress"
    LOGISTICS = "logistics"
    RECOMMENDATIONS = "recommendations"


SHARE_LABELS = {
    Share.SESSIONS: "Sessions held and planned",
    Share.PHASE: "The phase the program is in",
    Share.GOALS: "The goals agreed together",
    Share.PROGRESS: "Progress on agreed goals that the client released",
    Share.LOGISTICS: "Dates and places",
    Share.RECOMMENDATIONS: "Recommendations the client agreed to",
}
STATE_LABELS = {state: state.capitalize() for state in State} | {State.ENDED: "Ended early"}
CADENCE_LABELS = {
    Cadence.WEEKLY: "every week",
    Cadence.BIWEEKLY: "every other week",
    Cadence.MONTHLY: "every month",
    Cadence.FREE: "as agreed",
}
BILLING_LABELS = {
    Billing.UPFRONT: "in full at the start",
    Billing.HALVES: "half at the start, half in the middle",
    Billing.MONTHLY: "in equal monthly parts",
    Billing.PER_SESSION: "after each session",
}
PAYER_LABELS = {Payer.CLIENT: "the client", Payer.SPONSOR: "the sponsor"}
SUMMARIES_LABELS = {
    Summaries.NONE: "none",
    Summaries.MIDDLE_AND_END: "in the middle and at the end",
    Summaries.QUARTERLY: "every three months",
}
THREE_WAY_LABELS = {ThreeWay.START: "at the start", ThreeWay.MIDDLE: "in the middle", ThreeWay.END: "at the end"}
NEVER_SHARED = "what is said in a session, notes, comments of others, and raw results, unless the client releases them"


def shares_in_words(shares: Iterable[Share]) -> str:
    """'Sessions held and planned, the phase the program is in, and the goals agreed together'; '' for none."""
    labels = [SHARE_LABELS[share] for share in shares]
    words = labels[:1] + [label[0].lower() + label[1:] for label in labels[1:]]
    return ", and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part) if words else ""


def cancelling_in_words(cancel_hours: int, *, late_is_charged: bool) -> str:
    """'free of charge until 24 hours before it begins; one that is cancelled later counts as held'."""
    if not late_is_charged:
        return "free of charge until it begins"
    hours = f"{cancel_hours} hours before it begins" if cancel_hours else "it begins"
    return f"free of charge until {hours}; one that is cancelled later counts as held"


class StepKind(StrEnum):
    AGREEMENT_SENT = "agreement_sent"
    AGREEMENT_SIGNED = "agreement_signed"
    QUESTIONNAIRE_SENT = "questionnaire_sent"
    QUESTIONNAIRE_ANSWERED = "questionnaire_answered"
    FILE_SET_UP = "file_set_up"
    ASSESSMENT_ACCESS = "assessment_access"
    KICKOFF_BOOKED = "kickoff_booked"
    LOGISTICS_SENT = "logistics_sent"
    THREE_WAY_AGREED = "three_way_agreed"
    OWN = "own"


STEP_LABELS = {
    StepKind.AGREEMENT_SENT: "Agreement sent",
    StepKind.AGREEMENT_SIGNED: "Agreement signed",
    StepKind.QUESTIONNAIRE_SENT: "Questionnaire sent",
    StepKind.QUESTIONNAIRE_ANSWERED: "Questionnaire answered",
    StepKind.FILE_SET_UP: "Program file set up",
    StepKind.ASSESSMENT_ACCESS: "Assessment access given",
    StepKind.KICKOFF_BOOKED: "Kickoff booked",
    StepKind.LOGISTICS_SENT: "Logistics sent",
    StepKind.THREE_WAY_AGREED: "Sponsor three-way agreed",
    StepKind.OWN: "A step of your own",
}


class StepState(StrEnum):
    """Waiting for another step, open, or out of the way."""

    WAITING = "waiting"
    OPEN = "open"
    DONE = "done"
    SKIPPED = "skipped"


GONE = (StepState.DONE, StepState.SKIPPED)

WAITS_ON = {
    StepKind.AGREEMENT_SENT: Party.US,
    StepKind.AGREEMENT_SIGNED: Party.CLIENT,
    StepKind.QUESTIONNAIRE_SENT: Party.US,
    StepKind.QUESTIONNAIRE_ANSWERED: Party.CLIENT,
    StepKind.FILE_SET_UP: Party.US,
    StepKind.ASSESSMENT_ACCESS: Party.US,
    StepKind.KICKOFF_BOOKED: Party.CLIENT,
    StepKind.LOGISTICS_SENT: Party.US,
    StepKind.THREE_WAY_AGREED: Party.SPONSOR,
    StepKind.OWN: Party.US,
}
"""Whom a step waits on before anybody says otherwise."""

NEXT_STEP = {
    StepKind.AGREEMENT_SENT: "Send the agreement",
    StepKind.AGREEMENT_SIGNED: "Sign agreement",
    StepKind.QUESTIONNAIRE_SENT: "Send the questionnaire",
    StepKind.QUESTIONNAIRE_ANSWERED: "Answer the questionnaire",
    StepKind.FILE_SET_UP: "Set up the program file",
    StepKind.ASSESSMENT_ACCESS: "Give assessment access",
    StepKind.KICKOFF_BOOKED: "Book the kickoff",
    StepKind.LOGISTICS_SENT: "Send the logistics",
    StepKind.THREE_WAY_AGREED: "Agree the three-way",
}
"""What is to be done while a step is open. A label of the firm's own stands for itself."""

IMPLIED = {
    StepKind.AGREEMENT_SIGNED: StepKind.AGREEMENT_SENT,
    StepKind.QUESTIONNAIRE_ANSWERED: StepKind.QUESTIONNAIRE_SENT,
}
"""Who signed was sent it, whatever became of the mail."""


# States ---------------------------------------------------------------------------------------------------------------

LEADS_TO = {
    State.DRAFT: (State.ACTIVE, State.ENDED),
    State.ACTIVE: (State.PAUSED, State.COMPLETED, State.ENDED),
    State.PAUSED: (State.ACTIVE, State.COMPLETED, State.ENDED),
    State.COMPLETED: (),
    State.ENDED: (),
}


def refusal_of_state(now: State, to: State, *, is_onboarded: bool = True, reason: str = "-") -> str | None:
    """Why an engagement may not go from one state to another, as a sentence; None when it may."""
    if to not in LEADS_TO[now]:
        if not LEADS_TO[now]:
            return f"This program is over: it was {STATE_LABELS[now].lower()}. Start a new one instead."
        return f"A program that is {STATE_LABELS[now].lower()} cannot become {STATE_LABELS[to].lower()}."
    if to is State.COMPLETED and not is_onboarded:
        return "Its onboarding is still open. Tick or skip the steps first, or end the program early."
    if to is State.ENDED and not reason:
        return "Say why the program ends early."
    return None


def is_agreed(steps: "Sequence[StepLike]") -> bool:
    """Whether a draft becomes active: the agreement is signed; where none is asked for, all steps are gone."""
    signing = [step for step in steps if step.kind is StepKind.AGREEMENT_SIGNED]
    return all(step.is_gone for step in signing or steps)


# Steps ----------------------------------------------------------------------------------------------------------------


class StepLike(Protocol):
    """What the rules ask of a step."""

    @property
    def key(self) -> str: ...
    @property
    def kind(self) -> StepKind: ...
    @property
    def label(self) -> str: ...
    @property
    def waiting_on(self) -> Party: ...
    @property
    def target_days(self) -> int | None: ...
    @property
    def needed(self) -> tuple[str, ...]: ...
    @property
    def state(self) -> StepState: ...
    @property
    def opened_at(self) -> datetime | None: ...
    @property
    def reason(self) -> str: ...
    @property
    def is_gone(self) -> bool: ...


S = TypeVar("S", bound=StepLike)


def missing(step: StepLike, steps: Iterable[S]) -> list[S]:
    """What this step needs first and has not yet, in order; a need that the program lacks counts as met."""
    return [other for other in steps if other.key in step.needed and not other.is_gone]


def ready_to_open(steps: Sequence[S]) -> list[S]:
    """Those that wait although nothing they need is in the way any more."""
    return [step for step in steps if step.state is StepState.WAITING and not missing(step, steps)]


def opened_too_early(steps: Sequence[S]) -> list[S]:
    """Those that are open although a step they need came back."""
    return [step for step in steps if step.state is StepState.OPEN and missing(step, steps)]


def ticks_itself(step: StepLike) -> bool:
    """A program file is set up as soon as everything it is made of is there."""
    return step.kind is StepKind.FILE_SET_UP


def due_at(step: StepLike) -> datetime | None:
    """When an open step is late; None without a target."""
    if step.state is not StepState.OPEN or step.opened_at is None or step.target_days is None:
        return None
    return step.opened_at + timedelta(days=step.target_days)


def is_late(step: StepLike, now: datetime) -> bool:
    due = due_at(step)
    return due is not None and now > due


def holding(steps: Iterable[S]) -> S | None:
    """The open step that holds things up: the one due first, so that nothing late hides behind it; else the first."""
    return min(
        (step for step in steps if step.state is StepState.OPEN),
        key=lambda step: ((due := due_at(step)) is None, due.timestamp() if due else 0.0),
        default=None,
    )


def next_step(step: StepLike) -> str:
    """What is to be done, as the client's next step."""
    if step.kind is StepKind.OWN or step.label != STEP_LABELS[step.kind]:
        return step.label
    if step.kind is StepKind.AGREEMENT_SIGNED and step.waiting_on is Party.US:
        return "Send the agreement again"
    return NEXT_STEP[step.kind]


def ready_at(steps: Sequence[StepLike], now: datetime) -> datetime | None:
    """When all steps should be done, each in its target days; what is late counts as done today. None when all are.

    A step without a target takes no time. Needs that go round in a circle count from now.
    """
    known = {step.key: step for step in steps if not step.is_gone}
    ends: dict[str, datetime] = {}

    def end_of(step: StepLike) -> datetime:
        if step.key not in ends:
            ends[step.key] = now  # what a circle finds
            opened = step.opened_at if step.state is StepState.OPEN else None
            begins = opened or max((end_of(known[key]) for key in step.needed if key in known), default=now)
            ends[step.key] = max(now, begins + timedelta(days=step.target_days or 0))
        return ends[step.key]

    return max(map(end_of, known.values()), default=None)


def refusal_to_tick(step: StepLike, *, reason: str, kickoff_on: date | None) -> str | None:
    """Why a step may not be ticked by hand, as a sentence. A good reason stands for whatever it needs first."""
    if step.is_gone:
        return f"“{step.label}” is {step.state} already."
    if not reason:
        return "Say how you know that it is done."
    if step.kind is StepKind.KICKOFF_BOOKED and kickoff_on is None:
        return "Say on which day the kickoff is."
    return None


def refusal_to_skip(step: StepLike, *, reason: str) -> str | None:
    if step.is_gone:
        return f"“{step.label}” is {step.state} already."
    return None if reason else "Say why the program goes on without it."


def refusal_to_reopen(step: StepLike) -> str | None:
    """Only what was said by hand can be taken back; what happened has happened."""
    if not step.is_gone:
        return f"“{step.label}” is open already."
    return None if step.reason else f"“{step.label}” ticked itself: it has happened, so it cannot be undone."


def agreement_is_out(steps: Sequence[StepLike]) -> bool:
    """Whether an agreement was sent that nobody has taken back, and not all have signed: its terms are fixed."""
    by_kind = {step.kind: step for step in steps}
    sent, signed = by_kind.get(StepKind.AGREEMENT_SENT), by_kind.get(StepKind.AGREEMENT_SIGNED)
    is_sent = sent is not None and sent.state is StepState.DONE
    return is_sent and signed is not None and not signed.is_gone and signed.waiting_on is not Party.US


AGREED_FIELDS = frozenset({"price_cents", "payer_name", "shares", "signs", "cancel_hours", "late_is_charged"})
"""What an agreement says, so that it cannot be changed beside it."""


def fixed_fields(state: State, *, is_out: bool) -> frozenset[str]:
    """What of AGREED_FIELDS cannot be changed now: all while an agreement is out; the shares once one is signed."""
    if is_out or state not in RUNNING:
        return AGREED_FIELDS
    return frozenset() if state is State.DRAFT else frozenset({"shares"})


def refusal_to_change(state: State, fields: Collection[str], *, is_out: bool) -> str | None:
    """Why these fields of an engagement may not be changed, as a sentence; None when they may."""
    if state not in RUNNING:
        return f"This program is over: it was {STATE_LABELS[state].lower()}."
    if not fixed_fields(state, is_out=is_out).intersection(fields):
        return None
    if is_out:
        return "The agreement that is out says this. Withdraw it first, then change it and send a new one."
    return "What may be shared is agreed. It changes only by a new agreement."


CHANGED = {
    "starts_on": "first day",
    "ends_on": "last day",
    "kickoff_on": "day of the kickoff",
    "price_cents": "price",
    "payer_name": "payer",
    "po_number": "PO number",
    "shares": "what the sponsor may be told",
    "logistics": "logistics",
    "cancel_hours": "terms of cancelling",
    "late_is_charged": "terms of cancelling",
    "place_kind_name": "place of the sessions",
    "place": "place of the sessions",
}


def change_in_words(fields: Sequence[str]) -> str:
    """'Changed the program: first day and last day': what was changed, never to what."""
    words = list(dict.fromkeys(CHANGED[field] for field in CHANGED if field in fields))
    listed = " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
    return f"Changed the program: {listed}"


LONGEST_PROGRAM = 3660
"""Days."""


def refusal_of_days(starts_on: date, ends_on: date | None) -> str | None:
    """Why a program cannot run from one day to the other, as a sentence; None when it can."""
    if ends_on is None:
        return None
    if ends_on <= starts_on:
        return "The last day comes after the first one."
    return "A program lasts ten years at most." if (ends_on - starts_on).days > LONGEST_PROGRAM else None


def expected_kickoff(kickoff_on: date | None, starts_on: date, ready_on: date | None, today: date) -> date:
    """The day it is booked for; else the planned one, or when the steps should be done if that is later."""
    return kickoff_on or max(starts_on, ready_on or starts_on, today)


# What comes when ------------------------------------------------------------------------------------------------------

SOON_AFTER, BEFORE_THE_END, RENEWAL_NOTICE = timedelta(days=14), timedelta(days=14), timedelta(days=42)
FRIDAY = 4


class Obligation(NamedTuple):
    """Something that is due on a day of the program."""

    on: date
    what: str
    icon: str


class TermsLike(Protocol):
    """What the dates of a program follow from, beside its first and last day."""

    @property
    def meetings(self) -> tuple[ThreeWay, ...]: ...
    @property
    def summaries(self) -> Summaries: ...


def obligations(
    terms: TermsLike, starts_on: date, ends_on: date | None, *, kickoff_on: date | None = None
) -> list[Obligation]:
    """Everything dated that a program brings, in order. Without a last day only what stands at the start.

    All follows from the first and the last day, but for the kickoff itself once it is booked. These days stand as they
    were given; what we reckon ourselves falls on working days.
    """
    found = [Obligation(kickoff_on or starts_on, "Kickoff", "flag")]
    found += [
        Obligation(on, f"Three-way meeting {THREE_WAY_LABELS[meeting]}", "handshake")
        for meeting, on in meeting_days(terms, starts_on, ends_on)
    ]
    if ends_on is None:
        return found
    middle = _middle(starts_on, ends_on)
    found += [
        Obligation(working_day(on, starts_on, ends_on), f"Summary {number} for the sponsor", "file-text")
        for number, on in enumerate(_summary_days(terms.summaries, starts_on, middle, ends_on), start=1)
    ]
    renewal_on = working_day(max(ends_on - RENEWAL_NOTICE, middle), starts_on, ends_on)
    found.append(Obligation(renewal_on, "Renewal notice", "bell"))
    found.append(Obligation(ends_on, "The program ends", "check-check"))
    return sorted(found, key=lambda each: each.on)


def _middle(starts_on: date, ends_on: date) -> date:
    return starts_on + (ends_on - starts_on) / 2


def meeting_days(terms: TermsLike, starts_on: date, ends_on: date | None) -> list[tuple[ThreeWay, date]]:
    """When the three-way meetings of a program should be, in order; without a last day only the one at the start."""
    if ends_on is None:
        on = working_day(starts_on + SOON_AFTER, starts_on, date.max)
        return [(ThreeWay.START, on)] if ThreeWay.START in terms.meetings else []
    middle = _middle(starts_on, ends_on)
    days = {
        ThreeWay.START: min(starts_on + SOON_AFTER, middle),
        ThreeWay.MIDDLE: middle,
        ThreeWay.END: max(ends_on - BEFORE_THE_END, middle),
    }
    return [(meeting, working_day(days[meeting], starts_on, ends_on)) for meeting in terms.meetings]


def working_day(day: date, first: date, last: date) -> date:
    """The day itself, or the Monday after a weekend; the Friday before when the Monday is too late.

    Nothing leaves the program for it: in one of a weekend alone the day stays.
    """
    into_weekend = day.weekday() - FRIDAY
    if into_weekend <= 0:
        return day
    monday, friday = day + timedelta(days=3 - into_weekend), day - timedelta(days=into_weekend)
    if monday <= last:
        return monday
    return friday if friday >= first else day


def _summary_days(summaries: Summaries, starts_on: date, middle: date, ends_on: date) -> list[date]:
    if summaries is Summaries.NONE:
        return []
    if summaries is Summaries.MIDDLE_AND_END:
        return [middle, ends_on]
    between = [day for months in range(3, 600, 3) if (day := months_later(starts_on, months)) < ends_on - SOON_AFTER]
    return [*between, ends_on]


def months_later(day: date, months: int) -> date:
    """The same day so many months on; the last one of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    first_of_next = date(year + (month == 11), (month + 1) % 12 + 1, 1) if year < date.max.year else date.max
    return date(year, month + 1, min(day.day, (first_of_next - timedelta(days=1)).day))


@dataclass(frozen=True)
class Shift:
    """One dated thing before and after a change; a day that is None is not there."""

    what: str
    icon: str
    before: date | None
    after: date | None

    @property
    def moves(self) -> bool:
        return self.before != self.after


def shifts(before: Sequence[Obligation], after: Sequence[Obligation]) -> list[Shift]:
    """What stands where before and after, in the order of the days after."""
    was, will = ({each.what: each for each in side} for side in (before, after))
    either = {**was, **will}
    found = [
        Shift(what, each.icon, was[what].on if what in was else None, will[what].on if what in will else None)
        for what, each in either.items()
    ]
    return sorted(found, key=lambda shift: shift.after or shift.before or date.max)


def moved_end(starts_on: date, ends_on: date | None, new_start: date) -> date | None:
    """The last day of a program that begins on another day and lasts as long."""
    return ends_on and ends_on + (new_start - starts_on)
