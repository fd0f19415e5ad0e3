"""Invoices at the desk: the overview, the list, a document and its acts, and the editor of drafts."""

import json
from typing import Any

from flask import Blueprint, abort, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from .. import clock, einvoice
from ..accounts.models import User
from ..clients.models import Client, Organisation
from ..clients.rules import words_of
from ..engagements.models import Engagement
from ..errors import Refused, Stale
from ..events import ask
from ..firm.models import day_of
from ..mail.models import Message
from ..numbers.rules import KIND_LABELS, Kind
from ..payers import actions as payers
from ..payers.models import Payer, Seller, TaxRate
from ..payers.rules import TERM_DAYS, percent_in_words
from ..web.pages import attachment, firm, go, load_or_404
from . import actions, models
from .forms import (
    About,
    CreditForm,
    DisputeForm,
    DraftForm,
    Offer,
    SettleForm,
    differences,
    head_of,
    invoice_filter,
    moved,
    row_of,
    rows_of,
)
from .models import (
    PER_PAGE,
    History,
    Invoice,
    Line,
    billable,
    claims_on,
    clients_on,
    coached_for,
    facts_of,
    in_column,
    left_to_credit,
    listed,
    mail_to,
    snapshot_of,
    sums_by_column,
    sums_listed,
    totals_of_credit_note,
)
from .rules import COLUMN_LABELS, FACES, Column, State, Where, age_of, as_read, due_in_words, lacks, quantity_in_words

pages = Blueprint("invoices", __name__)
pages.add_app_template_filter(percent_in_words, "percent")
HOME, LIST = "/invoices", "/invoices/list"
MOST_IN_COLUMN, MOST_OFFERED, MOST_MAILS, MOST_SHOWN = 30, 300, 20, 100


# The overview and the list --------------------------------------------------------------------------------------------


@pages.get(HOME)
def overview() -> ResponseReturnValue:
    """What is drafted, open, overdue, disputed, and paid lately."""
    today = day_of(clock.now())
    columns = {column: list(in_column(_me(), column, today).limit(MOST_IN_COLUMN)) for column in Column}
    shown = [invoice for rows in columns.values() for invoice in rows]
    return render_template(
        "invoices/overview.html",
        columns=columns,
        labels=COLUMN_LABELS,
        sums=sums_by_column(_me(), today),
        clients=clients_on(shown),
        reminded=ask(actions.RemindersAsked(tuple(invoice.id for invoice in shown))),
        **_reading(),
    )


@pages.get(LIST)
def invoices() -> ResponseReturnValue:
    """The list; to htmx, which asks while somebody types, its table alone."""
    shown, today = invoice_filter(request.args), day_of(clock.now())
    rows = list(listed(_me(), shown, today))
    seen = {
        "shown": shown,
        "invoices": rows[:PER_PAGE],
        "has_more": len(rows) > PER_PAGE,
        "sums": sums_listed(_me(), shown, today),
        "clients": clients_on(rows[:PER_PAGE]),
        "kinds": KIND_LABELS,
        **_reading(),
    }
    if request.htmx:
        return render_template("invoices/_invoices.html", **seen), {"HX-Replace-Url": shown.address()}
    offered = list(Payer.visible_to(_me()).limit(MOST_OFFERED))
    return render_template(
        "invoices/invoices.html", **seen, coaches=list(User.coaches_for(_me())), payers=sorted(offered, key=_called)
    )


def _called(payer: Payer) -> str:
    return payer.name.casefold()


@pages.get("/invoices/due")
def due() -> ResponseReturnValue:
    """What is to be done about money today, each with its act; Today loads it."""
    return render_template("invoices/_due.html" if request.htmx else "invoices/due.html", money=models.to_do(_me()))


@pages.get("/clients/<ulid:client_id>/invoices")
def of_client(client_id: str) -> ResponseReturnValue:
    """Those about a client, or paid by the client; and how the program is billed."""
    client = load_or_404(Client.with_people(_me()), client_id)
    found = list(models.of_client(client, _me()).limit(MOST_SHOWN))
    return render_template(
        "invoices/client.html", client=client, tab="invoices", invoices=found, clients=clients_on(found), **_reading()
    )


@pages.get("/sponsors/<ulid:sponsor_id>/invoices")
def of_sponsor(sponsor_id: str) -> ResponseReturnValue:
    """The newest an organisation pays; to htmx a panel for its page."""
    sponsor = load_or_404(Organisation.visible_to(_me()), sponsor_id)
    found = list(models.of_sponsor(sponsor, _me()).limit(MOST_MAILS))
    template = "invoices/_of_sponsor.html" if request.htmx else "invoices/of_sponsor.html"
    return render_template(template, sponsor=sponsor, invoices=found, clients=clients_on(found), **_reading())


def _reading() -> dict[str, Any]:
    """What every list needs to say how an invoice stands."""
    return {"today": day_of(clock.now()), "faces": FACES, "age_of": age_of, "due_in_words": due_in_words}


# A document -----------------------------------------------------------------------------------------------------------


@pages.get("/invoices/<ulid:invoice_id>")
def invoice(invoice_id: str) -> ResponseReturnValue:
    """The document as it reads; beside it how it stands, and what can be done."""
    row = _invoice(invoice_id)
    lines = list(Line.of(row))
    said = json.loads(row.snapshot) if row.state is State.ISSUED else snapshot_of(row, lines)
    missing = lacks(facts_of(row, lines)) if row.state is State.DRAFT else []
    return render_template(
        "invoices/invoice.html",
        invoice=row,
        read=as_read(said),
        missing=[(lack.sentence, _mended_at(row, lack.where)) for lack in missing],
        plain=_why_plain(said) if row.state is State.DRAFT else "",
        readers=mail_to(row),
        payer_page=_page_of(row.payer),
        left=row.kind is not Kind.CREDIT and any(left_to_credit(row).values()),
        corrected_by=list(Invoice.visible_to(_me()).where(Invoice.corrects == row).order_by(Invoice.id)),
        clients=clients_on([row])[row.id],
        history=list(History.of(row)),
        mails=list(Message.visible_to(_me()).where(Message.about == row.public_id).limit(MOST_MAILS)),
        **_reading(),
    )


def _why_plain(said: dict[str, Any]) -> str:
    """Why there will be no electronic invoice in the PDF, where the extra for it is there."""
    return (einvoice.refusal_to_write(said) or "") if einvoice.is_installed() else ""


def _mended_at(row: Invoice, where: Where) -> str:
    """The page on which something that is missing can be said."""
    return {
        Where.FIRM: "/settings/invoicing",
        Where.PAYER: _page_of(row.payer),
        Where.DRAFT: f"{row.page}/edit",
    }[where]


def _page_of(payer: Payer) -> str:
    if payer.client_id:
        return f"/clients/{payer.client.public_id}/payer"
    return f"/sponsors/{payer.organisation.public_id}/billing"


@pages.post("/invoices/<ulid:invoice_id>/issue")
def issue(invoice_id: str) -> ResponseReturnValue:
    row = actions.issue(_invoice(invoice_id), version=_version(), by=_me())
    return go(row.page, f"Issued as {row.number}. The PDF is drawn, then it is mailed.")


@pages.post("/invoices/<ulid:invoice_id>/discard")
def discard(invoice_id: str) -> ResponseReturnValue:
    row = _invoice(invoice_id)
    actions.discard(row, version=_version(), by=_me())
    flash(f"The draft for {row.payer.name} is discarded.", f"undo:{row.page}/restore")
    return go(HOME)


@pages.get("/invoices/<ulid:invoice_id>/pdf")
def pdf(invoice_id: str) -> ResponseReturnValue:
    """The frozen file, as the payer gets it."""
    row = _invoice(invoice_id)
    if row.document is None:
        raise Refused("There is no PDF of it yet.")
    return attachment(row.document.content, row.document.name, "application/pdf")


@pages.post("/invoices/<ulid:invoice_id>/restore")
def restore(invoice_id: str) -> ResponseReturnValue:
    row = load_or_404(Invoice.visible_to(_me(), removed=True), invoice_id)
    actions.restore(row, by=_me())
    return go(row.page, "The draft is back.")


@pages.post("/invoices/<ulid:invoice_id>/mail")
def mail_again(invoice_id: str) -> ResponseReturnValue:
    """New links go out; those mailed before die."""
    row = _invoice(invoice_id)
    sent = actions.mail_again(row, by=_me())
    return go(row.page, f"Mailed again to {', '.join(message.to_address for message in sent)}.")


@pages.post("/invoices/<ulid:invoice_id>/draw")
def draw(invoice_id: str) -> ResponseReturnValue:
    """Try once more to make the PDF."""
    row = _invoice(invoice_id)
    actions.try_again(row)
    return go(row.page, "The PDF is tried again.")


@pages.get("/invoices/<ulid:invoice_id>/dispute")
def dispute(invoice_id: str) -> ResponseReturnValue:
    """What the payer objects to; or, when that is known, how it was settled."""
    row = _invoice(invoice_id)
    return _dispute_page(row, SettleForm() if row.disputed_at else DisputeForm())


@pages.post("/invoices/<ulid:invoice_id>/dispute")
def note_dispute(invoice_id: str) -> ResponseReturnValue:
    row = _invoice(invoice_id)
    form = DisputeForm(request.form)
    if not form.validate():
        return _dispute_page(row, form), 422
    actions.dispute(row, form.words.data, by=_me())
    return go(row.page, "Noted. It is not reminded of while it is disputed.")


@pages.post("/invoices/<ulid:invoice_id>/settle")
def settle(invoice_id: str) -> ResponseReturnValue:
    row = _invoice(invoice_id)
    form = SettleForm(request.form)
    if not form.validate():
        return _dispute_page(row, form), 422
    actions.settle_dispute(row, form.words.data, by=_me())
    return go(row.page, "Settled. What is open is asked for again.")


def _dispute_page(row: Invoice, form: DisputeForm | SettleForm) -> str:
    return render_template(
        "invoices/_dispute.html" if request.htmx else "invoices/dispute.html",
        invoice=row,
        form=form,
        verb="settle" if isinstance(form, SettleForm) else "dispute",
        dialog=request.method == "GET",
    )


@pages.get("/invoices/<ulid:invoice_id>/credit")
def choose_credit(invoice_id: str) -> ResponseReturnValue:
    """What is taken back, why, and what the payer will owe then."""
    row = _creditable(invoice_id)
    return _credit_page(row, _credit_form(row))


@pages.post("/invoices/<ulid:invoice_id>/credit")
def credit(invoice_id: str) -> ResponseReturnValue:
    """Write the credit note; or only reckon what it would come to."""
    row = _creditable(invoice_id)
    form = _credit_form(row, request.form)
    if "reckon" in request.form:
        return _credit_page(row, form)
    if not form.validate():
        return _credit_page(row, form), 422
    try:
        note = actions.credit(
            row, form.quantities(), reason=form.reason.data, bill_again=form.bill_again.data, by=_me()
        )
    except Refused as refusal:
        return _credit_page(row, form, why=str(refusal)), 422
    return go(note.page, f"{row.label} is corrected by {note.number}. It is drawn, then mailed.")


def _credit_form(row: Invoice, sent: MultiDict[str, str] | None = None) -> CreditForm:
    return CreditForm(sent, lines=list(Line.of(row)), left=left_to_credit(row))


def _credit_page(row: Invoice, form: CreditForm, *, why: str = "") -> str:
    asked = form.quantities()
    lines = [line for line, _, _ in form.lines]
    sums = totals_of_credit_note(row, {line.id: asked[line.public_id] for line in lines}, lines=lines)
    return render_template(
        "invoices/_credited.html" if request.htmx and "reckon" in request.form else "invoices/credit.html",
        invoice=row,
        form=form,
        sums=sums,
        then=row.open_cents - sums.total,
        why=why,
        in_words=quantity_in_words,
    )


def _creditable(public_id: str) -> Any:
    row = _invoice(public_id)
    if row.state is State.DRAFT or row.kind is Kind.CREDIT:
        raise Refused("A credit note is for what was issued, and is not a credit note itself.")
    return row


def _version() -> int:
    """The version of the draft somebody looked at; 0, which none has, for nonsense."""
    seen = request.form.get("version", "")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else 0


# The editor -----------------------------------------------------------------------------------------------------------


@pages.get("/invoices/new")
def new() -> ResponseReturnValue:
    """Whom to bill; or, when that is said, an empty draft."""
    payer = _asked_payer()
    if payer is None:
        return _choose_payer()
    offer = _offer(payer)
    form = DraftForm(None, rows=[_first_row(offer)], offer=offer, **_first_head(payer, offer))
    return _editor(form, payer)


@pages.post("/invoices/new")
def create() -> ResponseReturnValue:
    payer = _asked_payer()
    if payer is None:
        raise Refused("Choose who is billed.")
    form, answer = _typed(payer, None)
    if answer is not None:
        return answer
    by = _me()
    kept = payer if payer.id else payers.payer_for(payer.organisation if payer.organisation_id else payer.client)
    draft = actions.draft(kept, form.new_lines(), by=by, **form.values())
    return go(draft.page, "The draft is kept. Nothing leaves the house before it is issued.")


@pages.get("/invoices/<ulid:invoice_id>/edit")
def edit(invoice_id: str) -> ResponseReturnValue:
    row = _draft(invoice_id)
    lines = list(Line.of(row))
    offer = _offer(row.payer, row, lines)
    form = DraftForm(None, rows=[row_of(line, offer) for line in lines], offer=offer, **head_of(row))
    return _editor(form, row.payer, row)


@pages.post("/invoices/<ulid:invoice_id>/edit")
def change(invoice_id: str) -> ResponseReturnValue:
    """Keep what was typed; or only move, add or take out a line of the page."""
    row = _draft(invoice_id)
    lines = list(Line.of(row))
    form, answer = _typed(row.payer, row, lines)
    if answer is not None:
        return answer
    try:
        new_lines = form.new_lines(lines, claims_on(row))
        actions.change(row, form.values(), new_lines, version=form.version.data, by=_me())
    except Stale as stale:
        return _two_versions(stale, form, invoice_id)
    return go(row.page, "Saved.")


@pages.post("/invoices/reckon")
def reckon() -> ResponseReturnValue:
    """What comes out of the figures as they are typed."""
    form = DraftForm(request.form, rows=rows_of(request.form), offer=_rates_alone())
    return render_template("invoices/_totals.html", form=form, is_live=True)


def _typed(
    payer: Payer, row: Invoice | None, lines: list[Line] | None = None
) -> tuple[DraftForm, ResponseReturnValue | None]:
    """What was typed; and the answer already, when a line was moved or something is wrong with it."""
    offer, rows = _offer(payer, row, lines or []), rows_of(request.form)
    after = moved(rows, request.form)
    form = DraftForm(request.form, rows=rows if after is None else after, offer=offer)
    if after is not None:
        return form, _editor(form, payer, row)
    if not form.validate():
        return form, (_editor(form, payer, row), 422)
    return form, None


def _two_versions(stale: Stale, form: DraftForm, invoice_id: str) -> ResponseReturnValue:
    """409 with what stands and what was typed; sending again keeps what was typed."""
    theirs = _draft(invoice_id)
    lines = list(Line.of(theirs))
    offer = _offer(theirs.payer, theirs, lines)
    there = DraftForm(None, rows=[row_of(line, offer) for line in lines], offer=offer, **head_of(theirs))
    mine = [pair for pair in request.form.items(multi=True) if pair[0] not in ("version", "once")]
    return (
        render_template(
            "conflict.html",
            why=str(stale),
            differing=differences(form, there),
            mine=[*mine, ("version", theirs.version)],
            action=f"{theirs.page}/edit",
        ),
        409,
    )


def _editor(form: DraftForm, payer: Payer, row: Invoice | None = None) -> str:
    return render_template(
        "invoices/edit.html", form=form, payer=payer, invoice=row, address=f"{row.page}/edit" if row else _new_at(payer)
    )


def _new_at(payer: Payer) -> str:
    who = f"sponsor={payer.organisation.public_id}" if payer.organisation_id else f"client={payer.client.public_id}"
    return f"/invoices/new?{who}"


def _asked_payer() -> Payer | None:
    """Who is billed, as the address says; made in memory where nobody was billed yet, for looking writes nothing."""
    for name, rows in (("client", Client.visible_to(_me())), ("sponsor", Organisation.visible_to(_me()))):
        if asked := request.args.get(name, ""):
            party = load_or_404(rows, asked) if asked.isascii() else abort(404)
            return Payer.known_as(party) or Payer.begun(party)
    return None


def _choose_payer() -> str:
    q = invoice_filter(request.args).q
    words = words_of(q)
    clients = Client.found(_me(), words) if words else Client.latest(_me())
    sponsors = Organisation.found(_me(), words) if words else Organisation.listed(_me(), [], "name", descending=False)
    return render_template(
        "invoices/choose.html", q=q, clients=list(clients.limit(MOST_MAILS)), sponsors=list(sponsors.limit(MOST_MAILS))
    )


def _offer(payer: Payer, row: Invoice | None = None, lines: list[Line] | tuple[()] = ()) -> Offer:
    """What lines can choose from: what is kept, and what the lines of this draft have already."""
    seller = Seller.current()
    rates = {rate.public_id: rate for rate in TaxRate.kept()}
    rates |= {line.rate.public_id: line.rate for line in lines if line.rate_id}
    about = {each.key: each for each in _known_about(payer, list(lines))}
    currency = row.currency if row else payer.currency or (firm().currency if firm() else "EUR")
    usual = (payer.rate if payer.rate_id else None) or (seller.rate if seller and seller.rate_id else None)
    return Offer(currency, rates, about, usual)


def _known_about(payer: Payer, lines: list[Line]) -> list[About]:
    programs = list(billable(payer, _me()).limit(MOST_OFFERED))
    known = {engagement.id for engagement in programs}
    others = [line.engagement_id for line in lines if line.engagement_id and line.engagement_id not in known]
    programs += list(Engagement.with_client().where(Engagement.id.in_(others))) if others else []
    clients = [*coached_for(payer, _me()).limit(MOST_OFFERED), *(line.client for line in lines if line.client_id)]
    return [About(each.client, each) for each in programs] + [About(client, None) for client in clients]


def _rates_alone() -> Offer:
    rates = {rate.public_id: rate for rate in TaxRate.select()}
    return Offer(firm().currency if firm() else "EUR", rates, {}, None)


def _first_row(offer: Offer) -> MultiDict[str, str]:
    about = next(iter(offer.about), "") if len({each.client.id for each in offer.about.values()}) == 1 else ""
    return MultiDict({"quantity": "1", "rate": offer.usual.public_id if offer.usual else "", "about": about})


def _first_head(payer: Payer, offer: Offer) -> dict[str, Any]:
    seller = Seller.current()
    usual = seller.term_days if seller else TERM_DAYS
    return {
        "currency": offer.currency,
        "term_days": usual if payer.term_days is None else payer.term_days,
        "po_number": payer.po_number,
        "version": 0,
    }


# What all of them need ------------------------------------------------------------------------------------------------


def _invoice(public_id: str) -> Any:
    return load_or_404(Invoice.visible_to(_me()), public_id)


def _draft(public_id: str) -> Any:
    row = _invoice(public_id)
    if row.state is not State.DRAFT:
        raise Refused(f"{row.label} is issued, so it stays as it is. Correct it by a credit note.")
    return row


def _me() -> User:
    return current_user._get_current_object()
