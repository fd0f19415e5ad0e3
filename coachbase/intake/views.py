"""The builder of forms, what came in by them, and a client's answers."""

from typing import Any

from flask import Blueprint, current_app, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from peewee import ModelSelect

from ..accounts.models import User
from ..clients.models import Client
from ..engagements.models import Engagement
from ..errors import Refused, Stale
from ..web.conflict import conflict
from ..web.pages import go, load_or_404, require
from . import actions
from .forms import AskForm, NewForm, NewQuestionForm, QuestionForm, StepForm, TextsForm
from .models import Answer, Form, FormVersion, Question, Submission
from .rules import (
    ALWAYS,
    FORM_KIND_HINTS,
    FORM_KIND_ICONS,
    FORM_KIND_LABELS,
    KIND_ICONS,
    KIND_LABELS,
    FormKind,
    QuestionKind,
    refusal_to_add,
    refusal_to_publish,
    steps_of,
)

pages = Blueprint("intake", __name__)
PAGE = 50


@pages.get("/settings/forms")
def forms() -> ResponseReturnValue:
    """Every form by kind, its state and address, and how many came in that the reader may see."""
    _require_builder()
    everything = list(Form.with_coach())
    drafts = {version.form_id for version in FormVersion.select().where(FormVersion.published_at.is_null())}
    return render_template(
        "intake/forms.html",
        forms=[(kind, [form for form in everything if form.kind is kind]) for kind in FormKind],
        kinds=FORM_KIND_LABELS,
        icons=FORM_KIND_ICONS,
        counts=Submission.counts(_me()),
        drafts=drafts,
        base_url=_base_url(),
    )


@pages.get("/settings/forms/new")
def new_form() -> ResponseReturnValue:
    """First of which kind, then its texts."""
    _require_builder()
    kind = _form_kind(request.args.get("kind", ""))
    if kind is None:
        return render_template(
            "intake/form_kinds.html", kinds=FORM_KIND_LABELS, hints=FORM_KIND_HINTS, icons=FORM_KIND_ICONS
        )
    return _new_form_page(NewForm(kind=kind), kind)


@pages.post("/settings/forms/new")
def make_form() -> ResponseReturnValue:
    _require_builder()
    kind = _form_kind(request.form.get("kind", FormKind.INQUIRY.value))
    if kind is None:
        raise Refused("Choose what kind of form it is.")
    texts = NewForm(request.form, kind=kind)
    texts.offer(_coaches())
    if not texts.validate():
        return _new_form_page(texts, kind), 422
    try:
        form = actions.make_form(kind=kind, **_texts(texts))
    except Refused as refusal:
        texts.slug.errors = [str(refusal)]
        return _new_form_page(texts, kind), 422
    return go(_home(form), "The form is made. Add your questions, then publish it.")


def _new_form_page(texts: NewForm, kind: FormKind) -> str:
    texts.offer(_coaches())
    return render_template(
        "intake/new_form.html",
        texts=texts,
        kind=kind,
        kind_label=FORM_KIND_LABELS[kind],
        hint=FORM_KIND_HINTS[kind],
        base_url=_base_url(),
    )


@pages.get("/settings/forms/<ulid:form_id>")
def builder(form_id: str) -> ResponseReturnValue:
    """The form's questions and texts."""
    form = _form(form_id)
    return _builder_page(form, TextsForm(obj=form, kind=form.kind))


@pages.post("/settings/forms/<ulid:form_id>")
def change_texts(form_id: str) -> ResponseReturnValue:
    form = _form(form_id)
    texts = TextsForm(request.form, kind=form.kind)
    texts.offer(_coaches())
    if not texts.validate():
        return _builder_page(form, texts), 422
    try:
        actions.change_texts(form, version=texts.version.data, **{"slug": form.slug} | _texts(texts))
    except Stale as stale:
        return conflict(stale, texts, Form.get_by_id(form.id), _home(form))
    except Refused as refusal:
        texts.slug.errors = [str(refusal)]
        return _builder_page(form, texts), 422
    return go(_home(form), "Saved.")


def _builder_page(form: Form, texts: TextsForm) -> str:
    texts.offer(_coaches())
    return render_template(
        "intake/builder.html", texts=texts, kinds=KIND_LABELS, kind_icons=KIND_ICONS, **_question_list(form)
    )


def _question_list(form: Form) -> dict[str, Any]:
    """What the partial `_questions.html` shows: questions in order, and whether they may be published."""
    version = FormVersion.newest(form)
    questions = list(Question.of(version))
    return {
        "form": form,
        "version": version,
        "questions": questions,
        "refusal": refusal_to_publish(questions, form.kind),
        "base_url": _base_url(),
    }


@pages.post("/settings/forms/<ulid:form_id>/publish")
def publish(form_id: str) -> ResponseReturnValue:
    form = _form(form_id)
    actions.publish(form)
    return go(_home(form), "Published. From now on people fill in this version.")


@pages.post("/settings/forms/<ulid:form_id>/close")
def close(form_id: str) -> ResponseReturnValue:
    form = _form(form_id)
    actions.close(form)
    return go(_home(form), "The form is closed.")


@pages.post("/settings/forms/<ulid:form_id>/reopen")
def reopen(form_id: str) -> ResponseReturnValue:
    form = _form(form_id)
    actions.reopen(form)
    return go(_home(form), "The form is open again.")


@pages.get("/settings/forms/<ulid:form_id>/preview")
def preview(form_id: str) -> ResponseReturnValue:
    """What people will see: the public page itself, without a way to send it."""
    form = _form(form_id)
    steps = steps_of(Question.of(FormVersion.newest(form)))
    if not steps:
        raise Refused("There is nothing to see yet. Add a question first.")
    asked = request.args.get("step", "1")
    number = max(1, min(int(asked), len(steps))) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 1
    return render_template(
        "intake/fill_in.html",
        form=form,
        steps=steps,
        number=number,
        step_form=StepForm(steps[number - 1], {}, {}),
        ticket="",
        notice="",
        trap="",
        wrong=[],
        has_coach_only=any(question.coach_only for step in steps for question in step.questions),
        submission=None,
        coach=form.coach,
        preview=f"{_home(form)}/preview",
        builder=_home(form),
    )


@pages.get("/settings/forms/<ulid:form_id>/questions/new")
def new_question(form_id: str) -> ResponseReturnValue:
    form = _form(form_id)
    kind = _kind(request.args.get("kind", ""))
    if kind is None:
        return render_template("intake/kinds.html", form=form, kinds=KIND_LABELS, kind_icons=KIND_ICONS)
    if refusal := refusal_to_add(kind, [question.kind for question in _questions(form)]):
        raise Refused(refusal)
    return _question_page(form, NewQuestionForm(kind=kind, of=form.kind))


@pages.post("/settings/forms/<ulid:form_id>/questions/new")
def add_question(form_id: str) -> ResponseReturnValue:
    form = _form(form_id)
    kind = _kind(request.form.get("kind", ""))
    if kind is None:
        raise Refused("Choose what kind of question it is.")
    asked = NewQuestionForm(request.form, kind=kind, of=form.kind, taken=_fills(form))
    if not asked.validate():
        return _question_page(form, asked), 422
    actions.add_question(form, kind, asked.values())
    return go(f"{_home(form)}#questions", "The question is added.")


@pages.get("/settings/forms/<ulid:form_id>/questions/<ulid:question_id>")
def question(form_id: str, question_id: str) -> ResponseReturnValue:
    form = _form(form_id)
    one = load_or_404(_questions(form), question_id)
    return _question_page(form, QuestionForm(obj=one, kind=one.kind, of=form.kind, fixed=_fixed(one)), one)


@pages.post("/settings/forms/<ulid:form_id>/questions/<ulid:question_id>")
def change_question(form_id: str, question_id: str) -> ResponseReturnValue:
    form = _form(form_id)
    one = load_or_404(_all_questions(form), question_id)
    asked = QuestionForm(request.form, kind=one.kind, of=form.kind, fixed=_fixed(one), taken=_fills(form, but=one))
    if not asked.validate():
        return _question_page(form, asked, one), 422
    try:
        actions.change_question(one, asked.values(), version=asked.version.data)
    except Stale as stale:
        return conflict(stale, asked, Question.get_by_id(one.id), f"{_home(form)}/questions/{one.public_id}")
    return go(f"{_home(form)}#questions", "Saved.")


@pages.post("/settings/forms/<ulid:form_id>/questions/<ulid:question_id>/move")
def move_question(form_id: str, question_id: str) -> ResponseReturnValue:
    """Up, down, or to a place; htmx gets the questions back, with a sentence for screen readers."""
    form = _form(form_id)
    one = load_or_404(_all_questions(form), question_id)
    moved, place = actions.move_question(one, request.form.get("by", ""))
    if not request.htmx:
        return go(f"{_home(form)}#{moved.public_id}")
    shown = _question_list(form)
    said = f"“{moved.label}” is now {place} of {len(shown['questions'])}."
    return render_template("intake/_questions.html", said=said, moved=moved.public_id, **shown)


@pages.post("/settings/forms/<ulid:form_id>/questions/<ulid:question_id>/take-out")
def take_out(form_id: str, question_id: str) -> ResponseReturnValue:
    form = _form(form_id)
    one = load_or_404(_all_questions(form), question_id)
    taken, place = actions.take_out(one)
    flash("The question is out.", f"undo:{_home(form)}/questions/{taken.public_id}/put-back?place={place}")
    return go(f"{_home(form)}#questions")


@pages.post("/settings/forms/<ulid:form_id>/questions/<ulid:question_id>/put-back")
def put_back(form_id: str, question_id: str) -> ResponseReturnValue:
    form = _form(form_id)
    one = load_or_404(_all_questions(form), question_id)
    place = request.args.get("place", "")
    actions.put_back(one, int(place) if place.isascii() and place.isdigit() and len(place) < 4 else 1)
    return go(f"{_home(form)}#questions", "The question is back.")


def _question_page(form: Form, asked: QuestionForm, one: Question | None = None) -> str:
    return render_template(
        "intake/question.html",
        form=form,
        asked=asked,
        question=one,
        kind_label=KIND_LABELS[asked.kind],
        is_section=asked.kind is QuestionKind.SECTION,
    )


@pages.get("/settings/forms/<ulid:form_id>/submissions")
def submissions(form_id: str) -> ResponseReturnValue:
    """What came in by one form, of clients the reader may see."""
    form = _form(form_id)
    asked = request.args.get("page", "1")
    page = max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1
    rows = list(Submission.of_form(form, _me()).limit(PAGE + 1).offset((page - 1) * PAGE))
    return render_template(
        "intake/submissions.html", form=form, submissions=rows[:PAGE], page=page, has_more=len(rows) > PAGE
    )


@pages.get("/clients/<ulid:client_id>/answers")
def answers(client_id: str) -> ResponseReturnValue:
    """What a client answered, each submission with the questions of its own version, as far as the reader may know."""
    client = load_or_404(Client.with_people(_me()), client_id)
    return _answers_page(client, AskForm())


@pages.post("/clients/<ulid:client_id>/answers")
def ask(client_id: str) -> ResponseReturnValue:
    """One more questionnaire, outside of what the program asks."""
    client = load_or_404(Client.with_people(_me()), client_id)
    chosen = AskForm(request.form)
    chosen.offer(Form.askable())
    if not chosen.validate():
        return _answers_page(client, chosen), 422
    form = load_or_404(Form.askable(), chosen.questionnaire.data)
    actions.ask_by_hand(form, client, by=_me())
    return go(f"/clients/{client.public_id}/answers", f"“{form.title}” is asked. A mail tells {client.called}.")


def _answers_page(client: Client, chosen: AskForm) -> str:
    everything = list(Submission.of_client(client))
    asked = [one for one in everything if not one.is_submitted]
    sent = [one for one in everything if one.is_submitted]
    chosen.offer(Form.askable().where(Form.id.not_in([one.form_version.form_id for one in asked])))
    by_version: dict[int, list[Question]] = {}
    for one in Question.of_versions({row.form_version_id for row in sent}, _me()):
        by_version.setdefault(one.form_version_id, []).append(one)
    given = {(answer.submission_id, answer.question_id): answer for answer in Answer.visible_to(_me(), client)}
    return render_template(
        "intake/answers.html",
        client=client,
        tab="answers",
        asked=asked,
        chosen=chosen if chosen.questionnaire.choices and Engagement.current_of(client) else None,
        submissions=[(row, steps_of(by_version.get(row.form_version_id, []))) for row in sent],
        given=given,
    )


def _require_builder() -> None:
    require(current_user.may_arrange)


def _me() -> User:
    return current_user._get_current_object()


def _form(public_id: str) -> Form:
    _require_builder()
    return load_or_404(Form.with_coach(), public_id)


def _home(form: Form) -> str:
    return f"/settings/forms/{form.public_id}"


def _base_url() -> str:
    return current_app.config["COACHBASE"].base_url


def _coaches() -> list[User]:
    return list(User.coaches())


def _texts(texts: TextsForm) -> dict[str, Any]:
    row = {name: texts[name].data for name in ("title", "slug", "intro", "thanks") if name in texts}
    email = texts.coach_email.data if "coach_email" in texts else ""
    return row | {"coach": User.by_email(email) if email else None}


def _form_kind(name: str) -> FormKind | None:
    return FormKind(name) if name in set(FormKind) else None


def _kind(name: str) -> QuestionKind | None:
    return QuestionKind(name) if name in set(QuestionKind) else None


def _questions(form: Form) -> ModelSelect:
    return Question.of(FormVersion.newest(form))


def _all_questions(form: Form) -> ModelSelect:
    """Of every version, also those taken out: a page may be older than the draft, which the action then says."""
    return Question.select().join(FormVersion).where(FormVersion.form == form)


def _fills(form: Form, but: Question | None = None) -> list[str]:
    """The client's fields that other questions of the form fill."""
    return [one.fills for one in _questions(form) if one.fills and (but is None or one.position != but.position)]


def _fixed(one: Question) -> str:
    return one.fills if one.fills in ALWAYS else ""
