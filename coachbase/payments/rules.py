"""What a bank's file says, and which invoice a line of it pays."""

from enum import StrEnum


class LineState(StrEnum):
    """A line of a bank's file: nobody has looked, it pays something, it is none of our business."""

    OPEN = "open"
    MATCHED = "matched"
    IGNORED = "ignored"
