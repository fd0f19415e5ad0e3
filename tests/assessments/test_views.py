"""The client's tab, the dialogs, the dry run, Today and the client's own page, as each sees them."""

import re
from datetime import date, timedelta

import pytest

from coachbase import clock
from coachbase.assessments import actions
from coachbase.assessments.models import ACCESS, Assessment, Report
from coachbase.assessments.rules import ALL_FILED, State
from coachbase.clients.models import Client
from coachbase.clients.rules import Party
from coachbase.credentials.models import Credential
from coachbase.credentials.rules import Code
from coachbase.credentials.rules import State as CodeState
from coachbase.files import actions as files
from coachbase.instruments.rules import Part
from coachbase.mail.models import Message
from coachbase.timeline.models import Entry
from tests.portal.conftest import come  # noqa: F401 (a fixture)
from tests.programs.conftest import begin, choose, leadership  # noqa: F401 (fixtures)

CODE = "K7QP-22XM-9"


def tab(cast) -> str:
    return f"/clients/{cast.bob.public_id}/assessments"


def send_page(*rows: Assessment) -> str:
    return "/assessments/send?" + "&".join(f"ids={row.public_id}" for row in rows)


@pytest.fixture
def asked(cast, disc, stock, set_up, send) -> Assessment:
    """Bob was sent a code."""
    stock(disc, CODE)
    row = set_up(disc, due=clock.now().date() + timedelta(days=30))
    send(row)
    return row


# The tab --------------------------------------------------------------------------------------------------------------


def test_the_tab_says_where_each_stands_and_shows_no_code(vera, cast, asked):
    page = vera.get(tab(cast)).text
    for words in ("Everything DiSC", "Access sent", "Remind", "Send again…", "0 sent, the next"):
        assert words in page
    assert CODE not in page
    assert f"/codes/{Credential.get().public_id}/reveal" in page


def test_a_client_without_assessments_is_taught_by_one_act(vera, cast):
    assert "No assessment is set up" in vera.get(tab(cast)).text


def test_carol_sees_nothing_of_it(carol, cast, asked):
    for path in (tab(cast), f"{tab(cast)}/new", f"{tab(cast)}/battery", send_page(asked)):
        assert carol.get(path).status_code == 404
    for act in ("due", "code", "cancel"):
        assert carol.get(f"/assessments/{asked.public_id}/{act}").status_code == 404
    sent = carol.post("/assessments/send", data={"seen": f"{asked.public_id}:2"})
    marked = carol.post(f"/assessments/{asked.public_id}/mark", data={"to": "completed", "version": 2})
    assert (sent.status_code, marked.status_code) == (404, 404)
    assert "Bob" not in carol.get("/").text


def test_setting_one_up_keeps_what_was_typed_when_it_cannot_be(vera, cast, disc, eqi):
    vera.post(f"{tab(cast)}/new", data={"instrument": disc.public_id, "secret": "TYPED-1", "due_on": "2026-12-20"})
    row = Assessment.get()
    assert (row.due_on, Credential.get_by_id(row.credential_id).secret) == (date(2026, 12, 20), "TYPED-1")
    again = vera.post(f"{tab(cast)}/new", data={"instrument": disc.public_id, "secret": "TYPED-1"})
    assert again.status_code == 422
    assert "given out already" in again.text
    assert 'value="TYPED-1"' in again.text
    assert Assessment.select().count() == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"instrument": "nosuch"}, "Not a valid choice"),
        ({"login": "BF1"}, "what belongs to it"),
        ({"secret": "a b"}, "There is a space in the code."),
        ({"secret": "x", "expires_on": "2020-01-01"}, "expired already"),
        ({"due_on": "1776-07-04"}, "between 2000 and 2099"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(vera, cast, disc, typed, said):
    answer = vera.post(f"{tab(cast)}/new", data={"instrument": disc.public_id} | typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert not Assessment.select().exists()


def test_a_battery_is_set_up_for_the_program_that_runs(vera, cast, begin):  # noqa: F811
    assert "is in none" in vera.get(f"{tab(cast)}/battery").text
    program = begin()
    Assessment.delete().execute()
    answer = vera.post(f"{tab(cast)}/battery", data={"battery": program.battery.public_id}, follow_redirects=True)
    assert "3 assessments are set up." in answer.text
    again = vera.post(f"{tab(cast)}/battery", data={"battery": program.battery.public_id}, follow_redirects=True)
    assert "All of it was set up already." in again.text


def test_a_day_is_chosen_once_and_a_second_tab_is_told(vera, cast, asked, now):
    path = f"/assessments/{asked.public_id}/due"
    version = now(asked).version
    assert vera.post(path, data={"due_on": "2026-12-24", "version": version}).status_code == 303
    late = vera.post(path, data={"due_on": "2026-12-31", "version": version})
    assert late.status_code == 422
    assert "Somebody else changed Everything DiSC" in late.text
    assert now(asked).due_on == date(2026, 12, 24)


def test_a_mark_by_hand_can_be_undone(vera, cast, asked, now):
    vera.post(f"/assessments/{asked.public_id}/mark", data={"to": "completed", "version": now(asked).version})
    assert now(asked).state is State.COMPLETED
    undo = re.search(r'action="(/assessments/[^"]+/mark\?[^"]+)"', vera.get(tab(cast)).text)[1].replace("&amp;", "&")
    vera.post(undo)
    assert now(asked).state is State.ACCESS_SENT


def test_only_what_may_be_marked_is_on_the_menu(vera, cast, asked):
    page = vera.get(tab(cast)).text
    assert re.findall(r'<button name="to" value="(\w+)"', page) == ["set_up", "in_progress", "completed"]


def test_an_assistant_releases_only_where_assistants_read(vera, alice, cast, eqi, set_up, now):
    row = actions.mark(set_up(eqi), State.DEBRIEFED, facts=ALL_FILED, by=None)
    path, data = f"/assessments/{row.public_id}/mark", {"to": "released", "version": row.version}
    assert "There is no report yet" in alice.post(path, data=data).text
    file_part(cast, row, Part.COACH)
    assert "ask the coach" in vera.post(path, data=data).text
    assert "The client part is not filed yet" in alice.post(path, data=data).text
    file_part(cast, row, Part.CLIENT)
    assert now(row).state is State.DEBRIEFED
    alice.post(path, data=data)
    assert now(row).state is State.RELEASED


def file_part(cast, row: Assessment, part: Part) -> None:
    document = files.store(b"%PDF-1.7", f"{part}.pdf", client=cast.bob, by=cast.vera)
    Report.create(assessment=row, document=document, part_name=part)


def test_cancelling_asks_why(vera, cast, asked, now):
    path, version = f"/assessments/{asked.public_id}/cancel", now(asked).version
    assert vera.post(path, data={"version": version}).status_code == 422
    vera.post(path, data={"version": version, "reason": "He left"})
    assert now(asked).state is State.CANCELLED
    assert "He left" in vera.get(tab(cast)).text


def test_a_mail_that_did_not_leave_and_an_address_that_changed_are_told(vera, cast, asked):
    Client.update(email="bob@new.example").where(Client.id == cast.bob.id).execute()
    assert "It went to bob@brightwater.example" in vera.get(tab(cast)).text
    Message.update(state_name="dead").where(Message.kind == ACCESS).execute()
    assert "The mail with the way in has not left." in vera.get(tab(cast)).text


@pytest.mark.parametrize("many", [1, 40])
def test_the_tab_asks_no_more_however_many_there_are(vera, cast, disc, set_up, stock, send, queries, many):
    stock(disc, *(f"K{number}" for number in range(many)))
    send(*(set_up(disc) for _ in range(many)))
    with queries() as statements:
        vera.get(tab(cast))
    assert len(statements) <= 15, statements


# The dry run ----------------------------------------------------------------------------------------------------------


def test_the_dry_run_lists_each_mail_and_changes_nothing(vera, cast, disc, stock, set_up, now):
    stock(disc, CODE)
    first, second = set_up(disc), set_up(disc)
    page = vera.get(send_page(first, second)).text
    for words in ("2 mails to send", "Everything DiSC: how to get in", "from the stock", "none in stock", "[code]"):
        assert words in page
    assert "Leave that out and go on with 1" in page
    assert CODE not in page
    assert "Send all" not in page, "one of them cannot leave"
    assert not Message.select().where(Message.kind == ACCESS).exists()


def test_one_act_sends_what_was_looked_at(vera, cast, disc, stock, set_up, now):
    stock(disc, CODE, "K2")
    rows = [set_up(disc), set_up(disc)]
    page = vera.get(send_page(*rows)).text
    seen = re.findall(r'name="seen" value="([^"]+)"', page)
    assert "Send all 2" in page
    answer = vera.post("/assessments/send", data={"seen": seen}, follow_redirects=True)
    assert "2 mails are on the way." in answer.text
    assert {now(row).state for row in rows} == {State.ACCESS_SENT}


def test_a_second_click_sends_nothing_twice(vera, cast, disc, stock, set_up):
    stock(disc, CODE, "K2")
    row = set_up(disc)
    data = {"seen": f"{row.public_id}:{row.version}", "once": "one-and-the-same-key"}
    for _ in range(2):
        assert vera.post("/assessments/send", data=data).status_code == 303
    assert Message.select().where(Message.kind == ACCESS).count() == 1


def test_when_it_cannot_be_none_is_sent_and_the_page_says_why(vera, cast, disc, stock, set_up, now):
    stock(disc, CODE)
    rows = [set_up(disc), set_up(disc)]
    answer = vera.post("/assessments/send", data={"seen": [f"{row.public_id}:{row.version}" for row in rows]})
    assert answer.status_code == 422
    assert "No code for Everything DiSC is left" in answer.text
    assert {now(row).state for row in rows} == {State.SET_UP}


@pytest.mark.parametrize("seen", ["", "x", "x:y", "☃:9", ":", f"{'0' * 26}:1", "a" * 5000])
def test_garbage_is_sent_to_nobody(vera, cast, seen):
    assert vera.post("/assessments/send", data={"seen": seen}).status_code in (400, 404)


def test_too_many_at_once_are_refused_with_a_sentence(vera, cast):
    answer = vera.get("/assessments/send?ids=" + ",".join(f"{number:026}" for number in range(201)))
    assert answer.status_code == 422
    assert "At most 200 at once" in answer.text


def test_a_line_ticked_twice_is_one_mail(vera, cast, disc, set_up):
    row = set_up(disc)
    assert "1 mail to send" in vera.get(send_page(row, row)).text


@pytest.mark.parametrize("many", [2, 30])
def test_the_dry_run_asks_no_more_however_many_there_are(vera, cast, disc, stock, set_up, queries, many):
    rows = [set_up(disc) for _ in range(many)]
    with queries() as statements:
        vera.get(send_page(*rows))
    assert len(statements) <= 15, statements


def test_what_has_its_day_later_is_not_sent_along_and_says_so(vera, cast, disc, set_up):
    soon = [set_up(disc, due=clock.now().date() + timedelta(days=3)) for _ in range(2)]
    later = set_up(disc, due=clock.now().date() + timedelta(days=270))
    page = vera.get(tab(cast)).text
    assert "Send access to these 2…" in page
    together = re.search(r'href="(/assessments/send[^"]+)"', page)[1]
    assert all(row.public_id in together for row in soon)
    assert later.public_id not in together
    assert f"Its day is {later.send_on.day} {later.send_on:%B %Y}." in vera.get(send_page(later)).text


# Today ----------------------------------------------------------------------------------------------------------------


def test_today_offers_to_send_what_its_day_has_come(vera, carol, cast, disc, set_up):
    rows = [set_up(disc, due=clock.now().date() + timedelta(days=3)) for _ in range(2)]
    page = vera.get("/").text
    assert "Send access: Bob Haddad" in page
    assert "Send access to all 2" in page
    assert all(row.public_id in page for row in rows)
    assert "Send access" not in carol.get("/").text


@pytest.mark.parametrize(("waits_on", "act"), [(Party.CLIENT, "Remind"), (Party.RATERS, "See who is silent")])
def test_today_turns_to_whom_a_late_one_waits_for(vera, cast, disc, stock, set_up, send, waits_on, act):
    stock(disc, CODE)
    row = set_up(disc, due=clock.now().date() + timedelta(days=3))
    send(row)
    if waits_on is Party.RATERS:
        actions.note_answer(row, waits_on=waits_on, at=clock.now(), by=cast.vera)
    late = vera.get("/").text.partition("Will be late: Bob Haddad")[2].partition("</li>")[0]
    assert act in late
    assert ("/remind" in late) is (waits_on is Party.CLIENT)


# The client's own page ------------------------------------------------------------------------------------------------


@pytest.fixture
def bob(come, cast):  # noqa: F811
    return come("client", cast.bob)


def test_bob_finds_his_own_way_in_on_his_page(bob, cast, asked):
    page = bob.get("/p/client").text
    assert "Complete “Everything DiSC”" in page
    assert CODE not in page
    own = bob.get(f"/p/client/assessment/{asked.public_id}")
    for words in (CODE, "15 to 20 minutes", 'href="https://catalyst.everythingdisc.com"', "Please complete it by"):
        assert words in own.text
    assert own.headers["Cache-Control"] == "no-store"
    assert own.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("state", [State.COMPLETED, State.PACKAGED, State.RELEASED])
def test_what_is_done_shows_no_code_any_more(bob, cast, asked, state):
    actions.mark(asked, state, facts=ALL_FILED._replace(may_open=True), by=cast.alice)
    assert "Done today" in bob.get("/p/client").text
    page = bob.get(f"/p/client/assessment/{asked.public_id}").text
    assert "This is done" in page
    assert CODE not in page


def test_an_expired_code_is_not_shown(bob, cast, asked):
    Credential.update(expires_on=clock.now().date() - timedelta(days=1)).execute()
    page = bob.get(f"/p/client/assessment/{asked.public_id}").text
    assert CODE not in page
    assert "We send you another one" in page


def test_what_is_only_set_up_or_anothers_is_not_there(bob, cast, disc, set_up, dan, asked, stock, send):
    stock(disc, "K2")
    others = set_up(disc, client=dan)
    send(others)
    for row in (set_up(disc), others):
        assert bob.get(f"/p/client/assessment/{row.public_id}").status_code == 404
    actions.cancel(asked, reason="No", by=cast.vera)
    assert bob.get(f"/p/client/assessment/{asked.public_id}").status_code == 404


def test_her_own_assistant_learns_nothing_of_it(come, cast, asked):  # noqa: F811
    Client.update(assistant_email="eve@brightwater.example").where(Client.id == cast.bob.id).execute()
    eve = come("assistant", cast.bob)
    assert "DiSC" not in eve.get("/p/assistant").text
    assert eve.get(f"/p/client/assessment/{asked.public_id}").status_code == 404


def test_a_personal_link_opens_without_saying_where_it_came_from(bob, cast, eqi, set_up, send):
    row = set_up(eqi)
    actions.hand_in(row, Code("https://tap.mhs.com/i/1?a=1&b=2"), version=row.version, by=cast.vera)
    send(row)
    page = bob.get(f"/p/client/assessment/{row.public_id}").text
    assert 'href="https://tap.mhs.com/i/1?a=1&amp;b=2" rel="noreferrer noopener"' in page


# What is told nowhere -------------------------------------------------------------------------------------------------


def test_a_code_stands_in_no_list_no_timeline_and_no_mail_as_staff_read_it(vera, alice, olive, cast, asked):
    message = Message.get(Message.kind == ACCESS)
    paths = [
        "/", tab(cast), f"/clients/{cast.bob.public_id}", "/mail", f"/mail/{message.public_id}", "/boards/assessments",
        f"/clients/{cast.bob.public_id}/mail", f"/search?q={CODE}", send_page(asked),
        f"/assessments/{asked.public_id}/code",
    ]  # fmt: skip
    for browser in (vera, alice, olive):
        for path in paths:
            assert CODE not in browser.get(path).text.replace(f'value="{CODE}"', "").replace(f"“{CODE}”", ""), path
    assert not any(CODE in entry.sentence for entry in Entry.select())
    assert Credential.get().state is CodeState.GIVEN
