"""The log as page, file and PDF, and what clients said; Carol sees nothing of Bob."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pypdf
import pytest

from coachbase import clock
from coachbase.clients.models import Client
from coachbase.cohorts.models import Cohort, Meeting, Seat
from coachbase.engagements.models import Engagement
from coachbase.logbook import actions
from coachbase.logbook.models import LogConsent
from coachbase.logbook.rules import Answer
from coachbase.sessions.models import Attendee, CoachingSession
from coachbase.timeline.models import Entry

MARCH = datetime(2026, 3, 3, 9, tzinfo=UTC)


def held(coach, client, begins=MARCH, *, minutes=60, state="held", kind="coaching", engagement=None):
    return CoachingSession.create(
        uid=f"{coach.id}-{begins.isoformat()}", coach=coach, client=client, engagement=engagement, kind_name=kind,
        starts_at=begins, ends_at=begins + timedelta(minutes=minutes), zone=coach.zone, state_name=state, via="staff",
        created_at=begins,
    )  # fmt: skip


def program(cast, cents, client=None, **values):
    usual = {"name": "Leadership", "currency": "GBP", "starts_on": MARCH.date(), "state_name": "active"}
    kept = {"client": client or cast.bob, "coach": cast.alice, "created_at": MARCH, "onboarded_at": MARCH}
    return Engagement.create(price_cents=cents, **kept | usual | values)


def agreed(cast, client=None, answer=Answer.NAME, organisation=""):
    said = {"organisation": organisation, "on": MARCH.date(), "how": "By mail", "version": 0}
    return actions.record(client or cast.bob, answer, by=cast.vera, **said)


def another(cast, name, coach=None):
    return Client.create(name=name, email=f"{name}@x.example", coach=coach or cast.alice, created_at=clock.now())


def rows(answer):
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


@pytest.fixture
def consent(cast):
    return f"/clients/{cast.bob.public_id}/log-consent"


def test_without_consent_the_hours_are_left_out_with_the_act_that_mends_it(alice, cast, consent):
    held(cast.alice, cast.bob)
    page = alice.get("/logbook").text
    assert "1 session left out: no consent." in page
    assert f'href="{consent}"' in page
    assert "bob@brightwater.example" not in page
    assert rows(alice.get("/logbook.csv")) == []


def test_who_agreed_stands_there_with_hours_paid_and_pro_bono(alice, cast):
    agreed(cast)
    held(cast.alice, cast.bob, minutes=50, engagement=program(cast, 450_000))
    held(cast.alice, cast.bob, MARCH + timedelta(days=40), minutes=90, engagement=program(cast, 0))
    (row,) = rows(alice.get("/logbook.csv"))
    assert (row["Client"], row["Contact"], row["Paid hours"], row["Pro bono hours"]) == (
        "Bob Haddad", "bob@brightwater.example", "0.83", "1.5",
    )  # fmt: skip
    assert (row["Start date"], row["End date"], row["Minutes"]) == ("2026-03-03", "2026-04-12", "140")
    page = alice.get("/logbook").text
    assert "bob@brightwater.example" in page
    assert "left out" not in page


def test_only_coaching_that_was_held_counts(alice, cast):
    agreed(cast)
    for day, (state, kind) in enumerate(
        [("held", "coaching"), ("no_show", "coaching"), ("late_cancelled", "coaching"), ("held", "chemistry"),
         ("held", "three_way"), ("held", "debrief"), ("booked", "coaching")]
    ):  # fmt: skip
        held(cast.alice, cast.bob, MARCH + timedelta(days=day), state=state, kind=kind)
    assert rows(alice.get("/logbook.csv"))[0]["Minutes"] == "120"


def test_a_day_is_the_coachs_own(alice, cast):
    cast.alice.zone = "Asia/Tokyo"
    cast.alice.save()
    agreed(cast)
    held(cast.alice, cast.bob, datetime(2026, 3, 31, 20, tzinfo=UTC))
    assert rows(alice.get("/logbook.csv?until=2026-03-31")) == []
    (row,) = rows(alice.get("/logbook.csv?since=2026-04-01&until=2026-04-01"))
    assert row["Start date"] == "2026-04-01"


def grouped(cast, *, there, cents=0, **values):
    """A session of a cohort: who was there, and one who was not."""
    cohort = Cohort.create(name="Leaders", coach=cast.alice, created_at=MARCH)
    session = held(cast.alice, None, minutes=90, kind="group")
    Meeting.create(cohort=cohort, session=session, number=1)
    absent = another(cast, "Absent")
    for number, (client, was_there) in enumerate([*((each, True) for each in there), (absent, False)], start=1):
        program(cast, cents, client, **values)
        Seat.create(cohort=cohort, client=client, number=number, since=MARCH)
        Attendee.create(
            session=session, role_name="client", client=client, name=client.name, email=client.email, zone="UTC",
            was_there=was_there,
        )  # fmt: skip
    return session


def test_a_group_counts_once_with_those_who_were_there(alice, cast):
    grouped(cast, there=[cast.bob, another(cast, "Ann"), another(cast, "Zoe", cast.carol)], cents=100)
    assert "nobody who was there has agreed" in alice.get("/logbook").text
    agreed(cast)
    (row,) = rows(alice.get("/logbook.csv"))
    assert (row["Client"], row["Number in group"], row["Paid hours"]) == ("Bob Haddad", "3", "1.5")
    assert "Zoe" not in alice.get("/logbook").text


def test_another_coachs_client_stands_for_no_group_of_ours(alice, olive, cast):
    zoe = another(cast, "Zoe", cast.carol)
    grouped(cast, there=[cast.bob, zoe])
    agreed(cast, zoe)
    mine = f"?coach={cast.alice.public_id}"
    assert rows(alice.get("/logbook.csv")) == []
    assert rows(olive.get(f"/logbook.csv{mine}"))[0]["Client"] == "Zoe"


def test_a_group_nobody_was_marked_at_is_left_out(alice, cast):
    agreed(cast)
    grouped(cast, there=[])
    assert "nobody has said who was there" in alice.get("/logbook").text
    assert rows(alice.get("/logbook.csv")) == []


def test_a_name_that_begins_like_a_formula_is_neutral_in_the_file(alice, cast):
    agreed(cast, another(cast, "=cmd()"))
    held(cast.alice, Client.get(Client.name == "=cmd()"))
    assert rows(alice.get("/logbook.csv"))[0]["Client"] == "'=cmd()"


def test_the_pdf_says_what_the_page_says(vera, cast):
    agreed(cast)
    held(cast.alice, cast.bob, minutes=90)
    held(cast.alice, another(cast, "李小龍"), MARCH + timedelta(days=1))
    agreed(cast, Client.get(Client.name == "李小龍"))
    answer = vera.get("/logbook.pdf")
    assert answer.mimetype == "application/pdf"
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.data)).pages)
    for words in ("Alice Kern", "Bob Haddad", "bob@brightwater.example", "2026-03-03", "2.5", "???"):
        assert words in text


def test_what_a_client_said_is_kept_and_told(vera, cast, consent):
    assert "word of mouth" in vera.get(consent).text
    sent = {
        "answer": "letter",
        "organisation": "Brightwater",
        "on": "2026-03-01",
        "how": "On the phone",
        "version": "0",
    }
    assert vera.post(consent, data=sent).location == f"/logbook?coach={cast.alice.public_id}"
    row = LogConsent.get()
    assert (row.answer, row.organisation, row.how, row.by) == (Answer.LETTER, "Brightwater", "On the phone", cast.vera)
    assert Entry.get().sentence.startswith("Asked about the coach’s ICF log: yes, as a client of an organisation")
    assert vera.post(consent, data=sent | {"answer": "no"}).status_code == 409
    assert vera.post(consent, data=sent | {"answer": "no", "version": "1"}).status_code == 303
    assert (LogConsent.get().answer, LogConsent.get().organisation) == (Answer.NO, "")


def test_who_said_no_can_be_asked_again(alice, cast):
    held(cast.alice, cast.bob)
    agreed(cast, answer=Answer.NO)
    assert "Said no" in alice.get("/logbook").text


@pytest.mark.parametrize(
    "typed",
    [
        {"answer": ""}, {"answer": "maybe"}, {"answer": "letter", "organisation": ""}, {"on": "2999-01-01"},
        {"on": (clock.now() + timedelta(days=2)).date().isoformat()},
        {"on": "nonsense"}, {"how": ""}, {"how": "x" * 301}, {"version": ""}, {"version": str(2**63)},
    ],
)  # fmt: skip
def test_a_slip_about_consent_keeps_nothing(vera, consent, typed):
    sent = {"answer": "name", "organisation": "Kept words", "on": "2026-03-01", "how": "By mail", "version": "0"}
    assert vera.post(consent, data=sent | typed).status_code == 422
    assert not LogConsent.select().exists()


@pytest.mark.parametrize(
    "query", ["?coach=x&since=x&until=9999-12-31", "?since=2026-02-30", "?since=" + "9" * 5000, "?coach=%00"]
)
def test_an_address_that_makes_no_sense_shows_everything(alice, cast, query):
    agreed(cast)
    held(cast.alice, cast.bob)
    for path in ("/logbook", "/logbook.csv"):
        answer = alice.get(path + query)
        assert (answer.status_code, "Bob Haddad" in answer.get_data(as_text=True)) == (200, True)


def test_coach_assistant_and_owner_see_the_log_and_carol_nothing_of_it(alice, vera, olive, carol, cast, consent):
    agreed(cast)
    held(cast.alice, cast.bob)
    mine = f"?coach={cast.alice.public_id}"
    for browser, sees in ((alice, True), (vera, True), (olive, True), (carol, False)):
        for path in ("/logbook", "/logbook.csv"):
            assert ("Bob Haddad" in browser.get(path + mine).get_data(as_text=True)) is sees
    assert (carol.get(consent).status_code, carol.post(consent).status_code) == (404, 404)
    assert "Alice" not in carol.get("/logbook" + mine).text


def test_a_client_who_has_another_coach_now_stands_in_the_owners_log_alone(alice, olive, cast):
    agreed(cast)
    held(cast.alice, cast.bob)
    cast.bob.coach = cast.carol
    cast.bob.save()
    mine = f"/logbook?coach={cast.alice.public_id}"
    assert "Bob" not in alice.get(mine).text
    assert "left out: no consent" not in alice.get(mine).text
    assert "Bob Haddad" in olive.get(mine).text


def test_who_works_for_no_coach_has_no_log(sign_in, cast):
    cast.vera.serves.model.delete().execute()
    vera = sign_in("vera")
    assert "No coach yet" in vera.get("/logbook").text
    assert (vera.get("/logbook.csv").status_code, vera.get("/logbook.pdf").status_code) == (404, 404)


def test_a_log_of_ten_years_asks_no_more_than_a_short_one(alice, cast, queries):
    agreed(cast)
    for day in range(200):
        held(cast.alice, cast.bob if day % 2 else another(cast, f"Client {day}"), MARCH - timedelta(days=day))
    with queries() as asked:
        assert "Bob Haddad" in alice.get("/logbook").text
    assert len(asked) <= 15


@pytest.mark.parametrize(
    ("cents", "values", "paid"),
    [
        (100, {}, "1.5"),
        (0, {}, "0"),
        (100, {"starts_on": MARCH.date() + timedelta(days=1)}, "0"),
        (100, {"ends_on": MARCH.date() - timedelta(days=1)}, "0"),
        (100, {"ends_on": MARCH.date()}, "1.5"),
        (100, {"state_name": "draft"}, "0"),
    ],
)
def test_a_group_is_paid_where_a_program_of_somebody_there_was(alice, cast, cents, values, paid):
    agreed(cast)
    grouped(cast, there=[cast.bob], cents=cents, **values)
    assert rows(alice.get("/logbook.csv"))[0]["Paid hours"] == paid


def test_the_log_is_found_from_ones_own_page_and_among_the_books(alice, vera):
    assert 'href="/logbook?coach=' in alice.get("/account").text
    assert "/logbook" not in vera.get("/account").text
    assert 'href="/logbook"' in vera.get("/books").text
