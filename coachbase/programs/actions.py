"""Keep program templates; start a program with a client."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import clock, money
from ..accounts.models import User
from ..agreements import actions as agreements
from ..assessments import actions as assessments
from ..clients import actions as clients
from ..clients.models import Client
from ..clients.rules import Party
from ..db import atomic
from ..engagements import actions as engagements
from ..engagements.models import Engagement
from ..engagements.rules import STEP_LABELS, Billing, Cadence, Payer, Share, StepKind, Summaries, ThreeWay
from ..errors import Refused, Stale
from ..firm.models import Firm
from ..instruments.models import Battery, BatteryItem
from ..instruments.rules import words_of_battery
from ..intake import actions as intake
from ..portal import actions as portal
from .models import Outlook, ProgramTemplate, Start, TemplateStep
from .rules import (
    first_steps,
    like_name,
    own_key,
    refusal_of_needs,
    refusal_of_parts,
    refusal_to_add,
)

__all__ = ["Start", "begin"]

# Templates -----------------------------------------------------------------------------------------------------------


@atomic
def add(values: Mapping[str, Any]) -> ProgramTemplate:
    """A new program with the onboarding steps its parts call for. `values` are columns of ProgramTemplate."""
    template = ProgramTemplate.create(**_worded(values), created_at=clock.now())
    for row in first_steps(template.parts):
        TemplateStep.create(template=template, **row)
    return template


@atomic
def change(template: ProgramTemplate, values: Mapping[str, Any], *, version: int) -> None:
    """Change a program. What was started from it keeps its own copy.

    Raises Stale when somebody saved it since `version`, and Refused when a step would lose what it stands on.
    """
    now = _as_it_is(template)
    if now.version != version:
        raise Stale(f"Somebody else changed {now.name} while you were typing.")
    for name, value in _worded(values).items():
        setattr(now, name, value)
    if refusal := refusal_of_parts([step.kind for step in TemplateStep.of(now)], now.parts):
        raise Refused(refusal)
    now.version = version + 1
    now.save()


def _worded(values: Mapping[str, Any]) -> dict[str, Any]:
    """The battery says which assessments there are, where nobody has put it in words for the agreement."""
    battery = values.get("battery")
    if battery is None or values.get("assessments"):
        return dict(values)
    names = [item.instrument.name for item in BatteryItem.of(battery)]
    return {**values, "assessments": words_of_battery(names)}


@atomic
def duplicate(template: ProgramTemplate) -> ProgramTemplate:
    """The same program once more, under a name of its own."""
    now = _as_it_is(template)
    names = {name for (name,) in ProgramTemplate.kept().select(ProgramTemplate.name).tuples()}
    copy = ProgramTemplate.create(
        **now.terms() | {"name": like_name(now.name, names)},
        payer_name=now.payer_name,
        agreement=now.agreement_id,
        questionnaire=now.questionnaire_id,
        created_at=clock.now(),
    )
    for step in TemplateStep.of(now):
        TemplateStep.create(template=copy, **step.terms())
    return copy


@atomic
def remove(template: ProgramTemplate) -> None:
    """Take a program off the list; what was started from it goes on."""
    template.removed_at = clock.now()
    template.save(only=[ProgramTemplate.removed_at])


@atomic
def restore(template: ProgramTemplate) -> None:
    """Undo a removal."""
    template.removed_at = None
    template.save(only=[ProgramTemplate.removed_at])


def _as_it_is(template: ProgramTemplate) -> ProgramTemplate:
    """The program read anew, inside the transaction that changes it or begins it."""
    return ProgramTemplate.with_documents().where(ProgramTemplate.id == template.id).get()


# Their steps ---------------------------------------------------------------------------------------------------------


@atomic
def add_step(
    template: ProgramTemplate,
    kind: StepKind,
    *,
    label: str = "",
    waiting_on: Party,
    target_days: int | None,
    needs: Sequence[str] = (),
) -> TemplateStep:
    """A step at the end. Only one of the firm's own has a label of its own."""
    template = _as_it_is(template)
    steps = list(TemplateStep.of(template))
    if refusal := refusal_to_add(kind, [step.kind for step in steps], template.parts):
        raise Refused(refusal)
    _refuse_circle("", needs, steps)
    key = own_key(_all_keys(template)) if kind is StepKind.OWN else kind.value
    # One of this kind that was taken out is not wanted back any more.
    TemplateStep.delete().where(TemplateStep.template == template, TemplateStep.key == key).execute()
    return TemplateStep.create(
        template=template,
        position=len(steps) + 1,
        key=key,
        kind_name=kind,
        label=label if kind is StepKind.OWN else STEP_LABELS[kind],
        waiting_on_name=waiting_on,
        target_days=target_days,
        needs=" ".join(needs),
    )


@atomic
def change_step(
    step: TemplateStep,
    *,
    label: str = "",
    waiting_on: Party,
    target_days: int | None,
    needs: Sequence[str],
    version: int,
) -> None:
    """Change a step of a program.

    Raises Stale when somebody saved it since `version`, and Refused when steps would wait in a circle.
    """
    now = TemplateStep.get_by_id(step.id)
    if now.version != version:
        raise Stale("Somebody else changed this step while you were typing.")
    _refuse_circle(now.key, needs, [other for other in TemplateStep.of(now.template) if other != now])
    if now.kind is StepKind.OWN:
        now.label = label
    now.waiting_on_name, now.target_days, now.needs = waiting_on, target_days, " ".join(needs)
    now.version = version + 1
    now.save()


def _refuse_circle(key: str, needs: Sequence[str], others: Sequence[TemplateStep]) -> None:
    if refusal := refusal_of_needs(key, needs, {other.key: other.needed for other in others}):
        raise Refused(refusal)


def _all_keys(template: ProgramTemplate) -> set[str]:
    rows = TemplateStep.select(TemplateStep.key).where(TemplateStep.template == template)
    return {key for (key,) in rows.tuples()}


@atomic
def shift_step(step: TemplateStep, by: int) -> None:
    """Move a step one up (-1) or down (1)."""
    order = list(TemplateStep.of(step.template))
    if step not in order:
        return
    now = order.index(step)
    order.insert(max(0, now + by), order.pop(now))
    _number(order)


@atomic
def take_out(step: TemplateStep) -> int:
    """Take a step out of its program; it can be put back. Where it stood."""
    now = TemplateStep.get_by_id(step.id)
    if now.position > 0:
        place, now.position = now.position, -now.position
        now.save()
        _number(list(TemplateStep.of(now.template)))
        return place
    return -now.position


@atomic
def put_back(step: TemplateStep, place: int) -> None:
    """Undo `take_out`; whatever waits for a step that is gone by now waits for it no longer."""
    now = TemplateStep.get_by_id(step.id)
    if now.position > 0:
        return
    template = _as_it_is(now.template)
    order = list(TemplateStep.of(template))
    if refusal := refusal_to_add(now.kind, [other.kind for other in order], template.parts):
        raise Refused(refusal)
    others = {other.key: other.needed for other in order}
    kept = [need for need in now.needed if need in others]
    if refusal_of_needs(now.key, kept, others):
        kept = []
    now.needs = " ".join(kept)
    now.save()
    order.insert(max(0, place - 1), now)
    _number(order)


def _number(steps: Sequence[TemplateStep]) -> None:
    for place, step in enumerate(steps, start=1):
        TemplateStep.update(position=place).where(TemplateStep.id == step.id).execute()


# Starting ------------------------------------------------------------------------------------------------------------


@atomic
def begin(client: Client, template: ProgramTemplate, chosen: Start, *, by: User) -> Engagement:
    """Everything at once: engagement, steps, assessments, agreement, questionnaire and the mails that follow; or
    nothing.

    An agreement that lacks something stays a draft. Raises Refused with the reason when it cannot be started so.
    """
    client, template = Client.get_by_id(client.id), _as_it_is(template)
    outlook = Outlook(client, template, chosen, firm=Firm.current(), now=clock.now())
    if outlook.refusal:
        raise Refused(outlook.refusal)
    if client.coach != chosen.coach:
        clients.change(client, {"coach": chosen.coach}, version=client.version, by=by)
    planned = outlook.engagement
    engagement = engagements.start(
        client,
        planned.terms(),
        coach=chosen.coach,
        starts_on=planned.starts_on,
        ends_on=planned.ends_on,
        payer=chosen.payer,
        po_number=chosen.po_number,
        participants=chosen.participants(),
        steps=outlook.steps,
        by=by,
    )
    if engagement.battery_id:
        assessments.apply_battery(engagement, engagement.battery, by=by)
    _ask(engagement, outlook, by)
    return engagement


def _ask(engagement: Engagement, outlook: Outlook, by: User) -> None:
    """Agreement, questionnaire, and the links to the pages they stand on. A sent agreement mails the link itself."""
    template = outlook.template
    if template.questionnaire_to_ask:
        intake.ask(template.questionnaire_to_ask, engagement)
    if template.agreement_to_sign:
        agreement = agreements.draft(engagement, template.agreement_to_sign, by=by)
        if outlook.is_sent:
            agreements.send(agreement, by=by)
    if template.questionnaire_to_ask and not outlook.is_sent and engagement.client.email:
        portal.invite(engagement, by=by)
    if engagement.client.assistant_email:
        portal.invite_assistant(engagement, by=by)


# What ships ----------------------------------------------------------------------------------------------------------

SHIPPED = Path(__file__).parents[2] / "templates" / "programs" / "shipped"

_LOGISTICS = """\
**Where we meet.** By video, or in person where we agree on it. The link stands in each confirmation.

**Before a session.** Send what you would like to work on the evening before; a line is enough.

**Moving a session.** Free of charge until 24 hours before it begins. Write to us, or let your assistant do it.

**Between sessions.** Short questions by mail are welcome; your coach answers within two working days.
"""
_PROGRAMS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "3200",
        {
            "name": "Leadership 3",
            "months": 3,
            "sessions": 6,
            "cadence_name": Cadence.BIWEEKLY,
            "billing_name": Billing.UPFRONT,
            "payer_name": Payer.CLIENT,
        },
    ),
    (
        "9600",
        {
            "name": "Leadership 6",
            "months": 6,
            "sessions": 12,
            "cadence_name": Cadence.BIWEEKLY,
            "billing_name": Billing.HALVES,
            "payer_name": Payer.SPONSOR,
            "assessments": "Hogan HPI and HDS\nEQ-i 2.0",
            "three_ways": " ".join(ThreeWay),
            "summaries_name": Summaries.QUARTERLY,
            "shares": " ".join((Share.SESSIONS, Share.PHASE, Share.GOALS, Share.PROGRESS, Share.LOGISTICS)),
        },
    ),
    (
        "14400",
        {
            "name": "Executive year",
            "months": 12,
            "sessions": 12,
            "session_minutes": 90,
            "cadence_name": Cadence.MONTHLY,
            "billing_name": Billing.MONTHLY,
            "payer_name": Payer.SPONSOR,
            "three_ways": f"{ThreeWay.START} {ThreeWay.END}",
            "summaries_name": Summaries.MIDDLE_AND_END,
            "shares": " ".join((Share.SESSIONS, Share.PHASE, Share.GOALS, Share.LOGISTICS)),
        },
    ),
)


@atomic
def ship(firm: Firm) -> None:
    """The three programs, the agreement and the questionnaire every firm begins with; one applies the battery."""
    agreement = agreements.keep_template("Coaching agreement", (SHIPPED / "agreement.md").read_text("utf-8"))
    questionnaire = intake.make_first_questionnaire()
    battery = Battery.kept().first()
    for price, terms in _PROGRAMS:
        add(
            terms
            | {
                "price_cents": money.minor_of(price, firm.currency),
                "currency": firm.currency,
                "logistics": _LOGISTICS,
                "agreement": agreement,
                "questionnaire": questionnaire,
                "battery": battery if "assessments" in terms else None,
            }
        )
