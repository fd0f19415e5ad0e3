"""The desk's pages about raters, and who learns what from them."""

import io
import re

import pytest

from coachbase.assessments.models import Assessment
from coachbase.assessments.rules import State as AssessmentState
from coachbase.mail.models import Message
from coachbase.raters import actions
from coachbase.raters.models import Rater, RaterAsk, nominated
from coachbase.raters.rules import Person, State
from tests.raters.conftest import MANAGER, PASTED, PEERS


def words(page) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


@pytest.fixture
def home(assessment) -> str:
    return f"/assessments/{assessment.public_id}/raters"


def test_an_empty_list_teaches_what_to_do(vera, home):
    page = words(vera.get(home))
    assert "Nobody is on the list yet" in page
    assert "Ask Bob to name them" in page


def test_a_pasted_list_is_put_on_it(vera, home):
    assert vera.post(f"{home}/add", data={"text": PASTED}).location == home
    page = words(vera.get(home))
    assert "Max Mustermann" in page
    assert "Send access to 4" in page


def test_a_file_is_read_like_a_pasted_list(vera, home):
    file = io.BytesIO(("Name;Email;Relationship\n" + PASTED.replace(", ", ";")).encode("cp1252"))
    assert vera.post(f"{home}/add", data={"file": (file, "raters.csv")}).status_code == 303
    assert Rater.select().count() == 4


def test_what_is_not_understood_is_named_by_line_and_the_rest_added_only_when_somebody_says_so(vera, home):
    text = PASTED + "\nBob, bob@brightwater.example, Peers\nEve, eve@x.example, Friends"
    page = vera.post(f"{home}/add", data={"text": text})
    assert page.status_code == 422
    assert "4 lines can be" in words(page)
    assert "Line 5 This is the address of who is coached" in words(page)
    assert "Line 6 Say in which group they answer." in words(page)
    assert "Eve, eve@x.example, Friends" in page.text
    assert Rater.select().count() == 0
    vera.post(f"{home}/add", data={"text": text, "act": "rest"})
    assert Rater.select().count() == 4


def test_nothing_is_sent_by_looking_and_each_mail_is_listed(vera, assessment, listed, stock):
    codes = stock(3)
    page = vera.get(f"/raters/send?ids={assessment.public_id}")
    assert words(page).count("Your view of working with Bob Haddad") == 8 / 2
    for rater in listed:
        assert rater.email in page.text
    assert "1 way in is not in stock" in words(page)
    assert not any(code in page.text for code in codes)
    assert not Message.select().where(Message.kind == "rater_access").exists()
    sent = {f"version-{rater.public_id}": rater.version for rater in listed}
    data = sent | {"raters": [rater.public_id for rater in listed]}
    refused = vera.post("/raters/send", data=data)
    assert refused.status_code == 422
    assert "No code for Brief 360 is left" in words(refused)
    last = listed[-1].public_id
    assert vera.post("/raters/send", data=data | {f"secret-{last}": "zqtyped"}).status_code == 303
    assert Message.select().where(Message.kind == "rater_access").count() == 4


def test_who_has_answered_is_known_by_name_to_the_assistant_and_by_number_to_coach_and_owner(
    vera, alice, olive, cast, home, invited
):
    actions.mark(invited[1:2], State.COMPLETED, by=cast.vera)
    assert words(vera.get(home)).count("Completed") == 1
    before = {}
    for browser in (alice, olive):
        page = words(browser.get(home))
        assert "1/3 answered" in page
        assert page.count("Asked") == 4
        assert "Completed" not in page
        before[browser] = page
        for rater in invited:
            assert browser.get(f"/raters/{rater.public_id}").status_code == 404
        assert browser.post(f"{home}/mark", data={"ids": invited[1].public_id, "to": "started"}).status_code == 404
    actions.mark(invited[1:2], State.INVITED, by=cast.vera)
    actions.mark(invited[2:3], State.COMPLETED, by=cast.vera)
    for browser, page in before.items():
        once = r"once [^ ]+"
        assert re.sub(once, "", words(browser.get(home))) == re.sub(once, "", page)


def test_who_was_reminded_stands_in_the_outbox_for_the_assistant_alone(vera, alice, olive, cast, home, invited):
    assert vera.post(f"{home}/remind").status_code == 303
    message = Message.get(Message.kind == "rater_reminder")
    for browser, status in ((vera, 200), (alice, 404), (olive, 404)):
        assert browser.get(f"/mail/{message.public_id}").status_code == status
    for browser in (alice, olive):
        assert "Reminder for a rater" not in browser.get("/mail").text
        assert "Reminder for a rater" not in browser.get(f"/clients/{cast.bob.public_id}/mail").text


def test_the_owner_chases_where_there_is_no_assistant(olive, cast, home, invited):
    cast.vera.disabled_at = cast.vera.created_at
    cast.vera.save()
    assert "To be invited" not in words(olive.get(home))
    assert olive.get(f"/raters/{invited[0].public_id}").status_code == 200


def test_the_clients_tab_leads_to_them_with_their_numbers(alice, cast, invited):
    actions.mark(invited[1:3], State.COMPLETED, by=cast.vera)
    page = alice.get(f"/clients/{cast.bob.public_id}/assessments")
    assert "Manager 0/1, Peers 2/3" in words(page)
    assert f"/assessments/{invited[0].assessment.public_id}/raters" in page.text


def test_today_says_whose_raters_wait_for_the_desk(vera, olive, carol, alice, cast, assessment, listed, stock):
    def today(browser) -> str:
        assert 'hx-get="/raters"' in browser.get("/").text
        part = words(browser.get("/raters", headers={"HX-Request": "true"}))
        assert part in words(browser.get("/raters"))
        return part

    assert "Send access to raters: Bob Haddad Brief 360 · 4 to be invited" in today(vera)
    assert "Send access to raters: Bob Haddad" in today(olive)
    assert "Bob Haddad" not in words(carol.get("/raters"))
    stock(4)
    actions.send_access({rater.id: rater.version for rater in listed}, {}, by=cast.vera)
    assert "raters: Bob Haddad" not in today(vera)
    otto = Person("Otto", "otto@x.example", "Others")
    Rater.update(state_name=State.NOMINATED).where(Rater.id == listed[0].id).execute()
    assert "Approve raters: Bob Haddad Brief 360 · 1 named" in today(vera)
    Rater.update(state_name=State.COMPLETED).where(Rater.assessment == assessment).execute()
    assert "Complete it: Bob Haddad" not in today(vera)
    actions.note_client(assessment, by=cast.vera)
    assert "Complete it: Bob Haddad Brief 360 · enough have answered" in today(vera)
    actions.add(assessment, [otto], by=cast.vera)
    assert "Send access to raters: Bob Haddad Brief 360 · 1 to be invited · enough have answered" in today(vera)
    actions.close(assessment, is_sure=False, by=cast.vera)
    assert "enough have answered" not in today(vera)


def test_carol_finds_nothing(carol, home, invited, cast, assessment):
    for path in (home, f"{home}/add", f"/raters/{invited[0].public_id}"):
        assert carol.get(path).status_code == 404
    assert MANAGER.email not in carol.get(f"/raters/send?ids={assessment.public_id}").text
    for act in ("add", "ask", "decide", "sponsor", "mark", "client", "close", "remind"):
        assert carol.post(f"{home}/{act}").status_code == 404
    for act in ("", "/withdraw", "/back", "/again"):
        assert carol.post(f"/raters/{invited[0].public_id}{act}").status_code == 404
    data = {"raters": invited[0].public_id, f"version-{invited[0].public_id}": 2}
    assert carol.post("/raters/send", data=data).status_code == 422


def test_an_instrument_for_the_client_alone_has_no_such_page(vera, eq360, home):
    eq360.needs_raters = False
    eq360.save()
    assert vera.get(home).status_code == 404


def test_the_ticked_are_marked_and_it_is_proposed_to_complete_it(vera, home, assessment, invited):
    ids = [rater.public_id for rater in invited]
    assert vera.post(f"{home}/mark", data={"ids": ids, "to": "completed"}).location == home
    assert "It can be completed" not in words(vera.get(home))
    assert vera.post(f"{home}/close").status_code == 422
    vera.post(f"{home}/client")
    assert "It can be completed" in words(vera.get(home))
    assert vera.post(f"{home}/close").location == home
    assert Assessment.get_by_id(assessment.id).state is AssessmentState.COMPLETED
    assert "nobody is asked or reminded any more" in words(vera.get(home))


@pytest.mark.parametrize("to", ["", "withdrawn", "nonsense", "x" * 9999])
def test_nobody_is_marked_as_what_cannot_be_said_by_hand(vera, home, invited, to):
    assert vera.post(f"{home}/mark", data={"ids": invited[0].public_id, "to": to}).status_code == 422


def test_names_are_approved_by_the_desk_or_sent_on_to_the_sponsor(vera, home, cast, assessment):
    vera.post(f"{home}/ask")
    actions.name(RaterAsk.get(), [MANAGER, *PEERS], is_all=True)
    assert "4 names wait for a yes" in words(vera.get(home))
    first = nominated(assessment)[0]
    assert vera.post(f"{home}/decide", data={"act": "no"}).status_code == 422
    vera.post(f"{home}/decide", data={"act": "no", "ids": first.public_id})
    assert vera.post(f"{home}/sponsor", data={"contact": cast.sam.public_id}).status_code == 303
    assert "Sam Okafor was asked" in words(vera.get(home))
    assert vera.post(f"{home}/sponsor", data={"contact": "nobody"}).status_code == 404
    vera.post(f"{home}/decide", data={"act": "yes"})
    assert [rater.state for rater in Rater.of(assessment)] == [State.DECLINED, *[State.APPROVED] * 3]


def test_a_rater_is_changed_in_one_of_two_tabs_and_the_other_shows_both_texts(vera, listed):
    rater = listed[0]
    data = {"name": "Max M.", "email": rater.email, "group": "Manager", "zone": "", "version": 1}
    assert vera.get(f"/raters/{rater.public_id}").status_code == 200
    assert vera.post(f"/raters/{rater.public_id}", data=data).status_code == 303
    page = vera.post(f"/raters/{rater.public_id}", data=data | {"name": "Moritz"})
    assert page.status_code == 409
    assert "Max M." in page.text
    assert "Moritz" in page.text
    bad = vera.post(f"/raters/{rater.public_id}", data=data | {"version": 2, "email": "bob@brightwater.example"})
    assert bad.status_code == 422
    assert "who is coached" in words(bad)


def test_no_page_asks_more_than_fifteen_times_however_many_raters(vera, home, assessment, eq360, cast, queries):
    group = next(group for group in eq360.groups if group.name == "Peers")
    group.most = 99
    group.save()
    people = [PEERS[0]._replace(name=f"P {number}", email=f"p{number}@peers.example") for number in range(60)]
    actions.add(assessment, people, by=cast.vera)
    for path in (home, f"{home}/add", f"/raters/send?ids={assessment.public_id}"):
        vera.get(path)
        with queries() as asked:
            assert vera.get(path).status_code == 200
        assert len([one for one in asked if "SELECT" in one]) <= 15, "\n".join(asked)
