"""What a plan may be, what it begins with, and what changed between two versions of it."""

import difflib
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

LONGEST = 40_000
CONTEXT = 2
"""Unchanged lines that are shown around a change."""
STARTER = """## Where I am

What the assessments and others say, in a few lines.

## What I want to reach

1.

## What I will do

| What | By when | How I will know |
| --- | --- | --- |
|  |  |  |

## Who helps me

-
"""
"""Offered to whoever writes the first one."""


class Change(StrEnum):
    """What became of a line; or that unchanged ones are left out here."""

    SAME = "same"
    ADDED = "added"
    GONE = "gone"
    SKIPPED = "skipped"


class Line(NamedTuple):
    change: Change
    text: str


def differences(old: str, new: str) -> list[Line]:
    """What changed, line by line, with a little of what stands around it."""
    lines: list[Line] = []
    before, after = old.splitlines(), new.splitlines()
    for group in difflib.SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(CONTEXT):
        if lines or group[0][1] > 0:
            lines.append(Line(Change.SKIPPED, ""))
        lines += _lines(group, before, after)
    return lines


def _lines(group: list[tuple[str, int, int, int, int]], before: list[str], after: list[str]) -> Iterator[Line]:
    for tag, i1, i2, j1, j2 in group:
        if tag == "equal":
            yield from (Line(Change.SAME, text) for text in before[i1:i2])
        else:
            yield from (Line(Change.GONE, text) for text in before[i1:i2])
            yield from (Line(Change.ADDED, text) for text in after[j1:j2])


def in_words(lines: list[Line]) -> str:
    """'2 lines added, 1 line taken away'; what to say when there is no difference."""
    counts = [sum(line.change is change for line in lines) for change in (Change.ADDED, Change.GONE)]
    said = [
        f"{count} {'line' if count == 1 else 'lines'} {word}"
        for count, word in zip(counts, ("added", "taken away"), strict=True)
        if count
    ]
    return ", ".join(said) or "Both say the same"


def refusal_to_share(text: str) -> str | None:
    """Why there is nothing to share, as a sentence; None when there is."""
    return None if text.strip() else "Write the plan first: there is nothing in it to share."
