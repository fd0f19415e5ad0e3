"""Naming and approving by a link, and what neither page tells."""

import re
from datetime import timedelta

import pytest

from coachbase import clock
from coachbase.assessments import actions as assessments
from coachbase.assessments.rules import NOTHING_FILED
from coachbase.assessments.rules import State as AssessmentState
from coachbase.instruments.models import InstrumentGroup
from coachbase.links import actions as links
from coachbase.links.models import Link
from coachbase.raters import actions
from coachbase.raters.models import Rater, RaterAsk, nominated
from coachbase.raters.rules import State
from tests.raters.conftest import DAY, MANAGER, PEERS
from tests.safety.digest import digest


def words(page) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


@pytest.fixture
def ask(cast, assessment) -> RaterAsk:
    return actions.ask_to_name(assessment, by=cast.vera)


@pytest.fixture
def bob(come, ask):
    return come("nominate", ask)


@pytest.fixture
def named(cast, assessment, ask) -> RaterAsk:
    """Bob has named all, and Sam is asked to approve."""
    actions.name(ask, [MANAGER, *PEERS], is_all=True)
    return actions.ask_to_approve(assessment, cast.sam, by=cast.vera)


def typed(assessment, *people) -> dict[str, str]:
    groups = {group.name: group.public_id for group in InstrumentGroup.of(assessment.instrument)}
    found, rows = {}, dict.fromkeys(groups, 0)
    for person in people:
        at = f"{groups[person.group]}-{rows[person.group]}"
        found |= {f"name-{at}": person.name, f"email-{at}": person.email}
        rows[person.group] += 1
    return found


def test_the_page_says_who_reads_the_names_and_how_many_are_wanted(bob):
    page = words(bob.get("/p/nominate"))
    assert (
        "The names are read by the desk and Alice Kern; Sam Okafor of Brightwater may be asked to approve them" in page
    )
    assert "Manager One person." in page
    assert "Peers 3 to 4 people." in page
    assert "Others Up to 2 people, or nobody." in page


def test_what_is_typed_is_saved_and_gone_on_with_later(bob, assessment, come, ask):
    answer = bob.post("/p/nominate", data=typed(assessment, PEERS[0]) | {"act": "save"})
    assert answer.location == "/p/nominate?saved=1"
    assert "Saved." in words(bob.get(answer.location))
    elsewhere = come("nominate", ask).get("/p/nominate").text
    assert 'value="Pia One"' in elsewhere
    done = bob.post("/p/nominate", data=typed(assessment, MANAGER, *PEERS) | {"act": "send"})
    assert done.location == "/p/nominate"
    page = words(bob.get("/p/nominate"))
    assert "Manager 1 named Peers 3 named" in page
    assert "Pia One" not in page


@pytest.mark.parametrize(
    ("people", "said"),
    [
        ([MANAGER, PEERS[0]], "Peers: 1 of at least 3; name 2 more"),
        ([MANAGER._replace(email="max at work")], "Max Mustermann: This is no email address."),
        ([MANAGER._replace(email="bob@brightwater.example")], "who is coached"),
        ([MANAGER._replace(email="alice@northbank.example")], "the coach"),
        ([PEERS[0], PEERS[0]], "stands there twice"),
        ([PEERS[0]._replace(name="")], "The name is missing"),
        ([MANAGER, MANAGER._replace(email="second@brightwater.example")], "at most 1 can be asked"),
    ],
)
def test_what_will_not_do_is_said_and_what_was_typed_stays(bob, assessment, people, said):
    page = bob.post("/p/nominate", data=typed(assessment, *people) | {"act": "send"})
    assert page.status_code == 422
    assert said in words(page)
    assert people[0].email in page.text
    assert Rater.select().count() == 0


@pytest.mark.parametrize("value", ["\x00", "\ud800", "a" * 1_000_000, "2" * 5000, "<script>alert(1)</script>"])
def test_nothing_that_is_typed_breaks_the_page(bob, assessment, value):
    data = dict.fromkeys(typed(assessment, MANAGER, *PEERS), value)
    encoded = {key: text.encode("utf-8", "surrogatepass") for key, text in data.items()}
    page = bob.post("/p/nominate", data=encoded | {"act": "send"})
    assert page.status_code == 422
    assert "<script>alert" not in page.text


def test_the_coachee_does_not_learn_who_stood_on_the_list_or_has_answered(cast, bob, assessment, invited):
    page = bob.get("/p/nominate").text
    assert not any(person.email in page or person.name in page for person in [MANAGER, *PEERS])
    data = typed(assessment, MANAGER, *PEERS) | {"act": "save"}
    bob.post("/p/nominate", data=data)
    before = re.sub(r'name="once" value="[^"]+"', "", bob.get("/p/nominate").text)
    actions.mark(invited[:2], State.COMPLETED, by=cast.vera)
    actions.withdraw(invited[2], is_unused=False, by=cast.vera)
    assert re.sub(r'name="once" value="[^"]+"', "", bob.get("/p/nominate").text) == before


def test_the_own_page_counts_by_group_and_names_nobody(cast, come, assessment, invited):
    assessments.mark(assessment, AssessmentState.ACCESS_SENT, facts=NOTHING_FILED, by=cast.vera)
    actions.mark(invited[:3], State.COMPLETED, by=cast.vera)
    page = come("client", cast.bob).get(f"/p/client/assessment/{assessment.public_id}")
    assert "Peers 2 of 3 have answered" in words(page)
    assert "Manager" not in page.text
    assert not any(rater.name in page.text or rater.email in page.text for rater in invited)


def test_looking_changes_nothing(bob, come, named):
    sam, before = come("approve", named), digest()
    for _ in range(3):
        bob.get("/p/nominate")
        sam.get("/p/approve")
    assert digest() == before


def test_a_sponsor_sees_names_and_groups_and_nothing_else(come, named, assessment):
    sam = come("approve", named)
    page = sam.get("/p/approve")
    assert "Max Mustermann" in page.text
    assert MANAGER.email not in page.text
    first = nominated(assessment)[0].public_id
    shown = [rater.public_id for rater in nominated(assessment)]
    answers = {f"say-{rater}": "no" if rater == first else "yes" for rater in shown}
    assert sam.post("/p/approve", data={"shown": shown}).status_code == 422
    assert sam.post("/p/approve", data=answers | {"shown": shown}).location == "/p/approve"
    assert [rater.state for rater in Rater.of(assessment)] == [State.DECLINED, *[State.APPROVED] * 3]
    after = sam.get("/p/approve").text
    assert "Thank you" in after
    assert "Max" not in after
    assert "Pia" not in after


def test_a_sponsor_cannot_decide_about_names_of_another_assessment(cast, come, named, eq360, program):
    from_elsewhere = Rater.select().first()
    Rater.update(state_name=State.INVITED).where(Rater.id == from_elsewhere.id).execute()
    sam = come("approve", named)
    sam.post("/p/approve", data={"shown": [from_elsewhere.public_id], f"say-{from_elsewhere.public_id}": "no"})
    assert Rater.get_by_id(from_elsewhere.id).state is State.INVITED


def test_both_pages_are_reached_from_the_own_page(come, cast, ask, assessment):
    client = come("client", cast.bob)
    assert "Say who may be asked for “Brief 360”" in words(client.get("/p/client"))
    assert client.post(f"/p/client/nominate/{ask.public_id}").location == "/p/nominate"
    assert "Back to my page" in client.get("/p/nominate").text
    actions.name(ask, [MANAGER, *PEERS], is_all=True)
    approval = actions.ask_to_approve(assessment, cast.sam, by=cast.vera)
    assert "Done" in words(client.get("/p/client"))
    sponsor = come("sponsor", cast.sam)
    assert "Say whether these people may be asked" in words(sponsor.get("/p/sponsor"))
    assert sponsor.post(f"/p/sponsor/approve/{approval.public_id}").location == "/p/approve"
    assert sponsor.post(f"/p/sponsor/approve/{ask.public_id}").status_code == 404
    assert client.post(f"/p/client/nominate/{approval.public_id}").status_code == 404


@pytest.mark.parametrize("kind", ["nominate", "approve"])
def test_four_doors(app, stranger, ask, named, come, kind):
    row = ask if kind == "nominate" else named
    assert come(kind, row).get(f"/p/{kind}").status_code == 200
    expired, revoked = (links.issue(kind, row.public_id, lasts=DAY) for _ in range(2))
    Link.update(expires_at=clock.now() - timedelta(minutes=1)).where(Link.id == expired[0].id).execute()
    Link.update(revoked_at=clock.now()).where(Link.id == revoked[0].id).execute()
    other = links.issue("approve" if kind == "nominate" else "nominate", row.public_id, lasts=DAY)
    for token in (expired[1], revoked[1], "unknown", other[1]):
        assert stranger.get(f"/p/{kind}/open/{token}").status_code == 404
    assert stranger.get(f"/p/{kind}").status_code == 404
    assert stranger.post(f"/p/{kind}").status_code == 404
    mistaken = links.issue(kind, (named if kind == "nominate" else ask).public_id, lasts=DAY)[1]
    browser = app.test_client()
    browser.get(f"/p/{kind}/open/{mistaken}")
    assert browser.get(f"/p/{kind}").status_code == 404


def test_another_address_of_the_client_or_the_contact_ends_the_links(cast, bob, come, named):
    sam = come("approve", named)
    actions.follow_client(cast.bob)
    actions.follow_contact(cast.sam)
    assert bob.get("/p/nominate").status_code == 404
    assert sam.get("/p/approve").status_code == 404


def test_the_device_forgets_the_page(bob):
    assert bob.post("/p/nominate/leave").location == "/p/left"
    assert bob.get("/p/nominate").status_code == 404
