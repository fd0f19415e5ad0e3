"""Everybody who may knock: staff, strangers, those whose time is over, and holders of mailed links."""

from flask import Flask

from coachbase import clock
from coachbase.accounts.models import LoginSession, User
from tests.cast import PASSWORD
from tests.conftest import Browser
from tests.safety.world import World

SIGNED_IN = ("olive", "alice", "vera", "carol", "dora")
SHUT_OUT = ("stranger", "disabled", "ended")
HOLDERS = ("invitation", "reset")
EVERYBODY = SIGNED_IN + SHUT_OUT + HOLDERS


class People:
    """Browsers by name, each made once and signed in the way a person would."""

    def __init__(self, app: Flask, world: World) -> None:
        self.app, self.world = app, world
        self._known: dict[str, Browser] = {}

    def __getitem__(self, name: str) -> Browser:
        if name not in self._known:
            self._known[name] = self._arrive(name)
        return self._known[name]

    def _arrive(self, name: str) -> Browser:
        browser = self.app.test_client()
        if name in SIGNED_IN:
            _sign_in(browser, name)
        elif name == "disabled":
            _sign_in(browser, "edgar")
            User.update(disabled_at=clock.now()).where(User.email == "edgar@northbank.example").execute()
        elif name == "ended":
            _sign_in(browser, "alice")
            latest = LoginSession.select().order_by(LoginSession.id.desc()).first()
            LoginSession.update(ended_at=clock.now()).where(LoginSession.id == latest.id).execute()
        elif name != "stranger":
            answer = browser.get(f"/p/{name}/open/{self.world.tokens[name]}")
            assert answer.status_code == 303, answer.text
        return browser


def _sign_in(browser: Browser, name: str) -> None:
    answer = browser.post("/sign-in", data={"email": f"{name}@northbank.example", "password": PASSWORD})
    assert answer.status_code == 303, answer.text
