"""Building and publishing; what a submission becomes."""

import json
from datetime import timedelta

import pytest
from peewee import IntegrityError

from coachbase import clock
from coachbase.accounts.models import Attempt
from coachbase.clients.models import Client, Organisation
from coachbase.db import database
from coachbase.errors import Refused, Stale, TooMany
from coachbase.files.models import Document, DocumentContent
from coachbase.files.rules import Upload
from coachbase.firm.models import Firm
from coachbase.intake import actions
from coachbase.intake.models import Answer, Form, FormVersion, Question, Submission
from coachbase.intake.rules import FormState, QuestionKind
from coachbase.mail.models import Message
from coachbase.timeline.models import Entry

PDF = b"%PDF-1.7\n%%EOF"


def inquiry() -> Form:
    return Form.get(Form.slug == "inquiry")


def asked(form: Form) -> dict[str, Question]:
    return {question.fills or question.label: question for question in Question.of(FormVersion.newest(form))}


def begun(form: Form, ticket: str = "ticket", **answers: str) -> Submission:
    """A submission of a form with answers by field or label."""
    submission = actions.start(FormVersion.published(form), ticket, source="10.0.0.1")
    questions = asked(form)
    usual = {"name": "Ines Marchetti", "email": "ines@halden.example"} | answers
    actions.keep(submission, {questions[name]: value for name, value in usual.items()}, {})
    return submission


@pytest.fixture
def short_form(cast) -> Form:
    """Open, Alice's, with nothing but name, address, phone, organisation, a word for Alice alone, and a file."""
    form = actions.make_form(title="Short", slug="short", coach=cast.alice)
    for kind, values in (
        (QuestionKind.PHONE, {"label": "Phone", "fills": "phone"}),
        (QuestionKind.SHORT, {"label": "Firm", "fills": "organisation"}),
        (QuestionKind.LONG, {"label": "For Alice", "coach_only": True}),
        (QuestionKind.FILE, {"label": "Your CV"}),
        (QuestionKind.FILE, {"label": "Report", "coach_only": True}),
    ):
        actions.add_question(form, kind, values)
    actions.publish(form)
    return Form.get_by_id(form.id)


def send(form: Form, ticket: str = "ticket", **answers: str) -> Submission:
    return actions.submit(begun(form, ticket, **answers), source="10.0.0.1")


# Sending -------------------------------------------------------------------------------------------------------------


def test_an_inquiry_becomes_a_client_with_card_timeline_ball_and_mails(short_form, cast):
    submission = send(short_form, organisation="Halden", phone="+39 06 698 1234")
    client = submission.client
    assert (client.name, client.email, client.phone) == ("Ines Marchetti", "ines@halden.example", "+39 06 698 1234")
    assert (client.organisation.name, client.coach, client.status_name) == ("Halden", cast.alice, "prospect")
    assert (client.waiting_on_name, client.next_step) == ("us", "Reply to inquiry")
    entry = Entry.get(Entry.client == client, Entry.kind_name == "intake")
    assert entry.sentence == "Intake form “Short” submitted"
    assert entry.href == f"/clients/{client.public_id}/answers#{submission.public_id}"
    assert client.cards.count() == 1
    mails = {message.kind: message for message in Message.select()}
    assert {kind: mail.to_address for kind, mail in mails.items()} == {
        "intake_thanks": "ines@halden.example",
        "intake_notice": "vera@northbank.example",
    }
    assert all(mail.client == client for mail in mails.values())
    assert mails["intake_thanks"].reply_to == "vera@northbank.example"


def test_a_form_sent_twice_is_one_submission(short_form):
    first, second = (send(short_form) for _ in range(2))
    assert first.id == second.id
    assert Client.select().where(Client.email == "ines@halden.example").count() == 1
    assert Message.select().where(Message.kind == "intake_thanks").count() == 1
    assert Entry.select().where(Entry.kind_name == "intake").count() == 1


def test_what_was_sent_is_not_changed_by_an_old_tab(short_form):
    submission = send(short_form)
    actions.keep(submission, {asked(short_form)["name"]: "Somebody Else"}, {})
    assert Answer.of(submission)[asked(short_form)["name"].id].typed == "Ines Marchetti"


def test_a_known_address_joins_its_client_and_overwrites_nothing(short_form, cast):
    send(short_form, name="Robert H", email="BOB@brightwater.example", organisation="Evil Corp", phone="+971 4 1234567")
    bob = Client.get_by_id(cast.bob.id)
    assert (bob.name, bob.email, bob.organisation.name) == ("Bob Haddad", "bob@brightwater.example", "Brightwater")
    assert bob.phone == "+971 4 1234567"  # was empty
    assert Submission.get().client == bob
    assert Client.select().count() == 1
    said = [entry.sentence for entry in bob.entries]
    assert "Intake form “Short” submitted again by a known address" in said
    assert bob.waiting_on_name == "us"


def test_the_sender_of_a_known_address_gets_the_same_mail(short_form, cast):
    send(short_form, email="bob@brightwater.example", name="Bob")
    send(short_form, ticket="other", email="new@brightwater.example", name="Bob")
    thanks = list(Message.select().where(Message.kind == "intake_thanks"))
    assert len(thanks) == 2
    said = {(message.subject, message.text, message.html, message.reply_to) for message in thanks}
    assert len(said) == 1


def test_the_notice_of_a_known_client_goes_to_that_clients_assistants(cast):
    form = actions.make_form(title="Carol's", slug="carols", coach=cast.carol)
    actions.publish(form)
    send(form, email="bob@brightwater.example")
    assert Message.get(Message.kind == "intake_notice").to_address == "vera@northbank.example"


def test_a_client_at_work_keeps_the_ball_where_it_is(short_form, cast):
    cast.bob.status_name, cast.bob.next_step = "active", "Send the invoice"
    cast.bob.save()
    send(short_form, email="bob@brightwater.example")
    assert Client.get_by_id(cast.bob.id).next_step == "Send the invoice"


def test_without_an_assistant_the_owner_is_told(cast):
    form = actions.make_form(title="Carol's", slug="carols", coach=cast.carol)
    actions.publish(form)
    send(form)
    assert Message.get(Message.kind == "intake_notice").to_address == "olive@northbank.example"


@pytest.mark.parametrize("typed", ["brightwater", "BRIGHTWATER", "Brightwáter", "  Brightwater  "])
def test_an_organisation_known_by_another_spelling_is_not_made_twice(short_form, cast, typed):
    assert send(short_form, organisation=typed.strip()).client.organisation == cast.brightwater
    assert Organisation.select().count() == 1


def test_an_organisation_that_only_begins_alike_is_another(short_form, cast):
    assert send(short_form, organisation="Bright").client.organisation.name == "Bright"
    assert Organisation.select().count() == 2


def test_a_form_is_sent_whole_or_not_at_all(short_form):
    submission = begun(short_form, email="nobody")
    with pytest.raises(Refused, match="Your email"):
        actions.submit(submission, source="10.0.0.1")
    assert not Submission.get_by_id(submission.id).is_submitted
    assert Client.select().count() == 1
    assert Message.select().count() == 0


def test_files_belong_to_the_client_once_sent_and_keep_their_audience(short_form):
    questions = asked(short_form)
    submission = begun(short_form)
    uploads = {questions["Your CV"]: Upload("cv.pdf", PDF), questions["Report"]: Upload("report.pdf", PDF + b"2")}
    actions.keep(submission, {}, uploads)
    assert [document.client_id for document in Document.select()] == [None, None]
    client = actions.submit(submission, source="10.0.0.1").client
    kept = {document.name: (document.client, document.audience_name) for document in Document.select()}
    assert kept == {"cv.pdf": (client, "team"), "report.pdf": (client, "coach")}


def test_files_of_other_submissions_stay_where_they_are(short_form):
    cv = asked(short_form)["Your CV"]
    other = begun(short_form, ticket="other", email="other@halden.example")
    actions.keep(other, {}, {cv: Upload("other.pdf", PDF)})
    send(short_form)
    assert Document.get(Document.name == "other.pdf").client is None


def test_a_file_can_be_replaced_and_taken_away(short_form):
    cv = asked(short_form)["Your CV"]
    submission = begun(short_form)
    actions.keep(submission, {}, {cv: Upload("first.pdf", PDF)})
    actions.keep(submission, {}, {cv: Upload("second.pdf", PDF)})
    assert [document.name for document in Document.select()] == ["second.pdf"]
    actions.keep(submission, {}, {}, frozenset({cv}))
    assert Document.select().count() == DocumentContent.select().count() == 0
    assert cv.id not in Answer.of(submission)


def test_more_than_twenty_an_hour_from_one_address_are_too_many(short_form):
    for number in range(20):
        send(short_form, ticket=str(number), email=f"n{number}@halden.example")
    late = begun(short_form, ticket="late", email="late@halden.example")
    with pytest.raises(TooMany):
        actions.submit(late, source="10.0.0.1")
    assert not Submission.get_by_id(late.id).is_submitted
    assert actions.submit(late, source="10.0.0.2").is_submitted


def test_nobodys_mailbox_is_filled_with_our_thanks(short_form):
    for number in range(5):
        send(short_form, ticket=str(number), email="Victim@halden.example")
    late = begun(short_form, ticket="late", email="victim@halden.example")
    with pytest.raises(TooMany):
        actions.submit(late, source="10.0.0.2")
    assert Message.select().where(Message.kind == "intake_thanks").count() == 5


def test_more_than_forty_files_an_hour_from_one_address_are_too_many(short_form):
    submission, cv = begun(short_form), asked(short_form)["Your CV"]
    for number in range(40):
        actions.keep(submission, {}, {cv: Upload(f"cv{number}.pdf", PDF)}, source="10.0.0.1")
    with pytest.raises(TooMany):
        actions.keep(submission, {}, {cv: Upload("late.pdf", PDF)}, source="10.0.0.1")
    actions.keep(submission, {}, {cv: Upload("elsewhere.pdf", PDF)}, source="10.0.0.2")
    assert [document.name for document in Document.select()] == ["elsewhere.pdf"]


def test_more_than_two_hundred_an_hour_of_one_form_are_too_many(short_form, cast):
    now = clock.now()
    Attempt.insert_many([{"bucket": f"intake at {short_form.id}", "at": now} for _ in range(200)]).execute()
    with pytest.raises(TooMany):
        send(short_form)


def test_abandoned_forms_are_forgotten_when_no_link_leads_back(short_form):
    submission = begun(short_form)
    actions.keep(submission, {}, {asked(short_form)["Your CV"]: Upload("cv.pdf", PDF)})
    kept = send(short_form, ticket="sent", email="kept@halden.example")
    actions.forget_abandoned()
    assert Submission.select().count() == 2
    Submission.update(started_at=clock.now() - timedelta(days=32)).execute()
    actions.forget_abandoned()
    assert [row.id for row in Submission.select()] == [kept.id]
    assert Document.select().count() == 0


def test_answers_are_sealed_in_the_file(short_form, config):
    canary = "CANARY-the-board-wants-me-gone"
    submission = begun(short_form, **{"For Alice": canary})
    actions.keep(submission, {}, {asked(short_form)["Report"]: Upload("report.pdf", PDF + canary.encode())})
    actions.submit(submission, source="10.0.0.1")
    assert Answer.of(submission)[asked(short_form)["For Alice"].id].typed == canary
    files = [config.database_path, config.database_path.with_name(config.database_path.name + "-wal")]
    stored = b"".join(path.read_bytes() for path in files)
    assert b"Intake form" in stored  # the timeline is there, so we read the right bytes
    assert canary.encode() not in stored


# Building ------------------------------------------------------------------------------------------------------------


def test_the_firm_begins_with_an_open_inquiry_form(cast):
    form = inquiry()
    questions = list(Question.of(FormVersion.published(form)))
    assert form.state is FormState.OPEN
    assert Firm.current().name in form.intro
    assert sum(question.kind is QuestionKind.SECTION for question in questions) == 3
    assert sum(question.coach_only for question in questions) == 1
    assert sum(question.kind is QuestionKind.CONSENT for question in questions) == 1
    assert sum(question.kind is not QuestionKind.SECTION for question in questions) == 9


def test_a_new_form_asks_for_name_and_address(cast):
    form = actions.make_form(title="New", slug="new")
    pair = [(question.fills, question.required) for question in Question.of(FormVersion.newest(form))]
    assert pair == [("name", True), ("email", True)]
    assert form.state is FormState.DRAFT


@pytest.mark.parametrize("slug", ["inquiry", "open", "Bad Slug"])
def test_an_address_that_will_not_do_is_refused(cast, slug):
    with pytest.raises(Refused):
        actions.make_form(title="Again", slug=slug)


def test_a_published_question_is_frozen_by_the_database(short_form):
    question = Question.of(FormVersion.published(short_form)).first()
    for change in (
        lambda: Question.update(label="Changed").where(Question.id == question.id).execute(),
        lambda: Question.delete().where(Question.id == question.id).execute(),
        lambda: Question.create(form_version=question.form_version, position=99, kind_name="short", label="Slipped in"),
        lambda: FormVersion.update(published_at=None).where(FormVersion.id == question.form_version_id).execute(),
    ):
        with pytest.raises(IntegrityError, match="frozen"):
            change()


def test_the_first_edit_after_publishing_copies_the_questions(short_form):
    old = FormVersion.published(short_form)
    before = [(question.position, question.label) for question in Question.of(old)]
    changed = actions.change_question(asked(short_form)["For Alice"], {"label": "Just for Alice"}, version=1)
    assert changed.form_version.number == 2
    assert [(question.position, question.label) for question in Question.of(old)] == before
    assert FormVersion.published(short_form) == old
    actions.publish(Form.get_by_id(short_form.id))
    assert FormVersion.published(short_form).number == 2


def test_old_submissions_keep_the_questions_they_answered(short_form):
    submission = send(short_form, **{"For Alice": "A word"})
    question = actions.change_question(asked(short_form)["For Alice"], {"label": "Reworded"}, version=1)
    actions.take_out(question)
    actions.publish(Form.get_by_id(short_form.id))
    labels = [answer.question.label for answer in Answer.of(submission).values()]
    assert "For Alice" in labels
    assert "For Alice" not in asked(short_form)
    assert "Reworded" not in asked(short_form)


def test_a_stale_save_of_a_question_is_refused(short_form):
    question = actions.change_question(asked(short_form)["For Alice"], {"label": "First"}, version=1)
    with pytest.raises(Stale):
        actions.change_question(question, {"label": "Second"}, version=1)
    assert Question.get_by_id(question.id).label == "First"


def test_a_question_of_a_version_that_somebody_is_already_changing_is_refused(short_form):
    old = asked(short_form)["For Alice"]
    actions.move_question(asked(short_form)["phone"], "down")
    with pytest.raises(Refused, match="Somebody else"):
        actions.change_question(old, {"label": "Lost?"}, version=1)


def test_a_stale_save_of_the_texts_is_refused(short_form, cast):
    texts = {"title": "Mine", "slug": "short", "intro": "", "thanks": "", "coach": cast.alice}
    actions.change_texts(short_form, version=1, **texts)
    with pytest.raises(Stale):
        actions.change_texts(short_form, version=1, **(texts | {"title": "Theirs"}))
    assert Form.get_by_id(short_form.id).title == "Mine"


def test_name_and_address_stay_required_and_stay(cast):
    form = actions.make_form(title="New", slug="new")
    name = asked(form)["name"]
    changed = actions.change_question(name, {"label": "Who are you?", "required": False, "coach_only": True}, version=1)
    assert (changed.required, changed.coach_only) == (True, False)
    with pytest.raises(Refused):
        actions.take_out(changed)


def test_a_question_taken_out_can_be_put_back_where_it_was(short_form):
    before = list(asked(short_form))
    taken, place = actions.take_out(asked(short_form)["For Alice"])
    assert "For Alice" not in asked(short_form)
    actions.put_back(taken, place)
    assert list(asked(short_form)) == before


def test_questions_move_and_no_two_share_a_place(short_form):
    moved, place = actions.move_question(asked(short_form)["For Alice"], "1")
    assert place == 1
    assert next(iter(asked(short_form))) == "For Alice"
    positions = [question.position for question in Question.of(moved.form_version)]
    assert positions == list(range(1, len(positions) + 1))


def test_close_and_reopen(short_form):
    with pytest.raises(Refused):
        actions.reopen(short_form)
    actions.close(short_form)
    assert Form.get_by_id(short_form.id).state is FormState.CLOSED
    with pytest.raises(Refused):
        actions.close(short_form)
    actions.reopen(short_form)
    assert Form.get_by_id(short_form.id).state is FormState.OPEN


def test_nothing_new_is_not_published(short_form):
    with pytest.raises(Refused, match="nothing new"):
        actions.publish(short_form)


def test_a_form_with_a_choice_of_nothing_is_not_published(cast):
    form = actions.make_form(title="New", slug="new")
    actions.add_question(form, QuestionKind.CHOICE, {"label": "Choose", "options": json.dumps(["Only one"])})
    with pytest.raises(Refused, match="Choose"):
        actions.publish(form)
    assert form.state is FormState.DRAFT
    assert database.in_transaction() is False
