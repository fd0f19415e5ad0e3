"""On an invoice: what was sent, what comes next, remind now, rest, call, hand over, a late fee; what waits for us."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock, money
from ..accounts.models import User
from ..accounts.rules import Role
from ..errors import Refused
from ..invoices.models import Invoice
from ..invoices.rules import State, due_in_words
from ..mail.models import MailText, Message
from ..payers.models import Seller
from ..portal.rules import day_of
from ..web.forms import Form
from ..web.pages import attachment, firm, go, load_or_404, reader_zone
from . import actions, tasks
from .forms import CallForm, FeeForm, HandForm, RestForm
from .models import Letter, Pause, asked_for, case_of, has_fee, today_of, waiting_for_us
from .rules import FACES, LEVEL_LABELS, SENTENCES, Way, Why, next_on, refusal_to_charge, why_not

pages = Blueprint("dunning", __name__)
A_WEEK = timedelta(days=7)
PDF = "application/pdf"


@pages.get("/reminders")
def waiting() -> str:
    """What is late and waits for us: a page, and what Today asks for once it stands."""
    now = clock.now()
    return render_template(
        "dunning/_waiting.html" if request.htmx else "dunning/waiting.html",
        waits=[] if _me().role is Role.COACH else waiting_for_us(_me(), now),
        today=day_of(now, reader_zone()),
        due_in_words=due_in_words,
        sentences=SENTENCES,
    )


# What was sent --------------------------------------------------------------------------------------------------------


@pages.get("/invoices/<ulid:invoice_id>/reminders")
def reminders(invoice_id: str) -> str:
    """In the rail of the invoice's page: what was sent, and what comes next."""
    invoice = _invoice(invoice_id)
    case, letters = case_of(invoice), list(Letter.of(invoice))
    why = why_not(case, today_of(invoice, clock.now()))
    about = [letter.public_id for letter in letters]
    return render_template(
        "dunning/_reminders.html" if request.htmx else "dunning/reminders.html",
        invoice=invoice,
        case=case,
        why=why,
        sentences=SENTENCES,
        next_on=None if why and why is not Why.NOT_LATE else next_on(case),
        pause=Pause.get_or_none(Pause.invoice == invoice) if why in (Why.PAUSED, Why.HANDED) else None,
        letters=letters,
        open_letters={letter.id for letter in Letter.visible_to(_me()).where(Letter.public_id.in_(about))},
        mails={mail.about: mail for mail in Message.visible_to(_me()).where(Message.about.in_(about))},
        labels=LEVEL_LABELS,
        faces=FACES,
    )


@pages.get("/invoices/<ulid:invoice_id>/reminders/<ulid:letter_id>/pdf")
def letter(invoice_id: str, letter_id: str) -> ResponseReturnValue:
    """The letter as it was sent, for who may see all that stands in it."""
    row = load_or_404(Letter.visible_to(_me()).where(Letter.id.in_(_ids_of(_invoice(invoice_id)))), letter_id)
    if row.document is None:
        raise Refused("It is not written yet.")
    return attachment(row.document.content, row.document.name, PDF)


def _ids_of(invoice: Invoice) -> list[int]:
    return [letter.id for letter in Letter.of(invoice)]


# Reminding now --------------------------------------------------------------------------------------------------------


@pages.get("/invoices/<ulid:invoice_id>/reminders/new")
def preview(invoice_id: str) -> str:
    """What would be sent if somebody were reminded now: the mail, and what stands in the letter."""
    invoice = _invoice(invoice_id)
    refusal, lot = asked_for(invoice, _me(), clock.now())
    if lot is None:
        return render_template("dunning/preview.html", invoice=invoice, refusal=refusal)
    said = tasks.said_of_lot(lot, today_of(invoice, clock.now()))
    kind, fields = tasks.mail_of(said, said.name)
    subject, text = MailText.in_force(kind).drafted(fields)
    return render_template(
        "dunning/preview.html",
        invoice=invoice,
        refusal="",
        lot=lot,
        said=said,
        label=LEVEL_LABELS[said.level],
        labels=LEVEL_LABELS,
        kind=kind,
        subject=subject,
        text=text,
        due_in_words=due_in_words,
    )


@pages.get("/invoices/<ulid:invoice_id>/reminders/new.pdf")
def preview_letter(invoice_id: str) -> ResponseReturnValue:
    """The letter that would be sent."""
    invoice, now = _invoice(invoice_id), clock.now()
    refusal, lot = asked_for(invoice, _me(), now)
    if lot is None:
        raise Refused(refusal)
    said = tasks.said_of_lot(lot, today_of(invoice, now))
    return attachment(tasks.draw(said, now), f"{LEVEL_LABELS[said.level]}, preview.pdf", PDF)


@pages.post("/invoices/<ulid:invoice_id>/reminders")
def remind(invoice_id: str) -> ResponseReturnValue:
    invoice = _invoice(invoice_id)
    letter = actions.remind(invoice, by=_me())
    return go(invoice.page, f"{LEVEL_LABELS[letter.level]}: the letter is written, then mailed.")


# Resting, calling, handing over ---------------------------------------------------------------------------------------


@pages.get("/invoices/<ulid:invoice_id>/rest")
def choose_rest(invoice_id: str) -> str:
    invoice, today = _invoice(invoice_id), _today()
    return _asking(invoice, "rest", RestForm(today=today, data={"until": today + A_WEEK}))


@pages.post("/invoices/<ulid:invoice_id>/rest")
def rest(invoice_id: str) -> ResponseReturnValue:
    invoice, form = _invoice(invoice_id), RestForm(request.form, today=_today())
    if not form.validate():
        return _asking(invoice, "rest", form), 422
    actions.rest(invoice, form.until.data, form.reason.data, by=_me())
    return go(invoice.page, "Nobody is reminded of it until then.")


@pages.post("/invoices/<ulid:invoice_id>/go-on")
def go_on(invoice_id: str) -> ResponseReturnValue:
    invoice = _invoice(invoice_id)
    actions.go_on(invoice, by=_me())
    return go(invoice.page, "Reminders go on.")


@pages.get("/invoices/<ulid:invoice_id>/call")
def call(invoice_id: str) -> str:
    return _asking(_invoice(invoice_id), "call", CallForm(today=_today()))


@pages.post("/invoices/<ulid:invoice_id>/call")
def log_call(invoice_id: str) -> ResponseReturnValue:
    invoice, form = _invoice(invoice_id), CallForm(request.form, today=_today())
    if not form.validate():
        return _asking(invoice, "call", form), 422
    actions.log_call(invoice, form.words.data, form.until.data, by=_me())
    return go(invoice.page, "Noted in its history.")


@pages.get("/invoices/<ulid:invoice_id>/hand-over")
def explain(invoice_id: str) -> str:
    return _asking(_invoice(invoice_id), "hand-over", HandForm(today=_today()))


@pages.post("/invoices/<ulid:invoice_id>/hand-over")
def hand_over(invoice_id: str) -> ResponseReturnValue:
    invoice, form = _invoice(invoice_id), HandForm(request.form, today=_today())
    if not form.validate():
        return _asking(invoice, "hand-over", form), 422
    actions.hand_over(invoice, form.words.data, by=_me())
    return go(invoice.page, "The owner finds it on Today.")


ASKED = {
    "rest": ("No more reminders for a while", "What waits to be sent is called off.", "Let it rest", "pause"),
    "call": ("A call", "It stands in the history of the invoice.", "Note the call", "phone"),
    "hand-over": ("Hand it to the owner", "Nobody is reminded of it meanwhile.", "Hand it over", "user-check"),
}
"""Title, what follows, the button and its sign."""


def _asking(invoice: Invoice, verb: str, form: Form) -> str:
    is_dialog = request.method == "GET" and request.htmx
    return render_template(
        "dunning/_ask.html" if is_dialog else "dunning/ask.html",
        invoice=invoice,
        verb=verb,
        form=form,
        asked=ASKED[verb],
    )


# Late fees ------------------------------------------------------------------------------------------------------------


@pages.get("/invoices/<ulid:invoice_id>/fee")
def reckon(invoice_id: str) -> str:
    """What a late fee would come to; to htmx, which asks while somebody types, that alone."""
    invoice = _invoice(invoice_id)
    form = _fee_form(invoice, request.args or None)
    return _fee_page(invoice, form, is_asked=bool(request.args))


@pages.post("/invoices/<ulid:invoice_id>/fee")
def charge(invoice_id: str) -> ResponseReturnValue:
    """Draft it; on its own page it is looked at, and issued."""
    invoice = _invoice(invoice_id)
    form = _fee_form(invoice, request.form)
    if not form.validate():
        return _fee_page(invoice, form, is_asked=True), 422
    fee = actions.charge(invoice, form.cents, form.detail, another=form.another.data, by=_me())
    return go(fee.page, "This is the draft. Look at it, then issue it.")


def _fee_form(invoice: Invoice, typed: Any) -> FeeForm:
    """With the firm's own amount, where it is of the invoice's currency."""
    seller, house = Seller.current(), firm()
    usual = seller.late_fee_cents if seller and house and house.currency == invoice.currency else 0
    amount = money.as_typed(usual, invoice.currency) if usual else ""
    data = {"way": Way.FIXED.value if usual else Way.INTEREST.value, "amount": amount}
    return FeeForm(typed, data=data, case=case_of(invoice), today=_today())


def _fee_page(invoice: Invoice, form: FeeForm, *, is_asked: bool) -> str:
    has_one = has_fee(invoice)
    refusal = refusal_to_charge(form.case, _today(), has_fee=has_one, another=True)
    comes_to = not refusal and is_asked and form.validate()
    return render_template(
        "dunning/_comes_to.html" if request.htmx and request.method == "GET" and is_asked else "dunning/fee.html",
        invoice=invoice,
        form=form,
        refusal=refusal,
        has_one=has_one,
        comes_to=form.cents if comes_to else None,
        detail=form.detail if comes_to else "",
    )


def _invoice(invoice_id: str) -> Invoice:
    """What was issued; a draft has nothing to do with reminders."""
    return load_or_404(Invoice.visible_to(_me()).where(Invoice.state_name == State.ISSUED), invoice_id)


def _today() -> Any:
    return day_of(clock.now(), reader_zone())


def _me() -> User:
    return current_user._get_current_object()
