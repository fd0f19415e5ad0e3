"""Kinds of questions, what a valid answer is, and what an answer fills in."""

from enum import StrEnum


class QuestionKind(StrEnum):
    SHORT = "short"
    LONG = "long"
    CHOICE = "choice"
    SEVERAL = "several"
    SCALE = "scale"
    DATE = "date"
    MAIL = "mail"
    PHONE = "phone"
    FILE = "file"
    CONSENT = "consent"
    SECTION = "section"


class FormState(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class SubmissionState(StrEnum):
    STARTED = "started"
    SUBMITTED = "submitted"
