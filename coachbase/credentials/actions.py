"""Put codes into stock, hand them out, take them back, show one to somebody who needs it."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from .. import clock
from ..accounts.models import User
from ..audit import actions as audit
from ..audit.rules import What
from ..clients.models import Client
from ..db import atomic
from ..errors import Refused
from ..instruments.models import Instrument
from .models import Credential, CreditEntry
from .rules import Entry, State, refusal_to_become


class Code(NamedTuple):
    """A code as it was pasted or read from a file."""

    secret: str
    login: str = ""
    expires_on: date | None = None


class Shown(NamedTuple):
    """What a revealed code says."""

    login: str
    secret: str


@atomic
def take(instrument: Instrument, *, client: Client, today: date) -> Credential:
    """The code that expires first, out of the stock: in the caller's transaction, so nobody else gets it.

    Raises Refused when none is left.
    """
    code = Credential.free(instrument, today).first()
    if code is None:
        raise Refused(f"No code for {instrument.name} is left in stock. Add some first.")
    code.state_name, code.client, code.given_at = State.GIVEN, client, clock.now()
    code.save()
    _enter(code, Entry.USED, -code.credits, by=None)
    return code


@atomic
def hand_in(instrument: Instrument, code: Code, *, client: Client, by: User) -> Credential:
    """A code somebody got from the vendor for this client: it is given at once and never stood in stock."""
    now = clock.now()
    given = Credential.create(
        instrument=instrument,
        state_name=State.GIVEN,
        login=code.login,
        secret=code.secret,
        expires_on=code.expires_on,
        cost_cents=instrument.cost_cents,
        currency=instrument.currency,
        credits=instrument.credits,
        client=client,
        added_at=now,
        added_by=by,
        given_at=now,
    )
    _enter(given, Entry.BOUGHT, given.credits, by=by)
    _enter(given, Entry.USED, -given.credits, by=by)
    return given


@atomic
def add(instrument: Instrument, codes: Sequence[Code], *, order: str, by: User) -> int:
    """Put codes into stock; how many were new. One that is known already, in any state, is not added again."""
    known = {(row.login, row.secret) for row in Credential.select().where(Credential.instrument == instrument)}
    fresh = list(dict.fromkeys(code for code in codes if (code.login, code.secret) not in known))
    now = clock.now()
    for code in fresh:
        added = Credential.create(
            instrument=instrument,
            login=code.login,
            secret=code.secret,
            expires_on=code.expires_on,
            cost_cents=instrument.cost_cents,
            currency=instrument.currency,
            credits=instrument.credits,
            order=order,
            added_at=now,
            added_by=by,
        )
        _enter(added, Entry.BOUGHT, added.credits, by=by, note=order)
    return len(fresh)


@atomic
def end(code: Credential, to: State, *, by: User | None) -> None:
    """A code came back unused, expired, or was credited by its vendor.

    Raises Refused when it cannot become that.
    """
    code = Credential.get_by_id(code.id)
    if refusal := refusal_to_become(code.state, to):
        raise Refused(refusal)
    was_given = code.state is State.GIVEN
    code.state_name, code.ended_at = to, clock.now()
    if to is State.RETURNED:
        code.client = None
    code.save()
    _enter_end(code, to, was_given=was_given, by=by)


def _enter_end(code: Credential, to: State, *, was_given: bool, by: User | None) -> None:
    """The ledger's sum is what can still be given: what was used comes back only when the code does."""
    if to is State.RETURNED:
        _enter(code, Entry.RETURNED, code.credits, by=by)
    elif to is State.RECLAIMED:
        _enter(code, Entry.RECLAIMED, 0 if was_given else -code.credits, by=by)
    elif not was_given:
        _enter(code, Entry.EXPIRED, -code.credits, by=by)


@atomic
def reveal(code: Credential, *, for_whom: str, client: Client | None, by: User) -> Shown:
    """What a code says; the log keeps who looked, and for whom. Never the code."""
    audit.note(What.CODE, f"the code of {code.instrument.name} for {for_whom}", client=client, by=by)
    return Shown(code.login, code.secret)


def _enter(code: Credential, entry: Entry, credits: int, *, by: User | None, note: str = "") -> None:
    CreditEntry.create(
        vendor=code.instrument.vendor,
        instrument=code.instrument,
        credential=code,
        client=code.client,
        entry_name=entry,
        credits=credits,
        cost_cents=code.cost_cents,
        currency=code.currency,
        note=note,
        by=by,
        at=clock.now(),
    )
