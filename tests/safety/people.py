"""Everybody who may knock: staff, strangers, those whose time is over, and holders of mailed links."""

from flask import Flask

from coachbase import clock
from coachbase.accounts.models import Attempt, LoginSession, User
from tests.cast import PASSWORD
from tests.conftest import Browser
from tests.safety.world import World

SIGNED_IN = ("olive", "alice", "vera", "carol", "dora")
SHUT_OUT = ("stranger", "disabled", "ended")
HOLDERS = (
    *("invitation", "reset", "intake", "client", "assistant", "sponsor"),
    *("sign", "book", "session", "poll", "nominate", "approve", "invoice", "invoices"),
)
EVERYBODY = SIGNED_IN + SHUT_OUT + HOLDERS


class People(dict[str, Browser]):
    """Browsers by name, each as its person left it. They arrive once (see `arrive`); later only their cookies do."""

    def __init__(self, app: Flask, world: World) -> None:
        app.test_client_class = Browser
        self.app, self.world = app, world

    def __missing__(self, name: str) -> Browser:
        self[name] = self.app.test_client()
        for key, value, path in self.world.cookies.get(name, ()):
            self[name].set_cookie(key, value, path=path)
        return self[name]


def arrive(app: Flask, world: World) -> None:
    """Let everybody come in the way a person would, and note the cookies."""
    app.test_client_class = Browser
    for name in EVERYBODY:
        browser = app.test_client()
        if name in HOLDERS:
            answer = browser.get(f"/p/{name}/open/{world.tokens[name]}")
            assert answer.status_code == 303, answer.text
        elif name != "stranger":
            staff = {"disabled": "edgar", "ended": "alice"}.get(name, name)
            answer = browser.post("/sign-in", data={"email": f"{staff}@northbank.example", "password": PASSWORD})
            assert answer.status_code == 303, answer.text
        if name == "disabled":
            User.update(disabled_at=clock.now()).where(User.email == "edgar@northbank.example").execute()
        elif name == "ended":
            latest = LoginSession.select().order_by(LoginSession.id.desc()).first()
            LoginSession.update(ended_at=clock.now()).where(LoginSession.id == latest.id).execute()
        world.cookies[name] = [(cookie.key, cookie.value, cookie.path) for cookie in browser._cookies.values()]
    Attempt.delete().execute()
