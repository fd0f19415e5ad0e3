"""Store documents."""

import hashlib

from .. import clock
from ..accounts.models import User
from ..clients.models import Client
from ..db import atomic
from ..errors import Refused
from .models import Document, DocumentContent
from .rules import Audience, media_type_of, refusal_to_store


@atomic
def store(
    content: bytes, name: str, *, client: Client | None, audience: Audience = Audience.TEAM, by: User | None = None
) -> Document:
    """Keep a file, encrypted. Without a client it belongs to a form that is still being filled in.

    Raises Refused with the reason when it is not of a kind we keep.
    """
    if refusal := refusal_to_store(name, content):
        raise Refused(refusal)
    document = Document.create(
        client=client,
        name=name,
        media_type=media_type_of(name),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        audience_name=audience,
        uploaded_at=clock.now(),
        by=by,
    )
    DocumentContent.create(document=document, content=content)
    return document
