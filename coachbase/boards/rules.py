"""The meanings a stage can have, and where a card may go."""

from enum import StrEnum


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
