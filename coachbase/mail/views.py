"""The outbox, a client's mail, the mail server and the texts."""

from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from markupsafe import Markup

from ..clients.models import Client
from ..errors import Refused, Stale
from ..web.conflict import conflict
from ..web.pages import firm, go, load_or_404, require, toast
from . import actions
from .forms import ServerForm, TestForm, TextForm
from .models import MailServer, MailText, Message
from .rules import FACES, KINDS, LINK_SHOWN, Kind, Security, State, fill, fill_html, plain, tidy
from .tasks import content_of

PER_PAGE = 50
LAST_PAGE = 2000
SHOWN_ALONE = "sandbox; default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'"
"""A mail's HTML part is a page of its own that may run, load and send nothing."""

pages = Blueprint("mail", __name__)


class Wanted(NamedTuple):
    """What part of the outbox one looks at; it lives in the address."""

    path: str
    client: Client | None
    state: str
    words: str
    page: int

    def href(self, **other: Any) -> str:
        """The address of another part: a changed filter starts on its first page."""
        chosen = {"state": self.state, "q": self.words} | other
        query = urlencode({name: value for name, value in chosen.items() if value and value != 1})
        return f"{self.path}?{query}" if query else self.path

    def act(self, message: Message, verb: str) -> str:
        """Where a row's button posts to, with all that is needed to show this list again."""
        query = {"client": self.client.public_id if self.client else "", "state": self.state, "q": self.words}
        return f"/mail/{message.public_id}/{verb}?" + urlencode(query | {"page": self.page})


def _wanted(client: Client | None) -> Wanted:
    state = request.args.get("state", "")
    page = request.args.get("page", 1, type=int)
    return Wanted(
        f"/clients/{client.public_id}/mail" if client else "/mail",
        client,
        state if state in FACES else "",
        request.args.get("q", "")[:100].strip().replace("\0", ""),
        min(max(page, 1), LAST_PAGE),
    )


def _list(client: Client | None) -> dict[str, Any]:
    wanted = _wanted(client)
    found = Message.listed(current_user, state=wanted.state, words=wanted.words, client=client)
    rows = list(found.offset((wanted.page - 1) * PER_PAGE).limit(PER_PAGE + 1))
    return {
        "wanted": wanted,
        "messages": rows[:PER_PAGE],
        "has_more": len(rows) > PER_PAGE,
        "counts": Message.open_counts(current_user, client=client),
        "faces": FACES,
    }


@pages.get("/mail")
def outbox() -> ResponseReturnValue:
    """Every message and its fate."""
    return render_template("mail/_outbox.html" if request.htmx else "mail/outbox.html", **_list(None))


@pages.get("/clients/<ulid:client_id>/mail")
def of_client(client_id: str) -> ResponseReturnValue:
    client = load_or_404(Client.with_people(current_user), client_id)
    template = "mail/_outbox.html" if request.htmx else "mail/client.html"
    return render_template(template, client=client, tab="mail", **_list(client))


@pages.get("/mail/<ulid:message_id>")
def message(message_id: str) -> ResponseReturnValue:
    message = load_or_404(Message.visible_to(current_user), message_id)
    return render_template("mail/message.html", message=message, server=MailServer.current())


@pages.get("/mail/<ulid:message_id>/fate")
def fate(message_id: str) -> ResponseReturnValue:
    """What became of it so far; asked every second while it is under way."""
    message = load_or_404(Message.visible_to(current_user), message_id)
    if not request.htmx:
        return go(f"/mail/{message_id}")
    return render_template("mail/_fate.html", message=message)


@pages.get("/mail/<ulid:message_id>/html")
def html(message_id: str) -> ResponseReturnValue:
    """The HTML part as the reader sees it, without the personal link."""
    message = load_or_404(Message.visible_to(current_user), message_id)
    return Response(message.html_shown, headers={"Content-Security-Policy": SHOWN_ALONE})


@pages.post("/mail/<ulid:message_id>/resend")
def resend(message_id: str) -> ResponseReturnValue:
    message = load_or_404(Message.visible_to(current_user), message_id)
    new = actions.resend(message, by=current_user._get_current_object())
    said = "It is tried again now." if new.id == message.id else "It is sent once more, as a new message."
    return _answer(new, said)


@pages.post("/mail/<ulid:message_id>/cancel")
def cancel(message_id: str) -> ResponseReturnValue:
    message = load_or_404(Message.visible_to(current_user), message_id)
    actions.cancel(message)
    return _answer(message, "Set aside." if message.state is State.DEAD else "Cancelled. It will not be sent.")


def _answer(message: Message, said: str) -> ResponseReturnValue:
    """Back to the list one came from, when htmx can replace it; else to the message."""
    if request.htmx.target != "outbox":
        return go(f"/mail/{message.public_id}", said)
    of = request.args.get("client")
    client = load_or_404(Client.with_people(current_user), of) if of else None
    return f"{render_template('mail/_outbox.html', **_list(client))}{toast(said)}"


# The mail server ------------------------------------------------------------------------------------------------------


@pages.get("/settings/mail")
def server() -> ResponseReturnValue:
    require(current_user.may_run_practice)
    return _server(_server_form(), TestForm(data={"to": current_user.email}))


@pages.post("/settings/mail")
def save_server() -> ResponseReturnValue:
    require(current_user.may_run_practice)
    form = ServerForm(request.form)
    if not form.validate():
        return _server(form, TestForm(data={"to": current_user.email})), 422
    try:
        actions.save_server(**form.data | {"security": Security(form.security.data)})
    except Stale as stale:
        del form.password  # neither the one that is stored nor the one that was typed belongs on a page
        return conflict(stale, form, MailServer.current(), "/settings/mail")
    except Refused as refused:
        form.security.errors = [str(refused)]
        return _server(form, TestForm(data={"to": current_user.email})), 422
    return go("/settings/mail", "Saved. What waited is on its way.")


@pages.post("/settings/mail/test")
def send_test() -> ResponseReturnValue:
    """Send a test; the page then shows what the server says, as soon as the worker knows."""
    require(current_user.may_run_practice)
    form = TestForm(request.form)
    if not form.validate():
        return _server(_server_form(), form), 422
    message = actions.send_test(form.to.data, by=current_user._get_current_object())
    return go(f"/settings/mail?test={message.public_id}#fate")


def _server_form() -> ServerForm:
    there = MailServer.current()
    if there is None:
        blank = {"port": 587, "security": Security.STARTTLS.value, "from_name": firm().name, "version": 0}
        return ServerForm(data=blank)
    return ServerForm(obj=there, password="")


def _server(form: ServerForm, test_form: TestForm) -> str:
    test = request.args.get("test")
    return render_template(
        "mail/server.html",
        form=form,
        test_form=test_form,
        is_set_up=MailServer.current() is not None,
        message=load_or_404(Message.visible_to(current_user), test) if test else None,
    )


# The texts ------------------------------------------------------------------------------------------------------------


@pages.get("/settings/mail-texts")
def texts() -> ResponseReturnValue:
    require(current_user.may_arrange)
    return render_template("mail/texts.html", texts=MailText.all_in_force())


@pages.get("/settings/mail-texts/<kind>")
def text(kind: str) -> ResponseReturnValue:
    about = _kind_or_404(kind)
    return _text(MailText.in_force(kind), TextForm(obj=MailText.in_force(kind), kind=about))


@pages.post("/settings/mail-texts/<kind>")
def save_text(kind: str) -> ResponseReturnValue:
    form = TextForm(request.form, kind=_kind_or_404(kind))
    if not form.validate():
        return _text(MailText.in_force(kind), form), 422
    try:
        actions.save_text(kind, **form.data)
    except Stale as stale:
        return conflict(stale, form, MailText.in_force(kind), f"/settings/mail-texts/{kind}")
    return go(f"/settings/mail-texts/{kind}", "Saved. The next mail of this kind uses it.")


@pages.post("/settings/mail-texts/<kind>/restore")
def restore_text(kind: str) -> ResponseReturnValue:
    _kind_or_404(kind)
    form = TextForm(request.form, kind=KINDS[kind])
    if not form.version.validate(form):
        abort(400)
    actions.restore_text(kind, version=form.version.data)
    return go(f"/settings/mail-texts/{kind}", "The text that came with coachbase is back.")


@pages.post("/settings/mail-texts/<kind>/preview")
def preview(kind: str) -> ResponseReturnValue:
    """What is typed, as the reader will get it; a part for htmx, else the page with what was typed still in it."""
    form = TextForm(request.form, kind=_kind_or_404(kind))
    is_right = form.validate()
    if not request.htmx:
        return _text(MailText.in_force(kind), form), 200 if is_right else 422
    return render_template("mail/_preview.html", form=form, preview=_drawn(form) if is_right else None)


def _kind_or_404(kind: str) -> Kind:
    require(current_user.may_arrange)
    require(kind in KINDS)
    return KINDS[kind]


def _text(text: MailText, form: TextForm) -> str:
    return render_template(
        "mail/text.html", text=text, form=form, preview=None if form.errors else _drawn(form), link_shown=LINK_SHOWN
    )


def _drawn(form: TextForm) -> dict[str, Any]:
    """Subject and both parts with examples in the fields' places."""
    examples = {name: about.example or LINK_SHOWN for name, about in form.kind.fields.items()} | {"firm": firm().name}
    subject, body = tidy(form.subject.data), tidy(form.body.data)
    content = content_of(body).replace('href="{{link}}"', 'href="#"').replace('href="{{page}}"', 'href="#"')
    return {
        "subject": fill(subject, examples),
        "text": fill(plain(body), examples),
        "html": Markup(fill_html(content, examples)),  # noqa: S704 (cleaned in content_of, values escaped)
    }
