"""The page behind one link: for a client, for the client's own assistant, for a sponsor contact."""

from collections.abc import Callable

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from .. import clock
from ..accounts.models import Serving, User
from ..agreements import actions as agreements
from ..agreements.models import Signer
from ..assessments.models import Assessment, has_way_in
from ..assessments.rules import answer_until, is_plain_address, until_in_words
from ..clients.models import Client, Contact
from ..clients.rules import called
from ..credentials.models import Credential
from ..engagements.models import Engagement
from ..engagements.rules import NEVER_SHARED, RUNNING, shares_in_words
from ..files.models import Document
from ..files.rules import size_in_words
from ..intake import actions as intake
from ..intake.models import Submission
from ..invoices.models import Invoice
from ..invoices.public import go_on_to_all
from ..polls import actions as polls
from ..polls.models import Voter
from ..raters import actions as raters
from ..raters.models import Rater, RaterAsk
from ..raters.rules import APPROVE, NOMINATE, told_to_coachee
from ..requests import actions as requests
from ..scheduling import actions as scheduling
from ..sessions.models import CoachingSession
from ..web.guard import public_blueprint
from ..web.links import LinkDoors, link_doors
from ..web.pages import attachment, load_or_404
from .models import (
    ASSISTANT,
    CLIENT,
    SPONSOR,
    asks_of,
    asks_of_contact,
    asks_to_pay,
    client_known_as,
    contact_known_as,
    is_agreed,
    meetings_of,
    meetings_with,
    papers_of,
    running_of,
    shares_of,
    sponsor_names,
    to_book,
    told_to,
    zone_of,
)
from .rules import Ask, progress

pages = public_blueprint("portal_public", __name__, prefix="/p")
doors = link_doors(pages, CLIENT)
assistant_doors = link_doors(pages, ASSISTANT)
sponsor_doors = link_doors(pages, SPONSOR)


# The client's page ----------------------------------------------------------------------------------------------------


@pages.get("/client")
def client() -> str:
    """What is asked of the client, in order; and what there is to look up."""
    whose = _client()
    engagements = list(Engagement.of(whose))
    current = next((each for each in engagements if each.state in RUNNING), None)
    asks = asks_of(whose, [each for each in engagements if each.state in RUNNING])
    asks += asks_to_pay(whose.public_id, whose.owed)
    done, total = progress(asks)
    coming, past = meetings_of(whose, clock.now())
    return render_template(
        "portal/client.html",
        zone=zone_of(whose),
        coming=coming,
        past=past,
        client=whose,
        engagement=current,
        older=[each for each in engagements if each != current],
        asks=asks,
        done=done,
        total=total,
        first=next((ask for ask in asks if ask.is_open), None),
        sharing=_sharing(current) if current else None,
        logistics=current.logistics if current and is_agreed(current) else "",
        desk=_desk(current.coach if current else whose.coach),
        documents=list(papers_of(whose)),
        size_in_words=size_in_words,
    )


@pages.post("/client/sign/<ulid:signer_id>")
def sign(signer_id: str) -> Response:
    """“Read and sign”: this browser may go on to the signing page."""
    return _lead_on(asks_of(_client()), agreements.LINK, signer_id, doors)


@pages.post("/client/intake/<ulid:submission_id>")
def answer(submission_id: str) -> Response:
    """“Answer”: this browser may go on to the questionnaire."""
    return _lead_on(asks_of(_client()), intake.LINK, submission_id, doors)


@pages.post("/client/book/<ulid:request_id>")
def book(request_id: str) -> Response:
    """“Choose a time”: this browser may go on to booking."""
    return _lead_on(asks_of(_client()), requests.BOOK, request_id, doors)


@pages.post("/client/poll/<ulid:voter_id>")
def tick(voter_id: str) -> Response:
    """“Tick what suits”: this browser may go on to the times on offer."""
    return _lead_on(asks_of(_client()), polls.LINK, voter_id, doors)


@pages.get("/client/assessment/<ulid:assessment_id>")
def assessment(assessment_id: str) -> str:
    """How to get into an instrument: the client's own link, code or account, as long as it is asked for."""
    whose = _client()
    own: Assessment = load_or_404(Assessment.for_page(whose, list(running_of(whose))), assessment_id)
    today = clock.now().date()
    is_asked = own.is_open and own.answered_at is None
    return render_template(
        "portal/assessment.html",
        client=whose,
        assessment=own,
        is_asked=is_asked,
        until=until_in_words(answer_until(own.due_on, own.pace, today)),
        code=Credential.get_by_id(own.credential_id).code if is_asked and has_way_in(own, today) else None,
        answered=told_to_coachee(Rater.progress_of([own.id]).get(own.id, [])) if own.instrument.needs_raters else [],
        portal=own.instrument.vendor.portal if is_plain_address(own.instrument.vendor.portal) else "",
        desk=_desk(whose.coach),
    )


@pages.post("/client/nominate/<ulid:rater_ask_id>")
def name_raters(rater_ask_id: str) -> Response:
    """“Name them”: this browser may go on to who may be asked."""
    return _lead_on(asks_of(_client()), NOMINATE, rater_ask_id, doors)


@pages.post("/client/session/<ulid:session_id>")
def change(session_id: str) -> Response:
    """“Move or cancel”: this browser may go on to one session."""
    own = load_or_404(CoachingSession.with_people().where(CoachingSession.client == _client()), session_id)
    return _go_on(scheduling.CHANGE, scheduling.CHANGE_FOR, own.public_id, doors)


@pages.get("/client/documents/<ulid:document_id>")
def document(document_id: str) -> Response:
    """One of the client's own documents, or what a group was handed out, as an attachment."""
    found: Document = load_or_404(papers_of(_client()), document_id)
    return attachment(found.content, found.name, found.media_type)


@pages.post("/client/invoices/<ulid:client_id>")
def invoices(client_id: str) -> Response:
    """“See how to pay”: this browser may go on to all the client was sent."""
    whose = _client()
    if whose.public_id != client_id or not whose.sent:
        abort(404)
    return go_on_to_all(whose.public_id, doors)


@pages.post("/client/leave")
def leave_client() -> Response:
    return _forget(doors)


def _client() -> Client:
    return client_known_as(doors.subject()) or abort(404)


def _sharing(engagement: Engagement) -> dict[str, str]:
    """What the sponsor may be told, in words; the client always sees it."""
    names = sponsor_names(engagement)
    return {"sponsor": " and ".join(names), "told": shares_in_words(shares_of(engagement)), "never": NEVER_SHARED}


def _desk(coach: User | None) -> User | None:
    """To whom one writes."""
    return next(iter(Serving.desk_of(coach)), None)


# The page of the client's own assistant -------------------------------------------------------------------------------


@pages.get("/assistant")
def assistant() -> str:
    """Dates and where they are; these the assistant may book and move. Nothing else of the program."""
    whose = _assistants()
    dates = [(each.starts_on, each.kickoff_on, each.ends_on) for each in running_of(whose)]
    coming, _ = meetings_of(whose, clock.now())
    return render_template(
        "portal/assistant.html",
        client=whose,
        called=called(whose.assistant_name),
        dates=dates,
        to_book=to_book(whose),
        coming=coming,
        zone=zone_of(whose),
        desk=_desk(whose.coach),
    )


@pages.post("/assistant/book/<ulid:request_id>")
def book_for(request_id: str) -> Response:
    """“Choose a time”, by the client's own assistant."""
    asked = next((each for each in to_book(_assistants()) if each.public_id == request_id), None) or abort(404)
    return _go_on(requests.BOOK_FOR, requests.BOOK, asked.public_id, assistant_doors)


@pages.post("/assistant/session/<ulid:session_id>")
def change_for(session_id: str) -> Response:
    own = load_or_404(CoachingSession.with_people().where(CoachingSession.client == _assistants()), session_id)
    return _go_on(scheduling.CHANGE_FOR, scheduling.CHANGE, own.public_id, assistant_doors)


def _assistants() -> Client:
    """The client whose dates the assistant looks after; not for one who was taken off."""
    whose = client_known_as(assistant_doors.subject()) or abort(404)
    return whose if whose.assistant_email else abort(404)


@pages.post("/assistant/leave")
def leave_assistant() -> Response:
    return _forget(assistant_doors)


# The page of a sponsor contact ----------------------------------------------------------------------------------------


@pages.get("/sponsor")
def sponsor() -> str:
    """What is asked of a sponsor contact, and what the contact will be told."""
    contact = _contact()
    sent = list(Invoice.for_contact(contact).select(Invoice.open_cents).tuples())
    asks = asks_of_contact(contact) + asks_to_pay(contact.public_id, sum(cents > 0 for (cents,) in sent))
    done, total = progress(asks)
    told = [(client, shares_in_words(shares)) for client, shares in told_to(contact)]
    first = next((ask for ask in asks if ask.is_open), None)
    return render_template(
        "portal/sponsor.html",
        contact=contact,
        called=called(contact.name),
        asks=asks,
        done=done,
        total=total,
        first=first,
        told=told,
        never=NEVER_SHARED,
        coming=meetings_with(contact, clock.now()),
        has_invoices=bool(sent),
    )


@pages.post("/sponsor/sign/<ulid:signer_id>")
def sign_as_sponsor(signer_id: str) -> Response:
    return _lead_on(asks_of_contact(_contact()), agreements.LINK, signer_id, sponsor_doors)


@pages.post("/sponsor/poll/<ulid:voter_id>")
def tick_as_sponsor(voter_id: str) -> Response:
    return _lead_on(asks_of_contact(_contact()), polls.LINK, voter_id, sponsor_doors)


@pages.post("/sponsor/approve/<ulid:rater_ask_id>")
def approve_as_sponsor(rater_ask_id: str) -> Response:
    return _lead_on(asks_of_contact(_contact()), APPROVE, rater_ask_id, sponsor_doors)


@pages.post("/sponsor/invoices/<ulid:contact_id>")
def invoices_of_sponsor(contact_id: str) -> Response:
    """The same for a sponsor contact who pays."""
    contact = _contact()
    if contact.public_id != contact_id or not Invoice.for_contact(contact).exists():
        abort(404)
    return go_on_to_all(contact.public_id, sponsor_doors)


@pages.post("/sponsor/leave")
def leave_sponsor() -> Response:
    return _forget(sponsor_doors)


def _contact() -> Contact:
    return contact_known_as(sponsor_doors.subject()) or abort(404)


# Leading on -----------------------------------------------------------------------------------------------------------


def _hold_signature(public_id: str) -> str:
    return agreements.hold(Signer.known_as(public_id) or abort(404), source=_source())


def _hold_questionnaire(public_id: str) -> str:
    return intake.hold(Submission.known_as(public_id) or abort(404), source=_source())


def _hold_booking(public_id: str) -> str:
    return scheduling.admit(requests.BOOK, public_id, source=_source())


def _hold_poll(public_id: str) -> str:
    return polls.admit(Voter.known_as(public_id) or abort(404), source=_source())


def _hold_names(public_id: str) -> str:
    return raters.admit(RaterAsk.known_as(public_id) or abort(404), source=_source())


WAYS: dict[str, Callable[[str], str]] = {
    agreements.LINK: _hold_signature,
    intake.LINK: _hold_questionnaire,
    requests.BOOK: _hold_booking,
    polls.LINK: _hold_poll,
    NOMINATE: _hold_names,
    APPROVE: _hold_names,
}
"""How a browser gets on from an ask: by kind of link, what gives it the token."""


def _lead_on(asks: list[Ask], way: str, subject: str, came_by: LinkDoors) -> Response:
    """Give this browser the link to what is asked; back to the page when it is done or waits, as a GET says."""
    ask = next((each for each in asks if (each.way, each.subject) == (way, subject)), None)
    if ask is None:
        abort(404)
    if not ask.is_open:
        return redirect(came_by.home, 303)
    onward = LinkDoors(way)
    answer = onward.keep(redirect(onward.home, 303), WAYS[way](subject))
    if way == requests.BOOK:
        LinkDoors(requests.BOOK_FOR, home=onward.home).let_go(answer)
    return onward.remember(answer, came_by.home)


def _go_on(kind: str, others: str, public_id: str, came_by: LinkDoors) -> Response:
    """Give this browser the link to book or to change, and take the one of the other person at the same page."""
    home = {requests.BOOK_FOR: requests.BOOK, scheduling.CHANGE_FOR: scheduling.CHANGE}.get(kind, kind)
    onward = LinkDoors(kind, home=f"/p/{home}")
    token = scheduling.admit(kind, public_id, source=_source())
    answer = onward.keep(redirect(onward.home, 303), token)
    LinkDoors(others, home=onward.home).let_go(answer)
    return onward.remember(answer, came_by.home)


def _forget(left: LinkDoors) -> Response:
    """Let this browser forget the link: it is somebody else's."""
    answer = redirect("/p/left", 303)
    answer.delete_cookie(left.cookie, path=left.home)
    return answer


@pages.get("/left")
def left() -> ResponseReturnValue:
    """Says nothing of anybody, so that it needs no link."""
    return render_template("portal/left.html")


def _source() -> str:
    return request.remote_addr or "nowhere"
