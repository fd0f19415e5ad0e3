"""What a valid answer is, what may be published, what an answer may fill."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from coachbase.intake import rules
from coachbase.intake.rules import FormKind, FormState, Scale
from coachbase.intake.rules import QuestionKind as K


@dataclass
class Asking:
    """A question as rules see it."""

    kind: K
    label: str = "A question"
    help: str = ""
    fills: str = ""
    required: bool = False
    coach_only: bool = False
    choices: list = field(default_factory=list)
    scale: Scale = field(default_factory=Scale)

    @property
    def offered(self):
        return [str(step) for step in self.scale.steps] if self.kind is K.SCALE else self.choices


COLOURS = {"choices": ["Red", "Green", "Blue"]}

GOOD = [
    (Asking(K.SHORT), "Søren O’Neill"),
    (Asking(K.SHORT), "x" * 200),
    (Asking(K.SHORT), "<script>alert(1)</script>"),
    (Asking(K.SHORT, fills="zone"), "Europe/Rome"),
    (Asking(K.SHORT, fills="zone"), "UTC"),
    (Asking(K.LONG), "One line\n\nand another\twith a tab"),
    (Asking(K.LONG), "x" * 5000),
    (Asking(K.CHOICE, **COLOURS), "Green"),
    (Asking(K.SEVERAL, **COLOURS), ["Green"]),
    (Asking(K.SEVERAL, **COLOURS), ["Blue", "Red", "Green"]),
    (Asking(K.SCALE), "1"),
    (Asking(K.SCALE), "10"),
    (Asking(K.SCALE, scale=Scale(0, 5)), "0"),
    (Asking(K.DATE), "1900-01-01"),
    (Asking(K.DATE), "2100-12-31"),
    (Asking(K.DATE), "2028-02-29"),
    (Asking(K.MAIL), "ines.marchetti+coaching@halden.example.org"),
    (Asking(K.MAIL), "josé@exämple.org"),
    (Asking(K.PHONE), "+39 (06) 698-1234"),
    (Asking(K.PHONE), "0171/55512 ext. 34"),
    (Asking(K.FILE), "report.pdf"),
    (Asking(K.CONSENT), "yes"),
]
BAD = [
    (Asking(K.SHORT), "x" * 201),
    (Asking(K.SHORT, fills="position"), "x" * 121),
    (Asking(K.SHORT), "two\nlines"),
    (Asking(K.SHORT), "two\u2028lines"),
    (Asking(K.SHORT), "a tab\there"),
    (Asking(K.SHORT), "a nul\0"),
    (Asking(K.SHORT), "an escape \x1b[31m"),
    (Asking(K.SHORT), "half a sign \ud800"),
    (Asking(K.SHORT), ["a", "list"]),
    (Asking(K.SHORT, fills="zone"), "Mars/Olympus"),
    (Asking(K.SHORT, fills="zone"), "../../etc/passwd"),
    (Asking(K.LONG), "x" * 5001),
    (Asking(K.LONG), "a nul\0"),
    (Asking(K.CHOICE, **COLOURS), "Mauve"),
    (Asking(K.CHOICE, **COLOURS), "green"),
    (Asking(K.CHOICE, **COLOURS), ["Green"]),
    (Asking(K.SEVERAL, **COLOURS), "Green"),
    (Asking(K.SEVERAL, **COLOURS), ["Green", "Mauve"]),
    (Asking(K.SEVERAL, **COLOURS), ["Green", "Green"]),
    (Asking(K.SEVERAL, **COLOURS), ["Green"] * 31),
    (Asking(K.SCALE), "0"),
    (Asking(K.SCALE), "11"),
    (Asking(K.SCALE), "5.5"),
    (Asking(K.SCALE), "05"),
    (Asking(K.SCALE), "９"),
    (Asking(K.SCALE), str(2**63)),
    (Asking(K.SCALE, scale=Scale(0, 5)), "6"),
    (Asking(K.DATE), "1899-12-31"),
    (Asking(K.DATE), "2101-01-01"),
    (Asking(K.DATE), "9999-12-31"),
    (Asking(K.DATE), "2027-02-29"),
    (Asking(K.DATE), "31.12.2026"),
    (Asking(K.DATE), "20261231"),
    (Asking(K.DATE), "2026-W12-1"),
    (Asking(K.DATE), "tomorrow"),
    (Asking(K.MAIL), "nobody"),
    (Asking(K.MAIL), "a@b@c.example"),
    (Asking(K.MAIL), "a@b"),
    (Asking(K.MAIL), "x" * 250 + "@a.example"),
    (Asking(K.MAIL), "ines@halden.example\r\nBcc: all@halden.example"),
    (Asking(K.PHONE), "call me"),
    (Asking(K.PHONE), "1234"),
    (Asking(K.PHONE), "1" * 21),
    (Asking(K.PHONE), "+39 06; DROP TABLE"),
    (Asking(K.PHONE), "٠١٢٣٤٥٦٧"),
    (Asking(K.CONSENT), "no"),
    (Asking(K.CONSENT), "on"),
]


@pytest.mark.parametrize(("question", "typed"), GOOD)
def test_a_good_answer_is_taken(question, typed):
    assert rules.refusal_of_answer(question, typed) is None


@pytest.mark.parametrize(("question", "typed"), BAD)
def test_a_bad_answer_is_refused_with_a_sentence(question, typed):
    refusal = rules.refusal_of_answer(question, typed)
    assert refusal
    assert refusal.endswith(".")


@pytest.mark.parametrize("kind", [kind for kind in K if kind is not K.SECTION])
def test_nothing_is_an_answer_unless_one_is_required(kind):
    for nothing in ("", []):
        assert rules.refusal_of_answer(Asking(kind), nothing) is None
        assert rules.refusal_of_answer(Asking(kind, required=True), nothing)


def test_each_kind_has_good_and_bad_examples():
    answered = set(K) - {K.SECTION}
    assert {question.kind for question, _ in GOOD} == answered
    assert {question.kind for question, _ in BAD} == answered - {K.FILE}  # a file's answer is the name we gave it


@pytest.mark.parametrize(
    ("question", "typed"),
    [(Asking(K.MAIL), "not finish"), (Asking(K.DATE), "2026-1"), (Asking(K.PHONE), "+3"), (Asking(K.CHOICE), "Mauve")],
)
def test_what_is_not_finished_can_still_be_kept(question, typed):
    assert rules.refusal_to_keep(question, typed) is None


@pytest.mark.parametrize(("question", "typed"), [(Asking(K.LONG), "x" * 5001), (Asking(K.SHORT), "a\0b")])
def test_what_cannot_be_stored_is_not_kept(question, typed):
    assert rules.refusal_to_keep(question, typed)


def test_space_around_an_answer_goes_and_lines_end_one_way():
    assert rules.tidy("  a\r\nb \r\n") == "a\nb"
    assert rules.tidy([" Red ", "Blue"]) == ["Red", "Blue"]


@pytest.mark.parametrize("slug", ["inquiry", "executive-inquiry-2", "ab"])
def test_good_addresses_of_forms(slug):
    assert rules.refusal_of_slug(slug) is None


@pytest.mark.parametrize(
    "slug", ["", "a", "open", "Inquiry", "in quiry", "-a", "a-", "a--b", "a/b", "..", "ä-b", "x" * 61, "a\n"]
)
def test_bad_addresses_of_forms(slug):
    assert rules.refusal_of_slug(slug)


@pytest.mark.parametrize(
    ("kind", "fills", "coach_only", "taken", "may"),
    [
        (K.SHORT, "", True, [], True),
        (K.SHORT, "position", False, [], True),
        (K.SHORT, "position", True, [], False),
        (K.SHORT, "position", False, ["position"], False),
        (K.SHORT, "phone", False, [], False),
        (K.SHORT, "name", False, [], False),
        (K.SHORT, "coach", False, [], False),
        (K.PHONE, "phone", False, ["position"], True),
        (K.CHOICE, "pronouns", False, [], True),
        (K.LONG, "position", False, [], False),
        (K.FILE, "name", False, [], False),
    ],
)
def test_what_may_fill_a_field_of_the_client(kind, fills, coach_only, taken, may):
    assert (rules.refusal_of_fill(kind, fills, coach_only=coach_only, taken=taken) is None) is may


@pytest.mark.parametrize(
    ("options", "may"),
    [
        ([], False),
        (["one"], False),
        (["one", "two"], True),
        (["one", "one"], False),
        (["x" * 121, "b"], False),
        ([str(n) for n in range(31)], False),
    ],
)
def test_options_to_choose_from(options, may):
    assert (rules.refusal_of_options(K.CHOICE, options) is None) is may
    assert rules.refusal_of_options(K.SHORT, options) is None


def test_a_form_has_limits():
    assert rules.refusal_to_add(K.SHORT, [K.SHORT] * 59) is None
    assert rules.refusal_to_add(K.SHORT, [K.SHORT] * 60)
    assert rules.refusal_to_add(K.FILE, [K.FILE] * 4) is None
    assert rules.refusal_to_add(K.FILE, [K.FILE] * 5)


def test_a_form_without_name_and_address_is_not_published():
    pair = [Asking(K.SHORT, fills="name"), Asking(K.MAIL, fills="email")]
    assert rules.refusal_to_publish(pair) is None
    assert rules.refusal_to_publish(pair[:1])
    assert rules.refusal_to_publish([*pair, Asking(K.CHOICE)])


PAIR = [Asking(K.SHORT, fills="name"), Asking(K.MAIL, fills="email")]


@pytest.mark.parametrize(
    ("questions", "may"),
    [
        ([Asking(K.LONG)], True),
        ([Asking(K.SECTION), Asking(K.SHORT, fills="legal_name")], True),
        ([], False),
        ([Asking(K.SECTION)], False),
        ([Asking(K.LONG), PAIR[0]], False),
        ([Asking(K.LONG), PAIR[1]], False),
        ([Asking(K.LONG), Asking(K.CHOICE)], False),
    ],
)
def test_a_questionnaire_asks_something_but_neither_name_nor_address(questions, may):
    assert (rules.refusal_to_publish(questions, FormKind.QUESTIONNAIRE) is None) is may


@pytest.mark.parametrize("fills", rules.OF_CLIENTS)
def test_only_a_client_says_what_papers_need_and_who_keeps_the_calendar(fills):
    kind = K.MAIL if fills == "assistant_email" else K.SHORT
    asked = {form: rules.refusal_of_fill(kind, fills, coach_only=False, taken=[], form=form) for form in FormKind}
    assert asked[FormKind.QUESTIONNAIRE] is None
    assert asked[FormKind.INQUIRY]


@pytest.mark.parametrize("form", FormKind)
@pytest.mark.parametrize("kind", K)
@pytest.mark.parametrize("fills", rules.ALWAYS)
def test_no_question_of_ones_own_fills_name_or_mail_address(form, kind, fills):
    assert fills not in rules.fills_of(form, kind)


@pytest.mark.parametrize(
    ("form", "state", "may"),
    [
        (FormKind.QUESTIONNAIRE, FormState.OPEN, True),
        (FormKind.QUESTIONNAIRE, FormState.DRAFT, False),
        (FormKind.QUESTIONNAIRE, FormState.CLOSED, False),
        (FormKind.INQUIRY, FormState.OPEN, False),
    ],
)
def test_what_a_client_can_be_asked(form, state, may):
    assert (rules.refusal_to_ask(form, state) is None) is may


KNOWN = {"phone": "+971 4 1234567", "address": "1 Quay\nLondon", "pronouns": "he/him", "legal_name": ""}


@pytest.mark.parametrize(
    ("question", "typed"),
    [
        (Asking(K.PHONE, fills="phone"), "+971 4 1234567"),
        (Asking(K.LONG, fills="address"), "1 Quay\nLondon"),
        (Asking(K.SHORT, fills="address"), "1 Quay, London"),
        (Asking(K.CHOICE, fills="pronouns", choices=["she/her", "he/him"]), "he/him"),
        (Asking(K.CHOICE, fills="pronouns", choices=["she", "he"]), ""),
        (Asking(K.SHORT, fills="legal_name"), ""),
        (Asking(K.SHORT, fills="language"), ""),
        (Asking(K.LONG), ""),
        (Asking(K.SEVERAL), []),
    ],
)
def test_what_is_known_stands_there_as_the_question_can_show_it(question, typed):
    assert rules.prefilled(question, KNOWN) == typed


@pytest.mark.parametrize(
    ("title", "taken", "slug"),
    [
        ("Before we begin", [], "before-we-begin"),
        ("Before we begin!", ["before-we-begin", "before-we-begin-2"], "before-we-begin-3"),
        ("Ärger & Ølge", [], "arger-olge"),
        ("名前", [], "questionnaire"),
        ("Open", [], "questionnaire"),
        ("?", ["questionnaire"], "questionnaire-2"),
        ("x" * 120, [], "x" * 50),
        ("x" * 49 + " y", [], "x" * 49),
    ],
)
def test_a_questionnaires_address_is_made_from_its_title(title, taken, slug):
    assert rules.slug_of(title, taken) == slug
    assert rules.refusal_of_slug(slug) is None


def test_headings_make_steps_and_empty_ones_make_none():
    questions = [Asking(K.SHORT), Asking(K.SECTION, "Empty"), Asking(K.SECTION, "Full"), Asking(K.LONG), Asking(K.DATE)]
    steps = rules.steps_of(questions)
    assert [(step.title, len(step.questions)) for step in steps] == [("", 1), ("Full", 2)]


@pytest.mark.parametrize(
    ("place", "by", "then"),
    [
        (1, "up", 1),
        (2, "up", 1),
        (3, "down", 3),
        (2, "down", 3),
        (1, "3", 3),
        (1, "99", 3),
        (2, "0", 1),
        (2, "", 2),
        (2, "left", 2),
        (2, "-1", 2),
        (2, "9" * 5000, 2),
        (2, "²", 2),
    ],
)
def test_a_question_moves_within_the_form(place, by, then):
    assert rules.place_after_move(place, by, 3) == then


def test_nobody_fills_in_a_form_in_less_than_three_seconds():
    shown = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    assert rules.refusal_of_haste(shown, shown + timedelta(seconds=2.9))
    assert rules.refusal_of_haste(shown, shown + timedelta(seconds=3)) is None
