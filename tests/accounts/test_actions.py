"""Invitations, passwords, roles: what they leave in the tables."""

import pytest

from coachbase import clock
from coachbase.accounts import actions
from coachbase.accounts.models import LoginSession, Serving, User
from coachbase.accounts.rules import Role, hash_password
from coachbase.clients.models import Client
from coachbase.errors import Refused
from coachbase.links.models import Link
from tests.cast import PASSWORD


def live(user: User) -> int:
    return LoginSession.live_of(user, clock.now()).count()


def test_the_firm_is_founded_once(cast):
    with pytest.raises(Refused):
        actions.set_up(
            firm_name="Second",
            zone="UTC",
            currency="EUR",
            owner_name="Eve",
            owner_email="e@x.example",
            password_hash="",
        )
    assert User.select().where(User.role_name == Role.OWNER).count() == 1


def test_an_assistant_sees_the_clients_of_the_coaches_she_serves(cast):
    assert [client.name for client in Client.visible_to(cast.vera)] == ["Bob Haddad"]
    assert not Client.visible_to(cast.carol).exists()
    actions.serve(cast.vera, [cast.carol])
    assert not Client.visible_to(cast.vera).exists()


def test_a_client_without_a_coach_is_seen_by_owner_and_assistants_only(cast):
    orphan = Client.create(name="New Person", created_at=clock.now())
    assert orphan in Client.visible_to(cast.olive)
    assert orphan in Client.visible_to(cast.vera)
    assert orphan not in Client.visible_to(cast.alice)


def test_a_new_password_ends_every_other_session_and_link(cast):
    first, second = (actions.sign_in(cast.alice, user_agent="").login for _ in range(2))
    actions.ask_for_reset(cast.alice.email)
    actions.choose_password(cast.alice, hash_password("another morning in May"), stay=first)
    assert live(cast.alice) == 1
    assert LoginSession.get_by_id(second.id).ended_at
    assert not Link.select().where(Link.revoked_at.is_null()).exists()


def test_a_new_role_ends_the_sessions_that_had_the_old_one(cast):
    actions.sign_in(cast.vera, user_agent="")
    actions.change_member(cast.vera, name="Vera Moreau", role=Role.COACH, colleagues=[])
    assert live(cast.vera) == 0
    assert not Serving.select().where(Serving.assistant == cast.vera).exists()


def test_a_coach_with_clients_stays_a_coach(cast):
    with pytest.raises(Refused, match="still has clients"):
        actions.change_member(cast.alice, name="Alice Kern", role=Role.ASSISTANT, colleagues=[])


def test_an_owner_who_never_joined_is_none(cast):
    invited = actions.invite(name="Nina", email="n@northbank.example", role=Role.OWNER, colleagues=(), by=cast.olive)
    with pytest.raises(Refused):
        actions.change_member(cast.olive, name="Olive", role=Role.COACH, colleagues=())
    actions.change_member(invited, name="Nina", role=Role.COACH, colleagues=())


def test_the_last_owner_cannot_be_locked_out(cast):
    with pytest.raises(Refused):
        actions.disable(cast.olive, by=cast.olive)
    with pytest.raises(Refused):
        actions.change_member(cast.olive, name="Olive", role=Role.COACH, colleagues=[])


def test_who_is_locked_out_is_out_at_once(cast, vera, olive):
    assert vera.get("/account").status_code == 200
    assert olive.post(f"/settings/team/{cast.vera.public_id}/disable").status_code == 303
    assert vera.get("/account").status_code == 303
    again = vera.post("/sign-in", data={"email": cast.vera.email, "password": PASSWORD})
    assert again.status_code == 422


def test_an_unknown_address_gets_no_reset_link(cast):
    actions.ask_for_reset("ghost@northbank.example")
    assert not Link.select().exists()
