"""Who is told what of a session: rows, mails as they arrive, and nothing more than that."""

from tests.invitations.conftest import part, to


def test_a_booking_is_mailed_to_client_and_coach_each_alone(book, leave):
    book()
    letters = leave()
    assert sorted(letter["To"] for letter in letters) == [
        "Alice Kern <alice@northbank.example>",
        "Bob Haddad <bob@brightwater.example>",
    ]
    bob = to(letters, "Bob")
    assert bob["Subject"] == "Coaching session with Alice Kern, Thursday 3 December, 13:00"
    text = part(bob, "text/plain")
    assert "Thursday 3 December 2026, 13:00–14:00 Dubai time (UTC+4), which is 9:00 in London (GMT)" in text
    assert "https://meet.example/alice" in text
    assert 'href="https://meet.example/alice"' in part(bob, "text/html")
