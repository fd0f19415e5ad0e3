"""What a cadence proposes, and the smallest change that mends a calendar."""

from datetime import timedelta
from enum import StrEnum

UNDO_FOR = timedelta(minutes=2)
"""Mails leave so long after a plan was applied; until then it can be undone without anybody having heard of it."""


class ProposalKind(StrEnum):
    CADENCE = "cadence"
    ILL = "ill"
    SLIP = "slip"


class ProposalState(StrEnum):
    DRAFT = "draft"
    APPLIED = "applied"
    UNDONE = "undone"
    DROPPED = "dropped"
