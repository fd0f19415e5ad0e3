"""Passwords, sessions and devices as tables."""

from datetime import UTC, datetime, timedelta

import pytest

from coachbase.accounts.rules import device_in_words, hash_password, is_live, password_matches, refusal_of_password

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("password", "refused"),
    [
        ("a quiet morning in June", False),
        ("short", True),
        ("x" * 201, True),
        ("aaaaaaaaaaaa", True),
        ("olive@northbank.example", True),
        ("Olive Marsh", True),
        ("пароль из шести слов", False),
    ],
)
def test_a_password_is_long_and_not_about_its_owner(password, refused):
    refusal = refusal_of_password(password, name="Olive Marsh", email="olive@northbank.example")
    assert (refusal is not None) == refused


@pytest.mark.parametrize(
    ("expires", "ended", "live"),
    [(1, None, True), (0, None, False), (-1, None, False), (1, NOON - timedelta(hours=1), False)],
)
def test_a_session_lives_until_it_expires_or_is_ended(expires, ended, live):
    assert is_live(expires_at=NOON + timedelta(hours=expires), ended_at=ended, now=NOON) is live


def test_a_password_matches_only_itself_and_never_nothing():
    stored = hash_password("a quiet morning in June")
    assert password_matches(stored, "a quiet morning in June")
    assert not password_matches(stored, "a quiet morning in July")
    assert not password_matches(None, "nobody has this password")


def test_a_device_is_recognised_by_its_owner():
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    assert device_in_words(agent) == "Firefox on Linux"
    assert device_in_words("") == "A program on an unknown device"
