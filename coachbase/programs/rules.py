"""What a program's steps stand on and wait for, what may be saved and begun, and which mails a start will cause."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from ..engagements.rules import STEP_LABELS, WAITS_ON, Payer, StepKind, Summaries, months_later

LENGTHS = (3, 6, 12)
"""Months to choose from; a program may also be free of any."""

MOST_SESSIONS, LONGEST_SESSION, MOST_DAYS, MOST_STEPS = 400, 480, 365, 20
START_AFTER = timedelta(days=14)
"""When a kickoff is planned before anybody says otherwise."""


class Part(StrEnum):
    """What a program may have, and some of its steps stand on."""

    AGREEMENT = "agreement"
    QUESTIONNAIRE = "questionnaire"
    ASSESSMENTS = "assessments"
    THREE_WAYS = "three_ways"
    LOGISTICS = "logistics"


STANDS_ON = {
    StepKind.AGREEMENT_SENT: Part.AGREEMENT,
    StepKind.AGREEMENT_SIGNED: Part.AGREEMENT,
    StepKind.QUESTIONNAIRE_SENT: Part.QUESTIONNAIRE,
    StepKind.QUESTIONNAIRE_ANSWERED: Part.QUESTIONNAIRE,
    StepKind.ASSESSMENT_ACCESS: Part.ASSESSMENTS,
    StepKind.THREE_WAY_AGREED: Part.THREE_WAYS,
    StepKind.LOGISTICS_SENT: Part.LOGISTICS,
}
PART_WORDS = {
    Part.AGREEMENT: "an agreement",
    Part.QUESTIONNAIRE: "a questionnaire",
    Part.ASSESSMENTS: "assessments",
    Part.THREE_WAYS: "three-way meetings",
    Part.LOGISTICS: "a text about logistics",
}


class Offer(Protocol):
    """What rules need to know of a program that can be started."""

    payer: Payer
    months: int | None


class StepLike(Protocol):
    """What rules need to know of a step."""

    key: str
    label: str
    kind: StepKind
    needed: tuple[str, ...]

    def terms(self) -> dict[str, Any]: ...


# Steps ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FirstStep:
    """A step a new program begins with."""

    kind: StepKind
    target_days: int
    needs: tuple[StepKind, ...] = ()


K = StepKind
FIRST_STEPS = (
    FirstStep(K.AGREEMENT_SENT, 1),
    FirstStep(K.AGREEMENT_SIGNED, 5, (K.AGREEMENT_SENT,)),
    FirstStep(K.QUESTIONNAIRE_SENT, 1),
    FirstStep(K.QUESTIONNAIRE_ANSWERED, 5, (K.QUESTIONNAIRE_SENT,)),
    FirstStep(K.FILE_SET_UP, 2, (K.AGREEMENT_SIGNED, K.QUESTIONNAIRE_ANSWERED)),
    FirstStep(K.ASSESSMENT_ACCESS, 3, (K.AGREEMENT_SIGNED, K.QUESTIONNAIRE_ANSWERED)),
    FirstStep(K.THREE_WAY_AGREED, 7, (K.AGREEMENT_SIGNED,)),
    FirstStep(K.KICKOFF_BOOKED, 5, (K.AGREEMENT_SIGNED, K.QUESTIONNAIRE_ANSWERED)),
    FirstStep(K.LOGISTICS_SENT, 1, (K.KICKOFF_BOOKED,)),
)


def first_steps(parts: Collection[Part]) -> list[dict[str, Any]]:
    """The steps a new program begins with, as far as it has what they stand on: rows of StepTerms."""
    fit = [step for step in FIRST_STEPS if STANDS_ON.get(step.kind) in (None, *parts)]
    kinds = {step.kind for step in fit}
    return [
        {
            "position": place,
            "key": step.kind.value,
            "kind_name": step.kind,
            "label": STEP_LABELS[step.kind],
            "waiting_on_name": WAITS_ON[step.kind],
            "target_days": step.target_days,
            "needs": " ".join(need for need in step.needs if need in kinds),
        }
        for place, step in enumerate(fit, start=1)
    ]


def fitting_steps(steps: Sequence[StepLike], parts: Collection[Part]) -> list[dict[str, Any]]:
    """The steps that apply when a program has these parts: rows of StepTerms, numbered anew.

    Whatever waited for a step that is dropped waits for what that one waited for.
    """
    needs = {step.key: step.needed for step in steps}
    fit = [step for step in steps if STANDS_ON.get(step.kind) in (None, *parts)]
    kept = {step.key for step in fit}
    return [
        step.terms() | {"position": place, "needs": " ".join(_first_kept(step.needed, needs, kept))}
        for place, step in enumerate(fit, start=1)
    ]


def _first_kept(wanted: Iterable[str], needs: Mapping[str, Sequence[str]], kept: Collection[str]) -> list[str]:
    found: dict[str, None] = {}
    seen: set[str] = set()
    waiting = list(wanted)
    while waiting:
        key = waiting.pop(0)
        if key in kept:
            found[key] = None
        elif key not in seen:
            seen.add(key)
            waiting += needs.get(key, ())
    return list(found)


def own_key(keys: Collection[str]) -> str:
    """A key for a step of the firm's own."""
    number = 1
    while f"own_{number}" in keys:
        number += 1
    return f"own_{number}"


def refusal_to_add(kind: StepKind, kinds: Collection[StepKind], parts: Collection[Part]) -> str | None:
    """Why a program cannot have another step of this kind, as a sentence; None when it can."""
    if len(kinds) >= MOST_STEPS:
        return f"A program has at most {MOST_STEPS} steps. Take one out first."
    if kind is StepKind.OWN:
        return None
    if kind in kinds:
        return f"“{STEP_LABELS[kind]}” is a step of this program already."
    part = STANDS_ON.get(kind)
    if part is not None and part not in parts:
        return f"“{STEP_LABELS[kind]}” needs {PART_WORDS[part]}. Say so in the program first, then add the step."
    return None


def refusal_of_needs(step: str, needs: Sequence[str], others: Mapping[str, Sequence[str]]) -> str | None:
    """Why a step cannot wait for these others (key → what they need), as a sentence; None when it can."""
    if not set(needs) <= set(others):
        return "Choose among the other steps of this program."
    for need in needs:
        if _leads_to(need, step, others):
            return "That would be a circle: each step would wait for the other, and none could ever begin."
    return None


def _leads_to(start: str, goal: str, needs: Mapping[str, Sequence[str]]) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        for key in needs.get(waiting.pop(), ()):
            if key == goal:
                return True
            if key not in seen:
                seen.add(key)
                waiting.append(key)
    return False


def refusal_of_parts(kinds: Collection[StepKind], parts: Collection[Part]) -> str | None:
    """Why a program cannot be saved with these parts only, as a sentence; None when it can."""
    for kind in kinds:
        part = STANDS_ON.get(kind)
        if part is not None and part not in parts:
            return (
                f"The step “{STEP_LABELS[kind]}” needs {PART_WORDS[part]}. Take the step out first, or leave that in."
            )
    return None


# Starting ------------------------------------------------------------------------------------------------------------


def end_after(starts_on: date, months: int | None) -> date | None:
    """The last day of a program: the day before the same day, so many months later; None when it has no length."""
    return months_later(starts_on, months) - timedelta(days=1) if months else None


def planned_start(today: date) -> date:
    """A working day some two weeks ahead."""
    wanted = today + START_AFTER
    return wanted + timedelta(days=max(0, 7 - wanted.weekday()) if wanted.weekday() > 4 else 0)


AnOffer = TypeVar("AnOffer", bound=Offer)


def likely(offered: Sequence[AnOffer], *, has_sponsor: bool) -> AnOffer | None:
    """The program to begin with: the shortest that is paid by whoever there is to pay."""
    wanted = Payer.SPONSOR if has_sponsor else Payer.CLIENT
    fit = [one for one in offered if one.payer is wanted] or offered
    return min(fit, key=lambda one: (one.months is None, one.months or 0), default=None)


def without_sponsor(terms: Mapping[str, Any]) -> dict[str, Any]:
    """The terms when no sponsor is in it: nobody to meet, to write summaries to, or to share anything with."""
    return dict(terms) | {"three_ways": "", "summaries_name": Summaries.NONE, "shares": ""}


def refusal_to_begin(
    client: str, *, has_coach: bool, is_kept: bool, payer: Payer, has_organisation: bool, starts_on: date,
    ends_on: date | None,
) -> str | None:  # fmt: skip
    """Why a program cannot be started so, as a sentence; None when it can."""
    if not is_kept:
        return "This program was removed meanwhile. Choose another."
    if not has_coach:
        return f"Choose the coach first: a program without one has nobody to sign, or to coach {client}."
    if payer is Payer.SPONSOR and not has_organisation:
        return f"{client} has no sponsor. Let the client pay, or fill in the organisation first."
    if ends_on is not None and ends_on < starts_on:
        return "The program would end before it starts. Change one of the two days."
    return None


@dataclass(frozen=True)
class Reader:
    """Somebody a mail goes to."""

    name: str
    address: str


@dataclass(frozen=True)
class Letter:
    """A mail that a start will cause; `when` is empty for those that leave at once."""

    what: str
    to: Reader
    when: str = ""


@dataclass(frozen=True)
class Mailing:
    """What decides which mails a start causes. `signers` in their order, the client first; `desk` hears of it."""

    client: Reader
    assistant: Reader | None
    signers: tuple[Reader, ...]
    desk: tuple[Reader, ...]
    is_sent: bool
    has_agreement: bool
    has_questionnaire: bool
    logistics_after: tuple[str, ...] | None
    """The steps after which the logistics are sent; None when there are none to send."""


def letters(mailing: Mailing) -> list[Letter]:
    """Every mail a start will cause, in the order in which they leave. A client without an address gets none."""
    reachable = bool(mailing.client.address)
    found: list[Letter] = []
    if reachable and (mailing.is_sent or mailing.has_questionnaire):
        found.append(Letter(_page_says(mailing), mailing.client))
    if mailing.assistant and mailing.assistant.address:
        found.append(Letter("A page with the dates only", mailing.assistant))
    if mailing.has_agreement:
        found += _letters_of_signing(mailing)
    if mailing.has_questionnaire:
        found += [
            Letter("The questionnaire was answered", reader, f"after {mailing.client.name} answered")
            for reader in mailing.desk
        ]
    if mailing.logistics_after is not None and reachable:
        found.append(Letter("The logistics", mailing.client, f"after {_listed(mailing.logistics_after)}"))
    return found


def _page_says(mailing: Mailing) -> str:
    asked = ["sign the agreement"] * mailing.is_sent + ["answer the questionnaire"] * mailing.has_questionnaire
    return f"The link to the own page: {' and '.join(asked)}"


def _letters_of_signing(mailing: Mailing) -> list[Letter]:
    first, *others = mailing.signers
    found = []
    if not mailing.is_sent and first.address:
        found.append(Letter("The link to the own page: sign the agreement", first, "when you send the agreement"))
    for before, signer in zip(mailing.signers, others, strict=False):
        found.append(Letter("Request to sign", signer, f"after {before.name} signed"))
    for signer in mailing.signers:
        found.append(Letter("Code to sign with", signer, "while signing"))
    for signer in mailing.signers:
        found.append(Letter("The signed agreement", signer, "after everybody signed"))
    return [letter for letter in found if letter.to.address]


def _listed(labels: Sequence[str]) -> str:
    quoted = [f"“{label}”" for label in labels]
    return " and ".join(part for part in (", ".join(quoted[:-1]), quoted[-1]) if part) if quoted else "the start"


# Asked once, used everywhere -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lack:
    """A field nobody filled in yet, where that is done, and whether the open questionnaire asks for it."""

    label: str
    href: str = ""
    is_asked: bool = False


@dataclass(frozen=True)
class Lacking:
    """A document, and what it lacks."""

    document: str
    icon: str
    lacks: tuple[Lack, ...] = field(default=())


def invoice_lacks(
    payer: Payer, *, legal_name: str, address: str, has_organisation: bool, organisation_address: str, po_number: str
) -> list[str]:
    """What an invoice to the payer would lack."""
    if payer is Payer.CLIENT:
        known = {"legal_name": legal_name, "address": address}
    elif not has_organisation:
        known = {"organisation": ""}
    else:
        known = {"organisation_address": organisation_address, "po_number": po_number}
    return [name for name, value in known.items() if not value.strip()]


def like_name(name: str, taken: Collection[str]) -> str:
    """A name for a copy."""
    plain = re.sub(r" \(copy(?: \d+)?\)$", "", name)
    number = 1
    while (copy := f"{plain} (copy{f' {number}' if number > 1 else ''})") in taken:
        number += 1
    return copy
