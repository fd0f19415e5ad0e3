"""The terms of a program, the states of an engagement, and how onboarding steps hold each other up."""

from enum import StrEnum

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
    Share.PROGRESS: "Progress on the agreed goals, as the client released it",
    Share.LOGISTICS: "Dates, places and other logistics",
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
