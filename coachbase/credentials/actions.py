"""Put codes into stock, hand them out, take them back, show one to somebody who needs it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from .. import clock
from ..accounts.models import User
from ..audit import actions as audit
from ..audit.rules import What
from ..clients.models import Client
from ..db import atomic
from ..errors import Refused
from ..events import Question, announce
from ..instruments.models import Instrument, Vendor
from .models import Credential, CreditEntry
from .rules import FREE, STATE_LABELS, Code, Entry, State, credits_of_end, key_of, refusal_of_code, refusal_to_become


class Shown(NamedTuple):
    """What a revealed code says."""

    login: str
    secret: str


@dataclass(frozen=True)
class CodesWanted(Question[Mapping[int, int]]):
    """How many codes will those who are to be asked take, by the instrument's id?"""


@dataclass(frozen=True)
class CameBack:
    """A code that was given out is free again: whoever held it holds it no longer."""

    code: Credential
    by: User | None


# Out -----------------------------------------------------------------------------------------------------------------


@atomic
def take(instrument: Instrument, *, client: Client, today: date, by: User | None = None) -> Credential:
    """The code that expires first, out of the stock: in the caller's transaction, so nobody else gets it.

    Raises Refused when none is left.
    """
    code = Credential.free(instrument, today).first()
    if code is None:
        raise Refused(f"No code for {instrument.name} is left in stock. Add some first.")
    return _give(code, client, by)


@atomic
def hand_in(instrument: Instrument, code: Code, *, client: Client, by: User) -> Credential:
    """A code somebody got from the vendor for this client, given at once. One that lies in stock is taken from there.

    Raises Refused when it is none, or somebody has or had it.
    """
    if refusal := refusal_of_code(instrument.way, code):
        raise Refused(refusal)
    now, known = clock.now(), Credential.known(instrument).get(key_of(instrument.way, code))
    if known in FREE:
        return _give(_same(instrument, code), client, by)
    if known is not None:
        raise Refused(f"This one is {STATE_LABELS[known]} already. Each person gets a way in of their own.")
    given = _keep(instrument, code, by, now, state_name=State.GIVEN, client=client, given_at=now)
    _enter(given, Entry.BOUGHT, given.credits, client=None, by=by)
    _enter(given, Entry.USED, -given.credits, client=client, by=by)
    return given


def _keep(instrument: Instrument, code: Code, by: User, at: datetime, **more: Any) -> Credential:
    """A row for a code; what it costs is what the instrument costs today."""
    return Credential.create(
        instrument=instrument,
        login=code.login,
        secret=code.secret,
        expires_on=code.expires_on,
        cost_cents=instrument.cost_cents,
        currency=instrument.currency,
        credits=instrument.credits,
        added_at=at,
        added_by=by,
        **more,
    )


def _same(instrument: Instrument, code: Code) -> Credential:
    """The row of a code that lies in stock; what is sealed can only be found by opening it."""
    key, free = key_of(instrument.way, code), Credential.state_name.in_(FREE)
    rows = Credential.select().where(Credential.instrument == instrument, free)
    return next(row for row in rows if key_of(instrument.way, row.code) == key)


def _give(code: Credential, client: Client, by: User | None) -> Credential:
    code.state_name, code.client, code.given_at, code.ended_at = State.GIVEN, client, clock.now(), None
    code.save()
    _enter(code, Entry.USED, -code.credits, client=client, by=by)
    return code


# In ------------------------------------------------------------------------------------------------------------------


@atomic
def add(instrument: Instrument, codes: Sequence[Code], *, order: str, by: User) -> int:
    """Put codes into stock; how many were new. One that is known already, in any state, is not added again.

    Raises Refused when one of them is no way in.
    """
    known, now, added = set(Credential.known(instrument)), clock.now(), 0
    for code in codes:
        if refusal := refusal_of_code(instrument.way, code):
            raise Refused(refusal)
        if (key := key_of(instrument.way, code)) in known:
            continue
        known.add(key)
        row = _keep(instrument, code, by, now, order=order)
        _enter(row, Entry.BOUGHT, row.credits, client=None, by=by, note=order, at=now)
        added += 1
    return added


@atomic
def end(code: Credential, to: State, *, by: User | None) -> None:
    """A code came back unused, expired, or was credited by its vendor. Nobody holds any more what came back.

    Raises Refused when it cannot become that.
    """
    code = Credential.get_by_id(code.id)
    was, whose = code.state, code.client
    if refusal := refusal_to_become(was, to):
        raise Refused(refusal)
    code.state_name, code.ended_at = to, clock.now()
    if to is State.RETURNED:
        code.client = None
    code.save()
    _enter(code, Entry(to.value), credits_of_end(was, to, code.credits), client=whose, by=by)
    if to is State.RETURNED:
        announce(CameBack(code, by))


@atomic
def end_all(codes: Sequence[Credential], to: State, *, by: User) -> None:
    """The same became of several: of all of them, or Refused is raised for the first that cannot."""
    for code in codes:
        end(code, to, by=by)


@atomic
def expire() -> int:
    """What lies in stock past its last day can be given to nobody: by the clock, every day. How many there were."""
    past = list(Credential.past(clock.now().date()))
    for code in past:
        end(code, State.EXPIRED, by=None)
    return len(past)


@atomic
def correct(vendor: Vendor, credits: int, *, reason: str, currency: str, by: User) -> None:
    """A line of the ledger by hand, when the vendor counts otherwise than we. No line is ever changed.

    Raises Refused when it says nothing.
    """
    if not credits:
        raise Refused("Nothing is corrected by 0 credits.")
    CreditEntry.create(
        vendor=vendor,
        entry_name=Entry.CORRECTED,
        credits=credits,
        currency=currency,
        note=reason,
        by=by,
        at=clock.now(),
    )


# Seen ----------------------------------------------------------------------------------------------------------------


@atomic
def reveal(code: Credential, *, for_whom: str, client: Client | None, by: User) -> Shown:
    """What a code says; the log keeps who looked, and for whom ('' for one in stock). Never the code."""
    name = code.instrument.name
    words = f"the code of {name} for {for_whom}" if for_whom else f"a code of {name} in stock"
    audit.note(What.CODE, words, client=client, by=by)
    return Shown(code.login, code.secret)


def _enter(
    code: Credential,
    entry: Entry,
    credits: int,
    *,
    client: Client | None,
    by: User | None,
    note: str = "",
    at: datetime | None = None,
) -> None:
    """One line; lines of one act carry the same moment, by which the page takes them together."""
    CreditEntry.create(
        vendor=code.instrument.vendor,
        instrument=code.instrument,
        credential=code,
        client=client,
        entry_name=entry,
        credits=credits,
        cost_cents=code.cost_cents,
        currency=code.currency,
        note=note,
        by=by,
        at=at or clock.now(),
    )
