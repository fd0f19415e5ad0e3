"""Private questionnaires: asked of a client, opened by the own link alone, prefilled, corrected, answered once."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from coachbase import clock
from coachbase.clients import actions as clients
from coachbase.clients.models import Client, Organisation
from coachbase.db import database
from coachbase.engagements.models import Engagement
from coachbase.engagements.rules import State
from coachbase.errors import Refused
from coachbase.events import _listeners, on
from coachbase.files.models import Document
from coachbase.intake import actions
from coachbase.intake.models import Answer, Form, FormVersion, Question, Submission
from coachbase.intake.rules import FormKind, FormState, QuestionKind, SubmissionState
from coachbase.links import actions as links
from coachbase.links.models import Link
from coachbase.mail.models import Message
from coachbase.portal.models import open_things
from coachbase.timeline.models import Entry
from tests.intake.conftest import program_of
from tests.intake.filling import Answering, Filling, fields_of, name_of, questions
from tests.safety.digest import digest

BOTH_NAME = "Robert A. Haddad"


def sentences(client: Client) -> list[str]:
    return [entry.sentence for entry in Entry.select().where(Entry.client == client).order_by(Entry.id)]


def now(client: Client) -> Client:
    return Client.get_by_id(client.id)


@pytest.fixture
def answering(stranger, asked) -> Answering:
    """Bob before the first page."""
    return Answering(stranger, asked)


@pytest.fixture
def announced(app):
    """What was announced of questionnaires."""
    heard = []
    before = {kind: list(_listeners[kind]) for kind in (actions.QuestionnaireAnswered, actions.QuestionnaireAsked)}
    for kind in before:
        on(kind, heard.append)
    yield heard
    for kind, listeners in before.items():
        _listeners[kind][:] = listeners


# Asking --------------------------------------------------------------------------------------------------------------


def test_a_client_is_asked_the_published_questions_and_the_timeline_says_so(asked, bob, engagement, questionnaire):
    assert (asked.state, asked.client, asked.engagement) == (SubmissionState.ASKED, bob, engagement)
    assert asked.form_version == FormVersion.published(questionnaire)
    assert sentences(bob)[-1] == "Questionnaire “Before Bob begins” asked"
    assert list(Submission.asked_of(bob)) == [asked]
    assert not Message.select().exists()


def test_asking_twice_asks_once_while_it_is_open(asked, questionnaire, engagement, bob):
    assert actions.ask(questionnaire, engagement) == asked
    actions.keep(asked, {questions(questionnaire.slug)["What matters"]: "Begun"}, {})
    assert actions.ask(questionnaire, engagement) == asked
    assert sentences(bob).count("Questionnaire “Before Bob begins” asked") == 1


def test_after_an_answer_it_can_be_asked_again(answering, questionnaire, engagement):
    answering.send_all()
    again = actions.ask(questionnaire, engagement)
    assert (again.state, Submission.select().count()) == (SubmissionState.ASKED, 2)


def test_another_program_of_the_client_asks_for_itself(asked, questionnaire, engagement, bob):
    Engagement.update(state_name=State.COMPLETED).where(Engagement.id == engagement.id).execute()
    other = program_of(bob)
    assert actions.ask(questionnaire, other).engagement == other
    assert Submission.select().count() == 2


@pytest.mark.parametrize("what", ["draft", "closed", "public"])
def test_what_is_not_open_or_not_private_is_not_asked(questionnaire, engagement, what):
    form = questionnaire
    if what == "draft":
        form = actions.make_form(title="Later", kind=FormKind.QUESTIONNAIRE)
    elif what == "closed":
        actions.close(form)
    else:
        form = Form.get(Form.slug == "inquiry")
    with pytest.raises(Refused):
        actions.ask(form, engagement)
    assert not Submission.select().exists()


def test_what_was_asked_is_never_forgotten_as_abandoned(asked, traveller):
    actions.keep(asked, {questions(asked.form_version.form.slug)["What matters"]: "Begun"}, {})
    traveller.shift(timedelta(days=400))
    actions.forget_abandoned()
    assert Submission.get_by_id(asked.id).state is SubmissionState.STARTED


def test_the_questionnaire_that_ships_can_be_asked(engagement):
    form = actions.make_first_questionnaire()
    assert (form.title, actions.ask(form, engagement).state) == ("Before we begin", SubmissionState.ASKED)
    assert {"legal_name", "address"} <= set(questions(form.slug))


# The doors -----------------------------------------------------------------------------------------------------------


def test_without_a_link_a_questionnaire_is_as_little_there_as_any_other_page(asked, app, stranger):
    for tail in ("", "/thanks", "/later", "?step=2"):
        mine, missing = (stranger.get(f"/p/intake/{slug}{tail}") for slug in (asked.form_version.form.slug, "no-such"))
        assert (mine.status_code, mine.text) == (404, missing.text)
    for tail in ("", "/later", "/anew"):
        assert stranger.post(f"{asked.form_version.form.path}{tail}", data={"ticket": "x"}).status_code == 404


def test_the_four_doors_and_the_wrong_kind(asked, app):
    token = actions.hold(asked, source="10.0.0.1")

    def knock(token):
        browser = app.test_client()
        return browser.get(f"/p/intake/open/{token}"), browser.get(asked.form_version.form.path)

    opened, page = knock(token)
    assert (opened.status_code, page.status_code) == (303, 200)
    refused = [knock("no-such-token")]
    for change in (
        {"expires_at": clock.now() - timedelta(seconds=1)},
        {"expires_at": clock.now() + timedelta(days=1), "revoked_at": clock.now()},
        {"revoked_at": None, "kind": "client"},
    ):
        Link.update(**change).execute()
        refused.append(knock(token))
    assert {answer.status_code for both in refused for answer in both} == {404}
    assert len({answer.text for both in refused for answer in both}) == 1


def test_the_link_of_an_inquiry_opens_no_questionnaire(asked, filling):
    filling.press().follow()
    assert filling.browser.get("/p/intake").status_code == 303
    assert filling.browser.get(asked.form_version.form.path).status_code == 404


def test_another_clients_link_opens_what_was_asked_of_that_client(answering, cast, questionnaire, app):
    answering.type(address="1 Quay")
    dan = clients.add({"name": "Dan Foreign", "coach": cast.carol, "phone": "+44 20 1234567"}, how="by hand")
    dans = Answering(app.test_client(), actions.ask(questionnaire, program_of(dan)))
    assert (dans.value_of("phone"), dans.value_of("address")) == ("+44 20 1234567", "")
    assert "Haddad" not in dans.answer.text
    dans.send_all(legal_name="Daniel Foreign")
    assert (now(dan).legal_name, now(cast.bob).legal_name) == ("Daniel Foreign", "Robert Haddad")


def test_a_page_of_one_client_is_not_taken_for_another_clients(answering, cast, questionnaire):
    """Two links were opened in one browser: the page that is still open keeps what was typed, and says what to do."""
    page = answering.answer.text
    dan = clients.add({"name": "Dan Foreign", "coach": cast.carol}, how="by hand")
    asked = actions.ask(questionnaire, program_of(dan))
    Answering(answering.browser, asked)
    answering.answer = answering.browser.post(
        answering.path, data=fields_of(page) | {name_of(answering.question("address")): "1 <Quay>"}
    )
    assert answering.answer.status_code == 422
    assert "no longer holds the link" in answering.answer.text
    assert answering.value_of("address") == "1 <Quay>"
    assert not Answer.select().exists()
    answering.browser.get(f"/p/intake/open/{answering.token}")
    answering.press(**{name_of(answering.question("address")): "1 Quay"})
    assert answering.answer.status_code == 303
    assert Answer.get(Answer.question == answering.question("address")).submission == answering.submission


def test_a_link_that_died_while_typing_takes_nothing_and_keeps_it_on_the_page(asked, traveller, stranger):
    traveller.shift(timedelta(days=6))
    answering = Answering(stranger, asked)
    links.revoke_all(actions.LINK, answering.submission.public_id)
    answering.type(address="1 Quay")
    assert (answering.answer.status_code, answering.value_of("address")) == (422, "1 Quay")
    assert not Answer.select().exists()
    assert Submission.get_by_id(answering.submission.id).state is SubmissionState.ASKED


def test_an_old_page_without_its_link_is_not_there(answering, traveller):
    page = fields_of(answering.answer.text)
    links.revoke_all(actions.LINK, answering.submission.public_id)
    traveller.shift(timedelta(days=2))
    assert answering.browser.post(answering.path, data=page).status_code == 404


def test_looking_changes_nothing(answering):
    before = digest(database)
    for path in ("/p/intake", answering.path, f"{answering.path}/later", f"/p/intake/open/{answering.token}"):
        for _ in range(3):
            answering.browser.get(path)
    assert digest(database) == before


# Filling in ----------------------------------------------------------------------------------------------------------


def test_what_we_know_stands_in_it_whose_it_is_and_who_reads_it(answering):
    page = answering.answer.text
    values = {field: answering.value_of(field) for field in ("legal_name", "phone", "organisation", "address")}
    assert values == {
        "legal_name": "Robert Haddad",
        "phone": "+971 4 1234567",
        "organisation": "Brightwater",
        "address": "",
    }
    assert "For <strong>Bob</strong>. Not you?" in page
    assert "are read by Alice Kern" in page
    assert "does not see what is marked" in page
    assert "Eight minutes." in page
    assert "bob@brightwater.example" not in page
    assert answering.submission.state is SubmissionState.ASKED


def test_what_was_left_as_it_stood_changes_nothing_and_is_told_with_the_answers(answering, alice, bob):
    answering.send_all()
    assert "Thank you" in answering.answer.text
    assert 'href="/p/client"' in answering.answer.text
    assert now(bob).version == bob.version
    assert [one for one in sentences(bob) if one.startswith("Changed")] == []
    page = alice.get(f"/clients/{bob.public_id}/answers").text
    for known in ("Robert Haddad", "+971 4 1234567", "To delegate well."):
        assert known in page


def test_the_name_is_offered_as_legal_name_and_becomes_it_when_sent(asked, bob, stranger):
    clients.change(bob, {"legal_name": ""}, version=bob.version, by=None)
    answering = Answering(stranger, Submission.known_as(asked.public_id))
    assert answering.value_of("legal_name") == "Bob Haddad"
    answering.answer = answering.browser.get(f"{answering.path}?step=2")
    answering.type(What_matters="To listen.")
    assert answering.answer.headers["Location"] == f"{answering.path}?step=1&check=1"
    assert now(bob).legal_name == ""
    answering.come_in().send_all()
    assert now(bob).legal_name == "Bob Haddad"


def test_what_was_corrected_replaces_what_stood_there_and_the_timeline_names_the_fields(answering, bob):
    answering.send_all(
        legal_name=BOTH_NAME, address="1 Quay\r\nLondon", phone="+44 20 7946 0000", assistant_email="noor@b.example"
    )
    bob = now(bob)
    assert (bob.legal_name, bob.address, bob.phone) == (BOTH_NAME, "1 Quay\nLondon", "+44 20 7946 0000")
    assert (bob.assistant_email, bob.name, bob.email) == ("noor@b.example", "Bob Haddad", "bob@brightwater.example")
    assert sentences(bob)[-2:] == [
        "Changed postal address, own assistant’s email, legal name and phone",
        "Questionnaire “Before Bob begins” answered",
    ]


def test_an_empty_answer_wipes_nothing(answering, bob, questionnaire):
    clients.change(bob, {"address": "1 Quay"}, version=bob.version, by=None)
    answering.send_all(address="", organisation="")
    assert (now(bob).address, now(bob).organisation.name) == ("1 Quay", "Brightwater")


def test_what_we_learn_meanwhile_is_not_undone_by_what_was_left_as_it_stood(answering, bob, cast):
    answering.type(address="1 Quay").follow()
    clients.change(bob, {"phone": "+971 50 7654321"}, version=bob.version, by=cast.vera)
    answering.type(What_matters="To listen.").follow()
    assert (now(bob).phone, now(bob).address) == ("+971 50 7654321", "1 Quay")


def test_a_correction_taken_back_is_none(answering, bob):
    answering.type(legal_name="Somebody Else").follow().type("back").follow()
    assert answering.value_of("legal_name") == "Somebody Else"
    answering.send_all(legal_name="Robert Haddad")
    assert now(bob).version == bob.version


def test_an_address_of_several_lines_asked_on_one_line_is_not_broken(bob, engagement, stranger):
    form = actions.make_form(title="One line", kind=FormKind.QUESTIONNAIRE)
    actions.add_question(form, QuestionKind.SHORT, {"label": "Address", "fills": "address"})
    actions.publish(form)
    clients.change(bob, {"address": "1 Quay\nLondon"}, version=bob.version, by=None)
    answering = Answering(stranger, actions.ask(form, engagement))
    assert answering.value_of("address") == "1 Quay, London"
    answering.type().follow()
    assert "Thank you" in answering.answer.text
    assert now(bob).address == "1 Quay\nLondon"


@pytest.mark.parametrize(
    ("named", "told"),
    [("Halden", True), ("  BRIGHTWATER ", False), ("", False)],
)
def test_a_client_does_not_move_to_another_organisation_by_a_name(answering, bob, cast, named, told):
    halden = clients.add_organisation(name="Halden", by=cast.alice)
    answering.send_all(organisation=named)
    assert now(bob).organisation == cast.brightwater
    assert sentences(bob)[-1].endswith("it names another organisation, which was not taken over") is told
    assert list(Organisation.select().order_by(Organisation.id)) == [cast.brightwater, halden]


def test_a_client_without_organisation_joins_none_that_we_know(answering, bob, cast):
    clients.add({"name": "Ines", "coach": cast.alice, "organisation": cast.brightwater}, how="by hand")
    bob.organisation = None
    bob.save()
    answering.send_all(organisation="Brightwater")
    assert now(bob).organisation.name == "Brightwater"
    assert now(bob).organisation != cast.brightwater


def test_assistants_are_told_once_and_no_thanks_are_mailed(answering, bob, announced, engagement):
    answering.send_all()
    assert [(mail.kind, mail.to_address) for mail in Message.select()] == [("intake_notice", "vera@northbank.example")]
    assert [type(event) for event in announced] == [actions.QuestionnaireAnswered]
    assert (announced[0].engagement, announced[0].submission.is_submitted) == (engagement, True)
    assert Client.select().count() == 1


def test_files_go_to_the_client_and_stay_from_everybody_until_then(answering, bob, vera, alice, carol):
    answering.type().follow().type("later", Your_CV=(io.BytesIO(b"%PDF-1.7"), "cv.pdf"))
    document = Document.get(Document.name == "cv.pdf")
    path = f"/documents/{document.public_id}"
    assert [who.get(path).status_code for who in (vera, alice, carol)] == [404, 404, 404]
    answering.come_in().type(What_matters="To listen.").follow()
    assert Document.get_by_id(document.id).client == bob
    assert [who.get(path).status_code for who in (vera, alice, carol)] == [200, 200, 404]


def test_it_goes_on_in_another_browser_and_says_how_to_come_back(answering, app):
    answering.type("later", address="Half an addr").follow()
    page = answering.answer.text
    assert "Everything is kept" in page
    assert 'href="/p/client"' in page
    assert 'type="email"' not in page
    assert answering.browser.post(f"{answering.path}/later", data={"email": "x@y.example"}).status_code == 404
    elsewhere = Answering(app.test_client(), answering.submission)
    elsewhere.answer = elsewhere.browser.get(f"{answering.path}?step=1")
    assert elsewhere.value_of("address") == "Half an addr"
    assert not Message.select().exists()


def test_a_first_visit_begins_at_the_first_step_although_all_of_it_is_known(answering):
    assert "Step 1 of 2" in answering.answer.text
    answering.type()
    again = answering.browser.get("/p/intake")
    assert again.headers["Location"] == f"{answering.path}?step=2"


def test_closed_while_somebody_types_it_loses_nothing(answering, questionnaire):
    actions.close(questionnaire)
    answering.type(address="1 Quay")
    assert (answering.answer.status_code, answering.value_of("address")) == (422, "1 Quay")
    assert "closed while you were typing" in answering.answer.text
    closed = answering.browser.get(answering.path).text
    assert "What you have typed is kept." in closed
    actions.reopen(Form.get_by_id(questionnaire.id))
    answering.answer = answering.browser.get(answering.path)
    assert answering.value_of("address") == "1 Quay"


def test_questions_published_meanwhile_do_not_change_what_was_asked(answering, questionnaire, engagement):
    actions.add_question(questionnaire, QuestionKind.LONG, {"label": "Something new"})
    actions.publish(questionnaire)
    answering.send_all()
    assert Submission.get_by_id(answering.submission.id).form_version.number == 1
    assert actions.ask(questionnaire, engagement).form_version.number == 2


def test_what_is_sent_is_not_filled_in_again(answering):
    answering.send_all()
    for path in (answering.path, f"{answering.path}?again=1", "/p/intake"):
        assert answering.browser.get(path).headers["Location"] == f"{answering.path}/thanks"
    answering.answer = answering.browser.post(answering.path, data=fields_of(answering.answer.text))
    assert answering.answer.headers["Location"] == f"{answering.path}/thanks"


def test_sent_twenty_times_at_once_it_counts_once(asked, bob, announced, app):
    actions.keep(asked, {questions(asked.form_version.form.slug)["address"]: "1 Quay"}, {})
    actions.keep(asked, {questions(asked.form_version.form.slug)["What matters"]: "To listen."}, {})
    together = Barrier(20)

    def send() -> None:
        together.wait()
        try:
            actions.submit(asked, source="10.0.0.1")
        finally:
            database.close()

    with ThreadPoolExecutor(20) as pool:
        for each in [pool.submit(send) for _ in range(20)]:
            each.result()
    assert len(announced) == 1
    assert sentences(bob)[1:] == ["Changed postal address", "Questionnaire “Before Bob begins” answered"]
    assert Message.select().count() == 1


@pytest.mark.parametrize(
    ("what", "typed", "says"),
    [
        ("phone", "call me", "That does not look like a phone number."),
        ("assistant_email", "nobody", "That does not look like an email address."),
        ("legal_name", "", "Please answer this."),
        ("legal_name", "x" * 121, "At most 120 characters."),
        ("legal_name", "two\nlines", "Please keep this on one line."),
        ("address", "x" * 401, "At most 400 characters."),
        ("address", "a\x00b", "There is a character in here that cannot be stored."),
        ("address", "x" * 300_000, ""),
    ],
)
def test_bad_input_is_told_beside_the_field_and_stays(answering, bob, what, typed, says):
    answering.type(**{what: typed})
    if answering.answer.status_code == 303:
        answering.follow()
    assert answering.answer.status_code in (200, 413, 422)
    assert says in answering.answer.text
    assert not Submission.get().is_submitted
    assert now(bob).version == bob.version


# The builder ---------------------------------------------------------------------------------------------------------


def test_an_assistant_makes_a_questionnaire_without_an_address(vera, cast):
    assert "Private questionnaire" in vera.get("/settings/forms/new").text
    page = vera.get("/settings/forms/new?kind=questionnaire").text
    assert 'name="slug"' not in page
    made = vera.post("/settings/forms/new", data=fields_of(page) | {"title": "Vor dem Anfang: Ärger?"})
    assert made.status_code == 303
    form = Form.get(Form.title == "Vor dem Anfang: Ärger?")
    assert (form.slug, form.title, form.coach) == ("vor-dem-anfang-arger", "Vor dem Anfang: Ärger?", None)
    home = made.headers["Location"]
    page = vera.get(home).text
    assert "It has no public address" in page
    assert "/p/intake/" not in page
    assert "Add a question first." in page
    assert vera.get(f"{home}/preview").status_code == 422
    assert vera.post(f"{home}/publish").status_code == 422


def test_a_kind_that_is_none_is_refused(vera, cast):
    assert vera.get("/settings/forms/new?kind=x").status_code == 200
    assert vera.post("/settings/forms/new", data={"kind": "x", "title": "T", "slug": "tt"}).status_code == 422
    assert not Form.select().where(Form.title == "T").exists()


def test_its_texts_are_changed_without_an_address(vera, questionnaire):
    home = f"/settings/forms/{questionnaire.public_id}"
    changed = {"title": "Before we start", "intro": "", "thanks": "", "version": 1, "slug": "stolen"}
    assert vera.post(home, data=changed).status_code == 303
    form = Form.get_by_id(questionnaire.id)
    assert (form.title, form.slug) == ("Before we start", "before-bob-begins")
    assert vera.post(home, data=changed | {"title": "Late"}).status_code == 409


def test_two_of_a_title_have_two_addresses(cast):
    first, second = (actions.make_form(title="Before", kind=FormKind.QUESTIONNAIRE) for _ in range(2))
    assert (first.slug, second.slug) == ("before", "before-2")


def test_only_a_questionnaire_fills_what_only_a_client_says(vera, questionnaire, cast):
    path = f"/settings/forms/{questionnaire.public_id}/questions/new?kind=short"
    assert 'value="assistant_name"' in vera.get(path).text
    assert 'value="legal_name"' in vera.get(path).text
    public = Form.get(Form.slug == "inquiry")
    path = f"/settings/forms/{public.public_id}/questions/new"
    assert 'value="language"' in vera.get(f"{path}?kind=short").text
    assert 'value="legal_name"' not in vera.get(f"{path}?kind=short").text
    sent = {"kind": "mail", "label": "Assistant", "fills": "assistant_email"}
    vera.post(path, data=sent)
    assert (
        not Question.select()
        .join(FormVersion)
        .where(FormVersion.form == public, Question.fills == "assistant_email")
        .exists()
    )


def test_the_list_groups_public_and_private(vera, questionnaire):
    page = vera.get("/settings/forms").text
    public, private = page.split("Private questionnaires", 1)
    assert "Coaching inquiry" in public
    assert "Before Bob begins" in private
    assert "before-bob-begins" not in page


def test_a_preview_shows_it_as_clients_see_it(vera, questionnaire):
    page = vera.get(f"/settings/forms/{questionnaire.public_id}/preview").text
    assert "looks as clients see it" in page
    assert "are read by your coach" in page


def test_what_came_in_lists_only_what_was_sent(answering, vera, carol, questionnaire):
    path = f"/settings/forms/{questionnaire.public_id}/submissions"
    assert "Bob Haddad" not in vera.get(path).text
    assert '/submissions">1</a>' not in vera.get("/settings/forms").text
    answering.send_all()
    assert "Bob Haddad" in vera.get(path).text
    assert '/submissions">1</a>' in vera.get("/settings/forms").text
    assert carol.get(path).status_code == 404


# The client's page ---------------------------------------------------------------------------------------------------


def test_the_answers_tab_shows_what_is_asked_begun_and_answered(answering, bob, vera):
    tab = f"/clients/{bob.public_id}/answers"
    page = vera.get(tab).text
    assert "Before Bob begins" in page
    assert "asked · " in page
    assert "Not reminded yet" in page
    answering.type(address="CANARYDRAFT")
    Submission.update(reminders=2, reminded_at=clock.now()).execute()
    page = vera.get(tab).text
    assert "begun · " in page
    assert "Reminded 2 times, last" in page
    assert "CANARYDRAFT" not in page
    answering.follow().type(What_matters="OPENANSWER", **{"CANARYQUESTION for Alice": "CANARYANSWER"})
    page = vera.get(tab).text
    assert "OPENANSWER" in page
    assert "Asked, not answered yet" not in page


def test_what_is_for_the_coach_alone_stays_from_the_assistant(answering, bob, vera, alice, olive, carol):
    answering.type().follow()
    answering.type(What_matters="OPENANSWER", **{"CANARYQUESTION for Alice": "CANARYANSWER"})
    tab = f"/clients/{bob.public_id}/answers"
    for who in (alice, olive):
        assert "CANARYANSWER" in who.get(tab).text
    for path in ("", "/answers", "/documents", "/mail"):
        assert "CANARY" not in vera.get(f"/clients/{bob.public_id}{path}").text
    assert carol.get(tab).status_code == 404


def test_what_is_typed_and_not_sent_is_read_by_nobody(answering, cast, bob):
    answering.type(address="CANARYDRAFT")
    assert [len(Answer.visible_to(who, bob)) for who in (cast.olive, cast.alice, cast.vera, cast.carol)] == [0] * 4


def test_one_more_questionnaire_is_asked_by_hand_and_the_client_learns_of_it(vera, bob, engagement, questionnaire):
    tab = f"/clients/{bob.public_id}/answers"
    assert "Ask a questionnaire" in vera.get(tab).text
    sent = {"questionnaire": questionnaire.public_id}
    assert vera.post(tab, data=sent).status_code == 303
    submission = Submission.get(Submission.client == bob)
    assert (submission.state, submission.engagement) == (SubmissionState.ASKED, engagement)
    entry = Entry.get(Entry.sentence == "Questionnaire “Before Bob begins” asked")
    assert entry.by.name == "Vera Moreau"
    assert [(mail.kind, mail.to_address) for mail in Message.select()] == [("client_page", bob.email)]
    assert f'value="{questionnaire.public_id}"' not in vera.get(tab).text
    again = vera.post(tab, data=sent)
    assert (again.status_code, "is asked already" in again.text) == (422, True)
    assert Submission.select().count() == Message.select().count() == 1


def test_carol_asks_bob_nothing(carol, bob, engagement, questionnaire):
    sent = {"questionnaire": questionnaire.public_id}
    assert carol.post(f"/clients/{bob.public_id}/answers", data=sent).status_code == 404
    assert not Submission.select().exists()


@pytest.mark.parametrize("chosen", ["", "x", "9" * 5000, "\x00", "01HX0000000000000000000000"])
def test_a_questionnaire_that_is_none_is_not_asked(vera, bob, engagement, questionnaire, chosen):
    assert vera.post(f"/clients/{bob.public_id}/answers", data={"questionnaire": chosen}).status_code == 422


def test_a_closed_or_public_one_is_not_asked_by_hand(vera, bob, engagement, questionnaire):
    Form.update(state_name=FormState.CLOSED).where(Form.kind_name == FormKind.QUESTIONNAIRE).execute()
    for form in Form.select():
        sent = {"questionnaire": form.public_id}
        assert vera.post(f"/clients/{bob.public_id}/answers", data=sent).status_code == 422
    assert "Ask a questionnaire" not in vera.get(f"/clients/{bob.public_id}/answers").text


def test_without_a_program_or_a_mail_address_nothing_is_asked_by_hand(cast, questionnaire, bob):
    with pytest.raises(Refused, match="No program is under way with Bob Haddad"):
        actions.ask_by_hand(questionnaire, bob, by=cast.vera)
    program_of(bob)
    clients.change(bob, {"email": ""}, version=bob.version, by=None)
    with pytest.raises(Refused, match="no mail address"):
        actions.ask_by_hand(questionnaire, bob, by=cast.vera)
    assert not Submission.select().exists()


def test_nobody_is_reminded_of_a_questionnaire_that_is_closed(asked, bob, vera, questionnaire):
    assert len(open_things(bob)) == 1
    actions.close(questionnaire)
    assert open_things(bob) == []
    assert "closed, so it cannot be answered" in vera.get(f"/clients/{bob.public_id}/answers").text


def test_who_named_another_assistant_shuts_the_first_ones_page(answering, bob):
    link, _ = links.issue("assistant", bob.public_id, lasts=timedelta(days=60))
    answering.send_all(assistant_email="noor@brightwater.example")
    assert Link.get_by_id(link.id).revoked_at
    assert not Link.get(Link.kind == actions.LINK).revoked_at


# A draft planted in somebody's browser -------------------------------------------------------------------------------


def test_a_form_begun_by_somebody_else_says_so_and_can_be_begun_anew(filling, app):
    filling.press(**{name_of(questions()["name"]): "Mallory"}).follow()
    assert "Begun today. Not yours?" in filling.browser.get(filling.path).text
    answer = filling.browser.post(f"{filling.path}/anew")
    assert (answer.status_code, answer.headers["Location"]) == (303, filling.path)
    filling.answer = filling.browser.get(filling.path)
    assert "Mallory" not in filling.answer.text
    assert "Begun today" not in filling.answer.text
    Filling(filling.browser, filling.traveller).send_all(name="Ines Marchetti")
    assert Client.get(Client.email == "ines@halden.example").name == "Ines Marchetti"
    assert Submission.select().count() == 2
