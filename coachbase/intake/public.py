"""A form as people meet it: one step a page, kept as they go, sent once. Works without JavaScript.

A questionnaire is the same pages for whoever holds a link to a submission of it; to everybody else it is not there.
"""

from dataclasses import dataclass

from flask import Response, abort, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from .. import clock
from ..accounts.models import User
from ..errors import TooMany
from ..web.guard import public_blueprint
from ..web.links import LinkDoors
from ..web.pages import go
from . import actions
from .forms import TRAP, ReturnForm, StepForm, Ticket
from .models import Answer, Form, FormVersion, Question, Submission
from .rules import FormState, Step, SubmissionState, refusal_of_haste, steps_of

pages = public_blueprint("intake_public", __name__, prefix="/p/intake")
doors = LinkDoors(actions.LINK)

LOOKS_ODD = "We could not be sure that a person sent this. Nothing is lost: please look it over and send it again."
CLOSED = "This form was closed while you were typing, so it cannot be sent. What you typed is still here."
NOT_HERE = (
    "This browser no longer holds the link to these questions, so nothing was sent. What you typed is still here: "
    "open your own page again in another tab, go to the questions, then press the button here once more."
)
LEFT_OPEN = "This page was open for a long time. Nothing is lost: please send it once more."


@pages.get("/open/<token>")
def come_back(token: str) -> ResponseReturnValue:
    """The mailed link."""
    return doors.open(token)


@pages.get("")
def resume() -> ResponseReturnValue:
    """The form this browser's link belongs to, at the first step that is not finished."""
    submission = Submission.known_as(doors.subject()) or abort(404)
    if submission.is_submitted:
        return redirect(f"{submission.form_version.form.path}/thanks", 303)
    if submission.state is SubmissionState.ASKED:  # nothing was looked at yet, however much is known
        return redirect(submission.form_version.form.path, 303)
    steps = _steps(submission.form_version)
    number = _first_faulty(steps, submission) or len(steps)
    return redirect(f"{submission.form_version.form.path}?step={number}", 303)


@dataclass
class Page:
    """One step of a form, on its way out or coming in."""

    form: Form
    version: FormVersion
    steps: list[Step]
    number: int
    step_form: StepForm
    ticket: Ticket
    submission: Submission | None

    def shown(self, notice: str = "") -> str:
        return render_template(
            "intake/fill_in.html",
            form=self.form,
            steps=self.steps,
            number=self.number,
            step_form=self.step_form,
            ticket=self.ticket.signed(self.form),
            notice=notice,
            trap=TRAP,
            wrong=[field for field in self.step_form.fields if field.error],
            has_coach_only=any(question.coach_only for step in self.steps for question in step.questions),
            submission=self.submission,
            coach=self._coach,
            preview="",
        )

    @property
    def _coach(self) -> User | None:
        """Who reads the answers first; None while that is not known."""
        if self.form.is_private:
            return self.submission.client.coach if self.submission else None
        return self.form.coach

    def refused(self, notice: str = "", status: int = 422) -> ResponseReturnValue:
        """The same page with what was typed, and why it was not taken."""
        return self.shown(notice), status


@pages.get("/<slug>")
def fill_in(slug: str) -> ResponseReturnValue:
    """A step of the form, with what this browser's submission holds. Changes nothing: the first POST begins one."""
    form, held = _form_and_held(slug)
    if form.state is FormState.CLOSED:
        return render_template("intake/closed.html", form=form)
    if held and held.is_submitted:
        if form.is_private or "again" not in request.args:
            return _led_to_thanks(form)
        held = None
    page = _page(form, None, held, request.args.get("step", "1") if held else "1")
    if held and "check" in request.args:
        page.step_form.check()
    return page.shown()


@pages.post("/<slug>")
def send(slug: str) -> ResponseReturnValue:
    """Keep a step and go on; on the last one, send the whole. What is refused stays on the page."""
    form = Form.at(slug) or abort(404)
    ticket = Ticket.read(request.form.get("ticket", ""), form)
    submission = _submission_for(form, ticket)
    if submission and submission.is_submitted:
        return _holding(submission, _led_to_thanks(form))
    if form.is_private and submission is None and not (ticket and ticket.is_fresh(clock.now())):
        abort(404)
    page = _page(form, ticket, submission, request.form.get("step", "1"))
    page.step_form.take(request.form, request.files)
    if form.is_private and submission is None:
        return page.refused(NOT_HERE)
    if submission is None and page.ticket != ticket:
        return page.refused(LEFT_OPEN)
    if request.form.get(TRAP):
        return page.refused(LOOKS_ODD)
    try:
        submission = submission or actions.start(page.version, page.ticket.nonce, source=_source())
        answer = _led_to_thanks(form) if submission.is_submitted else _keep_and_go_on(submission, page)
    except TooMany as refusal:
        return page.refused(f"{refusal} Nothing is lost.", 429)
    return _holding(submission, answer)


def _keep_and_go_on(submission: Submission, page: Page) -> ResponseReturnValue:
    """Keep the step whatever it says, then lead to where the button points, or to what is not right yet."""
    path, act = page.form.path, request.form.get("act", "next")
    actions.keep(submission, *page.step_form.to_keep(), source=_source())
    if page.form.state is FormState.CLOSED:
        return page.refused(CLOSED)
    if not page.step_form.is_keepable:
        page.step_form.check()
        return page.refused()
    if act in ("back", "later"):
        return redirect(f"{path}/later" if act == "later" else f"{path}?step={max(1, page.number - 1)}", 303)
    if not page.step_form.check():  # all is kept, so a GET can show it with its errors, and the back button works
        return redirect(f"{path}?step={page.number}&check=1", 303)
    if page.number < len(page.steps):
        return redirect(f"{path}?step={page.number + 1}", 303)
    return _send_whole(submission, page)


def _send_whole(submission: Submission, page: Page) -> ResponseReturnValue:
    if faulty := _first_faulty(page.steps, submission):
        return redirect(f"{page.form.path}?step={faulty}&check=1", 303)
    if not page.form.is_private and (haste := refusal_of_haste(page.ticket.shown_at, clock.now())):
        return page.refused(haste)
    actions.submit(submission, source=_source())
    return _led_to_thanks(page.form)


def _led_to_thanks(form: Form) -> ResponseReturnValue:
    return redirect(f"{form.path}/thanks", 303)


@pages.post("/<slug>/anew")
def start_anew(slug: str) -> ResponseReturnValue:
    """Let go of what was begun in this browser, perhaps by somebody else; its own link still leads back to it."""
    form = Form.at(slug) or abort(404)
    if form.is_private:
        abort(404)
    return doors.let_go(redirect(form.path, 303))


@pages.get("/<slug>/later")
def later(slug: str) -> ResponseReturnValue:
    """Everything is kept; where should the way back go? A client's own page leads back without a mail."""
    form, submission = _begun(slug)
    if form.is_private:
        return render_template("intake/kept.html", form=form)
    return render_template("intake/later.html", form=form, back=ReturnForm(data={"email": _typed_email(submission)}))


@pages.post("/<slug>/later")
def mail_link(slug: str) -> ResponseReturnValue:
    form, submission = _begun(slug)
    if form.is_private:
        abort(404)
    back = ReturnForm(request.form)
    if not back.validate():
        return render_template("intake/later.html", form=form, back=back), 422
    token = actions.mail_return_link(submission, back.email.data, source=_source())
    return doors.keep(go(f"{form.path}/later", f"The link is on its way to {back.email.data}."), token)


@pages.get("/<slug>/thanks")
def thanks(slug: str) -> ResponseReturnValue:
    form, held = _form_and_held(slug)
    if held is None or not held.is_submitted:
        return redirect(form.path, 303)
    return render_template("intake/thanks.html", form=form, submission=held)


def _form_and_held(slug: str) -> tuple[Form, Submission | None]:
    """The form, and this browser's submission of it. Without one, a questionnaire is as little there as no form."""
    form = Form.at(slug) or abort(404)
    held = _held(form)
    if form.is_private and held is None:
        abort(404)
    return form, held


def _held(form: Form) -> Submission | None:
    """The submission of this form that this browser's link leads to."""
    public_id = doors.subject_or_none()
    submission = Submission.known_as(public_id) if public_id else None
    return submission if submission and submission.form_version.form_id == form.id else None


def _begun(slug: str) -> tuple[Form, Submission]:
    form, held = _form_and_held(slug)
    if held is None or held.is_submitted:
        abort(404)
    return form, held


def _submission_for(form: Form, ticket: Ticket | None) -> Submission | None:
    """Which submission a sent page belongs to; None when it begins one.

    The page's own ticket comes first, so that a second click or an old tab finds what it began; after a day only
    together with the cookie. A page opened beside another one joins what that one began, or sees that it was sent.
    Of a questionnaire only the cookie counts, and a page of another client's is not taken for this one's.
    """
    held = _held(form)
    if form.is_private:
        return held if held and (ticket is None or ticket.nonce == held.ticket) else None
    named = Submission.with_ticket(ticket.nonce) if ticket else None
    if named and ticket and (named == held or ticket.is_fresh(clock.now())):
        return named
    if held and held.is_submitted:
        return held if ticket and ticket.shown_at <= held.submitted_at else None
    return held


def _page(form: Form, ticket: Ticket | None, submission: Submission | None, step: str) -> Page:
    """The step of the questions this person began with, even when newer ones are published meanwhile."""
    shown = FormVersion.numbered(form, ticket.number) if ticket and not submission else None
    version = submission.form_version if submission else shown or FormVersion.published(form) or abort(404)
    steps = _steps(version)
    number = _step_number(step, steps)
    kept, offered = (Answer.of(submission), submission.offered) if submission else ({}, {})
    step_form = StepForm(steps[number - 1], kept, offered)
    return Page(form, version, steps, number, step_form, _ticket_for(version, ticket, submission), submission)


def _ticket_for(version: FormVersion, ticket: Ticket | None, submission: Submission | None) -> Ticket:
    """The ticket this page goes on with: its own while that is good, else that of the submission, else a new one."""
    now = clock.now()
    if ticket and (submission or ticket.is_fresh(now)):
        return ticket
    if submission:
        return Ticket(submission.ticket, version.number, now if submission.is_asked else submission.started_at)
    return Ticket.new(version.number, now)


def _steps(version: FormVersion) -> list[Step]:
    return steps_of(Question.of(version))


def _step_number(text: str, steps: list[Step]) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 1
    return max(1, min(number, len(steps)))


def _first_faulty(steps: list[Step], submission: Submission) -> int | None:
    kept, known = Answer.of(submission), submission.known
    for number, step in enumerate(steps, start=1):
        if not StepForm(step, kept, known).check():
            return number
    return None


def _typed_email(submission: Submission) -> str:
    """The address typed so far, to offer it."""
    kept = Answer.of(submission)
    asked = Question.of(submission.form_version).where(Question.fills == "email").first()
    return str(kept[asked.id].typed) if asked and asked.id in kept else ""


def _source() -> str:
    return request.remote_addr or "nowhere"


def _holding(submission: Submission, answer: ResponseReturnValue) -> Response:
    """Let this browser keep a link to its submission, so that the next page finds it."""
    response = make_response(answer)
    if doors.subject_or_none() != submission.public_id:
        doors.keep(response, actions.hold(submission, source=_source()))
    return response
