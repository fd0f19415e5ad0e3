"""Keep the firm's billing data, its rates, and what payers want."""

from .. import clock
from ..clients.models import Client
from ..db import atomic
from ..engagements.models import Engagement
from ..engagements.rules import Payer as PaidBy
from ..errors import Refused
from .models import Payer


@atomic
def payer_of(engagement: Engagement) -> Payer:
    """Whom this program is billed to, made from what is known of client or sponsor when there is none yet.

    Raises Refused when the sponsor pays and the client has none.
    """
    if found := Payer.of(engagement):
        return found
    if engagement.payer is PaidBy.CLIENT:
        return payer_for(engagement.client)
    organisation = engagement.client.organisation
    if organisation is None:
        raise Refused(f"The sponsor pays, but {engagement.client.name} has none. Enter it in the client’s details.")
    made = Payer.create(
        organisation=organisation, legal_name=organisation.name, address=organisation.address, created_at=clock.now()
    )
    return Payer.with_people().where(Payer.id == made.id).get()


@atomic
def payer_for(client: Client) -> Payer:
    """The client as a payer."""
    found = Payer.with_people().where(Payer.client == client).first()
    if found:
        return found
    name = client.legal_name or client.name
    made = Payer.create(client=client, legal_name=name, address=client.address, created_at=clock.now())
    return Payer.with_people().where(Payer.id == made.id).get()
