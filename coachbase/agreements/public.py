"""Signing, for whoever holds a link to it: read, agree, type the code, sign; or decline, or name somebody else.

States beat addresses: every GET shows, or leads to, the page that fits. Only a POST does something.
"""

import re

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.wrappers import Response

from ..engagements.rules import NEVER_SHARED, shares_in_words
from ..errors import Refused, TooMany
from ..text import render_markdown
from ..web.guard import public_blueprint
from ..web.links import link_doors
from ..web.pages import attachment
from . import actions
from .forms import ConsentForm, DeclineForm, HandOverForm, SignForm
from .models import Signer
from .rules import LONGEST_FILLED, SignerRole, SignerState, State, refusal_to_act

pages = public_blueprint("agreements_public", __name__, prefix="/p")
doors = link_doors(pages, actions.LINK)

BACK, BACKS = "back", ("/p/client", "/p/sponsor")
"""A cookie that names the page this browser came from, and the pages it may name."""

_FIRST_PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)
_FIRST_HEADING = re.compile(r"<h1>(.*?)</h1>", re.DOTALL)
_HEADING = re.compile(r"(</?h)([1-4])>")
_SPACE = re.compile(r"\s+")
TEASER = 170


# Reading --------------------------------------------------------------------------------------------------------------


@pages.get("/sign")
def overview() -> ResponseReturnValue:
    """What is to be signed; or why there is nothing to sign now."""
    return _fitting(_signer())


@pages.post("/sign/read")
def open_document() -> ResponseReturnValue:
    signer = _signer()
    if signer.is_turn:
        actions.open_document(signer, **_trace())
    return redirect("/p/sign/read", 303)


@pages.get("/sign/read")
def read() -> ResponseReturnValue:
    """The whole text."""
    signer = _signer()
    if not _may_read(signer):
        return redirect("/p/sign", 303)
    return render_template("agreements/sign_read.html", text=_text(signer), **_about(signer))


@pages.get("/sign/document")
def document() -> ResponseReturnValue:
    """The very bytes that are signed, as an attachment."""
    signer = _signer()
    if not _may_read(signer):
        return redirect("/p/sign", 303)
    frozen = signer.agreement.document
    return attachment(frozen.content, frozen.name, frozen.media_type)


# Signing --------------------------------------------------------------------------------------------------------------


@pages.post("/sign/code")
def send_code() -> ResponseReturnValue:
    """The consent; then the code is mailed."""
    signer = _signer()
    form = ConsentForm(request.form)
    if not signer.is_turn or not form.validate():
        return _fitting(signer, form), 422
    try:
        actions.mail_code(signer, sha256=form.sha256.data, **_trace())
    except Refused as refusal:
        return _refused(refusal, form)
    return redirect("/p/sign/code", 303)


@pages.get("/sign/code")
def code() -> ResponseReturnValue:
    """Where the code is typed and the mark made."""
    signer = _signer()
    if not signer.is_turn or signer.code_sent_at is None:
        return redirect("/p/sign", 303)
    return _code_page(signer, SignForm(data={"typed": signer.name, "sha256": signer.agreement.sha256}))


@pages.post("/sign")
def sign() -> ResponseReturnValue:
    """Sign; what was refused stays on the page, the mark too."""
    signer = _signer()
    form = SignForm(request.form)
    if signer.state is SignerState.SIGNED:
        return redirect("/p/sign", 303)
    if not signer.is_turn or signer.code_sent_at is None:
        return _fitting(signer), 422
    if not form.validate():
        return _code_page(signer, form), 422
    kind, mark = form.mark
    try:
        actions.sign(signer, code=form.code.data, kind=kind, mark=mark, sha256=form.sha256.data, **_trace())
    except Refused as refusal:
        return _code_page(_signer(), form, str(refusal)), _status(refusal)
    return redirect("/p/sign", 303)


# Not signing ----------------------------------------------------------------------------------------------------------


@pages.get("/sign/decline")
def ask_why() -> ResponseReturnValue:
    signer = _signer()
    return _decline_page(signer, DeclineForm()) if signer.is_turn else redirect("/p/sign", 303)


@pages.post("/sign/decline")
def decline() -> ResponseReturnValue:
    signer = _signer()
    form = DeclineForm(request.form)
    if signer.state is SignerState.DECLINED:
        return redirect("/p/sign", 303)
    if not signer.is_turn or not form.validate():
        return _decline_page(signer, form) if signer.is_turn else _fitting(signer), 422
    actions.decline(signer, reason=form.reason.data, **_trace())
    return redirect("/p/sign", 303)


def _decline_page(signer: Signer, form: DeclineForm) -> str:
    return render_template("agreements/sign_decline.html", form=form, **_about(signer))


@pages.get("/sign/somebody-else")
def somebody_else() -> ResponseReturnValue:
    """“Not you?”: for a sponsor who else may sign, for others what to do."""
    signer = _signer()
    return _somebody_page(signer, HandOverForm()) if signer.is_turn else redirect("/p/sign", 303)


@pages.post("/sign/somebody-else")
def hand_over() -> ResponseReturnValue:
    """Name who signs instead. This link dies with it, so the answer is a page of its own."""
    signer = _signer()
    form = HandOverForm(request.form)
    if not signer.is_turn:
        return _fitting(signer), 422
    if not form.validate():
        return _somebody_page(signer, form), 422
    try:
        actions.hand_over(signer, name=form.name.data, email=form.email.data, **_trace())
    except Refused as refusal:
        return _somebody_page(signer, form, str(refusal)), _status(refusal)
    return redirect("/p/sign/handed-over", 303)


def _somebody_page(signer: Signer, form: HandOverForm, notice: str = "") -> str:
    may = signer.role is SignerRole.SPONSOR
    return render_template("agreements/sign_somebody.html", form=form, may=may, notice=notice, **_about(signer))


@pages.get("/sign/handed-over")
def handed_over() -> str:
    """Says nothing of anybody, so that it needs no link."""
    return render_template("agreements/sign_handed_over.html")


@pages.post("/sign/leave")
def leave() -> Response:
    """Let this browser forget the link: it is somebody else's."""
    answer = redirect("/p/left", 303)
    answer.delete_cookie(doors.cookie, path=doors.home)
    answer.delete_cookie(BACK, path=doors.home)
    return answer


@pages.post("/sign/next")
def go_on() -> Response:
    """On to the next agreement that waits for this member of the staff: reminders name them all."""
    signer = _signer()
    following = _next_for(signer)
    answer = redirect("/p/sign", 303)
    return doors.keep(answer, actions.hold(following, **_source())) if following else answer


# The page that fits ---------------------------------------------------------------------------------------------------


def _signer() -> Signer:
    """Whose link this is. Who may no longer sign in signs nothing for us either."""
    signer = Signer.known_as(doors.subject()) or abort(404)
    if signer.user_id and signer.user.disabled_at:
        abort(404)
    return signer


def _fitting(signer: Signer, form: ConsentForm | None = None, notice: str = "") -> str:
    """The page for the state this signer and the agreement are in."""
    about = _about(signer)
    if signer.is_turn:
        form = form or ConsentForm(data={"sha256": signer.agreement.sha256})
        return render_template("agreements/sign.html", form=form, notice=notice, first=_first_lines(signer), **about)
    others = list(Signer.of(signer.agreement))
    if signer.state is SignerState.SIGNED and signer.agreement.state not in (State.VOID, State.DECLINED):
        waiting = [other.name for other in others if other.state is not SignerState.SIGNED]
        return render_template("agreements/sign_done.html", waiting=waiting, next=_next_for(signer), **about)
    before = [other.name for other in others if other.position < signer.position and not other.signed_at]
    is_early = signer.state is SignerState.WAITING and signer.agreement.state is State.OUT
    sentence = refusal_to_act(signer.agreement.state, signer.state)
    return render_template("agreements/sign_closed.html", is_early=is_early, before=before, sentence=sentence, **about)


def _refused(refusal: Refused, form: ConsentForm) -> ResponseReturnValue:
    """The page as it is now, with the sentence. A tick for another document is none."""
    signer = _signer()
    kept = form if form.sha256.data == signer.agreement.sha256 else None
    return _fitting(signer, kept, str(refusal)), _status(refusal)


def _code_page(signer: Signer, form: SignForm, notice: str = "") -> str:
    if not signer.is_turn:
        return _fitting(signer)
    return render_template("agreements/sign_code.html", form=form, notice=notice, **_about(signer))


def _status(refusal: Refused) -> int:
    return 429 if isinstance(refusal, TooMany) else 422


def _about(signer: Signer) -> dict[str, object]:
    """What every page of it shows. A page kept open shows no document it may not show."""
    agreement = signer.agreement
    organisation = agreement.client.organisation
    back = request.cookies.get(BACK, "")
    return {
        "signer": signer,
        "agreement": agreement,
        "sponsor": organisation.name if organisation else "",
        "told": shares_in_words(agreement.shared),
        "never": NEVER_SHARED,
        "back": back if back in BACKS else "",
    }


def _may_read(signer: Signer) -> bool:
    """Whose turn it is, and who has signed what still stands."""
    still_stands = signer.agreement.state in (State.OUT, State.SEALING, State.COMPLETED)
    return signer.is_turn or (signer.state is SignerState.SIGNED and still_stands)


def _next_for(signer: Signer) -> Signer | None:
    """Another agreement that waits for the same member of the staff."""
    if signer.user_id is None or signer.state is not SignerState.SIGNED:
        return None
    return Signer.asked().where(Signer.user == signer.user_id).order_by(Signer.asked_at).first()


def _text(signer: Signer) -> Markup:
    """The agreement as safe HTML; its headings stand below the page's own, which says the title already."""
    html = render_markdown(signer.agreement.body, longest=LONGEST_FILLED)
    first = _FIRST_HEADING.match(html)
    if first and Markup(first[1]).striptags() == signer.agreement.title:  # noqa: S704
        html = html[first.end() :]
    below = 1 if "<h1>" in html else 0
    return Markup(_HEADING.sub(lambda tag: f"{tag[1]}{int(tag[2]) + below}>", html))  # noqa: S704


def _first_lines(signer: Signer) -> str:
    """How it begins, without its headings."""
    found = _FIRST_PARAGRAPH.search(render_markdown(signer.agreement.body[:4000]))
    words = _SPACE.sub(" ", Markup(found.group(1)).striptags()) if found else ""  # noqa: S704
    return words if len(words) <= TEASER else words[:TEASER].rpartition(" ")[0] + " …"


def _source() -> dict[str, str]:
    return {"source": request.remote_addr or "nowhere"}


def _trace() -> dict[str, str]:
    """Where the request came from, for the audit trail."""
    return _source() | {"user_agent": request.headers.get("User-Agent", "")[:300]}
