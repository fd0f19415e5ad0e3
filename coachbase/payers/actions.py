"""Keep the firm's billing data, its rates, and what payers want."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import clock
from ..accounts.models import User
from ..clients.models import Client, Organisation
from ..db import atomic
from ..engagements.models import Engagement
from ..engagements.rules import Payer as PaidBy
from ..errors import Refused, Stale
from ..events import announce
from ..timeline import actions as timeline
from ..timeline.rules import Kind
from .models import Payer, Seller, TaxRate
from .rules import FEES, NOTE_OF_FEES, Category, refusal_of_rate


@dataclass(frozen=True)
class Readdressed:
    """A payer's invoices go to another mailbox."""

    payer: Payer


# The firm -------------------------------------------------------------------------------------------------------------


@atomic
def keep_seller(values: Mapping[str, Any], *, version: int) -> Seller:
    """Keep the firm as it bills; `version` is 0 while nobody has said anything about it.

    Raises Stale when somebody saved it since.
    """
    seller = Seller.current()
    if (seller.version if seller else 0) != version:
        raise Stale("Somebody else changed the firm’s billing data while you were typing.")
    seller = seller or Seller(version=0)
    _set(seller, values)
    return seller


# Rates ----------------------------------------------------------------------------------------------------------------


@atomic
def add_rate(name: str, category: Category, rate_bps: int, note: str) -> TaxRate:
    """Another tax rate. The first one is the usual one, where the firm's data are there already.

    Raises Refused when it cannot be, or is there already.
    """
    if refusal := refusal_of_rate(category, rate_bps, note):
        raise Refused(refusal)
    rate = TaxRate(name=name, category_name=category, rate_bps=rate_bps, note=note)
    if any((kept.label, kept.category) == (rate.label, category) for kept in TaxRate.kept()):
        raise Refused(f"There is “{rate.label}” already. Give this one another name.")
    rate.save()
    Seller.update(rate=rate, version=Seller.version + 1).where(Seller.rate.is_null()).execute()
    return rate


@atomic
def change_rate(rate: TaxRate, *, name: str, note: str, version: int) -> None:
    """Another name, another note; what is drafted with it keeps what it said. The percentage never changes: another
    rate takes its place (docs/decisions/0029).

    Raises Stale when somebody saved it since `version`, Refused when a note is needed.
    """
    now = TaxRate.get_by_id(rate.id)
    if now.version != version:
        raise Stale("Somebody else changed this rate while you were typing.")
    if refusal := refusal_of_rate(now.category, now.rate_bps, note):
        raise Refused(refusal)
    _set(now, {"name": name, "note": note})


@atomic
def remove_rate(rate: TaxRate) -> None:
    """Offer it no more; who has it keeps it. Raises Refused when it is the usual one."""
    seller = Seller.current()
    if seller and seller.rate_id == rate.id:
        raise Refused("It is the usual rate. Choose another one in the firm’s data first.")
    TaxRate.update(removed_at=clock.now()).where(TaxRate.id == rate.id, TaxRate.removed_at.is_null()).execute()


@atomic
def restore_rate(rate: TaxRate) -> None:
    """Offer it again."""
    TaxRate.update(removed_at=None).where(TaxRate.id == rate.id).execute()


@atomic
def rate_of_fees() -> TaxRate:
    """What late fees bear: no tax, which their note says. Made when first needed, and not offered for services."""
    found = TaxRate.get_or_none(TaxRate.name == FEES, TaxRate.category_name == Category.OUTSIDE)
    return found or TaxRate.create(name=FEES, category_name=Category.OUTSIDE, note=NOTE_OF_FEES, removed_at=clock.now())


# Payers ---------------------------------------------------------------------------------------------------------------


@atomic
def payer_of(engagement: Engagement) -> Payer:
    """Whom this program is billed to, made from what is known of client or sponsor when there is none yet.

    Raises Refused when the sponsor pays and the client has none.
    """
    client = engagement.client
    if engagement.payer is PaidBy.CLIENT:
        return payer_for(client)
    if client.organisation is None:
        raise Refused(f"The sponsor pays, but {client.name} has none. Enter it in the client’s details.")
    return payer_for(client.organisation)


@atomic
def payer_for(party: Client | Organisation) -> Payer:
    """The client, or the organisation, as a payer."""
    return Payer.known_as(party) or _kept(Payer.begun(party), {})


@atomic
def keep_payer(party: Client | Organisation, values: Mapping[str, Any], *, version: int, by: User) -> Payer:
    """Who gets invoices, and what they ask for; `version` is 0 while there is no such payer.

    Raises Stale when somebody saved it since.
    """
    payer = Payer.known_as(party)
    if (payer.version if payer else 0) != version:
        raise Stale("Somebody else changed this payer while you were typing.")
    mailboxes = payer and (payer.email, payer.copy_to)
    payer = _kept(payer or Payer.begun(party), values)
    if mailboxes not in (None, (payer.email, payer.copy_to)):
        announce(Readdressed(payer))
    if payer.client_id:
        timeline.record(
            payer.client,
            Kind.CHANGE,
            "Who gets the invoices was changed",
            href=f"/clients/{payer.client.public_id}/payer",
            by=by,
        )
    return payer


def _kept(payer: Payer, values: Mapping[str, Any]) -> Payer:
    payer.created_at = payer.created_at or clock.now()
    _set(payer, values)
    return Payer.with_people().where(Payer.id == payer.id).get()


def _set(row: Seller | TaxRate | Payer, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    row.save()
