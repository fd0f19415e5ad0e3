"""Who may open a stored file; what may be stored is decided in `refusal_to_store`."""

from enum import StrEnum


class Audience(StrEnum):
    TEAM = "team"
    COACH = "coach"


AUDIENCE_LABELS = {Audience.TEAM: "the team", Audience.COACH: "the coach only"}
