"""Who gets what from every route: the written matrix of who may see what; test_matrix.py holds the house to it.

A new route adds one line to ROUTES; without it the build fails.
"""

from dataclasses import dataclass, field

from tests.safety.people import EVERYBODY, SIGNED_IN

STAFF = "olive alice vera carol dora"
OWNER = "olive"
ARRANGE = "olive vera dora"

WALL = {
    "bob": "olive alice vera",  # Alice's client
    "dan": "olive carol dora",  # Carol's client
    "ina": "olive vera dora",  # nobody's yet: whoever looks after the desk (docs/decisions/0003)
}
COACHES_EYES = {"bob": "olive alice", "dan": "olive carol", "ina": "olive"}
OWN = {"bob": "vera", "dan": "dora"}
"""An import belongs to whoever uploaded it, and to nobody else. Vera's is the one called bob, Dora's dan."""


@dataclass(frozen=True)
class Row:
    """What a route answers, as `method endpoint`.

    `to` names who gets `status`, or for a thing behind the wall: who, by whose thing it is. Staff who are not among
    them get 404; everybody else is sent to sign in. `body` is what is sent; `@table.key` stands for an id of the world.
    """

    to: str | dict[str, str]
    status: int
    body: dict[str, object] = field(default_factory=dict)
    query: str = ""
    others: dict[str, int] = field(default_factory=dict)
    """People whose answer differs from what the rest of the row says."""

    def allowed(self, whose: str) -> frozenset[str]:
        return frozenset((self.to if isinstance(self.to, str) else self.to.get(whose, "")).split())


def everyone(status: int, **options: object) -> Row:
    """A public page: the same for strangers and staff, but for the `others`."""
    return Row(" ".join(EVERYBODY), status, **options)


def holders(link: str, status: int, **options: object) -> Row:
    """A page for whoever holds this kind of link; 404 for all others, staff included."""
    others = {name: 404 for name in EVERYBODY if name != link}
    return Row(link, status, others=others, **options)


SIGNED_IN_GO_ON = dict.fromkeys(SIGNED_IN, 303)

ROUTES: dict[str, Row] = {
    # firm
    "GET firm.details": Row(OWNER, 200),
    "POST firm.change": Row(OWNER, 422),
    "POST firm.change_logo": Row(OWNER, 422),
    # accounts
    "POST accounts.sign_out": Row(STAFF, 303),
    "GET accounts.account": Row(STAFF, 200),
    "POST accounts.change_profile": Row(STAFF, 422),
    "POST accounts.change_password": Row(STAFF, 422),
    "POST accounts.sign_out_everywhere": Row(STAFF, 303),
    "GET accounts.team": Row(OWNER, 200),
    "GET accounts.new_member": Row(OWNER, 200),
    "POST accounts.invite": Row(OWNER, 422),
    "GET accounts.member": Row({"dora": OWNER}, 200),
    "POST accounts.change_member": Row({"dora": OWNER}, 422),
    "POST accounts.invite_again": Row({"nina": OWNER}, 303),
    "POST accounts.disable": Row({"dora": OWNER}, 303),
    "POST accounts.enable": Row({"dora": OWNER}, 303),
    # front doors
    "GET doors.healthz": everyone(200),
    "GET doors.logo": everyone(404),
    "GET doors.set_up": everyone(404),
    "POST doors.found": everyone(404),
    "GET doors.sign_in": everyone(200, others=SIGNED_IN_GO_ON),
    "POST doors.enter": everyone(422),
    "GET doors.forgot": everyone(200),
    "POST doors.ask_for_reset": everyone(422),
    # links of accounts
    "GET accounts_public.open_invitation": Row({"invitation": " ".join(EVERYBODY)}, 303),
    "GET accounts_public.see_invitation": holders("invitation", 200),
    "POST accounts_public.accept_invitation": holders("invitation", 422),
    "GET accounts_public.open_reset": Row({"reset": " ".join(EVERYBODY)}, 303),
    "GET accounts_public.see_reset": holders("reset", 200),
    "POST accounts_public.reset_password": holders("reset", 422),
}
