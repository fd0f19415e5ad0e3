"""What can stand on a timeline, when, and who may change a note."""

from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from ..accounts.rules import Role
from ..clients.rules import in_words


class Kind(StrEnum):
    NOTE = "note"
    CALL = "call"
    MAIL = "mail"
    FILE = "file"
    INTAKE = "intake"
    MOVE = "move"
    CHANGE = "change"
    SIGN = "sign"
    SESSION = "session"
    INVOICE = "invoice"


FILTERS = {
    "notes": (Kind.NOTE, Kind.CALL),
    "mail": (Kind.MAIL,),
    "files": (Kind.FILE,),
    "sessions": (Kind.SESSION,),
    "invoices": (Kind.INVOICE,),
    "steps": (Kind.INTAKE, Kind.MOVE, Kind.CHANGE, Kind.SIGN),
}
"""What the filter chips over the timeline show."""

WRITTEN = {Kind.NOTE: "Note", Kind.CALL: "Call", Kind.MAIL: "Mail logged"}
"""What staff write by hand, with a text of their own, and the sentence it stands under."""

LONGEST_NOTE = 20_000
OLDEST_YEAR = 1990


def sentence_of_change(fields: tuple[str, ...]) -> str:
    """'Changed coach and phone': what was changed, never to what."""
    return f"Changed {in_words(fields)}"


def may_edit_note(*, is_author: bool, role: Role) -> bool:
    """A note says what its author says; the owner may mend it. Everybody else on the team reads."""
    return is_author or role is Role.OWNER


def refusal_of_moment(wall_time: datetime, zone: str, now: datetime) -> str | None:
    """Why something cannot have happened then, as a sentence; None when it can."""
    if wall_time.year < OLDEST_YEAR:
        return "That is too long ago. Check the year."
    if wall_time.year > now.year + 1 or moment_of(wall_time, zone) > now:
        return "That is still to come. Log it when it has happened."
    if moment_of(wall_time, zone).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall_time:
        return "The clocks were put forward then, so there was no such time. Check the hour."
    return None


def moment_of(wall_time: datetime, zone: str) -> datetime:
    """The moment a clock on the wall of a zone showed this; the first one when it did so twice."""
    return wall_time.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def month_of(moment: datetime, zone: str, now: datetime) -> str:
    """'November', and the year when it is another one: the heading an entry stands under."""
    local, today = moment.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    return f"{local:%B}" if local.year == today.year else f"{local:%B} {local.year}"
