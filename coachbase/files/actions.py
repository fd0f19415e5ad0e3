"""Store documents, and file them with a client."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from .. import clock
from ..accounts.models import User
from ..clients.models import Client
from ..db import atomic
from ..errors import Refused
from ..events import announce
from .models import Document, DocumentContent
from .rules import Audience, Upload, media_type_of, refusal_to_store, safe_name


@dataclass(frozen=True)
class DocumentFiled:
    """Somebody on the staff filed a document with a client."""

    document: Document
    client: Client
    by: User


@atomic
def store(
    content: bytes, name: str, *, client: Client | None, audience: Audience = Audience.TEAM, by: User | None = None
) -> Document:
    """Keep a file, encrypted. Without a client it belongs to a form that is still being filled in.

    Raises Refused with the reason when it is not of a kind we keep.
    """
    name = safe_name(name)
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


@atomic
def file(client: Client, uploads: Sequence[Upload], *, audience: Audience = Audience.TEAM, by: User) -> list[Document]:
    """Keep what the staff got from or for a client: all of it, or nothing when one file is refused."""
    documents = [store(upload.content, upload.name, client=client, audience=audience, by=by) for upload in uploads]
    for document in documents:
        announce(DocumentFiled(document, client, by))
    return documents
