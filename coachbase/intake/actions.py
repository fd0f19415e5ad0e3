"""Build a form, publish it; ask a client; start, keep and send what people fill in."""

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from .. import clock
from ..accounts.models import Attempt, Serving, User
from ..clients import actions as clients
from ..clients.models import Client
from ..clients.rules import Party, Status, called, fold
from ..db import atomic
from ..engagements.models import Engagement
from ..errors import Refused, Stale
from ..events import announce
from ..files import actions as files
from ..files.models import Document
from ..files.rules import Audience, Upload
from ..firm.models import Firm
from ..links import actions as links
from ..links.models import Link
from ..mail import actions as mail
from ..timeline import actions as timeline
from ..timeline.rules import Kind
from .models import Answer, Form, FormVersion, Question, Submission
from .rules import (
    ALWAYS,
    FILL_LABELS,
    HELD_LASTS,
    RETURN_LASTS,
    FormKind,
    FormState,
    QuestionKind,
    SubmissionState,
    Typed,
    place_after_move,
    prefilled,
    refusal_of_answer,
    refusal_of_slug,
    refusal_to_add,
    refusal_to_ask,
    refusal_to_publish,
    slug_of,
)

LINK = "intake"
"""The kind of link that leads back to a form begun."""

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PER_ADDRESS, PER_FORM, FILES, MAILS = 20, 200, 40, 5
"""How many an hour: sent from one network address, sent in all, files from one, mails to one reader."""

_FAR = 100_000
"""Positions beyond any form's, where questions wait while their order is written."""


@dataclass(frozen=True)
class QuestionnaireAnswered:
    """A client sent in a questionnaire."""

    submission: Submission
    engagement: Engagement


@dataclass(frozen=True)
class QuestionnaireAsked:
    """Somebody asked a client one more questionnaire by hand; the client does not know yet."""

    submission: Submission
    engagement: Engagement
    by: User


# Asking a client -----------------------------------------------------------------------------------------------------


@atomic
def ask(form: Form, engagement: Engagement, *, by: User | None = None) -> Submission:
    """Put a questionnaire on the client's page; the one that is open when there is.

    What we know of the client stands in it: see `rules.prefilled`. Raises Refused when it is no open questionnaire.
    """
    form = Form.get_by_id(form.id)
    if refusal := refusal_to_ask(form.kind, form.state):
        raise Refused(refusal)
    if asked := Submission.open_of(form, engagement):
        return asked
    submission = Submission.create(
        form_version=FormVersion.published(form),
        ticket=secrets.token_urlsafe(24),
        state_name=SubmissionState.ASKED,
        client=engagement.client,
        engagement=engagement,
        started_at=clock.now(),
    )
    timeline.record(
        engagement.client, Kind.INTAKE, f"Questionnaire “{form.title}” asked", by=by, href=_page(submission)
    )
    return submission


@atomic
def ask_by_hand(form: Form, client: Client, *, by: User) -> Submission:
    """Ask a client one more questionnaire, outside of what the program asks."""
    engagement = Engagement.current_of(client)
    if engagement is None:
        raise Refused(f"No program is under way with {client.name}. Start one, then ask.")
    if not client.email:
        raise Refused(f"There is no mail address for {client.name}, so nobody would learn of it. Add one, then ask.")
    if Submission.open_of(form, engagement):
        raise Refused(f"“{form.title}” is asked already, and not answered yet.")
    submission = ask(form, engagement, by=by)
    announce(QuestionnaireAsked(submission, engagement, by))
    return submission


def _page(submission: Submission) -> str:
    """Where the staff reads it."""
    return f"/clients/{submission.client.public_id}/answers#{submission.public_id}"


# Building ------------------------------------------------------------------------------------------------------------


@atomic
def make_form(
    *,
    title: str,
    slug: str = "",
    kind: FormKind = FormKind.INQUIRY,
    coach: User | None = None,
    intro: str = "",
    thanks: str = "",
) -> Form:
    """A new form, a draft until it is published: a public one asks for name and email, a questionnaire nothing yet."""
    if kind is FormKind.QUESTIONNAIRE:
        slug = slug_of(title, (form.slug for form in Form.select(Form.slug)))
    _refuse_taken(slug)
    form = Form.create(
        title=title, slug=slug, kind_name=kind, coach=coach, intro=intro, thanks=thanks, created_at=clock.now()
    )
    version = FormVersion.create(form=form, number=1)
    if kind is FormKind.INQUIRY:
        _ask(version, 1, QuestionKind.SHORT, "Your name", fills="name", required=True)
        _ask(version, 2, QuestionKind.MAIL, "Your email", fills="email", required=True)
    return form


@atomic
def change_texts(
    form: Form, *, version: int, title: str, slug: str, intro: str, thanks: str, coach: User | None
) -> None:
    """Change what stands around the questions; it shows at once, also on a form that is open.

    Raises Stale when somebody saved the form since `version`.
    """
    if slug != form.slug:
        _refuse_taken(slug)
    changed = (
        Form.update(title=title, slug=slug, intro=intro, thanks=thanks, coach=coach, version=Form.version + 1)
        .where(Form.id == form.id, Form.version == version)
        .execute()
    )
    if not changed:
        raise Stale("Somebody else changed this form while you were typing.")


def _refuse_taken(slug: str) -> None:
    if refusal := refusal_of_slug(slug):
        raise Refused(refusal)
    if Form.get_or_none(Form.slug == slug):
        raise Refused("Another form has this address already. Choose another.")


@atomic
def add_question(form: Form, kind: QuestionKind, values: Mapping[str, Any]) -> Question:
    """A question at the end of the form's draft."""
    version = _draft_of(form)
    others = list(Question.of(version))
    if refusal := refusal_to_add(kind, [other.kind for other in others]):
        raise Refused(refusal)
    return _ask(version, len(others) + 1, kind, **values)


@atomic
def change_question(question: Question, values: Mapping[str, Any], *, version: int) -> Question:
    """Change a question's words and marks; of a published form its twin in the draft.

    Raises Stale when somebody saved the question since `version`.
    """
    question = _in_draft(question)
    if question.version != version:
        raise Stale("Somebody else changed this question while you were typing.")
    for name, value in values.items():
        setattr(question, name, value)
    if question.fills in ALWAYS:
        question.required, question.coach_only = True, False
    question.version = version + 1
    question.save()
    return question


@atomic
def move_question(question: Question, by: str) -> tuple[Question, int]:
    """Move a question up, down, or to a place; where it stands now."""
    question = _in_draft(question)
    order = list(Question.of(question.form_version))
    place = place_after_move(order.index(question) + 1, by, len(order))
    order.remove(question)
    order.insert(place - 1, question)
    _write_order(order)
    return question, place


@atomic
def take_out(question: Question) -> tuple[Question, int]:
    """Take a question out of the draft; it can be put back until the form is published. Where it stood."""
    question = _in_draft(question)
    if question.fills in ALWAYS:
        raise Refused("Every form asks for the name and the email address. They can be moved, not taken out.")
    place = question.position
    question.position = -question.id
    question.save()
    _write_order(list(Question.of(question.form_version)))
    return question, place


@atomic
def put_back(question: Question, place: int) -> None:
    """Undo `take_out`."""
    if question.position > 0:
        return
    order = list(Question.of(question.form_version))
    if refusal := refusal_to_add(question.kind, [other.kind for other in order]):
        raise Refused(refusal)
    order.insert(max(0, place - 1), question)
    _write_order(order)


@atomic
def publish(form: Form) -> None:
    """Let people fill in the draft. From now on its questions are frozen."""
    version = FormVersion.draft(form)
    if version is None:
        raise Refused("There is nothing new to publish.")
    if refusal := refusal_to_publish(list(Question.of(version)), form.kind):
        raise Refused(refusal)
    Question.delete().where(Question.form_version == version, Question.position < 0).execute()
    version.published_at = clock.now()
    version.save()
    if form.state is FormState.DRAFT:
        _set_state(form, FormState.OPEN)


@atomic
def close(form: Form) -> None:
    """Take no more submissions; what was begun waits."""
    if form.state is not FormState.OPEN:
        raise Refused("Only an open form can be closed.")
    _set_state(form, FormState.CLOSED)


@atomic
def reopen(form: Form) -> None:
    """Take submissions again."""
    if form.state is not FormState.CLOSED:
        raise Refused("Only a closed form can be opened again.")
    _set_state(form, FormState.OPEN)


def _set_state(form: Form, state: FormState) -> None:
    form.state_name = state
    form.save()


def _ask(version: FormVersion, position: int, kind: QuestionKind, label: str, **values: Any) -> Question:
    return Question.create(form_version=version, position=position, kind_name=kind, label=label, **values)


def _draft_of(form: Form) -> FormVersion:
    """The version that may be changed: the first touch after publishing copies the published one."""
    draft = FormVersion.draft(form)
    if draft is None:
        newest = FormVersion.newest(form)
        draft = FormVersion.create(form=form, number=newest.number + 1)
        for question in Question.of(newest):
            _copy(question, draft)
    return draft


def _copy(question: Question, version: FormVersion) -> None:
    names = ("position", "kind_name", "label", "help", "options", "fills", "required", "coach_only", "version")
    Question.create(form_version=version, **{name: getattr(question, name) for name in names})


def _in_draft(question: Question) -> Question:
    """This question as it may be changed: itself in a draft, else its twin in a fresh copy.

    Raises Refused when somebody began another draft since this question was shown.
    """
    version = FormVersion.get_by_id(question.form_version_id)
    if version.published_at is None:
        return Question.get_by_id(question.id)
    if FormVersion.draft(version.form) or FormVersion.newest(version.form) != version:
        raise Refused("Somebody else began to change the questions. Open the form again, then make your change.")
    draft = _draft_of(version.form)
    return Question.get(Question.form_version == draft, Question.position == question.position)


def _write_order(questions: list[Question]) -> None:
    """Number them from 1: first far away, because no two may stand at one position, not even for a moment."""
    for base in (_FAR, 0):
        for place, question in enumerate(questions, start=1):
            Question.update(position=base + place).where(Question.id == question.id).execute()


# Filling in ----------------------------------------------------------------------------------------------------------


@atomic
def start(version: FormVersion, ticket: str, *, source: str) -> Submission:
    """The submission of this ticket: begun now, or before. `source` is the network address, for counting.

    Raises TooMany when one address or all of them begin too many.
    """
    begun = Submission.with_ticket(ticket)
    if begun is not None:
        return begun
    now = clock.now()
    Attempt.count_one(f"intake begun from {source}", limit=2 * PER_ADDRESS, within=HOUR, now=now)
    Attempt.count_one(f"intake begun at {version.form_id}", limit=2 * PER_FORM, within=HOUR, now=now)
    return Submission.create(form_version=version, ticket=ticket, started_at=now)


@atomic
def hold(submission: Submission, *, source: str) -> str:
    """The token of a link back to this submission, for a browser.

    Raises TooMany when one address asks for them without end.
    """
    Attempt.count_one(f"intake held from {source}", limit=2 * PER_ADDRESS, within=HOUR, now=clock.now())
    return _way_back(submission)[1]


def _way_back(submission: Submission) -> tuple[Link, str]:
    lasts = HELD_LASTS if submission.is_asked else RETURN_LASTS
    return links.issue(LINK, submission.public_id, lasts=lasts)


@atomic
def keep(
    submission: Submission,
    typed: Mapping[Question, Typed],
    uploads: Mapping[Question, Upload],
    removed: frozenset[Question] = frozenset(),
    *,
    source: str = "",
) -> None:
    """Keep what was typed and chosen on one step, finished or not. What was sent is not changed any more.

    Raises TooMany when one address sends files without end, which would fill the disk.
    """
    submission = Submission.as_it_is(submission)
    if submission.is_submitted:
        return
    _begin(submission)
    for _ in uploads:
        Attempt.count_one(f"intake file from {source}", limit=FILES, within=HOUR, now=clock.now())
    kept, known = Answer.of(submission), submission.known
    for question in removed:
        _drop(kept.get(question.id))
    for question, value in typed.items():
        if question.fills and value == prefilled(question, known):
            _drop(kept.get(question.id))  # nothing to correct: should we learn better meanwhile, it shall not go back
        else:
            _write(submission, question, value, kept.get(question.id))
    for question, upload in uploads.items():
        _store(submission, question, upload, None if question in removed else kept.get(question.id))


def _begin(submission: Submission) -> None:
    if submission.state is SubmissionState.ASKED:
        submission.state_name, submission.started_at = SubmissionState.STARTED, clock.now()
        submission.save()


def _write(submission: Submission, question: Question, value: Typed, kept: Answer | None) -> None:
    if kept is None:
        Answer.create(submission=submission, question=question, value=json.dumps(value))
    elif kept.typed != value:
        kept.value = json.dumps(value)
        kept.save()


def _store(submission: Submission, question: Question, upload: Upload, kept: Answer | None) -> None:
    _drop(kept)
    audience = Audience.COACH if question.coach_only else Audience.TEAM
    document = files.store(upload.content, upload.name, client=None, audience=audience)
    Answer.create(submission=submission, question=question, value=json.dumps(document.name), document=document)


def _drop(answer: Answer | None) -> None:
    if answer is None:
        return
    answer.delete_instance()
    if answer.document_id:
        Document.delete().where(Document.id == answer.document_id).execute()


@atomic
def mail_return_link(submission: Submission, email: str, *, source: str) -> str:
    """Mail the way back to this form; every older way back dies. The token for the browser that asked.

    Raises TooMany when one address asks, or is written to, too often.
    """
    now = clock.now()
    Attempt.count_one(f"intake return from {source}", limit=2 * MAILS, within=HOUR, now=now)
    Attempt.count_one(f"intake return to {email.casefold()}", limit=MAILS, within=HOUR, now=now)
    links.revoke_all(LINK, submission.public_id)
    form = submission.form_version.form
    mail.queue(
        "intake_return",
        to=("", email),
        fields={"form": form.title},
        link=_way_back(submission),
        reply_to=Serving.desk_address(form.coach),
    )
    return _way_back(submission)[1]


# Sending -------------------------------------------------------------------------------------------------------------


@atomic
def submit(submission: Submission, *, source: str) -> Submission:
    """Send what was filled in, once; a second call finds it done and changes nothing.

    An inquiry becomes a client, or joins the client who has this address; a questionnaire corrects the client who was
    asked. Raises TooMany when one network address, or all of them, send too many inquiries, or somebody's mailbox is
    to be filled with our thanks.
    """
    submission = Submission.as_it_is(submission)
    if submission.is_submitted:
        return submission
    answers = _answers_to_send(submission)
    if submission.is_asked:
        _take_in(submission, answers)
    else:
        _take_inquiry(submission, answers, source=source)
    return submission


def _take_inquiry(submission: Submission, answers: Mapping[Question, Typed], *, source: str) -> None:
    now, form = clock.now(), submission.form_version.form
    Attempt.count_one(f"intake from {source}", limit=PER_ADDRESS, within=HOUR, now=now)
    Attempt.count_one(f"intake at {form.id}", limit=PER_FORM, within=HOUR, now=now)
    values = _client_values(answers)
    Attempt.count_one(f"intake thanks to {values['email'].casefold()}", limit=MAILS, within=HOUR, now=now)
    known = Client.known_by(values["email"])
    client = _complete(known, values) if known else _add_client(form, values)
    submission.client = client
    _close(submission)
    _tell(submission, form, client, again=known is not None, sender=(values["name"], values["email"]))


def _close(submission: Submission) -> None:
    """It is sent; its files now belong to the client, behind the client's wall."""
    submission.submitted_at, submission.state_name = clock.now(), SubmissionState.SUBMITTED
    submission.save()
    mail.call_off(submission.public_id)
    stored = Answer.select(Answer.document).where(Answer.submission == submission, Answer.document.is_null(False))
    Document.update(client=submission.client).where(Document.id.in_(stored)).execute()


def _answers_to_send(submission: Submission) -> dict[Question, Typed]:
    """What was answered, or stood there and was left, checked once more: a form is only sent whole."""
    kept, known = Answer.of(submission), submission.known
    answers = {}
    for question in Question.of(submission.form_version):
        answer = kept.get(question.id)
        typed = answer.typed if answer else prefilled(question, known)
        if question.kind is not QuestionKind.SECTION and (refusal := refusal_of_answer(question, typed)):
            raise Refused(f"“{question.label}”: {refusal}")
        answers[question] = typed
    return answers


def _client_values(answers: Mapping[Question, Typed]) -> dict[str, Any]:
    """What the answers say about the client, by field."""
    values = {question.fills: typed for question, typed in answers.items() if question.fills in FILL_LABELS and typed}
    if "organisation" in values:
        values["organisation"] = re.sub(r"\s+", " ", str(values["organisation"]))
    return values


def _add_client(form: Form, values: dict[str, Any]) -> Client:
    return clients.add(
        values | {"coach": form.coach},
        how=f"by the intake form “{form.title}”",
        status=Status.PROSPECT,
    )


def _complete(client: Client, values: dict[str, Any]) -> Client:
    """Fill what is still empty about a known client; nothing that stands is overwritten by what a stranger typed."""
    empty = {name: value for name, value in values.items() if not getattr(client, name)}
    if empty:
        clients.change(client, empty, version=client.version, by=None)
    return client


def _take_in(submission: Submission, answers: Mapping[Question, Typed]) -> None:
    """A questionnaire: what the client typed replaces what stood there; what was left as it stood stays as it is."""
    form, client = submission.form_version.form, Client.get_by_id(submission.client_id)
    corrected = _corrections(submission, answers)
    _put_down(submission, answers)
    _close(submission)
    is_moved = _correct(client, corrected)
    note = "; it names another organisation, which was not taken over" if is_moved else ""
    timeline.record(client, Kind.INTAKE, f"Questionnaire “{form.title}” answered{note}", href=_page(submission))
    _give_notice(submission, form, client)
    announce(QuestionnaireAnswered(submission, submission.engagement))


def _corrections(submission: Submission, answers: Mapping[Question, Typed]) -> dict[str, Any]:
    """What the client typed about fields of the own record: only what differs from what stood there was kept."""
    kept = Answer.of(submission)
    return _client_values({question: typed for question, typed in answers.items() if question.id in kept})


def _correct(client: Client, values: dict[str, Any]) -> bool:
    """Write corrections to the client; whether they name another organisation than the client's, which stays.

    A name typed by a client is attached to no sponsor we know: that one's contacts would see this client's dates.
    """
    named = values.pop("organisation", "")
    stands = client.organisation.search_key if client.organisation_id else ""
    if named and not stands:
        values["organisation"] = clients.add_organisation(name=named, by=None)
    if values:
        clients.change(client, values, version=client.version, by=None)
    return bool(named and stands) and fold(named) != stands


def _put_down(submission: Submission, answers: Mapping[Question, Typed]) -> None:
    """Keep beside what was typed also what was left as it stood: what was confirmed is told later, too."""
    kept = Answer.of(submission)
    for question, typed in answers.items():
        if typed and question.id not in kept:
            _write(submission, question, typed, None)


def _tell(submission: Submission, form: Form, client: Client, *, again: bool, sender: tuple[str, str]) -> None:
    """Timeline, ball, a thank-you to the sender and a notice to whoever looks after this client."""
    said = "submitted again by a known address" if again else "submitted"
    timeline.record(client, Kind.INTAKE, f"Intake form “{form.title}” {said}", href=_page(submission))
    if client.status is Status.PROSPECT:
        clients.pass_ball(client, Party.US, "Reply to inquiry")
    mail.queue(
        "intake_thanks",
        to=sender,
        fields={"name": called(sender[0]), "form": form.title},
        client=client,
        reply_to=Serving.desk_address(form.coach),
    )
    _give_notice(submission, form, client)


def _give_notice(submission: Submission, form: Form, client: Client) -> None:
    for reader in Serving.desk_of(client.coach):
        mail.queue(
            "intake_notice",
            to=(reader.name, reader.email),
            fields={"client": client.name, "form": form.title, "page": _page(submission)},
            client=client,
        )


@atomic
def forget_abandoned() -> None:
    """Delete what was begun and never sent, once no link leads back to it."""
    for submission in Submission.abandoned(clock.now() - RETURN_LASTS - DAY):
        documents = [answer.document_id for answer in Answer.of(submission).values() if answer.document_id]
        Document.delete().where(Document.id.in_(documents)).execute()
        submission.delete_instance()


# The forms that ship --------------------------------------------------------------------------------------------------

_FIRST_QUESTIONS: tuple[tuple[QuestionKind, str, dict[str, Any]], ...] = (
    (QuestionKind.SECTION, "About you", {"help": "So that we know whom we answer, and how."}),
    (QuestionKind.SHORT, "Your name", {"fills": "name", "required": True}),
    (QuestionKind.MAIL, "Your email", {"fills": "email", "required": True}),
    (QuestionKind.SHORT, "Your role", {"fills": "position", "help": "For example Chief Operating Officer."}),
    (QuestionKind.SHORT, "Your organisation", {"fills": "organisation"}),
    (QuestionKind.SECTION, "What brings you here", {"help": "A few words are enough; we talk about the rest."}),
    (
        QuestionKind.LONG,
        "What would you like to be different a year from now?",
        {"required": True, "help": "Whatever comes to mind first."},
    ),
    (
        QuestionKind.CHOICE,
        "When would you like to begin?",
        {"options": json.dumps(["Within a month", "In one to three months", "Later", "I do not know yet"])},
    ),
    (
        QuestionKind.LONG,
        "Is there anything your coach should know before you first speak?",
        {"coach_only": True, "help": "You may leave this empty."},
    ),
    (QuestionKind.SECTION, "Before you send this", {}),
    (
        QuestionKind.SHORT,
        "Your time zone",
        {"fills": "zone", "help": "We suggest times for a first conversation in it."},
    ),
    (
        QuestionKind.CONSENT,
        "I agree that {firm} keeps these answers to reply to me and to prepare the coaching.",
        {"required": True, "help": "You can ask us to delete them at any time."},
    ),
)


_BEFORE_WE_BEGIN: tuple[tuple[QuestionKind, str, dict[str, Any]], ...] = (
    (QuestionKind.SECTION, "For our papers", {"help": "So that agreement and invoice are right the first time."}),
    (
        QuestionKind.SHORT,
        "Your full name, as it should stand in the agreement",
        {"fills": "legal_name", "required": True},
    ),
    (QuestionKind.LONG, "Your postal address", {"fills": "address", "required": True}),
    (QuestionKind.SECTION, "How we reach you", {}),
    (QuestionKind.SHORT, "What may we call you?", {"fills": "preferred_name"}),
    (QuestionKind.SHORT, "Your pronouns", {"fills": "pronouns"}),
    (QuestionKind.SHORT, "The language you would like to be coached in", {"fills": "language"}),
    (QuestionKind.PHONE, "A number for the day of a session", {"fills": "phone"}),
    (QuestionKind.SHORT, "Your time zone", {"fills": "zone", "required": True}),
    (
        QuestionKind.SHORT,
        "Who keeps your calendar?",
        {"fills": "assistant_name", "help": "Leave this empty when you do so yourself."},
    ),
    (
        QuestionKind.MAIL,
        "That person’s email address",
        {"fills": "assistant_email", "help": "We write about dates, and about nothing else."},
    ),
    (QuestionKind.SECTION, "What this is for", {"help": "A few sentences are enough; you will talk about the rest."}),
    (QuestionKind.LONG, "What would make these months worth your time?", {"required": True}),
    (QuestionKind.LONG, "Who will notice first when it works, and by what?", {}),
    (
        QuestionKind.SCALE,
        "How much of your work is in your own hands today?",
        {"options": json.dumps([1, 10, "very little", "nearly all"])},
    ),
    (
        QuestionKind.LONG,
        "Is there anything that only your coach should know?",
        {"coach_only": True, "help": "You may leave this empty."},
    ),
)


@atomic
def make_first_questionnaire() -> Form:
    """What every firm asks a new client to begin with, open at once."""
    form = make_form(
        title="Before we begin",
        kind=FormKind.QUESTIONNAIRE,
        intro="This takes about eight minutes. You can stop at any time; what you typed is kept.",
        thanks="Your coach reads this before you first meet.",
    )
    _ask_all(FormVersion.newest(form), _BEFORE_WE_BEGIN)
    publish(form)
    return form


@atomic
def make_first_form(firm: Firm) -> Form:
    """The inquiry form every firm begins with, open at once."""
    form = Form.create(
        slug="inquiry",
        title="Coaching inquiry",
        intro=f"Thank you for your interest in working with {firm.name}. This takes about four minutes.",
        thanks="We read every inquiry ourselves and reply within two working days.",
        created_at=clock.now(),
    )
    version = FormVersion.create(form=form, number=1)
    _ask_all(version, [(kind, label.format(firm=firm.name), values) for kind, label, values in _FIRST_QUESTIONS])
    publish(form)
    return form


def _ask_all(version: FormVersion, questions: Iterable[tuple[QuestionKind, str, dict[str, Any]]]) -> None:
    for place, (kind, label, values) in enumerate(questions, start=1):
        _ask(version, place, kind, label, **values)
