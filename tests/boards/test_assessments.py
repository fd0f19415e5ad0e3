"""The board of assessments: a card follows its assessment, who drags it marks it, and what may not be is put back."""

import re
from datetime import timedelta

import pytest

from coachbase import clock
from coachbase.assessments import actions as assessments
from coachbase.assessments.models import Assessment, Report
from coachbase.assessments.rules import State
from coachbase.boards import actions
from coachbase.boards import models as board_models
from coachbase.boards.models import Board, Card, Stage
from coachbase.boards.rules import STAGE_OF_STATE, StageMeaning
from coachbase.clients import actions as clients
from coachbase.clients.rules import Party
from coachbase.credentials.models import Credential
from coachbase.errors import Refused, Stale
from coachbase.files.models import Document
from coachbase.instruments.models import Instrument, InstrumentGroup
from coachbase.raters.models import Rater
from coachbase.timeline.models import Entry

BOARD = "/boards/assessments"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def eqi():
    return Instrument.get(Instrument.name == "EQ-i 2.0")


@pytest.fixture
def bobs(cast, eqi):
    """Bob is to be assessed with EQ-i."""
    return assessments.set_up(cast.bob, eqi, due=clock.now().date() + timedelta(days=60), by=cast.vera)


@pytest.fixture
def card(bobs):
    return card_of(bobs)


@pytest.fixture
def carols(cast, eqi):
    """A client of Carol's, the coach next door, who is assessed as well."""
    elif_ = clients.add({"name": "Elif Demir", "coach": cast.carol}, how="by hand")
    return assessments.set_up(elif_, Instrument.get(Instrument.name == "MBTI"), by=cast.carol)


def card_of(assessment):
    return Card.get(Card.assessment == assessment)


def stage(state):
    return Stage.get(Stage.meaning_name == STAGE_OF_STATE[state])


def now(assessment):
    return Assessment.get_by_id(assessment.id)


def mark(assessment, state, by):
    facts = now(assessment).facts(by, has_package=True)._replace(has_report=True, has_client_part=True, may_open=True)
    return assessments.mark(assessment, state, facts=facts, by=by)


def move(card, to, by, *, before=None):
    return actions.move(card, to, before=before, by=by, seen_version=Card.get_by_id(card.id).version)


def report_of(assessment):
    document = Document.create(
        client=assessment.client, name="r.pdf", media_type="application/pdf", size=1, sha256="0" * 64,
        uploaded_at=clock.now(),
    )  # fmt: skip
    Report.create(assessment=assessment, document=document, part_name="coach")


# The card follows its assessment --------------------------------------------------------------------------------------


def test_founding_a_firm_lays_out_the_board_of_assessments(cast):
    names = [each.name for each in Stage.of(Board.assessments())]
    expected = ["Set up", "Access sent", "In progress", "Completed", "Report in", "Packaged", "Debriefed", "Released"]
    assert names == expected


def test_what_is_set_up_has_a_card_of_its_own_on_top_of_the_first_stage(cast, bobs):
    second = assessments.set_up(cast.bob, Instrument.get(Instrument.name == "MBTI"), by=cast.vera)
    there = Card.select().where(Card.stage == stage(State.SET_UP)).order_by(Card.position)
    assert [each.assessment for each in there] == [second, bobs]
    assert Card.get(Card.client == cast.bob, Card.assessment.is_null()).stage.meaning is StageMeaning.INQUIRY


@pytest.mark.parametrize("state", [state for state in STAGE_OF_STATE if state is not State.SET_UP])
def test_a_card_stands_in_the_stage_of_its_assessments_state(cast, bobs, state):
    mark(bobs, state, cast.vera)
    assert card_of(bobs).stage == stage(state)
    assert card_of(bobs).version == 2
    mark(bobs, State.SET_UP, cast.vera)
    assert card_of(bobs).stage == stage(State.SET_UP)


def test_a_cancelled_assessment_leaves_the_board(cast, bobs):
    assessments.cancel(bobs, reason="He has done it elsewhere", by=cast.vera)
    assert Card.get_or_none(Card.assessment == bobs) is None


def test_where_the_stage_is_hidden_the_card_stands_in_the_one_before(cast, bobs):
    actions.hide_stage(stage(State.PACKAGED))
    mark(bobs, State.PACKAGED, cast.vera)
    assert card_of(bobs).stage == stage(State.REPORT_IN)


def test_a_card_leaves_a_stage_of_the_firms_own_once_something_happens(cast, card, bobs):
    own = actions.add_stage("On hold", None, board=Board.assessments())
    move(card, own, cast.vera)
    assert now(bobs).state is State.SET_UP
    mark(bobs, State.ACCESS_SENT, cast.vera)
    assert card_of(bobs).stage == stage(State.ACCESS_SENT)


# Whoever moves the card marks the assessment --------------------------------------------------------------------------


def test_a_move_marks_the_assessment_and_the_card_stays_where_it_was_put(cast, card, bobs, eqi):
    other = card_of(assessments.set_up(cast.bob, eqi, by=cast.vera))
    move(other, stage(State.ACCESS_SENT), cast.vera)
    moved = move(card, stage(State.ACCESS_SENT), cast.vera)
    assert now(bobs).state is State.ACCESS_SENT
    assert now(bobs).waiting_on is Party.CLIENT
    there = Card.select().where(Card.stage == moved.stage).order_by(Card.position)
    assert list(there) == [other, card]
    sentences = [entry.sentence for entry in Entry.select().where(Entry.client == cast.bob)]
    assert "EQ-i 2.0: access sent" in sentences
    assert not any(sentence.startswith("Moved") for sentence in sentences)


@pytest.mark.parametrize(
    ("to", "sentence"),
    [
        (State.REPORT_IN, "There is no report yet"),
        (State.PACKAGED, "There is no report yet"),
        (State.RELEASED, "There is no report yet"),
    ],
)
def test_what_may_not_be_is_refused_and_the_card_stays(cast, card, bobs, to, sentence):
    with pytest.raises(Refused, match=sentence):
        move(card, stage(to), cast.vera)
    assert (card_of(bobs).stage, card_of(bobs).version) == (stage(State.SET_UP), 1)
    assert now(bobs).state is State.SET_UP


def test_with_the_report_filed_it_may_be_in_but_not_packaged(cast, card, bobs):
    report_of(bobs)
    move(card, stage(State.REPORT_IN), cast.vera)
    assert now(bobs).state is State.REPORT_IN
    with pytest.raises(Refused, match="There is no package"):
        move(card, stage(State.PACKAGED), cast.vera)
    assert card_of(bobs).stage == stage(State.REPORT_IN)


def test_an_assistant_who_may_not_read_reports_does_not_release_one(cast, card, bobs):
    report_of(bobs)
    with pytest.raises(Refused, match="must be allowed to read it"):
        move(card, stage(State.RELEASED), cast.vera)


def test_a_move_within_the_stage_marks_nothing(cast, card, bobs, eqi):
    other = card_of(assessments.set_up(cast.bob, eqi, by=cast.vera))
    move(card, card.stage, cast.vera, before=other)
    assert now(bobs).version == 1


def test_undo_takes_the_mark_back_with_all_its_dates(cast, card, bobs):
    mark(bobs, State.COMPLETED, cast.vera)
    before = now(bobs)
    with clock.pretend(clock.now() + timedelta(days=1)):
        moved = move(card, stage(State.ACCESS_SENT), cast.vera)
        assert now(bobs).completed_at is None
        actions.undo(moved, by=cast.vera, seen_version=moved.version)
    assert card_of(bobs).stage == stage(State.COMPLETED)
    assert now(bobs).standing == before.standing


def test_undo_is_stale_once_the_assessment_got_on(cast, card, bobs):
    moved = move(card, stage(State.ACCESS_SENT), cast.vera)
    mark(bobs, State.COMPLETED, cast.vera)
    with pytest.raises(Stale, match=r"Bob Haddad, EQ-i 2\.0 has moved on to Completed\. The board"):
        actions.undo(moved, by=cast.vera, seen_version=moved.version)
    assert now(bobs).state is State.COMPLETED


def test_the_ticked_ones_are_completed_and_what_is_further_stays(cast, bobs, eqi):
    second = assessments.set_up(cast.bob, eqi, by=cast.vera)
    mark(second, State.PACKAGED, cast.vera)
    assert actions.complete([card_of(bobs), card_of(second)], by=cast.vera) == 1
    assert (now(bobs).state, now(second).state) == (State.COMPLETED, State.PACKAGED)


# What the board shows -------------------------------------------------------------------------------------------------


def test_the_board_shows_client_instrument_coach_step_ball_and_dates(vera, cast, bobs):
    page = vera.get(BOARD).text
    due, send = (f"{day.day} {day:%b}" for day in (bobs.due_on, bobs.send_on))
    for shown in ("Bob Haddad", "EQ-i 2.0", "Alice Kern", "Send access", f"send {send}, due {due}"):
        assert shown in page
    assert re.search(r"us · 0 m", page)
    assert f"/clients/{cast.bob.public_id}/assessments" in page
    assert re.search(r"<span>Assessments</span><b>1</b>", page)


def test_a_card_shows_until_when_the_code_is_good_and_when_the_client_is_reminded(vera, cast, bobs):
    day = clock.now().date() + timedelta(days=40)
    code = Credential.create(
        instrument=bobs.instrument, login="", secret="qq-canary-qq", expires_on=day, currency="GBP",
        added_at=clock.now(), state_name="given",
    )  # fmt: skip
    Assessment.update(credential=code).where(Assessment.id == bobs.id).execute()
    mark(bobs, State.ACCESS_SENT, cast.vera)
    page = vera.get(BOARD).text
    assert f"code until {day.day} {day:%b}" in page
    first = clock.now().date() + timedelta(days=bobs.instrument.reminders_after[0])
    assert f"reminder {first.day} {first:%b}" in page
    assert "canary" not in page


def test_a_card_counts_the_raters_and_names_no_one(vera, cast):
    instrument = Instrument.get(Instrument.name == "EQ 360")
    assessment = assessments.set_up(cast.bob, instrument, by=cast.vera)
    assert "nobody asked yet" in vera.get(BOARD).text
    group, other = InstrumentGroup.of(instrument)[:2]
    for number, (where, state) in enumerate(((group, "completed"), (group, "invited"), (other, "completed"))):
        Rater.create(
            assessment=assessment, group=where, name=f"Rater {number}", email=f"rater{number}@x.example",
            state_name=state, created_at=clock.now(),
        )  # fmt: skip
    page = vera.get(BOARD).text
    assert '<p class="steps t3 d2">raters 2/3' in page
    assert f"{group.name} 1/2" in page
    assert f"{other.name} 1/1" not in page
    assert "Rater 0" not in page
    assert "x.example" not in page


def test_a_card_is_at_risk_before_it_is_late(vera, cast, bobs):
    for days, shown in ((3, "at risk"), (-1, "late")):
        Assessment.update(due_on=clock.now().date() + timedelta(days=days)).execute()
        assert f"· {shown}</p>" in vera.get(BOARD).text
    assert "Bob Haddad" in vera.get(f"{BOARD}?late=1").text
    assert "Nothing matches" in vera.get(f"{BOARD}?risk=1").text


def test_released_ones_show_only_when_asked_for_and_the_newest_only(vera, cast, bobs, eqi, monkeypatch):
    monkeypatch.setattr(board_models, "NEWEST_DONE", 2)
    there = [bobs, *(assessments.set_up(cast.bob, eqi, by=cast.vera) for _ in range(3))]
    for assessment in there:
        mark(assessment, State.RELEASED, cast.alice)
    assert "Bob Haddad" not in vera.get(BOARD).text
    shown = set(re.findall(r"<li class=card id=(\w+)", vera.get(f"{BOARD}?closed=1").text))
    assert shown == {each.public_id for each in there[2:]}


def test_filters_stand_in_the_address_and_narrow_the_board(olive, cast, bobs, carols):
    mbti = carols.instrument
    for query, shown in (
        (f"coach={cast.carol.public_id}", {"Elif Demir"}),
        (f"organisation={cast.brightwater.public_id}", {"Bob Haddad"}),
        (f"made_with={mbti.public_id}", {"Elif Demir"}),
        (f"made_with={bobs.instrument.vendor.public_id}", {"Bob Haddad"}),
        ("made_with=nothing-we-know", set()),
        ("waiting=client", set()),
        ("waiting=us", {"Elif Demir", "Bob Haddad"}),
    ):
        page = olive.get(f"{BOARD}?{query}").text
        assert set(re.findall(r"class=who[^>]*>([^<]+)<small>", page)) == shown, query
    assert f"made_with={mbti.public_id}&amp;waiting=us" in olive.get(f"{BOARD}?made_with={mbti.public_id}").text


def test_an_empty_board_teaches_how_an_assessment_comes_onto_it(vera, cast):
    assert "No assessments yet" in vera.get(BOARD).text


def test_the_onboarding_board_shows_no_assessment_and_counts_none(vera, cast, bobs):
    page = vera.get("/boards/onboarding").text
    assert "EQ-i" not in page
    assert page.count("<li class=card") == 1
    assert "class=tick" not in page
    assert "made_with" not in page
    assert re.search(r"<span>Onboarding</span><b>1</b>", page)
    assert "Inquiry" in vera.get(f"/boards/onboarding/of/{cast.bob.public_id}").text
    Card.delete().where(Card.assessment.is_null()).execute()
    assert vera.get(f"/boards/onboarding/of/{cast.bob.public_id}").status_code == 404


def test_a_board_of_any_size_asks_the_database_as_often(vera, cast, eqi, queries):
    three = Instrument.get(Instrument.name == "EQ 360")
    for number in range(30):
        assessments.set_up(cast.bob, three if number % 2 else eqi, by=cast.vera)
    with queries() as asked:
        assert vera.get(BOARD).status_code == 200
    assert len(asked) <= 15, asked


# Over HTTP ------------------------------------------------------------------------------------------------------------


def post_move(browser, card, to, **options):
    sent = {"stage": to.public_id, "before": "top", "version": card.version}
    return browser.post(f"{BOARD}/cards/{card.public_id}/move", data=sent, **options)


def test_a_move_with_htmx_answers_the_board_of_assessments_and_an_undo(vera, card, bobs):
    answer = post_move(vera, card, stage(State.ACCESS_SENT), headers=HTMX)
    assert answer.status_code == 200
    assert "Bob Haddad, EQ-i 2.0 moved to Access sent." in answer.text
    undo = re.search(rf'"({BOARD}/cards/\w+/undo\?version=2)"', answer.text)[1]
    assert vera.post(undo, headers=HTMX).status_code == 200
    assert now(bobs).state is State.SET_UP


def test_a_refused_move_answers_422_with_the_sentence(vera, card):
    answer = post_move(vera, card, stage(State.REPORT_IN), headers=HTMX)
    assert answer.status_code == 422
    assert answer.text == "There is no report yet. File it, and the assessment moves by itself."


def test_a_card_of_one_board_is_none_of_the_other(vera, cast, card):
    bobs_own = Card.get(Card.client == cast.bob, Card.assessment.is_null())
    data = {"stage": stage(State.ACCESS_SENT).public_id, "before": "", "version": 1}
    assert vera.post(f"/boards/onboarding/cards/{card.public_id}/move", data=data).status_code == 404
    assert vera.post(f"{BOARD}/cards/{bobs_own.public_id}/move", data=data).status_code == 404
    data["stage"] = Stage.get(Stage.meaning_name == "intake").public_id
    assert vera.post(f"{BOARD}/cards/{card.public_id}/move", data=data).status_code == 404


def test_carol_sees_and_moves_nothing_of_alices_clients(carol, card, bobs):
    page = carol.get(BOARD).text
    assert "Bob Haddad" not in page
    assert "EQ-i" not in page
    assert "<span>Assessments</span><b>" not in page
    assert carol.get(f"/cards/{card.public_id}").status_code == 404
    assert post_move(carol, card, stage(State.ACCESS_SENT)).status_code == 404
    answer = carol.post(f"{BOARD}/complete", data={"ids": card.public_id}, follow_redirects=True)
    assert "Nothing was ticked" in answer.text
    assert now(bobs).state is State.SET_UP


def test_the_chips_and_menus_of_vera_tell_nothing_of_carols_clients(vera, bobs, carols):
    page = vera.get(BOARD).text
    for hidden in ("Elif Demir", "Carol Voss", "MBTI", carols.instrument.vendor.name):
        assert hidden not in page


def test_ticked_cards_are_sent_access_or_completed_without_javascript(vera, cast, card, bobs):
    page = vera.get(f"{BOARD}?waiting=us").text
    assert f"name=ids value={card.public_id}" in page
    assert '<form id="ticked" action="/assessments/send">' in page
    assert 'formaction="/boards/assessments/complete?waiting=us"' in page
    strange = "\ud800".encode("utf-8", "surrogatepass")
    answer = vera.post(f"{BOARD}/complete?waiting=us", data={"ids": [card.public_id, strange, "x" * 5000]})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{BOARD}?waiting=us")
    assert now(bobs).state is State.COMPLETED
    assert "1 assessment marked completed." in vera.get(BOARD).text


def test_the_form_of_a_card_names_what_it_is_about(vera, cast, card, eqi):
    for _ in range(2):
        assessments.set_up(cast.bob, eqi, by=cast.vera)
    page = vera.get(f"/cards/{card.public_id}").text
    assert "Move Bob Haddad, EQ-i 2.0" in page
    assert "After Bob Haddad, EQ-i 2.0, round 3" in page
    assert f'action="{BOARD}/cards/{card.public_id}/move"' in page
    assert "Start program" not in page


# Settings -------------------------------------------------------------------------------------------------------------


def test_the_stages_of_assessments_are_arranged_on_a_page_of_their_own(vera, bobs):
    settings = "/settings/stages?board=assessments"
    page = vera.get(settings).text
    assert 'value="Report in"' in page
    assert 'value="Intake"' not in page
    vera.post(settings, data={"name": "Waiting for HR", "target_days": "4"})
    own = Stage.get(Stage.name == "Waiting for HR")
    assert own.board == Board.assessments()
    chosen = stage(State.PACKAGED)
    answer = vera.post(f"/settings/stages/{chosen.public_id}", data={"name": "Bound", "target_days": ""})
    assert answer.headers["Location"] == settings
    assert "Bound" in vera.get(BOARD).text
    assert 'value="Intake"' in vera.get("/settings/stages?board=nonsense").text
