"""What can stand on a timeline."""

from enum import StrEnum


class Kind(StrEnum):
    NOTE = "note"
    CALL = "call"
    MAIL = "mail"
    FILE = "file"
    INTAKE = "intake"
    MOVE = "move"
    CHANGE = "change"


FILTERS = {
    "notes": (Kind.NOTE, Kind.CALL),
    "mail": (Kind.MAIL,),
    "files": (Kind.FILE,),
    "steps": (Kind.INTAKE, Kind.MOVE, Kind.CHANGE),
}
"""What the filter chips over the timeline show."""

WRITTEN = (Kind.NOTE, Kind.CALL, Kind.MAIL)
"""What staff write by hand, with a text of their own."""

LONGEST_NOTE = 20_000
