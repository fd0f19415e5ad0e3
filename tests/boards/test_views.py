"""The board as each of the cast sees it: pages, partials, refusals, and the settings of the stages."""

import gzip
import re
from datetime import date, timedelta

import pytest

from coachbase import clock
from coachbase.boards import actions
from coachbase.boards import models as board_models
from coachbase.boards.models import Board, Card, Stage
from coachbase.boards.rules import StageMeaning
from coachbase.clients import actions as clients
from coachbase.clients.models import Client, Organisation
from coachbase.clients.rules import Status
from coachbase.db import database
from coachbase.engagements.models import Engagement
from coachbase.engagements.rules import State

BOARD = "/boards/onboarding"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def card(cast):
    return Card.get(Card.client == cast.bob)


@pytest.fixture
def carols(cast):
    """A client of Carol's, the coach next door."""
    foreign = Organisation.create(name="Nordhavn", created_at=cast.bob.created_at)
    return clients.add({"name": "Elif Demir", "coach": cast.carol, "organisation": foreign}, how="by hand")


def stage(meaning):
    return Stage.get(Stage.meaning_name == meaning)


def post_move(browser, card, to, *, before="", version=None, **options):
    sent = {"stage": to.public_id, "before": before, "version": version or card.version}
    return browser.post(f"{BOARD}/cards/{card.public_id}/move", data=sent, **options)


def test_the_board_shows_client_position_organisation_coach_step_and_since(vera, cast):
    page = vera.get(BOARD).text
    for shown in ("Bob Haddad", "SVP Operations, Brightwater", "Alice Kern", "Reply to inquiry"):
        assert shown in page
    assert re.search(r"us · \d+ m\b", page)  # the cast was met once for all tests, minutes ago
    assert f"/clients/{cast.bob.public_id}" in page


def test_a_late_card_says_so_in_words_and_is_counted(vera, card):
    Card.update(entered_at=card.entered_at - timedelta(days=3)).execute()
    page = vera.get(BOARD).text
    assert "· late</p>" in page
    assert "1 client · 1 late" in page


def begin(client, **values):
    """A program of this client; its figures as they would be written."""
    now = clock.now()
    given = {"starts_on": now.date(), "steps_done": 2, "steps_total": 9, "due_at": now + timedelta(days=3)}
    return Engagement.create(client=client, name="Six", currency="GBP", created_at=now, **(given | values))


def test_a_card_shows_its_steps_and_the_kickoff_to_be_expected(vera, cast):
    program = begin(cast.bob, starts_on=date(2090, 12, 3))
    page = vera.get(BOARD).text
    assert '<p class="steps t9 d2">2/9' in page
    assert "kickoff ~ 3 Dec" in page
    program.kickoff_on = date(2090, 12, 4)
    program.save()
    assert "kickoff 4 Dec" in vera.get(BOARD).text


def test_a_card_is_late_by_its_step_and_not_by_its_stage(vera, cast, card):
    Card.update(entered_at=card.entered_at - timedelta(days=30)).execute()
    program = begin(cast.bob)
    assert "· late</p>" not in vera.get(BOARD).text
    assert "Bob Haddad" not in vera.get(f"{BOARD}?late=1").text
    program.due_at = clock.now() - timedelta(hours=1)
    program.save()
    assert "· late</p>" in vera.get(BOARD).text
    assert "Bob Haddad" in vera.get(f"{BOARD}?late=1").text


def test_a_program_that_is_over_or_onboarded_shows_no_steps(vera, cast):
    begin(cast.bob, state_name=State.ENDED)
    page = vera.get(BOARD).text
    assert "class=to>" not in page
    begin(cast.bob, onboarded_at=clock.now(), kickoff_on=date(2090, 12, 3), due_at=None)
    page = vera.get(BOARD).text
    assert 'class="steps' not in page
    assert "kickoff 3 Dec" in page


def test_of_several_programs_a_card_shows_the_newest_that_runs(vera, cast):
    begin(cast.bob, onboarded_at=clock.now(), steps_done=4, steps_total=4)
    begin(cast.bob, steps_done=1, steps_total=7)
    begin(cast.bob, state_name=State.ENDED, steps_done=5, steps_total=5)
    page = vera.get(BOARD).text
    assert page.count("<li class=card") == 1
    assert "1/7" in page


def test_the_dialog_of_a_card_starts_a_program_unless_one_is_being_walked(vera, cast, card):
    link = f'href="/clients/{cast.bob.public_id}/programs/new"'
    assert link in vera.get(f"/cards/{card.public_id}").text
    begin(cast.bob)
    assert link not in vera.get(f"/cards/{card.public_id}").text


def test_carol_sees_nothing_of_alices_clients(carol, card, cast):
    assert "Bob Haddad" not in carol.get(BOARD).text
    assert "Brightwater" not in carol.get(BOARD).text
    intake = stage(StageMeaning.INTAKE)
    missing = f"{BOARD}/cards/01ARZ3NDEKTSV4RRFFQ69G5FAV"
    for answer, nothing in (
        (carol.get(f"/cards/{card.public_id}"), carol.get("/cards/01ARZ3NDEKTSV4RRFFQ69G5FAV")),
        (post_move(carol, card, intake), carol.post(f"{missing}/move")),
        (carol.post(f"{BOARD}/cards/{card.public_id}/undo?version=1"), carol.post(f"{missing}/undo?version=1")),
        (carol.get(f"{BOARD}/of/{cast.bob.public_id}"), carol.get(f"{BOARD}/of/01ARZ3NDEKTSV4RRFFQ69G5FAV")),
    ):
        assert answer.status_code == nothing.status_code == 404
        assert answer.text == nothing.text
    assert Card.get_by_id(card.id).version == 1


def test_the_chips_and_menus_of_vera_tell_nothing_of_carols_clients(vera, carols):
    page = vera.get(BOARD).text
    assert "Elif Demir" not in page
    assert "Nordhavn" not in page
    assert "Carol Voss" not in page
    assert "1 client<" in page


def test_a_card_cannot_be_put_in_front_of_one_that_may_not_be_seen(vera, card, carols):
    hers = Card.get(Card.client == carols)
    assert post_move(vera, card, hers.stage, before=hers.public_id).status_code == 404


def test_a_move_without_htmx_leads_back_to_the_board_with_undo(vera, card):
    answer = post_move(vera, card, stage(StageMeaning.INTAKE))
    assert answer.status_code == 303
    assert answer.headers["Location"] == BOARD
    page = vera.get(BOARD).text
    assert "Bob Haddad moved to Intake." in page
    undo = re.search(r'action="(/boards/onboarding/cards/\w+/undo\?version=2)"', page)[1]
    assert vera.post(undo).status_code == 303
    assert Card.get_by_id(card.id).stage == stage(StageMeaning.INQUIRY)


def test_a_move_with_htmx_answers_the_whole_board_and_a_toast(vera, card):
    answer = post_move(vera, card, stage(StageMeaning.INTAKE), headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.strip().startswith('<div id="board"')
    assert 'hx-swap-oob="beforeend:#toasts"' in answer.text
    assert "<html" not in answer.text


def test_a_move_from_the_clients_page_leads_back_there(vera, card, cast):
    address = f"{BOARD}/cards/{card.public_id}/move"
    assert cast.bob.public_id in vera.get(f"/cards/{card.public_id}?client={cast.bob.public_id}").text
    sent = {"stage": stage(StageMeaning.INTAKE).public_id, "before": "top", "version": 1, "client": cast.bob.public_id}
    assert vera.post(address, data=sent).headers["Location"] == f"/clients/{cast.bob.public_id}"
    undo = f"{BOARD}/cards/{card.public_id}/undo?version=2&client={cast.bob.public_id}"
    assert undo.replace("&", "&amp;") in vera.get(f"/clients/{cast.bob.public_id}").text
    assert vera.post(undo).headers["Location"] == f"/clients/{cast.bob.public_id}"


def test_a_stale_move_answers_409_with_the_board_as_it_is(vera, olive, card):
    post_move(olive, card, stage(StageMeaning.CHEMISTRY))
    partial = post_move(vera, card, stage(StageMeaning.INTAKE), headers=HTMX)
    page = post_move(vera, card, stage(StageMeaning.INTAKE))
    for answer in (partial, page):
        assert answer.status_code == 409
        assert "Olive Marsh has just moved Bob Haddad to Chemistry." in answer.text
    assert 'id="notice"' in partial.text
    assert Card.get_by_id(card.id).stage == stage(StageMeaning.CHEMISTRY)


def test_a_hidden_stage_answers_422_with_the_sentence(vera, card):
    actions.hide_stage(stage(StageMeaning.INTAKE))
    answer = post_move(vera, card, stage(StageMeaning.INTAKE), headers=HTMX)
    assert answer.status_code == 422
    assert answer.text == "Intake is hidden. Show it in the settings first."


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({}, 400),
        ({"stage": "x", "version": "one"}, 400),
        ({"stage": "x", "version": str(2**63)}, 400),
        ({"stage": "\0" * 26, "version": "1"}, 404),
        ({"stage": "\ud800", "version": "1"}, 404),
    ],
)
def test_a_move_that_no_page_of_ours_sent_changes_nothing(vera, card, data, status):
    data = {name: value.encode("utf-8", "surrogatepass") for name, value in data.items()}
    assert vera.post(f"{BOARD}/cards/{card.public_id}/move", data=data).status_code == status
    assert Card.get_by_id(card.id).version == 1


def test_an_unchanged_board_costs_two_queries_and_no_bytes(vera, cast, queries):
    seen = Board.onboarding().revision
    with queries() as asked:
        answer = vera.get(f"{BOARD}/changes?seen={seen}", headers=HTMX)
    assert (answer.status_code, answer.data) == (204, b"")
    assert len(asked) <= 3, asked


@pytest.mark.parametrize("seen", ["0", "", "-1", "9" * 5000, "⅒", "nonsense"])
def test_a_changed_board_or_a_strange_number_answers_the_board(vera, cast, seen):
    answer = vera.get(f"{BOARD}/changes", query_string={"seen": seen}, headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.strip().startswith('<div id="board"')


def test_filters_stand_in_the_address_and_narrow_the_board(olive, cast, carols):
    clients.add({"name": "Ines Marchetti", "coach": cast.alice}, how="by hand")
    for query, shown in (
        (f"coach={cast.carol.public_id}", {"Elif Demir"}),
        (f"organisation={cast.brightwater.public_id}", {"Bob Haddad"}),
        ("waiting=client", set()),
        ("waiting=us", {"Elif Demir", "Bob Haddad", "Ines Marchetti"}),
        ("late=1", set()),
    ):
        page = olive.get(f"{BOARD}?{query}").text
        assert set(re.findall(r"class=who[^>]*>([^<]+)", page)) == shown, query


def test_closed_clients_show_only_when_asked_for(olive, cast):
    clients.add({"name": "Ruth Feldman"}, how="by hand", status=Status.FORMER)
    assert "Ruth Feldman" not in olive.get(BOARD).text
    assert "Ruth Feldman" in olive.get(f"{BOARD}?closed=1").text


def test_an_empty_board_teaches_how_a_client_comes_onto_it(carol):
    assert "No clients yet" in carol.get(BOARD).text


def test_the_menu_counts_those_on_their_way_in(vera, cast):
    clients.add({"name": "Ines", "coach": cast.alice}, how="by hand", status=Status.ACTIVE)
    assert re.search(r"<span>Onboarding</span><b>1</b>", vera.get(BOARD).text)


def test_a_name_full_of_markup_is_shown_as_text(vera, cast):
    clients.add({"name": "<script>alert(1)</script>", "position": '"><img src=x>'}, how="by hand")
    page = vera.get(BOARD).text
    assert "<script>alert" not in page
    assert "<img src=x>" not in page


def test_the_clients_page_is_told_stage_and_since(alice, cast):
    text = alice.get(f"{BOARD}/of/{cast.bob.public_id}").text
    assert "Inquiry" in text
    assert "since today" in text
    assert "Move to…" in text


def test_the_form_offers_the_places_of_the_chosen_stage(vera, cast, card):
    clients.add({"name": "Ines Marchetti", "coach": cast.alice}, how="by hand")
    page = vera.get(f"/cards/{card.public_id}").text
    assert "At the top" in page
    assert "At the bottom" in page
    other = vera.get(f"/cards/{card.public_id}?stage={stage(StageMeaning.INTAKE).public_id}").text
    assert "At the bottom" not in other


def test_a_board_of_any_size_asks_the_database_as_often(vera, cast, queries):
    for number in range(30):
        clients.add({"name": f"Client {number}", "coach": cast.alice}, how="by hand")
    with queries() as asked:
        assert vera.get(BOARD).status_code == 200
    assert len(asked) <= 15, asked


def test_two_hundred_cards_stay_under_100_kb(vera, cast):
    stages = list(Stage.open_of(Board.onboarding()))[:7]
    for number in range(199):
        name = f"{('Ines', 'Tomas', 'Priya', 'Grace')[number % 4]} {number * 7919:x} Castellanos"  # hard to compress
        values = {"name": name, "coach": cast.alice, "position": "Plant director", "organisation": cast.brightwater}
        client = clients.add(values, how="by hand")
        begin(client, steps_done=number % 9, due_at=clock.now() + timedelta(hours=number - 90))
        card = Card.get(Card.client == client)
        actions.move(card, stages[number % 7], before=None, by=cast.vera, seen_version=1)
    html = vera.get(BOARD).data
    assert html.count(b"<li class=card") == 200
    assert len(html) <= 100_000
    assert len(gzip.compress(html, 6)) <= 12_000


def test_a_stage_that_fills_for_years_shows_its_newest(vera, cast, monkeypatch):
    monkeypatch.setattr(board_models, "NEWEST_DONE", 3)
    for number in range(5):
        with clock.pretend(clock.now() - timedelta(days=9 - number)):
            clients.add({"name": f"Long here {number}", "coach": cast.alice}, how="by hand", status=Status.ACTIVE)
    page = vera.get(BOARD).text
    assert [number for number in range(5) if f"Long here {number}" in page] == [2, 3, 4]
    assert "Bob Haddad" in page


# Settings
STAGES = "/settings/stages"


def test_a_coach_does_not_arrange_the_stages(alice, cast):
    chosen = stage(StageMeaning.INTAKE)
    assert alice.get(STAGES).status_code == 404
    assert alice.post(STAGES, data={"name": "Own"}).status_code == 404
    for verb in ("", "/place", "/hide", "/show", "/delete"):
        assert alice.post(f"{STAGES}/{chosen.public_id}{verb}").status_code == 404


def test_an_assistant_renames_places_hides_shows_adds_and_deletes(vera, cast):
    chosen = stage(StageMeaning.INTAKE)
    address = f"{STAGES}/{chosen.public_id}"
    assert vera.get(STAGES).status_code == 200
    assert vera.post(address, data={"name": "Questionnaire", "target_days": ""}).status_code == 303
    vera.post(f"{address}/place", data={"shift": "-1"})
    vera.post(f"{address}/hide")
    now = Stage.get_by_id(chosen.id)
    assert (now.name, now.target_days, now.hidden) == ("Questionnaire", None, True)
    assert [each.name for each in Stage.of(Board.onboarding())][2] == "Questionnaire"
    vera.post(f"{address}/show")
    assert not Stage.get_by_id(chosen.id).hidden
    vera.post(STAGES, data={"name": "Waiting list", "target_days": "9"})
    own = Stage.get(Stage.name == "Waiting list")
    vera.post(f"{STAGES}/{own.public_id}/place", data={"before": chosen.public_id})
    assert [each.name for each in Stage.of(Board.onboarding())][2] == "Waiting list"
    vera.post(f"{STAGES}/{own.public_id}/delete")
    assert Stage.get_or_none(Stage.id == own.id) is None


def test_a_stage_with_cards_is_not_hidden(vera, card):
    answer = vera.post(f"{STAGES}/{card.stage.public_id}/hide")
    assert answer.status_code == 422
    assert "Inquiry holds 1 card." in answer.text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": "", "target_days": "3"}, "What is the stage called?"),
        ({"name": "x" * 41, "target_days": "3"}, "At most 40 characters."),
        ({"name": "Own", "target_days": "366"}, "from 0 to 365"),
        ({"name": "Own", "target_days": "9" * 5000}, "from 0 to 365"),
    ],
)
def test_a_wrong_stage_keeps_what_was_typed(vera, cast, typed, sentence):
    for address in (STAGES, f"{STAGES}/{stage(StageMeaning.INTAKE).public_id}"):
        answer = vera.post(address, data=typed)
        assert answer.status_code == 422
        assert sentence in answer.text
        if typed["name"]:
            assert typed["name"] in answer.text
    assert stage(StageMeaning.INTAKE).name == "Intake"


def test_a_stage_renamed_with_markup_is_text_everywhere(vera, card):
    vera.post(f"{STAGES}/{card.stage.public_id}", data={"name": "<b>In</b>", "target_days": "2"})
    for page in (vera.get(BOARD).text, vera.get(STAGES).text, vera.get(f"/cards/{card.public_id}").text):
        assert "<b>In</b>" not in page


def test_the_database_is_not_touched_by_looking(vera, card):
    before = database.execute_sql("SELECT sum(version), max(position) FROM card").fetchone()
    for path in (BOARD, f"{BOARD}/changes?seen=0", f"/cards/{card.public_id}", STAGES):
        vera.get(path)
    assert database.execute_sql("SELECT sum(version), max(position) FROM card").fetchone() == before
    assert Client.select().count() == 1
