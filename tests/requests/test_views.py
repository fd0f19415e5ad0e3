"""Asking a client to book by the hands of staff."""

from coachbase.availability.rules import SessionKind
from coachbase.requests import actions
from coachbase.requests.models import Request
from coachbase.requests.rules import RequestState


def test_bob_is_asked_and_no_more(vera, cast, program):
    here = f"/clients/{cast.bob.public_id}/sessions"
    form = {"kind": "coaching", "minutes": "60", "from_on": "2026-12-01", "until_on": "2026-12-12"}
    assert vera.post(f"{here}/ask", data=form).location == here
    asked = Request.get()
    assert (asked.client, asked.engagement, asked.by, f"{asked.until_on}") == (
        cast.bob,
        program,
        cast.vera,
        "2026-12-12",
    )
    tab = vera.get(here).text
    assert "not reminded yet" in tab
    assert f'action="/clients/{cast.bob.public_id}/remind"' in tab
    assert vera.post(f"/clients/{cast.bob.public_id}/remind", data={"from": "sessions"}).location == here
    assert "reminded once" in vera.get(here).text
    assert vera.post(f"/requests/{asked.public_id}/withdraw").location == here
    assert Request.get().state is RequestState.WITHDRAWN


def test_days_in_the_wrong_order_ask_nobody(vera, cast, program):
    form = {"kind": "coaching", "minutes": "60", "from_on": "2026-12-12", "until_on": "2026-12-01"}
    answer = vera.post(f"/clients/{cast.bob.public_id}/sessions/ask", data=form)
    assert answer.status_code == 422
    assert "The last day comes before the first one." in answer.text
    assert not Request.select().exists()


def test_the_form_to_book_opens_with_what_is_asked_for(vera, cast, program):
    new = f"/clients/{cast.bob.public_id}/sessions/new"
    assert '<option selected value="debrief">' not in vera.get(new).text
    actions.ask(cast.bob, cast.alice, SessionKind.DEBRIEF, minutes=60, engagement=program, by=cast.vera)
    assert '<option selected value="debrief">' in vera.get(new).text


def test_the_form_to_ask_is_a_dialog_for_scripts_and_a_page_without(vera, cast, program):
    address = f"/clients/{cast.bob.public_id}/sessions/ask"
    page, dialog = vera.get(address).text, vera.get(address, headers={"HX-Request": "true"}).text
    assert ("<html" in page, "<html" in dialog) == (True, False)
    for shown in (page, dialog):
        assert f'href="/clients/{cast.bob.public_id}/sessions"' in shown


def test_carol_asks_nobody_of_alices(carol, vera, cast, program):
    asked = actions.ask(cast.bob, cast.alice, SessionKind.DEBRIEF, minutes=60, engagement=program, by=cast.vera)
    tab, withdraw = f"/clients/{cast.bob.public_id}/sessions", f"/requests/{asked.public_id}/withdraw"
    answers = carol.get(tab), carol.get(f"{tab}/ask"), carol.post(f"{tab}/ask"), carol.post(withdraw)
    assert {answer.status_code for answer in answers} == {404}
    assert Request.get().state is RequestState.ASKED
