"""Clients, the ball, sponsors and contacts: the rows that are left."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from coachbase import clock, tidying
from coachbase.clients import actions
from coachbase.clients.models import Client, Contact, Organisation
from coachbase.clients.rules import ContactRole, Party, Status, fold
from coachbase.errors import Stale
from coachbase.timeline.models import Entry


def version(client):
    return Client.get_by_id(client.id).version


def sentences(client):
    return [entry.sentence for entry in Entry.select().where(Entry.client == client).order_by(Entry.id)]


def test_a_new_client_is_found_by_all_it_is_called(cast):
    client = actions.add(
        {
            "name": "Zoë Sørensen",
            "preferred_name": "Zo",
            "position": "COO",
            "organisation": "Halden",
            "coach": cast.alice,
        },
        how="by hand",
        by=cast.vera,
    )
    assert Client.get_by_id(client.id).search_key == "zoe sorensen zo coo halden"
    assert sentences(client) == ["Added by hand"]


def test_an_organisation_is_taken_by_its_name(cast):
    for typed in ("Brightwater", "BRIGHTWATER"):
        client = actions.add({"name": "Ines", "organisation": typed, "coach": cast.alice}, how="by hand", by=cast.alice)
        assert client.organisation == cast.brightwater
    assert Organisation.select().count() == 1


def test_a_new_organisation_is_made(cast):
    client = actions.add({"name": "Ines", "organisation": "Halden"}, how="by hand", by=cast.olive)
    assert client.organisation.name == "Halden"
    assert client.organisation.search_key == "halden"


def test_no_organisation_makes_none(cast):
    assert actions.add({"name": "Ines", "organisation": "  "}, how="by hand", by=cast.olive).organisation is None
    assert Organisation.select().count() == 1


def test_carol_typing_brightwater_does_not_get_alices_sponsor(cast):
    client = actions.add(
        {"name": "Ines", "organisation": "Brightwater", "coach": cast.carol}, how="by hand", by=cast.carol
    )
    assert client.organisation != cast.brightwater
    assert not Organisation.visible_to(cast.carol).where(Organisation.id == cast.brightwater.id).exists()


def test_a_strangers_inquiry_attaches_itself_to_no_sponsor(cast):
    client = actions.add({"name": "Ines", "organisation": "Brightwater"}, how="by the form")
    assert client.organisation != cast.brightwater


def test_the_owner_saving_a_client_of_carol_keeps_carols_sponsor(cast):
    """Two sponsors of one name: saving must not move the client to the other one."""
    client = actions.add(
        {"name": "Ines", "organisation": "Brightwater", "coach": cast.carol}, how="by hand", by=cast.carol
    )
    actions.change(client, {"organisation": "Brightwater", "phone": "1"}, version=version(client), by=cast.olive)
    assert Client.get_by_id(client.id).organisation == client.organisation != cast.brightwater


def test_the_owner_adding_for_carol_takes_the_sponsor_carol_sees(cast):
    hers = actions.add(
        {"name": "Ines", "organisation": "Brightwater", "coach": cast.carol}, how="by hand", by=cast.carol
    )
    second = actions.add(
        {"name": "Tom", "organisation": "Brightwater", "coach": cast.carol}, how="by hand", by=cast.olive
    )
    assert second.organisation == hers.organisation


def test_a_change_names_the_fields_and_not_what_they_say(cast):
    actions.change(
        cast.bob, {"phone": "+44 7700 900123", "zone": "Europe/Paris"}, version=version(cast.bob), by=cast.vera
    )
    (sentence,) = sentences(cast.bob)[-1:]
    assert "phone" in sentence
    assert "time zone" in sentence
    assert "900123" not in sentence
    assert "Paris" not in sentence


def test_saving_what_stands_changes_nothing(cast):
    before = version(cast.bob)
    actions.change(cast.bob, {"name": "Bob Haddad", "organisation": "Brightwater"}, version=before, by=cast.vera)
    assert version(cast.bob) == before
    assert not any(sentence.startswith("Changed") for sentence in sentences(cast.bob))


def test_a_change_tells_the_search(cast):
    actions.change(cast.bob, {"name": "Robert Haddad"}, version=version(cast.bob), by=cast.vera)
    assert "robert" in Client.get_by_id(cast.bob.id).search_key


def test_an_older_version_is_stale(cast):
    opened = version(cast.bob)
    actions.change(cast.bob, {"phone": "1"}, version=opened, by=cast.vera)
    with pytest.raises(Stale):
        actions.change(cast.bob, {"phone": "2"}, version=opened, by=cast.alice)
    assert Client.get_by_id(cast.bob.id).phone == "1"


def test_a_form_open_while_the_card_moved_is_stale(cast):
    """Else saving a phone number would put the old status back."""
    opened = version(cast.bob)
    actions.set_status(cast.bob, Status.ACTIVE)
    with pytest.raises(Stale):
        actions.change(cast.bob, {"phone": "1", "status": Status.PROSPECT}, version=opened, by=cast.vera)
    assert Client.get_by_id(cast.bob.id).status is Status.ACTIVE


def test_passing_the_ball_starts_the_clock(cast):
    with time_machine.travel(datetime(2026, 3, 2, 9, tzinfo=UTC), tick=False):
        actions.pass_ball(cast.bob, Party.SPONSOR, "Sign the agreement")
    bob = Client.get_by_id(cast.bob.id)
    assert (bob.waiting_on, bob.next_step) == (Party.SPONSOR, "Sign the agreement")
    assert bob.waiting_since == datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_passing_the_same_ball_again_does_not_restart_the_clock(cast):
    actions.pass_ball(cast.bob, Party.SPONSOR, "Sign")
    before = Client.get_by_id(cast.bob.id)
    with time_machine.travel(clock.now() + timedelta(days=3)):
        actions.pass_ball(cast.bob, Party.SPONSOR, "Sign")
    after = Client.get_by_id(cast.bob.id)
    assert (after.waiting_since, after.version) == (before.waiting_since, before.version)


def test_a_ball_nobody_has_waits_since_never(cast):
    actions.pass_ball(cast.bob, Party.SPONSOR, "Sign")
    actions.pass_ball(cast.bob, Party.NOBODY, "")
    assert Client.get_by_id(cast.bob.id).waiting_since is None


def test_two_passing_the_ball_at_once_do_not_overwrite_each_other(cast):
    opened = version(cast.bob)
    actions.pass_ball(cast.bob, Party.SPONSOR, "Sign", version=opened)
    with pytest.raises(Stale):
        actions.pass_ball(cast.bob, Party.COACH, "Call", version=opened)
    assert Client.get_by_id(cast.bob.id).next_step == "Sign"


def test_a_renamed_sponsor_finds_its_clients(cast):
    actions.change_organisation(cast.brightwater, name="Clearwater", website="", address="", version=1)
    assert "clearwater" in Client.get_by_id(cast.bob.id).search_key
    assert "brightwater " not in Client.get_by_id(cast.bob.id).search_key.replace("brightwater.example", "")
    assert Organisation.called("clearwater", cast.alice) == cast.brightwater


def test_a_stale_sponsor_is_not_overwritten(cast):
    actions.change_organisation(cast.brightwater, name="Clearwater", website="", address="", version=1)
    with pytest.raises(Stale):
        actions.change_organisation(cast.brightwater, name="Darkwater", website="", address="", version=1)
    assert Organisation.get_by_id(cast.brightwater.id).name == "Clearwater"


def test_contacts_stand_by_role(cast):
    actions.add_contact(cast.brightwater, name="Zed", role=ContactRole.OTHER)
    actions.add_contact(cast.brightwater, name="Dana", role=ContactRole.ACCOUNTS_PAYABLE)
    actions.add_contact(cast.brightwater, name="Lee", role=ContactRole.LINE_MANAGER)
    assert [contact.name for contact in Contact.of(cast.brightwater)] == ["Sam Okafor", "Lee", "Dana", "Zed"]


def test_a_removed_contact_is_gone_and_can_be_put_back(cast):
    actions.remove_contact(cast.sam)
    assert not list(Contact.of(cast.brightwater))
    assert not list(Contact.found(cast.olive, ["sam"]))
    actions.restore_contact(cast.sam)
    assert list(Contact.of(cast.brightwater)) == [cast.sam]


def test_a_removed_contact_is_forgotten_after_a_day(cast):
    actions.remove_contact(cast.sam)
    tidying.forget_spent_rows()
    assert Contact.select().count() == 1
    with time_machine.travel(clock.now() + timedelta(days=1, minutes=1)):
        tidying.forget_spent_rows()
    assert Contact.select().count() == 0


def test_a_stale_contact_is_not_overwritten(cast):
    texts = {"role": ContactRole.HR, "title": "", "email": "", "phone": ""}
    actions.change_contact(cast.sam, name="Samuel", **texts, version=1)
    with pytest.raises(Stale):
        actions.change_contact(cast.sam, name="Samantha", **texts, version=1)
    contact = Contact.get_by_id(cast.sam.id)
    assert (contact.name, contact.search_key) == ("Samuel", fold("Samuel"))
