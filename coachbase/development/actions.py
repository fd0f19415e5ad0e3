"""Write a development plan, bring an older version back, share it with the client."""

from .. import clock
from ..accounts.models import User
from ..clients.models import Client
from ..db import atomic
from ..errors import Refused, Stale
from ..files import actions as files
from ..files.models import Document
from ..files.rules import Audience
from ..files.rules import Kind as Paper
from ..timeline import actions as timeline
from ..timeline.rules import Kind
from .models import DevelopmentPlan, DevelopmentPlanVersion
from .rules import refusal_to_share


@atomic
def write(client: Client, text: str, *, version: int, by: User) -> DevelopmentPlan:
    """Keep what the plan says now, as a version of its own; nothing when it says the same. `version` is what was being
    edited, 0 when there was no plan yet.

    Raises Stale when somebody saved it since.
    """
    plan = DevelopmentPlan.of(client)
    if (plan.version if plan else 0) != version:
        raise Stale("Somebody else changed this plan while you were typing.")
    if plan is not None and plan.text == text:
        return plan
    now = clock.now()
    is_new = plan is None
    plan = plan or DevelopmentPlan(client=client, created_at=now, version=0)
    plan.text, plan.version, plan.changed_at, plan.by = text, plan.version + 1, now, by
    plan.save()
    DevelopmentPlanVersion.create(plan=plan, version=plan.version, text=text, at=now, by=by)
    _note(client, "The development plan was written" if is_new else "The development plan was changed", by)
    return plan


@atomic
def restore(older: DevelopmentPlanVersion, *, version: int, by: User) -> DevelopmentPlan:
    """Let the plan say again what it said before: a new version, so that nothing is lost.

    Raises Stale when somebody saved it since `version`.
    """
    return write(older.plan.client, older.text, version=version, by=by)


@atomic
def share(client: Client, content: bytes, *, version: int, by: User) -> None:
    """File the plan as it is drawn, for the client to open on the own page, in the place of what was shared before.

    Raises Stale when somebody saved it since it was drawn, Refused when there is nothing to share.
    """
    plan = DevelopmentPlan.of(client)
    if plan is None or plan.version != version:
        raise Stale("Somebody else changed this plan meanwhile. Read it once more, then share it.")
    if refusal := refusal_to_share(plan.text):
        raise Refused(refusal)
    plan.document = files.store(
        content,
        f"Development plan - {client.name}.pdf",
        client=client,
        audience=Audience.CLIENT,
        kind=Paper.PLAN,
        dated_on=clock.now().date(),
        replaces=_filed(plan),
        by=by,
    )
    plan.shared_version = version
    plan.save()
    _note(client, "The development plan was shared with the client", by)


def _filed(plan: DevelopmentPlan) -> Document | None:
    """What was shared before, unless it was removed from the library."""
    return plan.document if plan.document_id and plan.document.removed_at is None else None


@atomic
def stop_sharing(client: Client, *, by: User) -> None:
    """The client no longer finds the plan on the own page; what was downloaded stays where it is."""
    plan = DevelopmentPlan.of(client)
    if plan is None or not plan.is_shared:
        return
    files.set_audience(plan.document, Audience.TEAM)
    _note(client, "The development plan is no longer shared with the client", by)


def _note(client: Client, sentence: str, by: User) -> None:
    timeline.record(client, Kind.CHANGE, sentence, by=by, href=f"/clients/{client.public_id}/plan")
