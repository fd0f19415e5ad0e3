"""The builder, what came in, and who may read which answer."""

import re
from html import unescape

import pytest

from coachbase.accounts.models import Attempt
from coachbase.clients.models import Client
from coachbase.files.rules import Upload
from coachbase.intake import actions
from coachbase.intake.models import Answer, Form, FormVersion, Question, Submission
from coachbase.intake.rules import FormState, QuestionKind
from tests.intake.filling import questions

SECRET_QUESTION, SECRET_ANSWER, SECRET_FILE = "CANARYQUESTION for the coach", "CANARYANSWER", "canaryfile.pdf"
SECRETS = ("CANARYQUESTION", "CANARYANSWER", "canaryfile", "CANARYSECTION")


@pytest.fixture
def form(cast) -> Form:
    """Alice's form with one open answer and a section that is for her alone."""
    form = actions.make_form(title="Alice’s questions", slug="alices", coach=cast.alice)
    for kind, values in (
        (QuestionKind.LONG, {"label": "For both"}),
        (QuestionKind.FILE, {"label": "CV"}),
        (QuestionKind.SECTION, {"label": "CANARYSECTION"}),
        (QuestionKind.LONG, {"label": SECRET_QUESTION, "coach_only": True}),
        (QuestionKind.FILE, {"label": SECRET_QUESTION + " file", "coach_only": True}),
    ):
        actions.add_question(form, kind, values)
    actions.publish(form)
    return Form.get_by_id(form.id)


@pytest.fixture
def client(form) -> Client:
    """Somebody who sent Alice's form with every answer."""
    asked = questions("alices")
    submission = actions.start(FormVersion.published(form), "ticket", source="10.0.0.1")
    texts = {
        asked["name"]: "Ines Marchetti",
        asked["email"]: "ines@halden.example",
        asked["For both"]: "OPENANSWER\nwith two lines <b>&",
        asked[SECRET_QUESTION]: SECRET_ANSWER,
    }
    files = {
        asked["CV"]: Upload("opencv.pdf", b"%PDF-1"),
        asked[SECRET_QUESTION + " file"]: Upload(SECRET_FILE, b"%PDF-1"),
    }
    actions.keep(submission, texts, files)
    return actions.submit(submission, source="10.0.0.1").client


def question_path(form: Form, label: str) -> str:
    question = next(one for one in Question.of(FormVersion.newest(form)) if one.label == label or one.fills == label)
    return f"/settings/forms/{form.public_id}/questions/{question.public_id}"


def labels(form: Form) -> list[str]:
    return [question.label for question in Question.of(FormVersion.newest(form))]


# The wall ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["olive", "alice"])
def test_owner_and_coach_read_every_answer(client, sign_in, who):
    page = sign_in(who).get(f"/clients/{client.public_id}/answers")
    assert page.status_code == 200
    for word in (*SECRETS, "OPENANSWER", "opencv.pdf"):
        assert word in page.text


def test_the_assistant_learns_nothing_of_what_is_for_the_coach_only(client, vera):
    page = vera.get(f"/clients/{client.public_id}/answers")
    assert page.status_code == 200
    for word in ("OPENANSWER", "opencv.pdf", "with two lines &lt;b&gt;&amp;"):
        assert word in page.text
    for path in ("answers", "", "documents", "mail"):
        shown = vera.get(f"/clients/{client.public_id}/{path}".rstrip("/"))
        assert shown.status_code == 200
        for word in SECRETS:
            assert word not in shown.text, path


def test_the_query_itself_keeps_what_is_for_the_coach_only_from_assistants(client, cast):
    staff = (cast.alice, cast.olive, cast.vera, cast.carol)
    read = {who.name: {answer.question.label for answer in Answer.visible_to(who, client)} for who in staff}
    assert SECRET_QUESTION in read["Alice Kern"] & read["Olive Marsh"]
    assert read["Vera Moreau"] == {"Your name", "Your email", "For both", "CV"}
    assert read["Carol Voss"] == set()


def test_files_open_for_whom_their_question_is(client, olive, alice, vera, carol):
    documents = {document.name: f"/documents/{document.public_id}" for document in client.documents}
    opened = {
        name: [who.get(path).status_code for who in (olive, alice, vera, carol)] for name, path in documents.items()
    }
    assert opened == {"opencv.pdf": [200, 200, 200, 404], SECRET_FILE: [200, 200, 404, 404]}


def test_the_coach_next_door_sees_nothing(client, form, carol):
    assert carol.get(f"/clients/{client.public_id}/answers").status_code == 404
    for path in (
        "/settings/forms",
        f"/settings/forms/{form.public_id}",
        f"/settings/forms/{form.public_id}/submissions",
    ):
        assert carol.get(path).status_code == 404


def test_what_came_in_stands_behind_the_wall(cast, form, client, olive, vera):
    carols = actions.make_form(title="Carol’s", slug="carols", coach=cast.carol)
    actions.publish(carols)
    asked = questions("carols")
    submission = actions.start(FormVersion.published(carols), "other", source="10.0.0.1")
    actions.keep(submission, {asked["name"]: "Dan Foreign", asked["email"]: "dan@quill.example"}, {})
    actions.submit(submission, source="10.0.0.1")
    assert "Dan Foreign" in olive.get(f"/settings/forms/{carols.public_id}/submissions").text
    assert "Dan Foreign" not in vera.get(f"/settings/forms/{carols.public_id}/submissions").text
    assert "Ines Marchetti" in vera.get(f"/settings/forms/{form.public_id}/submissions").text
    counted = lambda who: len(re.findall(r"/submissions\">1</a>", who.get("/settings/forms").text))  # noqa: E731
    assert (counted(olive), counted(vera)) == (2, 1)


def test_answers_keep_the_questions_they_were_given_to(client, form, alice):
    question = next(one for one in Question.of(FormVersion.newest(form)) if one.label == "For both")
    actions.change_question(question, {"label": "Quite another question"}, version=1)
    actions.publish(Form.get_by_id(form.id))
    page = alice.get(f"/clients/{client.public_id}/answers").text
    assert "For both" in page
    assert "Quite another question" not in page


def test_the_number_of_queries_does_not_grow(client, form, vera, queries):
    with queries() as few:
        vera.get(f"/clients/{client.public_id}/answers")
    for number in range(20):
        asked = questions("alices")
        submission = actions.start(FormVersion.published(form), f"t{number}", source=f"10.0.1.{number}")
        typed = {asked["name"]: "Ines", asked["email"]: "ines@halden.example", asked["For both"]: "again"}
        actions.keep(submission, typed, {asked["CV"]: Upload(f"cv{number}.pdf", b"%PDF-1")})
        actions.submit(submission, source=f"10.0.1.{number}")
        Attempt.delete().execute()
    with queries() as many:
        assert vera.get(f"/clients/{client.public_id}/answers").status_code == 200
    assert len(many) == len(few)
    assert len(many) <= 15
    for path in (
        "/settings/forms",
        f"/settings/forms/{form.public_id}",
        f"/settings/forms/{form.public_id}/submissions",
    ):
        with queries() as asked:
            assert vera.get(path).status_code == 200
        assert len(asked) <= 15, path


# The builder ---------------------------------------------------------------------------------------------------------


def test_a_form_from_nothing_to_open(vera, stranger):
    made = vera.post(
        "/settings/forms/new",
        data={
            "title": "Leadership inquiry",
            "slug": "leadership",
            "coach_email": "alice@northbank.example",
            "intro": "Welcome.",
            "thanks": "Soon more.",
        },
    )
    home = made.headers["Location"]
    assert stranger.get("/p/intake/leadership").status_code == 404
    added = vera.post(
        f"{home}/questions/new",
        data={"kind": "choice", "label": "When?", "lines": "Now\r\n\r\n Later ", "required": "y"},
    )
    assert added.status_code == 303
    assert vera.post(f"{home}/publish").status_code == 303
    page = stranger.get("/p/intake/leadership")
    for words in ("Leadership inquiry", "Welcome.", "read by Alice Kern", "When?", 'value="Now"', 'value="Later"'):
        assert words in page.text
    assert Form.get(Form.slug == "leadership").coach.name == "Alice Kern"


@pytest.mark.parametrize("kind", list(QuestionKind))
def test_every_kind_of_question_can_be_added_changed_and_previewed(form, vera, kind):
    home = f"/settings/forms/{form.public_id}"
    assert vera.get(f"{home}/questions/new?kind={kind}").status_code == 200
    data = {"kind": kind, "label": f"A {kind} question", "lines": "One\nTwo", "low": "0", "high": "5"}
    assert vera.post(f"{home}/questions/new", data=data).status_code == 303
    path = question_path(form, f"A {kind} question")
    assert vera.get(path).status_code == 200
    changed = vera.post(path, data=data | {"label": f"Another {kind}", "version": "1"})
    assert changed.status_code == 303
    assert f"Another {kind}" in labels(form)
    pages = "".join(vera.get(f"{home}/preview?step={step}").text for step in (1, 2, 3))
    assert (f"Another {kind}" in pages) is (kind is not QuestionKind.SECTION)  # a heading without questions is no step


def test_the_preview_is_the_public_page_and_cannot_be_sent(form, vera, stranger):
    public = stranger.get(form.path).text
    preview = vera.get(f"/settings/forms/{form.public_id}/preview").text
    fields_of = lambda page: re.findall(r'<div class="field">.*?</div>', re.sub(r"\s+", " ", page))  # noqa: E731
    assert fields_of(public) == fields_of(preview) != []
    assert "<form" not in preview
    assert "nothing can be sent" in preview


def test_bad_questions_are_refused_beside_the_field(form, vera):
    home = f"/settings/forms/{form.public_id}"
    for data, words in (
        ({"kind": "choice", "label": "Which?", "lines": "Only one"}, "at least two options"),
        ({"kind": "scale", "label": "How?", "low": "1", "high": "99"}, "2 to 10."),
        ({"kind": "short", "label": ""}, "What do you ask?"),
        ({"kind": "short", "label": "x" * 501}, "At most 500"),
        ({"kind": "short", "label": "Role", "fills": "position", "coach_only": "y"}, "only the coach may read"),
        ({"kind": "short", "label": "Role", "fills": "name"}, "Not a valid choice"),
    ):
        answer = vera.post(f"{home}/questions/new", data=data)
        assert answer.status_code == 422
        assert words in unescape(answer.text)
    assert vera.post(f"{home}/questions/new", data={"kind": "nonsense", "label": "?"}).status_code == 422
    assert len(labels(form)) == 7


def test_questions_move_with_buttons_alone(form, vera):
    answer = vera.post(question_path(form, "For both") + "/move", data={"by": "up"})
    assert answer.status_code == 303
    assert labels(form)[:3] == ["Your name", "For both", "Your email"]


def test_moving_by_htmx_answers_the_questions_and_says_where(form, vera):
    answer = vera.post(question_path(form, "For both") + "/move", data={"by": "1"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div class="stack" id="questions"')
    assert 'data-said="“For both” is now 1 of 7."' in unescape(answer.text)
    assert "not published yet" in answer.text


def test_a_question_taken_out_comes_back_by_undo(form, vera):
    vera.post(question_path(form, "For both") + "/take-out")
    assert "For both" not in labels(form)
    page = vera.get(f"/settings/forms/{form.public_id}").text
    undo = re.search(r'action="(/settings/forms/[^"]+/put-back\?place=3)"', page)
    assert vera.post(undo[1]).status_code == 303
    assert labels(form)[2] == "For both"


def test_two_people_editing_the_texts_see_both(form, vera, olive):
    home = f"/settings/forms/{form.public_id}"
    texts = {"slug": "alices", "coach_email": "alice@northbank.example", "intro": "", "thanks": "", "version": "1"}
    assert vera.post(home, data=texts | {"title": "Vera’s title"}).status_code == 303
    answer = olive.post(home, data=texts | {"title": "Olive’s <title>"})
    assert answer.status_code == 409
    assert "Vera’s title" in answer.text
    assert "Olive’s &lt;title&gt;" in answer.text
    assert Form.get_by_id(form.id).title == "Vera’s title"


def test_two_people_editing_a_question_see_both(form, vera, olive):
    actions.move_question(next(iter(Question.of(FormVersion.newest(form)))), "down")
    path = question_path(form, "For both")
    assert vera.post(path, data={"label": "By Vera", "version": "1"}).status_code == 303
    answer = olive.post(path, data={"label": "By Olive", "version": "1", "coach_only": "y"})
    assert answer.status_code == 409
    assert "By Vera" in answer.text
    assert "By Olive" in answer.text
    kept = olive.post(path, data={"label": "By Olive", "version": "2", "required": "False", "coach_only": "True"})
    assert kept.status_code == 303
    question = Question.get(Question.label == "By Olive")
    assert (question.required, question.coach_only) == (False, True)


def test_a_taken_address_is_said_beside_the_field(form, vera):
    answer = vera.post("/settings/forms/new", data={"title": "Again", "slug": "alices", "coach_email": ""})
    assert answer.status_code == 422
    assert "has this address already" in answer.text
    assert 'value="Again"' in answer.text


def test_close_and_reopen(form, vera, stranger):
    home = f"/settings/forms/{form.public_id}"
    vera.post(f"{home}/close")
    assert Form.get_by_id(form.id).state is FormState.CLOSED
    assert "closed at the moment" in stranger.get(form.path).text
    vera.post(f"{home}/reopen")
    assert "Your name" in stranger.get(form.path).text


def test_a_question_of_another_form_is_not_found(form, vera):
    other = actions.make_form(title="Other", slug="other")
    foreign = question_path(other, "name").rpartition("/")[2]
    for act in ("", "/move", "/take-out", "/put-back"):
        path = f"/settings/forms/{form.public_id}/questions/{foreign}{act}"
        assert vera.post(path, data={"by": "up", "version": "1", "label": "x"}).status_code == 404


def test_what_the_firm_writes_is_text_and_paragraphs(vera, stranger):
    data = {
        "title": "<b>Bold</b>",
        "slug": "bold",
        "coach_email": "",
        "intro": "One\n\n<script>alert(1)</script>",
        "thanks": "",
    }
    home = vera.post("/settings/forms/new", data=data).headers["Location"]
    vera.post(f"{home}/publish")
    page = stranger.get("/p/intake/bold").text
    assert '<p class="lead">One</p>' in page
    assert "<script>alert" not in page
    assert "<b>Bold" not in page


def test_a_form_never_sent_shows_what_to_do(form, vera):
    assert "Nothing came in yet" in vera.get(f"/settings/forms/{form.public_id}/submissions").text
    assert Submission.select().count() == 0
