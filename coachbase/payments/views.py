"""What came in, on an invoice and from the bank. Lines of a bank are the firm's; what they pay is behind the wall."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock, money
from ..accounts.models import User
from ..clients.forms import uploaded
from ..errors import Refused, Stale
from ..invoices.models import Invoice, Posting
from ..invoices.rules import ENTRY_LABELS
from ..web.pages import firm, go, load_or_404, require
from . import actions, tasks
from .actions import Added, Part, Tick
from .forms import (
    ColumnsForm,
    IgnoreForm,
    MatchForm,
    PaymentForm,
    RefundForm,
    ReopenForm,
    TakeBackForm,
    TransferForm,
    WriteOffForm,
    given_parts,
    ticked,
)
from .models import (
    MOST_LOOKED_AT,
    BankColumns,
    BankFile,
    BankLine,
    living,
    matches_of,
    open_lines,
    payable,
    payable_for,
    proposals,
    transferable,
    unseen,
)
from .rules import (
    DECIMALS,
    FIELDS,
    WHY_LABELS,
    Columns,
    LineState,
    Problem,
    Proposal,
    Way,
    completed,
    entries_of,
    guessed,
    headings_key,
    needs_reason,
    refusal_of_columns,
    text_of,
    way_of,
)

pages = Blueprint("payments", __name__)
HOME = "/payments"
PER_PAGE, LAST_PAGE, MOST_SHOWN, MOST_FOUND, MOST_PROBLEMS = 50, 2000, 40, 12, 5


def _me() -> User:
    return current_user._get_current_object()


# The bank -------------------------------------------------------------------------------------------------------------


class Wanted(NamedTuple):
    """Which lines one looks at; it lives in the address."""

    state: LineState
    page: int

    def href(self, **other: Any) -> str:
        chosen = {"state": self.state.value, "page": self.page} | other
        query = urlencode({name: value for name, value in chosen.items() if value not in ("open", 1)})
        return f"{HOME}?{query}" if query else HOME


def _wanted() -> Wanted:
    state, page = request.args.get("state", ""), request.args.get("page", 1, type=int)
    return Wanted(LineState(state) if state in set(LineState) else LineState.OPEN, min(max(page, 1), LAST_PAGE))


@pages.get("/payments")
def bank() -> ResponseReturnValue:
    """What came from the bank: what fits for sure, what is doubtful, what fits nothing; or what was dealt with."""
    require(current_user.may_arrange)
    if request.htmx:  # Today asks, once it stands
        found = proposals(_me(), open_lines())
        count = BankLine.counts().get(LineState.OPEN, 0)
        return render_template("payments/_waiting.html", count=count, sure_count=sum(bool(each.sure) for each in found))
    return render_template("payments/bank.html", **_shown())


def _shown() -> dict[str, Any]:
    wanted = _wanted()
    told = {"wanted": wanted, "counts": BankLine.counts(), "why_labels": WHY_LABELS, "now": clock.now()}
    if wanted.state is LineState.OPEN:
        return told | _open(proposals(_me(), open_lines()))
    rows = BankLine.in_state(wanted.state).offset((wanted.page - 1) * PER_PAGE).limit(PER_PAGE + 1)
    lines = list(rows)
    return told | {
        "lines": lines[:PER_PAGE],
        "has_more": len(lines) > PER_PAGE,
        "matches": matches_of(lines[:PER_PAGE], _me()),
        "needs_reason": needs_reason,
    }


def _open(found: Sequence[Proposal]) -> dict[str, Any]:
    doubtful = [proposal for proposal in found if proposal.candidates]
    doubtful.sort(key=lambda proposal: -proposal.candidates[0].weight)
    nothing = [proposal for proposal in found if not proposal.sure and not proposal.candidates]
    came = [proposal for proposal in nothing if proposal.line.cents > 0]
    went = [proposal for proposal in nothing if proposal.line.cents < 0]
    return {
        "sure": [proposal for proposal in found if proposal.sure],
        "doubtful": doubtful,
        "other": (
            ("Came in, and fits nothing", "No open invoice that you see is like it", came, ""),
            ("Went out", "Untick what was a refund", went, "Our own payment"),
        ),
        "is_empty": not found,
        "most": MOST_SHOWN,
        "looked_at": MOST_LOOKED_AT,
        "waiting": list(BankFile.waiting(_me())),
    }


def _answer(said: str, undo: str | None = None) -> ResponseReturnValue:
    """The lines as they stand now, to htmx; else back to them."""
    if request.htmx.target == "bank":
        return render_template("payments/_answer.html", said=said, undo=undo, notice="", **_shown())
    flash(said, f"undo:{undo}" if undo else "message")
    return go(_wanted().href())


def _stale(stale: Stale) -> ResponseReturnValue:
    """Somebody was quicker: the lines as they stand, and the sentence."""
    if request.htmx.target == "bank":
        return render_template("payments/_answer.html", said="", undo=None, notice=str(stale), **_shown()), 409
    raise stale


def _line(public_id: str) -> BankLine:
    require(current_user.may_arrange)
    return load_or_404(BankLine.select(), public_id)


@pages.post("/payments/book")
def book() -> ResponseReturnValue:
    """All that is ticked, each as it was seen."""
    require(current_user.may_arrange)
    chosen = {key: (version, seen) for key, version, seen in ticked(request.form.getlist("line"))}
    if not chosen:
        raise Refused("Tick the lines that are to be booked.")
    lines = BankLine.select().where(BankLine.public_id.in_(list(chosen))).order_by(BankLine.on, BankLine.id)
    booked, left = actions.book([Tick(line, *chosen[line.public_id]) for line in lines], by=_me())
    said = f"{booked} {'line is' if booked == 1 else 'lines are'} booked."
    return _answer(said + (f" {left} changed meanwhile and were left." if left else ""))


@pages.post("/payments/lines/<ulid:bank_line_id>/match")
def match(bank_line_id: str) -> ResponseReturnValue:
    """All of a line for one invoice, whatever that leaves open or pays too much."""
    line = _line(bank_line_id)
    form = MatchForm(request.form)
    if not form.validate():
        raise Refused(form.errors_in_words())
    invoice: Invoice = load_or_404(payable_for(_me()), form.invoice.data)
    try:
        done = actions.match(line, [Part(invoice, line.cents, form.open_then)], version=form.version.data, by=_me())
    except Stale as stale:
        return _stale(stale)
    return _answer(f"Booked for {invoice.label}.", _undo(done))


@pages.post("/payments/lines/<ulid:bank_line_id>/ignore")
def ignore(bank_line_id: str) -> ResponseReturnValue:
    line = _line(bank_line_id)
    form, version = IgnoreForm(request.form), MatchForm(request.form).version
    if not form.validate() or version.data is None:
        raise Refused(form.errors_in_words() or "The form is incomplete. Look again.")
    try:
        actions.ignore([(line, version.data)], form.reason.data, by=_me())
    except Stale as stale:
        return _stale(stale)
    return _answer("Set aside: not ours.", f"{HOME}/lines/{line.public_id}/reopen?version={version.data + 1}")


@pages.post("/payments/ignore")
def ignore_several() -> ResponseReturnValue:
    """All that is ticked among those that fit nothing."""
    require(current_user.may_arrange)
    form = IgnoreForm(request.form)
    versions = {key: version for key, version, _ in ticked(request.form.getlist("line"))}
    if not versions:
        raise Refused("Tick the lines that are not ours.")
    if not form.validate():
        raise Refused(form.errors_in_words())
    lines = list(BankLine.select().where(BankLine.public_id.in_(list(versions))))
    try:
        count = actions.ignore([(line, versions[line.public_id]) for line in lines], form.reason.data, by=_me())
    except Stale as stale:
        return _stale(stale)
    return _answer(f"{count} {'line is' if count == 1 else 'lines are'} set aside: not ours.")


@pages.post("/payments/lines/<ulid:bank_line_id>/reopen")
def reopen(bank_line_id: str) -> ResponseReturnValue:
    """Reached from a toast, too, whose form has no fields: the version stands in the address."""
    line = _line(bank_line_id)
    form = ReopenForm(request.form or request.args)
    if not form.validate():
        raise Refused(form.errors_in_words())
    try:
        actions.reopen(line, version=form.version.data, reason=form.reason.data, by=_me())
    except Stale as stale:
        return _stale(stale)
    return _answer("Taken back: the line is open again.")


def _undo(line: BankLine) -> str:
    return f"{HOME}/lines/{line.public_id}/reopen?version={line.version}"


# One line, over several invoices --------------------------------------------------------------------------------------


@pages.get("/payments/lines/<ulid:bank_line_id>")
def line(bank_line_id: str) -> ResponseReturnValue:
    """A line beside all it may pay: for what pays several, or what nobody would have guessed."""
    return _line_page(_line(bank_line_id), request.args)


@pages.post("/payments/lines/<ulid:bank_line_id>")
def split(bank_line_id: str) -> ResponseReturnValue:
    line = _line(bank_line_id)
    given = given_parts(request.form, line.currency)
    version = MatchForm(request.form).version.data
    if version is None:
        raise Refused("The form is incomplete. Look again.")
    if any(each.cents is None or each.seen is None for each in given):
        return _line_page(line, request.form, why="Type amounts such as 1200 or 1200.50."), 422
    rows = {row.public_id: row for row in payable_for(_me()).where(Invoice.public_id.in_([each.key for each in given]))}
    sign = 1 if line.cents > 0 else -1
    parts = [Part(rows[each.key], sign * (each.cents or 0), each.seen or 0) for each in given if each.key in rows]
    try:
        done = actions.match(line, parts, version=version, by=_me())
    except Stale:
        raise
    except Refused as refusal:
        return _line_page(line, request.form, why=str(refusal)), 422
    flash(f"Booked for {len(parts)} {'invoice' if len(parts) == 1 else 'invoices'}.", f"undo:{_undo(done)}")
    return go(HOME)


def _line_page(line: BankLine, sent: Any, *, why: str = "") -> str:
    """What is likely stands first, and what was typed stays, whatever is searched for."""
    proposal = proposals(_me(), [line])[0]
    given = given_parts(sent, line.currency)
    typed = {each.key: each.typed for each in given}
    total = sum(each.cents or 0 for each in given)
    if request.method == "GET" and "q" not in sent:
        typed = {each.public_id: money.as_typed(abs(each.cents), line.currency) for each in proposal.sure}
        total = abs(sum(each.cents for each in proposal.sure))
    candidates = {candidate.invoice.public_id: candidate.why for candidate in proposal.candidates}
    keys = [*typed, *(each.public_id for each in proposal.sure), *candidates]
    return render_template(
        "payments/line.html",
        line=line,
        proposal=proposal,
        invoices=payable(_me(), line, keys, sent.get("q", "")),
        typed=typed,
        q=sent.get("q", "")[:80],
        why=why,
        why_labels=WHY_LABELS,
        whys=candidates,
        nothing=money.as_typed(0, line.currency),
        left=abs(line.cents) - total,
        matches=matches_of([line], _me()).get(line.public_id, []),
        now=clock.now(),
        needs_reason=needs_reason,
    )


# Files ----------------------------------------------------------------------------------------------------------------


@pages.get("/payments/files")
def files() -> ResponseReturnValue:
    require(current_user.may_arrange)
    return _files_page()


def _files_page(why: str = "") -> str:
    found = list(BankFile.counted().limit(PER_PAGE))
    return render_template("payments/files.html", files=found, waiting=list(BankFile.waiting(_me()).limit(5)), why=why)


@pages.post("/payments/files")
def take() -> ResponseReturnValue:
    """Read a file: XML at once, CSV too where a file with these headings was read before."""
    require(current_user.may_arrange)
    try:
        name, content = uploaded(request.files.get("file"), "a file from your bank")
        return _taken(name, content)
    except Stale:
        raise
    except Refused as refusal:
        return _files_page(str(refusal)), 422


def _taken(name: str, content: bytes) -> ResponseReturnValue:
    sha256 = hashlib.sha256(content).hexdigest()
    if way_of(content) is Way.CAMT:
        return _said(actions.take(name, sha256, Way.CAMT, tasks.read_camt(content), by=_me()))
    text = text_of(content)
    sheet = tasks.read_csv(text)
    columns = BankColumns.remembered(headings_key(sheet))
    if columns is not None:
        columns = completed(sheet, columns)
        entries, problems = entries_of(sheet, columns, clock.now().date())
        if entries and not problems and not refusal_of_columns(columns, sheet):
            return _said(actions.take(name, sha256, Way.CSV, entries, by=_me()))
    kept = actions.keep(name, sha256, text, by=_me())
    return go(f"{HOME}/files/{kept.public_id}")


def _said(added: Added) -> ResponseReturnValue:
    new = f"{added.new} new {'line' if added.new == 1 else 'lines'}" if added.new else "Nothing new"
    seen = f"; {added.seen} had been read before" if added.seen else ""
    return go(HOME, f"{new} in {added.file.name}{seen}.")


@pages.get("/payments/files/<ulid:bank_file_id>")
def columns(bank_file_id: str) -> ResponseReturnValue:
    file = _waiting(bank_file_id)
    sheet = tasks.read_csv(file.content)
    chosen = BankColumns.remembered(headings_key(sheet)) or guessed(sheet, firm().currency)
    form = ColumnsForm(data={"order": chosen.order, "decimal": chosen.decimal, "currency": chosen.currency})
    return _columns_page(file, form, chosen, sheet)


@pages.post("/payments/files/<ulid:bank_file_id>")
def choose_columns(bank_file_id: str) -> ResponseReturnValue:
    file = _waiting(bank_file_id)
    sheet = tasks.read_csv(file.content)
    form = ColumnsForm(request.form)
    if not form.validate():
        return _columns_page(file, form, Columns(("",) * len(sheet.header)), sheet, why=form.errors_in_words()), 422
    said = form.columns(sheet, request.form)
    chosen = completed(sheet, said)
    if why := refusal_of_columns(chosen, sheet):
        return _columns_page(file, form, said, sheet, why=why), 422
    entries, problems = entries_of(sheet, chosen, clock.now().date())
    if problems and not form.leave_out.data:
        return _columns_page(file, form, said, sheet, problems=problems), 422
    if not entries:
        return _columns_page(file, form, said, sheet, why="No line of this file has both a day and an amount."), 422
    return _said(actions.read(file, headings_key(sheet), said, entries))


def _columns_page(
    file: BankFile, form: ColumnsForm, columns: Columns, sheet: Any, *, why: str = "", problems: Sequence[Problem] = ()
) -> str:
    return render_template(
        "payments/columns.html",
        file=file,
        form=form,
        sheet=sheet,
        fields=columns.fields,
        known=FIELDS,
        decimals=DECIMALS,
        why=why,
        problems=problems,
        most=MOST_PROBLEMS,
    )


@pages.post("/payments/files/<ulid:bank_file_id>/put-away")
def put_away(bank_file_id: str) -> ResponseReturnValue:
    require(current_user.may_arrange)
    mine = (BankFile.read_at.is_null(False)) | (BankFile.by == _me())
    actions.put_away(load_or_404(BankFile.select().where(mine), bank_file_id))
    return go(f"{HOME}/files", "The file is put away, with its lines.")


def _waiting(public_id: str) -> BankFile:
    """The reader's own file, whose columns are still to be said."""
    require(current_user.may_arrange)
    return load_or_404(BankFile.waiting(_me()), public_id)


# On an invoice --------------------------------------------------------------------------------------------------------

ICONS = {"payment": "banknote", "refund": "undo", "credit": "receipt", "transfer": "arrow-right-left", "write_off": "x"}
TITLES = {
    "new": "Record a payment",
    "refund": "Record a refund",
    "transfer": "Use it for another invoice",
    "write-off": "Write off what is open",
}
DONE = {"new": "recorded", "refund": "refunded", "transfer": "transferred", "write-off": "written off"}


@pages.get("/invoices/<ulid:invoice_id>/payments")
def of_invoice(invoice_id: str) -> ResponseReturnValue:
    """What came in for an invoice; to htmx a panel for its page."""
    invoice = _invoice(invoice_id)
    postings = list(Posting.of(invoice))
    return render_template(
        "payments/_of_invoice.html" if request.htmx else "payments/of_invoice.html",
        invoice=invoice,
        postings=postings,
        living=living(postings),
        unseen=unseen(postings, _me()),
        icons=ICONS,
        labels={entry.value: label for entry, label in ENTRY_LABELS.items()},
        now=clock.now(),
        needs_reason=needs_reason,
    )


@pages.get("/invoices/<ulid:invoice_id>/payments/new")
def new_payment(invoice_id: str) -> ResponseReturnValue:
    invoice = _invoice(invoice_id)
    return _form_page(invoice, PaymentForm(invoice=invoice, data=_usual(invoice, invoice.open_cents)), "new")


@pages.post("/invoices/<ulid:invoice_id>/payments/new")
def record(invoice_id: str) -> ResponseReturnValue:
    invoice = _invoice(invoice_id)
    form = PaymentForm(request.form, invoice=invoice)
    return _book(invoice, form, "new", lambda told: actions.record(invoice, form.cents, form.on.data, **told))


@pages.get("/invoices/<ulid:invoice_id>/payments/refund")
def new_refund(invoice_id: str) -> ResponseReturnValue:
    invoice = _invoice(invoice_id)
    return _form_page(invoice, RefundForm(invoice=invoice, data=_usual(invoice, -invoice.open_cents)), "refund")


@pages.post("/invoices/<ulid:invoice_id>/payments/refund")
def refund(invoice_id: str) -> ResponseReturnValue:
    invoice = _invoice(invoice_id)
    form = RefundForm(request.form, invoice=invoice)
    return _book(invoice, form, "refund", lambda told: actions.refund(invoice, form.cents, form.on.data, **told))


@pages.get("/invoices/<ulid:invoice_id>/payments/transfer")
def new_transfer(invoice_id: str) -> ResponseReturnValue:
    invoice = _invoice(invoice_id)
    form = TransferForm(invoice=invoice, data=_usual(invoice, -invoice.open_cents))
    form.offer(targets := transferable(_me(), invoice))
    return _form_page(invoice, form, "transfer", "" if targets else "Nothing else of this payer is open.")


@pages.post("/invoices/<ulid:invoice_id>/payments/transfer")
def transfer(invoice_id: str) -> ResponseReturnValue:
    invoice = _invoice(invoice_id)
    form = TransferForm(request.form, invoice=invoice)
    targets = transferable(_me(), invoice)
    form.offer(targets)

    def move(told: dict[str, Any]) -> Posting:
        target = next(each for each in targets if each.public_id == form.to.data)
        return actions.transfer(invoice, target, form.cents, **told)

    return _book(invoice, form, "transfer", move)


@pages.get("/invoices/<ulid:invoice_id>/payments/write-off")
def new_write_off(invoice_id: str) -> ResponseReturnValue:
    invoice = _invoice(invoice_id)
    return _form_page(invoice, WriteOffForm(data={"seen": invoice.open_cents}), "write-off")


@pages.post("/invoices/<ulid:invoice_id>/payments/write-off")
def write_off(invoice_id: str) -> ResponseReturnValue:
    invoice = _invoice(invoice_id)
    form = WriteOffForm(request.form)
    return _book(invoice, form, "write-off", lambda told: actions.write_off(invoice, form.reason.data, **told))


def _usual(invoice: Invoice, cents: int) -> dict[str, Any]:
    amount = money.as_typed(cents, invoice.currency) if cents > 0 else ""
    return {"amount": amount, "on": clock.now().date(), "seen": invoice.open_cents}


def _book(invoice: Invoice, form: Any, act: str, book: Callable[[dict[str, Any]], Posting]) -> ResponseReturnValue:
    """Do what the form says, with what was open when it was opened; or show it again with what stands in the way."""
    if not form.validate():
        return _form_page(invoice, form, act, form.renewed(invoice.open_cents)), 422
    told: dict[str, Any] = {"seen": form.open_then, "by": _me()}
    if "reference" in form:
        told["reference"] = form.reference.data
    try:
        posting = book(told)
    except Refused as refusal:
        now = _invoice(invoice.public_id)
        form.renewed(now.open_cents)
        return _form_page(now, form, act, str(refusal)), 409 if isinstance(refusal, Stale) else 422
    said = f"{money.in_words(abs(posting.cents), invoice.currency)} {DONE[act]}."
    flash(said, f"undo:{invoice.page}/payments/{posting.public_id}/take-back")
    return go(invoice.page)


def _form_page(invoice: Invoice, form: Any, act: str, why: str = "") -> str:
    template = "payments/_form.html" if request.htmx else "payments/form.html"
    return render_template(
        template, invoice=invoice, form=form, act=act, why=why, title=TITLES.get(act, "Take it back")
    )


@pages.get("/invoices/<ulid:invoice_id>/payments/<ulid:posting_id>/take-back")
def ask_take_back(invoice_id: str, posting_id: str) -> ResponseReturnValue:
    invoice, _ = _posting(invoice_id, posting_id)
    return _form_page(invoice, TakeBackForm(), f"{posting_id}/take-back")


@pages.post("/invoices/<ulid:invoice_id>/payments/<ulid:posting_id>/take-back")
def take_back(invoice_id: str, posting_id: str) -> ResponseReturnValue:
    """Reached from a toast, too, whose form has no fields."""
    invoice, posting = _posting(invoice_id, posting_id)
    form, act = TakeBackForm(request.form), f"{posting_id}/take-back"
    if not form.validate():
        return _form_page(invoice, form, act), 422
    try:
        actions.take_back(posting, reason=form.reason.data, by=_me())
    except Refused as refusal:
        return _form_page(invoice, form, act, str(refusal)), 422
    return go(invoice.page, "Taken back.")


def _invoice(public_id: str) -> Invoice:
    """One that is issued: a draft has no payments."""
    return load_or_404(payable_for(_me()), public_id)


def _posting(invoice_id: str, posting_id: str) -> tuple[Invoice, Posting]:
    invoice = _invoice(invoice_id)
    return invoice, load_or_404(Posting.select().where(Posting.invoice == invoice), posting_id)
