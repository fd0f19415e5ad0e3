"""What becomes of a rater, who may be one, whether they are enough, when to chase them; how a pasted list is read."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ..assessments.rules import OPEN, Progress
from ..assessments.rules import State as AssessmentState
from ..clients.rules import delimiter_of, fold, is_mail_address, read_sheet
from ..errors import Refused
from ..firm.rules import is_zone
from ..instruments.rules import Group

NOMINATE, APPROVE = "nominate", "approve"
"""The kinds of links behind which the coachee names raters, and a sponsor contact approves them."""
ACCESS, REMINDER = "rater_access", "rater_reminder"
"""The kinds of mails to a rater."""
LINK_LASTS = timedelta(days=60)
LONGEST_NAME, LONGEST_MAIL, LONGEST_LIST = 120, 254, 100_000
MOST = 200
"""Raters of one assessment."""


class State(StrEnum):
    """Nominated by the client, approved (or entered by the desk), invited, done; declined or withdrawn."""

    NOMINATED = "nominated"
    APPROVED = "approved"
    INVITED = "invited"
    STARTED = "started"
    COMPLETED = "completed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


STATE_LABELS = {
    State.NOMINATED: "Nominated",
    State.APPROVED: "To be invited",
    State.INVITED: "Invited",
    State.STARTED: "Has begun",
    State.COMPLETED: "Completed",
    State.DECLINED: "Not approved",
    State.WITHDRAWN: "Withdrawn",
}
COUNTED = (State.INVITED, State.STARTED, State.COMPLETED)
"""Who was asked."""
SILENT = (State.INVITED, State.STARTED)
"""Who can be chased."""
GONE = (State.DECLINED, State.WITHDRAWN)
LEADS_TO = {
    State.NOMINATED: (State.APPROVED, State.DECLINED, State.WITHDRAWN),
    State.APPROVED: (State.INVITED, State.STARTED, State.COMPLETED, State.WITHDRAWN),
    State.INVITED: (State.STARTED, State.COMPLETED, State.WITHDRAWN),
    State.STARTED: (State.INVITED, State.COMPLETED, State.WITHDRAWN),
    State.COMPLETED: (State.INVITED, State.STARTED),
    State.DECLINED: (State.APPROVED,),
    State.WITHDRAWN: (State.APPROVED,),
}
BY_HAND = (State.INVITED, State.STARTED, State.COMPLETED)
"""What the desk may say of somebody who was asked."""


def refusal_to_become(now: State, to: State) -> str | None:
    """Why a rater may not go from one state to another, as a sentence; None when they may."""
    if to is now or to in LEADS_TO[now]:
        return None
    return f"Who is “{STATE_LABELS[now].lower()}” cannot become “{STATE_LABELS[to].lower()}”."


def refusal_to_ask(assessment: AssessmentState) -> str | None:
    """Why nobody is asked about this assessment any more, as a sentence; None when people may be."""
    if assessment in OPEN:
        return None
    return "This assessment is closed, so nobody else is asked. Put it back first if that was a slip."


# Who may be one -------------------------------------------------------------------------------------------------------


class Person(NamedTuple):
    """Somebody to be asked; `group` is the name of a group of the instrument."""

    name: str
    email: str
    group: str
    zone: str = ""


_UNREADABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def refusal_of_person(person: Person, *, own: str, coach: str, groups: Iterable[str]) -> str | None:
    """Why this is nobody to be asked, as a sentence that repeats no address; None when they may be.

    `own` and `coach` are the addresses of the client and the coach: both stand elsewhere in the report.
    """
    if not person.name:
        return "The name is missing."
    if not person.email:
        return "The mail address is missing."
    if len(person.name) > LONGEST_NAME or len(person.email) > LONGEST_MAIL:
        return f"A name has up to {LONGEST_NAME} characters, an address up to {LONGEST_MAIL}."
    if _UNREADABLE.search(person.name + person.email):
        return "There is a character in it that cannot be stored."
    if not is_mail_address(person.email):
        return "This is no email address."
    if own and person.email.casefold() == own.casefold():
        return "This is the address of who is coached, who answers on a page of their own."
    if coach and person.email.casefold() == coach.casefold():
        return "This is the address of the coach, who does not rate."
    if person.group not in groups:
        return "Say in which group they answer."
    return "This is no time zone." if person.zone and not is_zone(person.zone) else None


def group_named(text: str, groups: Iterable[str]) -> str:
    """The group that is meant: its name, whatever its case, in the singular too; '' when there is none such."""
    wanted = fold(" ".join(text.split()))
    return next((group for group in groups if wanted and _one(wanted) == _one(fold(group))), "")


def _one(word: str) -> str:
    return word.removesuffix("s")


# Whether they are enough ----------------------------------------------------------------------------------------------


def refusal_of_size(group: Group, there: int, more: int) -> str | None:
    """Why so many more do not fit into a group, as a sentence; None when they do."""
    if there + more <= group.most:
        return None
    stands = f"there {'is' if there == 1 else 'are'} {there} already, and " if there else ""
    return f"{group.name}: {stands}{_of(group)}. Leave {there + more - group.most} out."


def _of(group: Group) -> str:
    return f"at most {group.most} can be asked"


def refusal_of_shortage(group: Group, there: int) -> str | None:
    """Why these are too few to be handed in, as a sentence; None when they are enough."""
    missing = group.least - there
    if missing <= 0:
        return None
    return f"{group.name}: {there} of at least {group.least}; name {missing} more, or save and go on later."


def wanted_in_words(group: Group) -> str:
    """'3 to 6 people', 'one person', 'up to 6 people, or nobody'."""
    if group.most == 1:
        return "one person" if group.least else "one person, or nobody"
    if group.least == 0:
        return f"up to {group.most} people, or nobody"
    size = f"{group.least}" if group.least == group.most else f"{group.least} to {group.most}"
    return f"{size} people"


def is_enough(progress: Sequence[Progress]) -> bool:
    """Whether the least of each group have answered, and anybody at all."""
    return any(each.done for each in progress) and all(each.done >= each.least for each in progress)


def missing_in_words(progress: Sequence[Progress]) -> str:
    """'Peers 1 more, Direct reports 2 more': what keeps it from being enough; '' when nothing does."""
    lacking = [(each.group, each.least - each.done) for each in progress if each.done < each.least]
    return ", ".join(f"{group} {count} more" for group, count in lacking)


def day_of(moment: datetime, zone: str) -> date:
    """The day it is there."""
    return moment.astimezone(ZoneInfo(zone)).date()


LEAST_TOLD = 3
"""Of fewer the coachee is not told how many have answered: that would tell who."""


def told_to_coachee(progress: Sequence[Progress]) -> list[tuple[str, int, int]]:
    """How many have answered, of how many: by group, the small groups together, and those left out where they are too
    few even so. No total stands beside them, from which they could be reckoned."""
    large = [(each.group, each.done, each.asked) for each in progress if each.asked >= LEAST_TOLD]
    small = [each for each in progress if 0 < each.asked < LEAST_TOLD]
    done, asked = sum(each.done for each in small), sum(each.asked for each in small)
    together = [(", ".join(each.group for each in small), done, asked)] if asked >= LEAST_TOLD else []
    return large + together


# A pasted list --------------------------------------------------------------------------------------------------------


class Trouble(NamedTuple):
    """A line that is not taken, and why."""

    number: int
    why: str


class Reading(NamedTuple):
    """What a list says: who is to be asked, and the lines that are not understood."""

    people: tuple[Person, ...]
    troubles: tuple[Trouble, ...]


HEADINGS = {
    "name": "name fullname ratername rater respondent participant evaluator",
    "first": "firstname first givenname forename",
    "last": "lastname last surname familyname",
    "email": "email mail emailaddress mailaddress rateremail respondentemail",
    "group": "group relationship relation ratergroup role category type",
    "zone": "timezone zone tz",
}
_NAME_AND_MAIL = re.compile(r"([^<>]*)<([^<>\s]+@[^<>\s]+)>")


def read_people(text: str, *, groups: Sequence[str], usual: str) -> list[tuple[int, Person]]:
    """The people of a list, a line each, with or without headings; `usual` is the group of a line that names none.

    Without headings the cell with an @ is the address, one that names a group the group, what is left the name.
    Raises Refused when the list as a whole cannot be read.
    """
    if not text.strip():
        raise Refused("Paste a line for each, or choose a file.")
    first = next(line for line in text.splitlines() if line.strip())
    named = _columns(first.split(delimiter_of(text)))
    if "email" in named and "@" not in first:
        if not text.partition(first)[2].strip():
            raise Refused("There are headings, and no line below them.")
        rows = read_sheet(text).rows
        return [(number, _from_columns(cells, named, groups, usual)) for number, cells in rows]
    wide = delimiter_of(text).join(("name", "email", "group", "zone"))
    return [(number - 1, _by_looks(cells, groups, usual)) for number, cells in read_sheet(f"{wide}\n{text}").rows]


def _columns(header: Iterable[str]) -> list[str]:
    found: list[str] = []
    for heading in header:
        key = re.sub(r"[^a-z]", "", fold(heading))
        found.append(next((name for name, words in HEADINGS.items() if key in words.split() and name not in found), ""))
    return found


def _from_columns(cells: Sequence[str], named: Sequence[str], groups: Sequence[str], usual: str) -> Person:
    texts = {name: cell for name, cell in zip(named, cells, strict=False) if name}
    name = texts.get("name") or f"{texts.get('first', '')} {texts.get('last', '')}".strip()
    group = group_named(texts["group"], groups) if texts.get("group") else usual
    return Person(name, texts.get("email", ""), group, texts.get("zone", ""))


def _by_looks(cells: Sequence[str], groups: Sequence[str], usual: str) -> Person:
    """What is neither address nor group nor zone is the name; two such cells are first and last name only where the
    group is said, for the second may be a group that we do not know."""
    email = group = zone = ""
    names: list[str] = []
    for cell in filter(None, cells):
        if both := _NAME_AND_MAIL.fullmatch(cell):
            names.append(both[1].strip(' "'))
            email = email or both[2]
        elif "@" in cell and not email:
            email = cell
        elif not group and group_named(cell, groups):
            group = group_named(cell, groups)
        elif "/" in cell and is_zone(cell):
            zone = cell
        else:
            names.append(cell)
    return Person(" ".join(names), email, group or (usual if len(names) < 2 else ""), zone)


def sort_people(
    lines: Sequence[tuple[int, Person]],
    *,
    groups: Sequence[Group],
    there: Mapping[str, int],
    taken: Mapping[str, str],
    own: str,
    coach: str,
) -> Reading:
    """Who of them may be asked, and why the others may not. `there` counts who is in each group already, `taken` says
    in which group an address (folded) stands already."""
    by_name = {group.name: group for group in groups}
    people: list[Person] = []
    troubles: list[Trouble] = []
    seen: dict[str, int] = {}
    counts = dict(there)
    for number, person in lines:
        key = person.email.casefold()
        why = refusal_of_person(person, own=own, coach=coach, groups=by_name)
        if not why and key in taken:
            why = f"This address is on the list already, among {taken[key]}."
        elif not why and key in seen:
            why = f"Line {seen[key]} has this address too."
        elif not why:
            why = refusal_of_size(by_name[person.group], counts.get(person.group, 0), 1)
        seen.setdefault(key, number)
        if why:
            troubles.append(Trouble(number, why))
            continue
        counts[person.group] = counts.get(person.group, 0) + 1
        people.append(person)
    return Reading(tuple(people), tuple(troubles))
