"""How a client's programs are billed, charges beside them; drafts to be looked through; what does not fit together."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from .. import clock
from ..accounts.models import User
from ..assessments.models import Assessment
from ..clients.models import Client
from ..engagements.models import Engagement
from ..errors import Refused, Stale
from ..files.forms import sent
from ..firm.models import day_of
from ..invoices.models import Invoice
from ..invoices.rules import Lack, Where
from ..payers.models import TaxRate
from ..sessions.models import CoachingSession
from ..web.conflict import conflict
from ..web.pages import firm, go, load_or_404
from . import actions
from .forms import (
    ChargeForm,
    OrderForm,
    PlanForm,
    WaiveForm,
    after_press,
    as_typed,
    differences,
    head_of,
    row_of,
    rows_of,
    ticked,
)
from .models import (
    Account,
    Charge,
    Draft,
    account_of,
    accounts_of,
    costs_to_charge,
    drafts_to_review,
    findings,
    review,
)
from .rules import ANCHOR_LABELS, CHECK_LABELS, CHECK_WORDS

pages = Blueprint("billing", __name__)
REVIEW, CHECKS = "/billing", "/billing/checks"
MOST_PROGRAMS, MOST_SHOWN = 6, 200


# How a client's programs are billed -----------------------------------------------------------------------------------


@pages.get("/clients/<ulid:client_id>/billing")
def of_client(client_id: str) -> ResponseReturnValue:
    """Plans, charges, and sessions that are not billed: a page, or the part of the client's invoices that says so."""
    client = load_or_404(Client.with_people(_me()), client_id)
    accounts = accounts_of(Engagement.of(client).limit(MOST_PROGRAMS))
    charges = list(Charge.of(client).limit(MOST_SHOWN))
    found = {
        "client": client,
        "accounts": accounts,
        "charges": charges,
        "costs": costs_to_charge(client),
        "waived": [waiver for account in accounts for waiver in account.waived],
        "today": day_of(clock.now()),
        "anchors": ANCHOR_LABELS,
    }
    if request.htmx:
        return render_template("billing/_of_client.html", **found)
    return render_template("billing/client.html", tab="invoices", **found)


@pages.get("/engagements/<ulid:engagement_id>/billing")
def plan(engagement_id: str) -> ResponseReturnValue:
    account = _account(engagement_id)
    currency = account.engagement.currency
    rows = [row_of(part, currency) for part in account.unbilled_parts]
    return _plan_page(_plan_form(None, account, rows, **head_of(account)))


@pages.post("/engagements/<ulid:engagement_id>/billing")
def change_plan(engagement_id: str) -> ResponseReturnValue:
    """Keep what was typed; or only add or take out a part. Another sum than the price is kept once that was told."""
    account = _account(engagement_id)
    rows = rows_of(request.form)
    pressed = after_press(rows, request.form)
    form = _plan_form(request.form, account, rows if pressed is None else pressed)
    if pressed is not None:
        return _plan_page(form)
    if not form.validate() or (form.differs and not form.was_warned):
        return _plan_page(form), 422
    try:
        actions.change_plan(
            account.engagement, form.values(), form.new_parts(), seen=form.seen_ids, version=form.version.data, by=_me()
        )
    except Stale as stale:
        return _two_versions(stale, form, engagement_id)
    return go(_home(account.client), "Saved.")


@pages.get("/engagements/<ulid:engagement_id>/billing/sum")
def sum_of_plan(engagement_id: str) -> ResponseReturnValue:
    """What the parts come to as they are typed."""
    account = _account(engagement_id)
    form = _plan_form(request.args, account, rows_of(request.args))
    return render_template("billing/_sum.html", form=form, account=account)


def _plan_form(typed: Any, account: Account, rows: Iterable[MultiDict[str, str]], **head: Any) -> PlanForm:
    return PlanForm(typed, account=account, rows=rows, rates=list(TaxRate.kept()), **head)


def _plan_page(form: PlanForm) -> str:
    account = form.account
    return render_template(
        "billing/plan.html", form=form, account=account, client=account.client, today=day_of(clock.now())
    )


def _two_versions(stale: Stale, form: PlanForm, engagement_id: str) -> ResponseReturnValue:
    """409 with what stands and what was typed; sending again keeps what was typed."""
    now = _account(engagement_id)
    rows = [row_of(part, now.engagement.currency) for part in now.unbilled_parts]
    differing = differences(form, _plan_form(None, now, rows, **head_of(now)))
    told = {"why": str(stale), "differing": differing, "mine": form.sent_again(now), "action": request.path}
    return render_template("conflict.html", **told), 409


def _account(engagement_id: str) -> Account:
    return account_of(load_or_404(Engagement.visible_to(_me()), engagement_id))


def _home(client: Client) -> str:
    return f"/clients/{client.public_id}/billing"


# Charges --------------------------------------------------------------------------------------------------------------


@pages.get("/clients/<ulid:client_id>/charges/new")
def new_charge(client_id: str) -> ResponseReturnValue:
    client = load_or_404(Client.with_people(_me()), client_id)
    current = Engagement.current_of(client)
    usual = {
        "on": day_of(clock.now()),
        "quantity": "1",
        "currency": current.currency if current else firm().currency,
        "program": current.public_id if current else "",
        "version": 1,
    }
    return _charge_page(client, _charge_form(client, None, **usual), f"/clients/{client.public_id}/charges")


@pages.post("/clients/<ulid:client_id>/charges")
def charge(client_id: str) -> ResponseReturnValue:
    client = load_or_404(Client.with_people(_me()), client_id)
    form = _charge_form(client, sent())
    if not form.validate():
        return _charge_page(client, form, request.path), 422
    actions.charge(client, form.values(), receipt=form.receipt, by=_me())
    return go(_home(client), "It comes into the next draft.")


@pages.get("/charges/<ulid:charge_id>")
def edit_charge(charge_id: str) -> ResponseReturnValue:
    row = _charge(charge_id)
    form = _charge_form(row.client, None, **vars(as_typed(row)))
    return _charge_page(row.client, form, request.path, row)


@pages.post("/charges/<ulid:charge_id>")
def change_charge(charge_id: str) -> ResponseReturnValue:
    row = _charge(charge_id)
    form = _charge_form(row.client, sent())
    if not form.validate():
        return _charge_page(row.client, form, request.path, row), 422
    try:
        actions.change_charge(row, form.values(), receipt=form.receipt, version=form.version.data, by=_me())
    except Stale as stale:
        del form.files  # a file cannot be sent again from a page
        return conflict(stale, form, as_typed(_charge(charge_id)), request.path)
    return go(_home(row.client), "Saved.")


@pages.post("/charges/<ulid:charge_id>/remove")
def remove_charge(charge_id: str) -> ResponseReturnValue:
    row = _charge(charge_id)
    actions.remove_charge(row, by=_me())
    flash("It is not billed.", f"undo:/charges/{row.public_id}/restore")
    return go(_home(row.client))


@pages.post("/charges/<ulid:charge_id>/restore")
def restore_charge(charge_id: str) -> ResponseReturnValue:
    row = load_or_404(Charge.visible_to(_me()), charge_id)
    actions.restore_charge(row, by=_me())
    return go(_home(row.client), "It is back.")


@pages.post("/assessments/<ulid:assessment_id>/charge")
def charge_assessment(assessment_id: str) -> ResponseReturnValue:
    """Bill what an assessment costs."""
    row = load_or_404(Assessment.visible_to(_me()), assessment_id)
    actions.charge_assessment(row, by=_me())
    return go(_home(row.client), "It comes into the next draft.")


def _charge_form(client: Client, typed: Any, **usual: Any) -> ChargeForm:
    form = ChargeForm(typed, **usual)
    form.offer(list(Engagement.of(client).limit(MOST_PROGRAMS)), list(TaxRate.kept()))
    return form


def _charge_page(client: Client, form: ChargeForm, action: str, row: Charge | None = None) -> str:
    return render_template("billing/charge.html", client=client, form=form, action=action, charge=row)


def _charge(charge_id: str) -> Charge:
    return load_or_404(Charge.visible_to(_me()).where(Charge.removed_at.is_null()), charge_id)


# Sessions that are not billed -----------------------------------------------------------------------------------------


@pages.get("/sessions/<ulid:session_id>/waive")
def ask_why(session_id: str) -> ResponseReturnValue:
    return _why(_session(session_id), WaiveForm())


@pages.post("/sessions/<ulid:session_id>/waive")
def waive(session_id: str) -> ResponseReturnValue:
    session = _session(session_id)
    form = WaiveForm(request.form)
    if not form.validate():
        return _why(session, form), 422
    actions.waive(session, reason=form.reason.data, by=_me())
    flash("The session is not billed.", f"undo:/sessions/{session.public_id}/bill-after-all")
    return go(CHECKS)


@pages.post("/sessions/<ulid:session_id>/bill-after-all")
def bill_after_all(session_id: str) -> ResponseReturnValue:
    session = _session(session_id)
    actions.bill_after_all(session, by=_me())
    return go(_home(session.client), "It comes into the next draft.")


def _why(session: CoachingSession, form: WaiveForm) -> str:
    template = "billing/_waive.html" if request.htmx else "billing/waive.html"
    return render_template(template, session=session, form=form)


def _session(session_id: str) -> CoachingSession:
    own = CoachingSession.visible_to(_me()).where(CoachingSession.client.is_null(False))
    return load_or_404(own, session_id)


# Drafts to be looked through ------------------------------------------------------------------------------------------


@pages.get(REVIEW)
def to_review() -> ResponseReturnValue:
    return _review()


@pages.post(f"{REVIEW}/propose")
def propose() -> ResponseReturnValue:
    """Drafts now of all that is due of the clients this user looks after."""
    proposed = actions.propose(Engagement.visible_to(_me()), _charges_due(), by=_me())
    return go(REVIEW, _proposed_in_words(proposed))


@pages.post("/engagements/<ulid:engagement_id>/bill")
def bill(engagement_id: str) -> ResponseReturnValue:
    """A draft now of all that is due of one program."""
    engagement = load_or_404(Engagement.visible_to(_me()), engagement_id)
    alone = Engagement.visible_to(_me()).where(Engagement.id == engagement.id)
    proposed = actions.propose(alone, _charges_due().where(Charge.engagement == engagement), by=_me())
    if proposed.refused:
        raise Refused(proposed.refused[0][1])
    if not proposed.drafts:
        raise Refused("Nothing of this program is due that is not on a draft or an invoice.")
    return go(proposed.drafts[0].page, "Drafted. Look it through, then issue it.")


def _charges_due() -> Any:
    return Charge.unbilled(day_of(clock.now())).where(Charge.client.in_(Client.visible_to(_me(), Client.id)))


def _proposed_in_words(proposed: actions.Proposed) -> str:
    count = len(proposed.drafts)
    if not count and not proposed.refused:
        return "Nothing is due that is not on a draft or an invoice."
    made = f"{count} {'draft' if count == 1 else 'drafts'} made."
    refused = [f"{client.name}: {why}" for client, why in proposed.refused]
    return " ".join([made, *refused[:5]])


@pages.post(f"{REVIEW}/issue")
def issue() -> ResponseReturnValue:
    """Issue what was ticked. The answer says what was issued, and what was not and why."""
    seen = ticked(request.form)
    if not seen:
        raise Refused("Tick the drafts that are to be issued.")
    rows = drafts_to_review(_me()).where(Invoice.public_id.in_(list(seen)))
    outcome = actions.issue([(row, seen[row.public_id]) for row in rows], by=_me())
    gone = len(seen) - len(outcome.issued) - len(outcome.refused)
    return _review(outcome=outcome, gone=gone)


@pages.post(f"{REVIEW}/<ulid:invoice_id>/discard")
def discard(invoice_id: str) -> ResponseReturnValue:
    row = load_or_404(drafts_to_review(_me()), invoice_id)
    actions.discard(row, version=request.form.get("version", -1, type=int), by=_me())
    flash(f"The draft for {row.payer.name} is discarded.", f"undo:{row.page}/restore")
    return go(REVIEW)


@pages.post(f"{REVIEW}/<ulid:invoice_id>/po")
def give_po(invoice_id: str) -> ResponseReturnValue:
    """Type the PO number that is all a draft lacks."""
    row = load_or_404(drafts_to_review(_me()), invoice_id)
    form = OrderForm(request.form)
    if not form.validate():
        raise Refused(form.errors_in_words())
    actions.give_po(row, form.po_number.data, version=form.version.data, by=_me())
    return go(REVIEW, "The PO number is on the draft.")


def _review(outcome: Any = None, gone: int = 0) -> str:
    drafts = review(_me())
    by_payer = [(payer, list(rows)) for payer, rows in groupby(drafts, key=lambda each: each.invoice.payer)]
    return render_template(
        "billing/review.html", tab="review", by_payer=by_payer, drafts=drafts, sums=_sums(drafts), outcome=outcome,
        gone=gone, mended_at=_mended_at,
    )  # fmt: skip


def _sums(drafts: Iterable[Draft]) -> dict[str, int]:
    """What the drafts come to, by currency."""
    found: dict[str, int] = {}
    for each in drafts:
        found[each.invoice.currency] = found.get(each.invoice.currency, 0) + each.invoice.total_cents
    return found


def _mended_at(row: Invoice, lack: Lack) -> str:
    """The page on which something that is missing can be said."""
    payer = row.payer
    whose = f"/clients/{payer.client.public_id}/payer" if payer.client_id else ""
    whose = whose or f"/sponsors/{payer.organisation.public_id}/billing"
    return {Where.FIRM: "/settings/invoicing", Where.PAYER: whose, Where.DRAFT: f"{row.page}/edit"}[lack.where]


@pages.get(f"{REVIEW}/tabs")
def tabs() -> ResponseReturnValue:
    """The tabs of all pages about money, with how many drafts and findings wait."""
    counts = {"review": drafts_to_review(_me()).count(), "checks": len(findings(_me(), day_of(clock.now())))}
    return render_template("invoices/_tabs.html", tab=request.args.get("tab", ""), counts=counts)


# What does not fit together -------------------------------------------------------------------------------------------


@pages.get(CHECKS)
def checks() -> ResponseReturnValue:
    """What was held and is not billed, billed and not held, and all that is unlike the agreement."""
    found = findings(_me(), day_of(clock.now()))
    by_check = [(check, list(rows)) for check, rows in groupby(found[:MOST_SHOWN], key=lambda each: each.check)]
    return render_template(
        "billing/checks.html", tab="checks", by_check=by_check, count=len(found), labels=CHECK_LABELS, words=CHECK_WORDS
    )


def _me() -> User:
    return current_user._get_current_object()
