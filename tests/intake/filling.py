"""A stranger who fills in a form as a browser without JavaScript does: reads the page, types, presses a button."""

import re
from datetime import timedelta
from html import unescape

from coachbase.intake import actions
from coachbase.intake.models import Form, FormVersion, Question, Submission
from coachbase.intake.rules import AGREED, QuestionKind


def fields_of(page: str) -> dict[str, str]:
    """The hidden fields of a page's form."""
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in hidden}


def questions(slug: str = "inquiry") -> dict[str, Question]:
    """The published questions by what they fill, else by their label."""
    version = FormVersion.published(Form.get(Form.slug == slug))
    return {question.fills or question.label: question for question in Question.of(version)}


def name_of(question: Question) -> str:
    return f"q{question.public_id}"


def by_kind(kind: QuestionKind, slug: str = "inquiry") -> Question:
    return next(question for question in questions(slug).values() if question.kind is kind)


def answers(**values: str) -> dict[str, str]:
    """Answers to the shipped form by the field they fill; wish and consent are given unless said otherwise."""
    asked = questions()
    wish = next(one for one in asked.values() if one.kind is QuestionKind.LONG and one.required)
    consent = by_kind(QuestionKind.CONSENT)
    secret = next(one for one in asked.values() if one.coach_only)
    usual = {
        name_of(asked["name"]): values.get("name", "Ines Marchetti"),
        name_of(asked["email"]): values.get("email", "ines@halden.example"),
        name_of(asked["position"]): values.get("position", "Chief Operating Officer"),
        name_of(asked["organisation"]): values.get("organisation", "Halden"),
        name_of(wish): values.get("wish", "To delegate well."),
        name_of(asked["zone"]): values.get("zone", "Europe/Rome"),
        name_of(consent): values.get("consent", AGREED),
        name_of(secret): values.get("secret", ""),
    }
    return {name: value for name, value in usual.items() if value is not None}


class Filling:
    """One stranger with one form in one browser."""

    def __init__(self, browser, traveller=None, slug="inquiry"):
        self.browser, self.traveller, self.path = browser, traveller, f"/p/intake/{slug}"
        self.answer = browser.get(self.path)

    def press(self, act="next", **values):
        """Send the page that is open; wait as long as a person does."""
        if self.traveller:
            self.traveller.shift(timedelta(seconds=5))
        data = fields_of(self.answer.text) | {key: value for key, value in values.items() if value is not None}
        self.answer = self.browser.post(self.path, data=data | {"act": act}, content_type="multipart/form-data")
        self.sent = data
        return self

    def follow(self):
        assert self.answer.status_code == 303, self.answer.text
        self.answer = self.browser.get(self.answer.headers["Location"])
        return self

    def send_all(self, **values):
        """Every step of the shipped form, to the thanks page."""
        data = answers(**values)
        for _ in range(3):
            self.press(**data).follow()
        return self


class Answering(Filling):
    """A client with a questionnaire, come from the own page; it is answered by the questions' labels or fields."""

    def __init__(self, browser, submission: Submission):
        self.submission, self.browser, self.traveller = submission, browser, None
        form = submission.form_version.form
        self.path, self.asked = form.path, questions(form.slug)
        self.come_in()

    def come_in(self):
        self.token = actions.hold(self.submission, source="10.0.0.1")
        self.answer = self.browser.get(f"/p/intake/open/{self.token}")
        return self.follow().follow()

    def type(self, act="next", **typed):
        """Send the page that is open as it stands, but for what is typed: by field, or label with underscores."""
        named = {name_of(self.question(what)): value for what, value in typed.items()}
        return self.press(act, **standing(self.answer.text) | named)

    def question(self, what: str) -> Question:
        return self.asked.get(what) or self.asked[what.replace("_", " ")]

    def value_of(self, what: str) -> str | None:
        """What stands in a field of the page that is open; None when it is not there."""
        return standing(self.answer.text).get(name_of(self.question(what)))

    def send_all(self, matters="To delegate well.", **typed):
        return self.type(**typed).follow().type(What_matters=matters).follow()


def standing(page: str) -> dict[str, str]:
    """What the texts of a page hold."""
    inputs = re.findall(r'<input value="([^"]*)"[^>]* name="(q\w+)"', page)
    areas = re.findall(r'<textarea[^>]* name="(q\w+)"[^>]*>\n?([^<]*)</textarea>', page)
    return {name: unescape(value) for value, name in inputs} | {name: unescape(value) for name, value in areas}


def the_submission() -> Submission:
    return Submission.select().get()
