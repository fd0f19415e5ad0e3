"""The firm as it bills, its tax rates, and who gets invoices: a client, or a sponsor."""

from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from ..accounts.models import User
from ..clients.models import Client, Organisation
from ..errors import Refused, Stale
from ..web.conflict import conflict
from ..web.pages import firm, go, load_or_404, require
from . import actions
from .forms import PayerForm, RateForm, RateNameForm, SellerForm, payer_as_typed, seller_as_typed
from .models import Payer, Seller, TaxRate
from .rules import lacking, ready_rates

pages = Blueprint("payers", __name__)
FIRM, RATES = "/settings/invoicing", "/settings/invoicing/rates"
MOST_PROGRAMS = 20


# The firm -------------------------------------------------------------------------------------------------------------


@pages.get(FIRM)
def seller() -> ResponseReturnValue:
    require(current_user.may_run_practice)
    stands = Seller.current()
    return _seller_page(stands, _seller_form(stands, obj=seller_as_typed(stands, currency=firm().currency)))


@pages.post(FIRM)
def keep_seller() -> ResponseReturnValue:
    require(current_user.may_run_practice)
    stands = Seller.current()
    form = _seller_form(stands, request.form)
    if not form.validate():
        return _seller_page(stands, form), 422
    try:
        actions.keep_seller(form.values(), version=form.version.data)
    except Stale as stale:
        return conflict(stale, form, seller_as_typed(Seller.current(), currency=firm().currency), FIRM)
    return go(FIRM, "Saved.")


def _seller_form(stands: Seller | None, *args: Any, **kwargs: Any) -> SellerForm:
    rates = TaxRate.offered(stands.rate if stands else None)
    return SellerForm(*args, currency=firm().currency, rates=rates, **kwargs)


def _seller_page(stands: Seller | None, form: SellerForm) -> str:
    missing = lacking(stands, has_rate=bool(stands and stands.rate_id))
    return render_template("payers/seller.html", seller=stands, form=form, missing=missing)


# Rates ----------------------------------------------------------------------------------------------------------------


@pages.get(RATES)
def rates() -> ResponseReturnValue:
    require(current_user.may_run_practice)
    return _rates_page(RateForm())


@pages.post(RATES)
def add_rate() -> ResponseReturnValue:
    require(current_user.may_run_practice)
    form = RateForm(request.form)
    if not form.validate():
        return _rates_page(form), 422
    try:
        rate = actions.add_rate(**form.values())
    except Refused as refusal:
        return _rates_page(form, why=str(refusal)), 422
    return go(RATES, f"{rate.label} is added.")


@pages.post(f"{RATES}/ready")
def add_ready_rate() -> ResponseReturnValue:
    """One of those that a firm of this country mostly needs."""
    require(current_user.may_run_practice)
    stands = Seller.current()
    ready = {rate.key: rate for rate in ready_rates(stands.country if stands else "")}
    chosen = ready.get(request.form.get("key", ""))
    if chosen is None:
        raise Refused("That rate is not among those suggested. Type it below instead.")
    rate = actions.add_rate(chosen.name, chosen.category, chosen.rate_bps, chosen.note)
    return go(RATES, f"{rate.label} is added.")


@pages.get(f"{RATES}/<ulid:tax_rate_id>")
def edit_rate(tax_rate_id: str) -> ResponseReturnValue:
    rate = _rate(tax_rate_id)
    return _rate_page(rate, RateNameForm(obj=rate))


@pages.post(f"{RATES}/<ulid:tax_rate_id>")
def change_rate(tax_rate_id: str) -> ResponseReturnValue:
    rate = _rate(tax_rate_id)
    form = RateNameForm(request.form)
    if not form.validate():
        return _rate_page(rate, form), 422
    try:
        actions.change_rate(rate, **form.data)
    except Stale as stale:
        return conflict(stale, form, _rate(tax_rate_id), f"{RATES}/{tax_rate_id}")
    except Refused as refusal:
        form.note.errors = [str(refusal)]
        return _rate_page(rate, form), 422
    return go(RATES, "Saved.")


@pages.post(f"{RATES}/<ulid:tax_rate_id>/remove")
def remove_rate(tax_rate_id: str) -> ResponseReturnValue:
    rate = _rate(tax_rate_id)
    actions.remove_rate(rate)
    flash(f"{rate.label} is no longer offered.", f"undo:{RATES}/{rate.public_id}/restore")
    return go(RATES)


@pages.post(f"{RATES}/<ulid:tax_rate_id>/restore")
def restore_rate(tax_rate_id: str) -> ResponseReturnValue:
    rate = _rate(tax_rate_id)
    actions.restore_rate(rate)
    return go(RATES, f"{rate.label} is offered again.")


def _rate(public_id: str) -> TaxRate:
    require(current_user.may_run_practice)
    return load_or_404(TaxRate.select(), public_id)


def _rates_page(form: RateForm, *, why: str = "") -> str:
    stands, kept = Seller.current(), list(TaxRate.in_order())
    there = {(rate.label, rate.category) for rate in kept if rate.removed_at is None}
    ready = ready_rates(stands.country if stands else "")
    return render_template(
        "payers/rates.html",
        seller=stands,
        rates=[rate for rate in kept if rate.removed_at is None],
        removed=[rate for rate in kept if rate.removed_at],
        ready=[rate for rate in ready if (rate.label, rate.category) not in there],
        form=form,
        why=why,
    )


def _rate_page(rate: TaxRate, form: RateNameForm) -> str:
    return render_template(
        "payers/_rate_form.html" if request.htmx else "payers/rate.html",
        rate=rate,
        form=form,
        here=f"{RATES}/{rate.public_id}",
    )


# Payers ---------------------------------------------------------------------------------------------------------------


@pages.get("/clients/<ulid:client_id>/payer")
def client_as_payer(client_id: str) -> ResponseReturnValue:
    return _as_it_stands(_client(client_id))


@pages.post("/clients/<ulid:client_id>/payer")
def keep_client_as_payer(client_id: str) -> ResponseReturnValue:
    return _keep(_client(client_id))


@pages.get("/sponsors/<ulid:sponsor_id>/billing")
def sponsor_as_payer(sponsor_id: str) -> ResponseReturnValue:
    return _as_it_stands(_sponsor(sponsor_id))


@pages.post("/sponsors/<ulid:sponsor_id>/billing")
def keep_sponsor_as_payer(sponsor_id: str) -> ResponseReturnValue:
    return _keep(_sponsor(sponsor_id))


def _client(client_id: str) -> Client:
    return load_or_404(Client.with_people(_me()), client_id)


def _sponsor(sponsor_id: str) -> Organisation:
    return load_or_404(Organisation.visible_to(_me()), sponsor_id)


def _as_it_stands(party: Client | Organisation) -> str:
    payer = Payer.known_as(party) or Payer.begun(party)
    return _payer_page(party, payer, _payer_form(payer, obj=payer_as_typed(payer)))


def _keep(party: Client | Organisation) -> ResponseReturnValue:
    payer = Payer.known_as(party) or Payer.begun(party)
    form = _payer_form(payer, request.form)
    if not form.validate():
        return _payer_page(party, payer, form), 422
    try:
        actions.keep_payer(party, form.values(), version=form.version.data, by=_me())
    except Stale as stale:
        return conflict(stale, form, payer_as_typed(Payer.known_as(party) or Payer.begun(party)), request.path)
    return go(request.path, "Saved.")


def _payer_form(payer: Payer, *args: Any, **kwargs: Any) -> PayerForm:
    rates = TaxRate.offered(payer.rate if payer.rate_id else None)
    return PayerForm(*args, payer=payer, seller=Seller.current(), rates=rates, **kwargs)


def _payer_page(party: Client | Organisation, payer: Payer, form: PayerForm) -> str:
    programs = list(payer.programs(_me()).limit(MOST_PROGRAMS))
    return render_template(
        "payers/payer.html",
        party=party,
        is_client=isinstance(party, Client),
        payer=payer,
        form=form,
        programs=programs,
        sponsored=Payer.sponsored(party) if isinstance(party, Client) else None,
        others=[each for each in programs if payer.currency and each.currency != payer.currency],
    )


def _me() -> User:
    return current_user._get_current_object()
