"""What every request meets before a room sees it, and every answer after: host, site, sign-in, sessions, headers."""

import statistics
import time
from dataclasses import replace

import pytest

from coachbase import create_app
from coachbase.accounts import actions as accounts
from coachbase.accounts.models import Attempt, LoginSession, User
from coachbase.accounts.rules import Role
from coachbase.db import database
from coachbase.web import guard
from coachbase.web.headers import CSP
from tests.cast import PASSWORD
from tests.conftest import Browser

NEW_PASSWORD = "another quiet evening in May"


def address(name: str) -> str:
    return f"{name}@northbank.example"


def try_to_sign_in(browser, name: str, password: str = "not the password", **more):
    return browser.post("/sign-in", data={"email": address(name), "password": password} | more)


def is_in(browser) -> bool:
    return browser.get("/account").status_code == 200


# Throttling -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["alice", "ghost"])
def test_after_ten_tries_even_the_right_password_must_wait_a_quarter_of_an_hour(people, name, time_machine):
    stranger = people["stranger"]
    time_machine.move_to("2026-11-22T12:00:00Z", tick=False)
    assert [try_to_sign_in(stranger, name).status_code for _ in range(10)] == [422] * 10
    answer = try_to_sign_in(stranger, name, PASSWORD)
    assert answer.status_code == 429
    assert "wait 15 minutes" in answer.text
    time_machine.move_to("2026-11-22T12:15:01Z", tick=False)
    assert try_to_sign_in(stranger, name, PASSWORD).status_code == (303 if name == "alice" else 422)


def test_one_account_under_attack_does_not_lock_out_another(people):
    for _ in range(11):
        try_to_sign_in(people["stranger"], "alice")
    assert try_to_sign_in(people["stranger"], "carol", PASSWORD).status_code == 303


def test_one_address_may_not_try_many_accounts(people):
    statuses = [try_to_sign_in(people["stranger"], f"ghost{n}").status_code for n in range(62)]
    assert statuses == [422] * 60 + [429] * 2


def test_without_the_count_anybody_might_try_for_ever(people, monkeypatch):
    monkeypatch.setattr(Attempt, "count_one", classmethod(lambda cls, bucket, **limits: None))
    assert {try_to_sign_in(people["stranger"], "alice").status_code for _ in range(12)} == {422}


def test_known_and_unknown_accounts_take_the_same_time_and_say_the_same(people, monkeypatch):
    monkeypatch.setattr(Attempt, "count_one", classmethod(lambda cls, bucket, **limits: None))
    taken, said = {"alice": [], "ghost": []}, {}
    for _ in range(15):
        for name in taken:
            started = time.perf_counter()
            answer = try_to_sign_in(people["stranger"], name)
            taken[name].append(time.perf_counter() - started)
            said[name] = answer.status_code, answer.text.replace(name, "somebody")
    assert said["alice"] == said["ghost"]
    known, unknown = statistics.median(taken["alice"]), statistics.median(taken["ghost"])
    assert 0.6 < known / unknown < 1.6


def test_asking_for_a_reset_says_the_same_to_all_and_is_counted(people):
    stranger = people["stranger"]
    answers = [stranger.post("/forgot", data={"email": address("ghost")}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    real = stranger.post("/forgot", data={"email": address("carol")})
    assert real.text.replace("carol", "ghost") == answers[0].text


# From our own page? ---------------------------------------------------------------------------------------------------

SITES = [
    ({"Sec-Fetch-Site": "same-origin"}, True),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"}, True),  # a browser cannot send this pair
    ({"Sec-Fetch-Site": "same-site"}, False),
    ({"Sec-Fetch-Site": "cross-site"}, False),
    ({"Sec-Fetch-Site": "none"}, False),
    ({"Sec-Fetch-Site": ""}, False),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, False),
    ({"Origin": "http://localhost"}, True),
    ({"Origin": "http://localhost:8001"}, False),
    ({"Origin": "https://evil.example"}, False),
    ({"Origin": "http://localhost.evil.example"}, False),
    ({"Origin": "http://localhost@evil.example"}, False),
    ({"Origin": "null"}, False),
    ({"Origin": ""}, False),
    ({"Origin": "http://["}, False),
    ({}, False),
]


def plain_browser(people, name: str):
    """A browser that adds no header of its own."""
    people.app.test_client_class = None
    browser = people.app.test_client()
    for key, value, path in people.world.cookies[name]:
        browser.set_cookie(key, value, path=path)
    return browser


@pytest.mark.parametrize(("headers", "is_ours"), SITES, ids=str)
def test_a_write_must_come_from_our_own_page(people, headers, is_ours):
    browser = plain_browser(people, "alice")
    for path in ("/account/sign-out-everywhere", "/sign-in", "/sign-out"):
        status = browser.post(path, headers=headers).status_code
        assert (status != 403) == is_ours, path


@pytest.mark.parametrize(("headers", "is_ours"), SITES[:-1], ids=str)
def test_signing_in_from_another_site_is_refused_too(people, headers, is_ours):
    people.app.test_client_class = None
    status = people.app.test_client().post("/sign-in", headers=headers).status_code
    assert (status == 403) == (not is_ours)


def test_a_program_without_cookies_needs_no_origin(people):
    people.app.test_client_class = None
    assert people.app.test_client().post("/sign-in").status_code == 422


def test_without_the_guard_another_site_could_write(people):
    people.app.before_request_funcs[None].remove(guard._refuse_foreign_site)
    browser = plain_browser(people, "alice")
    assert browser.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 303


# Which host? ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:80"]
)
def test_another_host_is_refused(people, host):
    answer = people["alice"].get("/account", headers={"Host": host})
    assert answer.status_code == 400
    assert host not in answer.text


@pytest.mark.parametrize("host", ["[", "[::1", "a b", "a/b", "a@b", "", "-", "a:99999", "\xff", "a" * 3000])
def test_a_host_that_is_none_is_refused(people, host):
    assert people["alice"].get("/account", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000"])
def test_on_one_machine_any_of_its_names_will_do(people, host):
    assert people["stranger"].get("/sign-in", headers={"Host": host}).status_code == 200


def test_on_the_net_only_the_name_in_base_url_will_do(config):
    app = create_app(replace(config, base_url="https://desk.example.com"))
    browser = app.test_client()
    assert browser.get("/sign-in", headers={"Host": "desk.example.com"}).status_code == 200
    for host in ("localhost", "127.0.0.1", "desk.example.com.evil.example"):
        assert browser.get("/sign-in", headers={"Host": host}).status_code == 400, host
        assert browser.get("/healthz", headers={"Host": host}).status_code == 200, host
    forwarded = {"Host": "evil.example", "X-Forwarded-Host": "desk.example.com"}
    assert browser.get("/sign-in", headers=forwarded).status_code == 400
    database.close()


def test_without_the_guard_another_host_would_be_served(people):
    people.app.before_request_funcs[None].remove(guard._refuse_foreign_host)
    assert people["stranger"].get("/sign-in", headers={"Host": "evil.example"}).status_code == 200


# Where to after signing in? -------------------------------------------------------------------------------------------

NOT_OURS = [
    "https://evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
    "/\t/evil.example", "/\n/evil.example", "/\r\nSet-Cookie: a=b", "https:/evil.example", "https:///evil.example",
    "javascript:alert(1)", "data:text/html,x", " /account", "account", "", "/no-such-page", "/sign-out",
    "/account/password", "/%2f/evil.example", "/%5cevil.example", "/account/../..//evil.example",
    "http://localhost/account", "/account\0", "//localhost/account", "/.//evil.example", "/;@evil.example",
    "/@evil.example", "/[", "//[", "/account/", "/" + "a" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("wanted", NOT_OURS, ids=lambda wanted: repr(wanted[:30]))
def test_signing_in_leads_nowhere_else(people, wanted):
    answer = try_to_sign_in(people["stranger"], "alice", PASSWORD, next=wanted)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


@pytest.mark.parametrize("wanted", ["/account", "/account?tab=1", "/account?to=//evil.example", "/account#top"])
def test_signing_in_leads_to_the_page_that_was_wanted(people, wanted):
    assert try_to_sign_in(people["stranger"], "alice", PASSWORD, next=wanted).headers["Location"] == wanted


def test_without_the_check_it_would(people, monkeypatch):
    monkeypatch.setattr("coachbase.accounts.public.is_own_page", lambda path: True)
    answer = try_to_sign_in(people["stranger"], "alice", PASSWORD, next="https://evil.example")
    assert answer.headers["Location"] == "https://evil.example"


# When does a session end? ---------------------------------------------------------------------------------------------


@pytest.fixture
def alice_twice(people):
    """Alice on two devices."""
    second = people.app.test_client()
    assert try_to_sign_in(second, "alice", PASSWORD).status_code == 303
    assert is_in(people["alice"])
    assert is_in(second)
    return people["alice"], second


def user(name: str) -> User:
    return User.get(User.email == address(name))


ENDINGS = {
    "a new role": (lambda a: accounts.change_member(user("alice"), name="Alice", role=Role.OWNER, colleagues=[]), 0),
    "being disabled": (lambda a: accounts.disable(user("alice"), by=user("olive")), 0),
    "a reset": (lambda a: accounts.choose_password(user("alice"), "x"), 0),
    "signing out": (lambda a: a.post("/sign-out"), 1),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_sessions_end_by(alice_twice, ending):
    first, second = alice_twice
    act, stays = ENDINGS[ending]
    act(first)
    assert not is_in(first)
    assert is_in(second) == bool(stays)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/account/password", {"current_password": PASSWORD, "password": NEW_PASSWORD}),
        ("/account/sign-out-everywhere", {}),
    ],
)
def test_other_sessions_end_and_this_one_stays(alice_twice, path, body):
    first, second = alice_twice
    assert first.post(path, data=body).status_code == 303
    assert is_in(first)
    assert not is_in(second)


def test_a_new_name_alone_ends_nothing(alice_twice):
    accounts.change_member(user("alice"), name="Alice K.", role=Role.COACH, colleagues=[])
    assert all(map(is_in, alice_twice))


def test_without_ending_them_they_would_go_on(alice_twice, monkeypatch):
    monkeypatch.setattr(accounts, "sign_out_everywhere", lambda *args, **options: None)
    ENDINGS["a reset"][0](None)
    assert all(map(is_in, alice_twice))


def test_a_session_is_over_after_its_time(people, time_machine):
    assert is_in(people["alice"])
    ends = LoginSession.select().order_by(LoginSession.id.desc()).first().expires_at
    time_machine.move_to(ends)
    assert not is_in(people["alice"])


def test_signing_in_gives_a_new_session_and_what_the_browser_held_before_is_worth_nothing(people):
    browser = people["alice"]
    before = browser.get_cookie("coachbase").value
    assert try_to_sign_in(browser, "alice", PASSWORD).status_code == 303
    assert browser.get_cookie("coachbase").value != before


@pytest.mark.parametrize("forged", ["", "x", "x.y.z", "eyJfdXNlcl9pZCI6IjEifQ.Zm9v.YmFy", "\xff" * 50, "a" * 4000])
def test_a_forged_cookie_opens_nothing(people, forged):
    stranger = people["stranger"]
    stranger.set_cookie("coachbase", forged)
    assert stranger.get("/account").status_code == 303


# Headers --------------------------------------------------------------------------------------------------------------


def answers(people) -> dict[str, object]:
    """One answer of each kind."""
    stranger, alice = people["stranger"], people["alice"]
    return {
        "a page": alice.get("/account"),
        "its head": alice.head("/account"),
        "options": alice.options("/account"),
        "a public page": stranger.get("/sign-in"),
        "the way to sign in": stranger.get("/account"),
        "the same for htmx": stranger.get("/account", headers={"HX-Request": "true"}),
        "refused": alice.post("/account", data={}),
        "done": alice.post("/account/sign-out-everywhere"),
        "missing": alice.get("/no-such-page"),
        "not that way": alice.get("/sign-out"),
        "foreign host": alice.get("/account", headers={"Host": "evil.example"}),
        "foreign site": alice.post("/account", headers={"Sec-Fetch-Site": "cross-site"}),
        "too large": alice.post("/account", data=b"a", headers={"Content-Length": "99999999"}),
        "health": stranger.get("/healthz"),
        "no logo": stranger.get("/logo"),
        "a mailed link": stranger.get(f"/p/invitation/open/{people.world.tokens['invitation']}"),
        "a dead link": stranger.get(f"/p/invitation/open/{people.world.tokens['expired']}"),
        "our mistake": _broken(people),
    }


def _broken(people):
    people.app.testing = False
    people.app.view_functions["accounts.account"] = lambda: 1 / 0
    answer = people["alice"].get("/account")
    assert answer.status_code == 500
    return answer


EXPECTED = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Vary": "Cookie, HX-Request",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


def bare(people) -> list[str]:
    """Answers that lack a header, by name."""
    return [
        f"{kind}: {header}"
        for kind, answer in answers(people).items()
        for header, value in EXPECTED.items()
        if answer.headers.getlist(header) != [value]
    ]


def test_every_answer_carries_the_headers(people):
    assert bare(people) == []


def test_without_the_edge_they_would_be_missed(people):
    people.app.after_request_funcs[None] = []
    assert "a page: Content-Security-Policy" in bare(people)


def test_link_pages_send_no_referrer(people):
    assert people["invitation"].get("/p/invitation").headers["Referrer-Policy"] == "no-referrer"
    assert people["alice"].get("/account").headers["Referrer-Policy"] == "same-origin"


def test_the_policy_lets_no_inline_script_or_style_in():
    assert "unsafe" not in CSP
    assert CSP.startswith("default-src 'none'")


def test_cookies_are_http_only_and_lax(people):
    browser = people.app.test_client()
    cookie = try_to_sign_in(browser, "alice", PASSWORD).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    door = people["stranger"].get(f"/p/invitation/open/{people.world.tokens['invitation']}").headers["Set-Cookie"]
    assert "HttpOnly" in door
    assert "Path=/p/invitation" in door


def test_under_https_cookies_are_secure_and_bound_to_the_host(config, world):
    app = create_app(replace(config, base_url="https://desk.example.com"))
    app.test_client_class = Browser
    browser = app.test_client()
    home = {"base_url": "https://desk.example.com"}
    form = {"email": address("alice"), "password": PASSWORD}
    answer = browser.post("/sign-in", data=form, **home)
    assert answer.headers["Set-Cookie"].startswith("__Host-coachbase=")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    door = browser.get(f"/p/invitation/open/{world.tokens['invitation']}", **home)
    assert "Secure" in door.headers["Set-Cookie"]
    database.close()


def test_static_files_may_be_kept_when_their_address_carries_their_hash(people):
    for path, kept, status in (
        ("/static/css/coachbase.css?v=1", "public, max-age=31536000, immutable", 200),
        ("/static/css/coachbase.css", "no-cache", 200),
        ("/static/../coachbase/config.py", "no-store", 404),
        ("/static/%2e%2e/coachbase/config.py", "no-store", 404),
    ):
        with people["stranger"].get(path) as answer:
            assert (answer.headers["Cache-Control"], answer.status_code) == (kept, status), path
