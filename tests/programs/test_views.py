"""The programs in the settings, the page that starts one, and the list of what is lacking, as the cast sees them."""

import re
import threading
from html import unescape

import pytest

from coachbase.agreements import actions as agreements
from coachbase.agreements.models import Agreement
from coachbase.clients import actions as clients
from coachbase.clients.models import Client, Organisation
from coachbase.db import database
from coachbase.engagements.models import Engagement, Participant, Step
from coachbase.engagements.rules import StepKind
from coachbase.intake import actions as intake
from coachbase.intake.models import Submission
from coachbase.mail.models import Message
from coachbase.programs import actions
from coachbase.programs.models import ProgramTemplate, TemplateStep
from tests.safety.digest import digest
from tests.safety.walk import read

HTMX = {"HX-Request": "true"}
SETTINGS = "/settings/programs"


def home(template):
    return f"{SETTINGS}/{template.public_id}"


def form_on(browser, path, action):
    """What a page's form would send if nobody touched it."""
    page = browser.get(path).text
    return dict(next(form for form in read(path, page).forms if form.action == action).fields), page


@pytest.fixture
def terms(olive, leadership):
    """Leadership 6 as its own form would send it."""
    return form_on(olive, home(leadership), home(leadership))[0]


@pytest.fixture
def starting(vera, cast):
    """What Vera's page would send for Bob if she changed nothing: ticks as the page has them."""
    path = f"/clients/{cast.bob.public_id}/programs"
    page = vera.get(f"{path}/new").text
    sent: dict[str, list[str]] = {}
    for name, value in next(form for form in read(path, page).forms if form.action == path).fields:
        sent.setdefault(name, []).append(value)
    return sent


def start_path(cast):
    return f"/clients/{cast.bob.public_id}/programs"


# Settings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["olive", "vera"])
def test_owner_and_assistant_keep_the_programs(sign_in, leadership, who):
    page = sign_in(who).get(SETTINGS).text
    for shown in ("Leadership 6", "£9,600.00", "12 × 60 min", "paid by the sponsor", "Coaching agreement"):
        assert shown in page


@pytest.mark.parametrize("who", ["alice", "carol"])
def test_coaches_find_no_such_page(sign_in, leadership, who):
    browser = sign_in(who)
    before = digest()
    assert browser.get(SETTINGS).status_code == 404
    assert browser.post(f"{home(leadership)}/remove").status_code == 404
    assert digest() == before


def test_a_program_is_made_with_everything_it_has(vera, terms):
    terms |= {
        "name": "Sprint", "months": "", "sessions": "4", "session_minutes": "45", "cadence_name": "weekly",
        "price": "1,250.50", "payer_name": "client", "assessments": "EQ-i 2.0\n\n Hogan HPI ",
        "three_ways": ["end", "start"], "summaries_name": "middle_and_end", "shares": ["goals"],
        "logistics": "By **phone**.", "cancel_hours": "48",
    }  # fmt: skip
    terms.pop("late_is_charged", None)
    answer = vera.post(f"{SETTINGS}/new", data=terms)
    assert answer.status_code == 303
    made = ProgramTemplate.with_documents().where(ProgramTemplate.name == "Sprint").get()
    assert (made.months, made.sessions, made.session_minutes, made.cadence, made.price_cents) == (
        None, 4, 45, "weekly", 125_050,
    )  # fmt: skip
    assert (made.cancel_hours, made.late_is_charged) == (48, False)
    assert (made.assessments, made.three_ways, made.shares) == ("EQ-i 2.0\nHogan HPI", "start end", "goals")
    assert made.agreement.name == "Coaching agreement"
    assert made.questionnaire.title == "Before we begin"
    assert TemplateStep.of(made).count() == 9


def test_a_program_sent_twice_is_made_once(vera, terms):
    key, _ = form_on(vera, f"{SETTINGS}/new", f"{SETTINGS}/new")
    for _ in range(2):
        assert vera.post(f"{SETTINGS}/new", data=terms | {"name": "Sprint", "once": key["once"]}).status_code == 303
    assert ProgramTemplate.select().where(ProgramTemplate.name == "Sprint").count() == 1


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "", "What is the program called?"),
        ("name", "x" * 200, "At most"),
        ("name", "Half\x00way", "cannot be stored"),
        ("months", "7", "Not a valid choice"),
        ("sessions", "-1", "A number from 0"),
        ("sessions", "9" * 5000, "out of range"),
        ("session_minutes", "4", "From 5 to 480"),
        ("price", "cheap", "Type an amount, such as 4500.00"),
        ("price", "1.005", "Type an amount"),
        ("currency", "DOUBLOON", "Not a valid choice"),
        ("three_ways", "sometimes", "Choose among these"),
        ("shares", "secrets", "Choose among these"),
        ("agreement_id_chosen", "../../etc/passwd", "Not a valid choice"),
        ("assessments", "\n".join("abcdefghijklmn"), "At most 12"),
        ("logistics", "x" * 10_001, "At most"),
    ],
)
def test_what_cannot_be_saved_is_said_beside_the_field_and_what_was_typed_stays(
    vera, leadership, terms, field, value, says
):
    answer = vera.post(home(leadership), data=terms | {"name": "Typed anew"} | {field: value})
    assert answer.status_code == 422
    assert says in unescape(answer.text)
    assert field == "name" or "Typed anew" in answer.text
    assert ProgramTemplate.get_by_id(leadership.id).name == "Leadership 6"


def test_two_tabs_never_overwrite_each_other(vera, olive, leadership, terms):
    assert olive.post(home(leadership), data=terms | {"sessions": "10"}).status_code == 303
    answer = vera.post(home(leadership), data=terms | {"sessions": "8", "shares": ["goals"]})
    assert answer.status_code == 409
    assert ">10</pre>" in answer.text
    assert ">8</pre>" in answer.text
    assert ProgramTemplate.get_by_id(leadership.id).sessions == 10
    kept = dict(
        next(form for form in read(home(leadership), answer.text).forms if form.action == home(leadership)).fields
    )
    assert vera.post(home(leadership), data=kept).status_code == 303
    saved = ProgramTemplate.get_by_id(leadership.id)
    assert (saved.sessions, saved.shares, saved.price_cents) == (8, "goals", 960_000)


def test_the_page_says_what_is_never_shared(vera, leadership):
    assert "Never shared: what is said in a session" in vera.get(home(leadership)).text


def test_taking_away_what_a_step_stands_on_is_refused_with_a_sentence(vera, leadership, terms):
    answer = vera.post(home(leadership), data=terms | {"agreement_id_chosen": ""})
    assert answer.status_code == 422
    assert "needs an agreement" in answer.text


def test_the_logistics_are_previewed_as_safe_html_and_nothing_is_kept(vera, leadership):
    before = digest()
    text = {"logistics": "By **video** <script>alert(1)</script>"}
    for headers in ({}, HTMX):
        answer = vera.post(f"{SETTINGS}/preview", data=text, headers=headers)
        assert "<strong>video</strong>" in answer.text
        assert "<script>alert" not in answer.text
    assert "At most" in vera.post(f"{SETTINGS}/preview", data={"logistics": "x" * 10_001}).text
    assert digest() == before


def test_removing_offers_an_undo_that_brings_it_back(vera, leadership):
    page = vera.post(f"{home(leadership)}/remove", follow_redirects=True).text
    assert f"{home(leadership)}/restore" in page
    assert vera.get(home(leadership)).status_code == 404
    assert "offered again" in vera.post(f"{home(leadership)}/restore", follow_redirects=True).text
    assert vera.get(home(leadership)).status_code == 200


def test_duplicating_leads_to_the_copy(vera, leadership):
    page = vera.post(f"{home(leadership)}/duplicate", follow_redirects=True).text
    assert "Leadership 6 (copy)" in page


def test_a_step_of_the_firms_own_is_added_changed_and_taken_out_without_scripts(vera, alone):
    path = f"{home(alone)}/steps"
    sent, page = form_on(vera, f"{path}/new?kind=own", f"{path}/new")
    assert "Needs first" in page
    sent |= {
        "label": "Send the welcome book",
        "waiting_on_name": "coach",
        "target_days": "3",
        "needs": "agreement_signed",
    }
    assert vera.post(f"{path}/new", data=sent).status_code == 303
    step = TemplateStep.get(TemplateStep.label == "Send the welcome book")
    assert (step.waiting_on, step.target_days, step.needs, step.kind) == ("coach", 3, "agreement_signed", "own")
    assert "after Agreement signed" in vera.get(home(alone)).text
    one = f"{path}/{step.public_id}"
    sent, _ = form_on(vera, one, one)
    assert vera.post(one, data=sent | {"label": "Send the book", "target_days": "", "needs": []}).status_code == 303
    step = TemplateStep.get_by_id(step.id)
    assert (step.label, step.target_days, step.needs) == ("Send the book", None, "")
    assert vera.post(one, data=sent).status_code == 409
    vera.post(f"{one}/place", data={"shift": "-1"})
    assert [row.label for row in TemplateStep.of(alone)][-2] == "Send the book"
    page = vera.post(f"{one}/take-out", follow_redirects=True).text
    undo = re.search(r'action="([^"]+put-back\?place=\d+)"', page)[1]
    assert "Send the book" not in [row.label for row in TemplateStep.of(alone)]
    vera.post(undo)
    assert [row.label for row in TemplateStep.of(alone)][-2] == "Send the book"


def test_a_circle_is_said_beside_the_field(vera, alone):
    sent_step = TemplateStep.get(TemplateStep.template == alone, TemplateStep.kind_name == StepKind.AGREEMENT_SENT)
    path = f"{home(alone)}/steps/{sent_step.public_id}"
    fields, _ = form_on(vera, path, path)
    answer = vera.post(path, data=fields | {"needs": "agreement_signed"})
    assert answer.status_code == 422
    assert "That would be a circle" in answer.text


def test_a_step_is_found_in_its_own_program_only(vera, alone, leadership):
    step = TemplateStep.of(alone).first()
    assert vera.get(f"{home(leadership)}/steps/{step.public_id}").status_code == 404


@pytest.mark.parametrize("kind", ["", "nonsense", "agreement_sent"])
def test_only_a_step_that_fits_can_be_added(vera, alone, kind):
    assert vera.get(f"{home(alone)}/steps/new?kind={kind}").status_code == 422
    assert vera.post(f"{home(alone)}/steps/new", data={"kind": kind, "waiting_on_name": "us"}).status_code == 422


# Starting ------------------------------------------------------------------------------------------------------------


def test_the_page_shows_everything_that_will_be_created_and_mailed_and_keeps_nothing(vera, cast):
    before = digest()
    page = unescape(vera.get(f"{start_path(cast)}/new").text)
    for shown in (
        "Leadership 6", "12 of 60 minutes, every other week", "£9,600.00, half at the start, half in the middle",
        "Hogan HPI and HDS, EQ-i 2.0", "Sam Okafor signs, meets, reads, pays", "Never: what is said in a session",
        "Agreement signed", "within 5 days", "Sponsor three-way agreed", "Kickoff booked",
        "signed by Bob Haddad, then Sam Okafor, then Alice Kern", "Before we begin",
        "to Bob Haddad, bob@brightwater.example", "after Bob Haddad signed", "after Sam Okafor signed",
        "after everybody signed", "after “Kickoff booked”", "Three-way meeting at the start", "Renewal notice",
        "the sponsor’s postal address",
    ):  # fmt: skip
        assert shown in page, shown
    assert digest() == before


def test_starting_takes_two_acts_open_and_start(vera, cast, starting):
    answer = vera.post(start_path(cast), data=starting)
    assert (answer.status_code, answer.location) == (303, f"/clients/{cast.bob.public_id}/program")
    engagement = Engagement.get(Engagement.client == cast.bob)
    assert engagement.name == "Leadership 6"
    assert Participant.of(engagement).get().signs
    assert Step.of(engagement).count() == 9
    assert Agreement.get(Agreement.engagement == engagement).state_name == "freezing"
    assert Submission.asked_of(cast.bob).count() == 1
    assert "on its way to Bob" in vera.get(f"/clients/{cast.bob.public_id}").text


def test_a_double_click_starts_once_and_leads_to_the_same_page(vera, cast, starting):
    places = {vera.post(start_path(cast), data=starting).location for _ in range(2)}
    assert places == {f"/clients/{cast.bob.public_id}/program"}
    assert Engagement.select().count() == 1


def test_a_second_start_from_another_page_is_refused_with_a_sentence(vera, cast, starting):
    vera.post(start_path(cast), data=starting)
    before = digest()
    answer = vera.post(start_path(cast), data=starting | {"once": ["another"]})
    assert answer.status_code == 422
    assert "onboarded already" in answer.text
    assert digest() == before
    assert "being onboarded already" in vera.get(f"{start_path(cast)}/new").text


def test_eight_starts_at_once_start_one_program(sign_in, cast, starting):
    browsers = [sign_in("vera") for _ in range(8)]
    forms = [{name: value for name, value in starting.items() if name != "once"} for _ in browsers]
    answers: list[int] = []

    def start(place: int) -> None:
        answers.append(browsers[place].post(f"/clients/{cast.bob.public_id}/programs", data=forms[place]).status_code)
        database.close()

    threads = [threading.Thread(target=start, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, *[422] * 7]
    assert [Engagement.select().count(), Agreement.select().count(), Submission.select().count()] == [1, 1, 1]


def test_the_preview_follows_what_is_typed_with_and_without_scripts(vera, cast, starting):
    before = digest()
    typed = starting | {"price": ["7000"], "starts_on": ["2027-01-11"], "signers": [], "po_number": ["PO-9"]}
    whole = vera.post(f"{start_path(cast)}/preview", data=typed)
    part = vera.post(f"{start_path(cast)}/preview", data=typed, headers=HTMX)
    assert (whole.status_code, part.status_code) == (200, 200)
    for page in (whole.text, part.text):
        assert "£7,000.00" in page
        assert "Mon 11 Jan 2027" in page
        assert "signed by Bob Haddad, then Alice Kern" in page
    assert 'value="7000"' in whole.text
    assert part.text.lstrip().startswith('<div class="outlook')
    assert digest() == before


def test_looking_at_the_preview_does_not_use_up_the_form(vera, cast, starting):
    vera.post(f"{start_path(cast)}/preview", data=starting)
    assert vera.post(start_path(cast), data=starting).status_code == 303
    assert Engagement.select().count() == 1


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("coach", "", "Choose the coach first"),
        ("coach", "somebody", "Not a valid choice"),
        ("starts_on", "", "Choose a day"),
        ("starts_on", "31.12.2026", "Not a valid date"),
        ("starts_on", "9999-12-31", "between 2000 and 2099"),
        ("ends_on", "2026-01-01", "before it starts"),
        ("price", "much", "Type an amount"),
        ("payer", "uncle", "Not a valid choice"),
        ("po_number", "x" * 61, "At most 60"),
        ("signers", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "not a valid choice"),
        ("template", "nothing", "Choose a program first"),
    ],
)
def test_what_cannot_start_is_said_and_starts_nothing(vera, cast, starting, field, value, says):
    before = digest()
    answer = vera.post(start_path(cast), data=starting | {field: [value]})
    assert answer.status_code == 422
    assert says in unescape(answer.text)
    assert vera.post(f"{start_path(cast)}/preview", data=starting | {field: [value]}).status_code in (200, 422)
    assert digest() == before


def test_a_client_without_an_address_can_be_started_but_not_mailed(vera, cast):
    clients.change(cast.bob, {"email": ""}, version=Client.get_by_id(cast.bob.id).version, by=None)
    page = vera.get(f"{start_path(cast)}/new").text
    assert "There is no address for Bob Haddad" in page
    assert "stays a draft" in page


def test_contacts_of_another_sponsor_cannot_be_named(vera, cast, starting):
    other = clients.add_organisation(name="Nordhavn", by=None)
    stina = clients.add_contact(other, name="Stina Berg", role="hr")
    answer = vera.post(start_path(cast), data=starting | {"signers": [stina.public_id]})
    assert answer.status_code == 422
    assert "Stina" not in answer.text


def test_vera_can_choose_only_coaches_she_serves(vera, cast, starting):
    page = vera.get(f"{start_path(cast)}/new").text
    assert "Alice Kern" in page
    assert "Carol Voss" not in page
    assert vera.post(start_path(cast), data=starting | {"coach": [cast.carol.public_id]}).status_code == 422


def test_carol_sees_nothing_of_bobs_programs(carol, vera, cast, starting):
    vera.post(start_path(cast), data=starting)
    engagement = Engagement.get(Engagement.client == cast.bob)
    before = digest()
    for path in ("new", "lacking", f"of/{engagement.public_id}"):
        assert carol.get(f"{start_path(cast)}/{path}").status_code == 404
    assert carol.post(start_path(cast), data=starting).status_code == 404
    assert carol.post(f"{start_path(cast)}/preview", data=starting).status_code == 404
    assert digest() == before


def test_a_removed_program_cannot_be_started_from_an_old_page(vera, cast, leadership, starting):
    actions.remove(leadership)
    answer = vera.post(start_path(cast), data=starting)
    assert answer.status_code == 422
    assert "removed meanwhile" in answer.text


def test_without_programs_the_page_says_where_to_make_one(vera, alice, cast):
    ProgramTemplate.update(removed_at=cast.bob.created_at).execute()
    assert "/settings/programs/new" in vera.get(f"{start_path(cast)}/new").text
    assert "/settings/programs/new" not in alice.get(f"{start_path(cast)}/new").text


def test_a_client_without_a_sponsor_is_offered_what_she_pays_herself(vera, cast):
    lone = clients.add({"name": "Ines Marchetti", "email": "ines@halden.example", "coach": cast.alice}, how="by hand")
    page = vera.get(f"/clients/{lone.public_id}/programs/new").text
    assert "£3,200.00" in page
    assert Organisation.select().where(Organisation.name == "Brightwater").get().name not in page


# What is lacking -----------------------------------------------------------------------------------------------------


def test_the_list_names_what_each_document_lacks_and_where_to_fill_it(vera, cast, starting):
    assert "No program under way" in vera.get(f"{start_path(cast)}/lacking").text
    vera.post(start_path(cast), data=starting | {"payer": ["client"]})
    page = vera.get(f"{start_path(cast)}/lacking").text
    for shown in ("Coaching agreement", "Mails", "Invoice", "the client’s legal name", "the questionnaire asks for it"):
        assert shown in page
    assert f"/clients/{cast.bob.public_id}/edit" in page
    engagement = Engagement.get(Engagement.client == cast.bob)
    part = vera.get(f"{start_path(cast)}/of/{engagement.public_id}").text
    assert "2 lacking" in part
    know = {"legal_name": "Robert Haddad", "address": "14 Quay Street"}
    clients.change(cast.bob, know, version=Client.get_by_id(cast.bob.id).version, by=None)
    assert "Every document has what it needs" in vera.get(f"{start_path(cast)}/of/{engagement.public_id}").text


@pytest.mark.parametrize("path", ["new", "lacking"])
def test_the_pages_ask_the_database_seldom(vera, cast, queries, starting, path):
    for number in range(25):
        clients.add_contact(cast.brightwater, name=f"Contact {number}", role="other")
    if path == "lacking":
        vera.post(start_path(cast), data=starting)
    vera.get(f"{start_path(cast)}/{path}")
    with queries() as asked:
        assert vera.get(f"{start_path(cast)}/{path}").status_code == 200
    assert len(asked) <= 15, "\n".join(asked)


def test_nothing_was_mailed_by_looking(vera, cast):
    vera.get(f"{start_path(cast)}/new")
    assert not Message.select().exists()


def test_a_document_that_is_gone_is_named_where_it_would_have_been_used(vera, cast, leadership):
    agreements.remove_template(leadership.agreement)
    intake.close(leadership.questionnaire)
    page = unescape(vera.get(f"{start_path(cast)}/new").text)
    assert "The agreement “Coaching agreement” was removed, so there is none to sign." in page
    assert "The questionnaire “Before we begin” is not open, so it is not asked." in page
    assert "Agreement signed" not in page
    assert "Coaching agreement (removed)" in vera.get(home(leadership)).text


def test_a_program_without_a_length_says_so_on_the_page_of_two_versions(vera, olive, leadership, terms):
    assert olive.post(home(leadership), data=terms | {"months": "None"}).status_code == 303
    assert ProgramTemplate.get_by_id(leadership.id).months is None
    page = vera.post(home(leadership), data=terms | {"months": "12"}).text
    assert ">No fixed length</pre>" in page
    assert ">12 months</pre>" in page


def test_what_keeps_the_agreement_back_is_named_with_the_page_that_fills_it(vera, cast, leadership):
    agreements.change_template(leadership.agreement, name="Contract", body="{{client_address}}", version=1)
    page = unescape(vera.get(f"{start_path(cast)}/new").text)
    assert "The agreement stays a draft until this is filled in" in page
    assert f'<a class="link" href="/clients/{cast.bob.public_id}/edit">the client’s postal address</a>' in page
    assert "the questionnaire asks for it" in page
    assert "stays a draft</span>" in page


def test_the_battery_is_chosen_in_the_settings_and_kept(vera, leadership, terms):
    battery = leadership.battery
    sent = terms | {"battery_id_chosen": "", "assessments": ""}
    assert vera.post(home(leadership), data=sent).status_code in (303, 422)
    page = vera.get(f"{SETTINGS}/new").text
    assert battery.name in page
    fresh = terms | {"name": "Sprint", "assessments": "", "battery_id_chosen": battery.public_id}
    fresh.pop("version")
    assert vera.post(f"{SETTINGS}/new", data=fresh).status_code == 303
    made = ProgramTemplate.get(ProgramTemplate.name == "Sprint")
    assert (made.battery, made.assessments) == (battery, "Hogan HPI\nHogan HDS\nEQ-i 2.0")


def test_the_start_form_offers_the_batteries_with_the_programs_own_chosen(vera, cast, leadership, starting):
    page = vera.get(f"{start_path(cast)}/new?template={leadership.public_id}").text
    assert f'<option selected value="{leadership.battery.public_id}">' in page
    assert "Hogan HPI completed" in page
    assert "Hogan HPI, Hogan HDS, EQ-i 2.0 take longer than there is time." in page
    assert vera.post(start_path(cast), data=starting | {"battery": [""]}).status_code == 303
    assert Engagement.of(cast.bob).get().battery is None
