"""Today, the first steps, and the sample practice."""

from datetime import timedelta

import pytest

from coachbase import check, clock, create_app, sample, schema
from coachbase.accounts import actions as accounts
from coachbase.accounts.models import User
from coachbase.accounts.rules import Role
from coachbase.agreements.models import Agreement
from coachbase.assessments.models import Assessment
from coachbase.assessments.rules import State as Progress
from coachbase.assessments.rules import Todo
from coachbase.availability.rules import SessionKind
from coachbase.boards.models import Card
from coachbase.clients import actions as clients
from coachbase.clients.models import Client
from coachbase.clients.rules import Party
from coachbase.config import Config
from coachbase.credentials.models import Credential
from coachbase.db import database
from coachbase.engagements import actions as engagements
from coachbase.engagements.models import Engagement, Step
from coachbase.engagements.rules import StepState
from coachbase.errors import Refused
from coachbase.files.models import Document
from coachbase.home import actions as home
from coachbase.home import models
from coachbase.mail.models import Message
from coachbase.mail.rules import State
from coachbase.packages.models import Package
from coachbase.raters.models import Rater
from coachbase.requests import actions as requests
from coachbase.requests.models import Request
from coachbase.rooms import MENU
from coachbase.sample.assessed import RATED
from coachbase.scheduling.rules import Side
from coachbase.sessions.models import CoachingSession, LedgerEntry, places_of
from coachbase.sessions.rules import State as SessionState
from coachbase.web.guard import is_public
from tests.agreements import signing


def test_today_tells_each_what_waits_on_them(cast, vera, alice, carol):
    clients.pass_ball(cast.bob, Party.US, "Send the agreement")
    assert "Send the agreement: Bob Haddad" in vera.get("/").text.partition("Waiting on others")[0]
    assert "Send the agreement: Bob Haddad" in alice.get("/").text.partition("Waiting on others")[2]
    assert "Bob" not in carol.get("/").text


def test_an_agreement_whose_pdf_could_not_be_made_stands_on_today(cast, vera, alice, carol):
    agreement = signing.sent(cast)
    Agreement.update(problem="The PDF could not be made.").where(Agreement.id == agreement.id).execute()
    for browser in (vera, alice):
        page = browser.get("/").text
        assert "Agreements that need a look" in page
        assert f'href="/clients/{cast.bob.public_id}/agreements"' in page
    assert "Agreements that need a look" not in carol.get("/").text


def test_who_chose_no_time_however_often_reminded_stands_on_today(cast, vera, alice, carol):
    asked = requests.ask(
        cast.bob, cast.alice, SessionKind.CHEMISTRY, minutes=60, engagement=None, by=cast.vera
    )  # fmt: skip
    assert "nothing chosen" not in vera.get("/").text
    for change in ({"reminders": 4}, {"reminders": 2, "until_on": clock.now().date() - timedelta(days=1)}):
        Request.update(reminders=0, until_on=None).execute()
        Request.update(change).execute()
        page = vera.get("/").text
        assert "Chemistry call: Bob Haddad" in page
        assert f'href="/clients/{cast.bob.public_id}/sessions/new?kind=chemistry"' in page
    assert "reminded twice" in page
    assert "nothing chosen" not in alice.get("/").text + carol.get("/").text
    requests.tell_none_suits(asked, "I travel", side=Side.CLIENT)
    assert "nothing chosen" not in vera.get("/").text, "then it is our turn"


def test_an_inquiry_without_a_coach_asks_for_one(cast, vera, alice):
    client = Client.create(name="New Person", created_at=clock.now())
    clients.pass_ball(client, Party.US, "Reply to inquiry")
    assert f'href="/clients/{client.public_id}/edit"' in vera.get("/").text
    assert "New Person" not in alice.get("/").text


def test_an_empty_day_says_so(cast, vera):
    clients.pass_ball(cast.bob, Party.NOBODY, "")
    assert "Nothing is open" in vera.get("/").text


def test_pages_of_no_room_open_for_all(olive, vera, alice):
    for client in (olive, vera, alice):
        for path in ("/welcome", "/keys"):
            assert client.get(path).status_code == 200, path
        assert client.get("/settings").status_code == 303


AT_NO_NOUN = {"search", "keys", "welcome", "ui"}
FILES = {"static", "healthz", "logo", "documents"}


def test_every_page_of_the_desk_says_in_the_menu_where_it_is(app, vera):
    """A room of its own address is found under a noun of the menu, or says so here."""
    pages = (
        rule
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods and not is_public(rule.endpoint.rpartition(".")[0])
    )
    known = {item.split("/")[1] for each in MENU for item in (each.href, *each.also)}
    assert {rule.rule.split("/")[1].partition(".")[0] for rule in pages} - known - FILES - AT_NO_NOUN - {
        "sign-out"
    } == set()
    assert 'href="/calendar" aria-current="page"' in vera.get("/planning").text


def test_the_drawing_board_is_for_development(app, olive):
    assert olive.get("/ui").status_code == 404
    app.debug = True
    assert olive.get("/ui").status_code == 200


def test_fiction_is_never_mixed_with_clients(olive):
    before = Client.select().count()
    answer = olive.post("/welcome/sample")
    assert answer.status_code == 422
    assert Client.select().count() == before


@pytest.fixture
def empty(tmp_path):
    config = Config(data=tmp_path / "empty", base_url="http://localhost")
    schema.migrate(config)
    yield create_app(config)
    database.close()


def test_the_sample_practice_is_sound_and_sends_nothing(empty):
    told = sample.fill()
    assert "password is" in told
    assert Client.select().count() == Card.select().where(Card.assessment.is_null()).count() == len(sample.PEOPLE)
    on_board = Assessment.select().where(Assessment.state_name != "cancelled").count()
    assert Card.select().count() == len(sample.PEOPLE) + on_board
    assert not Message.select().where(Message.state_name.in_((State.QUEUED, State.FAILED, State.LEASED))).exists()
    assert list(check.findings()) == []
    _every_client_stands_where_the_steps_lead()
    _every_page_of_sessions_has_something_to_show()
    _every_page_of_assessments_has_something_to_show()
    with pytest.raises(Refused):
        sample.fill()


def _every_client_stands_where_the_steps_lead():
    """The cards moved themselves as people signed, answered and ticked."""
    onboarding = Card.with_client().where(Card.assessment.is_null())
    stages = {card.client.name: card.stage.meaning for card in onboarding}
    assert stages == {person.name: person.stage for person in sample.PEOPLE}
    assert {one.state for one in Agreement.select()} == {"out", "completed", "declined", "void"}
    assert {one.state for one in Engagement.select()} == {"draft", "active", "paused", "completed"}
    assert {one.state for one in Step.select()} == set(StepState)
    assert (
        not Engagement.select().where(Engagement.onboarded_at.is_null(), Engagement.state_name == "completed").exists()
    )
    open_ones = Engagement.select().where(Engagement.onboarded_at.is_null())
    assert 0 < open_ones.where(Engagement.due_at < clock.now()).count() < open_ones.count() / 2


def _every_page_of_sessions_has_something_to_show():
    now = clock.now()
    olive = User.get(User.role_name == Role.OWNER)
    assert {one.state for one in CoachingSession.select()} >= set(SessionState) - {SessionState.CANCELLED}
    assert {one.coach.name for one in CoachingSession.with_people()} == set(sample.PLACES)
    assert all(any(where) for where in places_of(CoachingSession.with_people()).values())
    rows, total = models.sessions_of(olive, now)[:2]
    assert 0 < total == len(rows)
    assert [each.engagement.client.name for each in models.stalled(olive, now)] == [sample.STALLED]
    coming = CoachingSession.select().where(CoachingSession.starts_at > now, CoachingSession.state_name == "booked")
    assert coming.count() > 6
    assert Request.select().where(Request.state_name == "asked", Request.by.is_null(False)).count() == len(sample.ASKED)
    assert {"made_up", "forfeited"} < {line.entry for line in LedgerEntry.select()}


def _every_page_of_assessments_has_something_to_show():
    today = clock.now().date()
    assert {one.state for one in Assessment.select()} == set(Progress)
    assert {one.state for one in Credential.select()} >= {"stock", "given"}
    assert any(one.expires_soon(today) for one in Credential.select())
    rated = Assessment.get(Assessment.client == Client.get(Client.name == RATED))
    progress = Rater.progress_of([rated.id])[rated.id]
    assert (sum(each.done for each in progress), sum(each.asked for each in progress)) == (5, 8)
    assert {one.state_name for one in Package.select()} == {"ready"}
    assert Document.select().where(Document.client.is_null(False)).count() > 50
    assert set(Todo) <= {todo for one in Assessment.with_access() if (todo := one.todo(today))}


def test_fiction_leaves_a_real_invitation_in_the_outbox(empty):
    owner = accounts.set_up(
        firm_name="Quill", zone="UTC", currency="EUR", owner_name="Olive", owner_email="olive@quill.example",
        password_hash="x",
    )  # fmt: skip
    accounts.invite(name="Nina", email="nina@quill.example", role=Role.COACH, colleagues=(), by=owner)
    home.ask_for_sample(by=owner)
    invitation = Message.get(Message.kind == "invitation")
    assert invitation.state is State.QUEUED
    assert invitation.token


def begin(client, since):
    """A program of this client whose first step opened then; its target is a day."""
    terms = dict.fromkeys(Engagement.TERMS, "")
    terms |= {
        "battery_id": None,
        "name": "Six",
        "months": 6,
        "sessions": 6,
        "session_minutes": 60,
        "cadence_name": "weekly",
    }
    terms |= {
        "price_cents": 0,
        "currency": "GBP",
        "billing_name": "upfront",
        "summaries_name": "none",
        "cancel_hours": 24,
    }
    terms |= {"late_is_charged": True}
    step = {"position": 1, "key": "own", "kind_name": "own", "label": "Ask for a room", "waiting_on_name": "us"}
    with clock.pretend(since):
        return engagements.start(
            client, terms, coach=client.coach, starts_on=since.date(), ends_on=None, payer="client", po_number="",
            participants=(), steps=[step | {"target_days": 1, "needs": ""}], by=None,
        )  # fmt: skip


def test_a_late_step_stands_first_says_so_and_leads_to_the_steps(cast, vera, carol):
    other = clients.add({"name": "Grace Adeyemi", "coach": cast.alice}, how="by hand")
    Client.update(waiting_since=clock.now() - timedelta(days=30)).where(Client.id == other.id).execute()
    begin(cast.bob, clock.now() - timedelta(days=2))
    page = vera.get("/").text
    rows = page.split('<li class="row')[1:]
    assert "Ask for a room: Bob Haddad" in rows[0]
    assert rows[0].startswith(" late")
    assert "· late</span>" in rows[0]
    assert f'href="/clients/{cast.bob.public_id}/program#steps"' in rows[0]
    assert "Open the steps" in rows[0]
    assert "Grace Adeyemi" in rows[1]
    assert "Ask for a room" not in carol.get("/").text


def test_what_is_late_in_its_stage_stands_before_what_waits_longer(cast, vera):
    other = clients.add({"name": "Grace Adeyemi", "coach": cast.alice}, how="by hand")
    Client.update(waiting_since=clock.now() - timedelta(days=30)).where(Client.id == cast.bob.id).execute()
    Card.update(entered_at=clock.now() - timedelta(days=90)).where(Card.client == other).execute()
    rows = vera.get("/").text.split('<li class="row')[1:]
    assert "Grace Adeyemi" in rows[0]
    assert rows[0].startswith(" late")
    assert "Bob Haddad" in rows[1]


def test_whoever_was_mailed_a_link_is_reminded_from_today(cast, vera):
    begin(cast.bob, clock.now() - timedelta(days=2))
    Client.update(next_step="Answer the questionnaire", waiting_on_name=Party.CLIENT).execute()
    row = vera.get("/").text.partition("Waiting on others")[2]
    assert f'action="/clients/{cast.bob.public_id}/remind"' in row
    assert "Open the steps" not in row
    Client.update(next_step="Ask for a room").execute()
    assert f"/clients/{cast.bob.public_id}/remind" not in vera.get("/").text


def test_a_step_in_time_is_not_late_however_long_the_card_stands_in_its_stage(cast, vera):
    Card.update(entered_at=clock.now() - timedelta(days=90)).execute()
    begin(cast.bob, clock.now() - timedelta(hours=1))
    Card.update(entered_at=clock.now() - timedelta(days=90)).execute()
    page = vera.get("/").text
    assert "Ask for a room: Bob Haddad" in page
    assert "· late</span>" not in page


def test_a_late_step_is_not_cut_off_by_what_waits_longer(cast, vera, monkeypatch):
    monkeypatch.setattr(models, "MOST", 1)
    other = clients.add({"name": "Grace Adeyemi", "coach": cast.alice}, how="by hand")
    Client.update(waiting_since=clock.now() - timedelta(days=30)).where(Client.id == other.id).execute()
    begin(cast.bob, clock.now() - timedelta(days=2))
    page = vera.get("/").text
    assert "Bob Haddad" in page
    assert "Grace Adeyemi" not in page
