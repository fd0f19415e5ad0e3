"""The form as strangers meet it."""

from coachbase.clients.models import Client
from coachbase.intake.models import Submission
from coachbase.mail.models import Message
from coachbase.timeline.models import Entry


def test_a_stranger_becomes_a_client(filling, cast):
    filling.send_all()
    assert "Thank you" in filling.answer.text
    client = Client.get(Client.email == "ines@halden.example")
    assert (client.name, client.organisation.name, client.zone) == ("Ines Marchetti", "Halden", "Europe/Rome")
    assert client.waiting_on_name == "us"
    assert Submission.get().client == client
    assert [entry.kind_name for entry in Entry.select().where(Entry.client == client)].count("intake") == 1
    kinds = sorted((message.kind, message.to_address) for message in Message.select())
    assert kinds == [("intake_notice", "vera@northbank.example"), ("intake_thanks", "ines@halden.example")]
