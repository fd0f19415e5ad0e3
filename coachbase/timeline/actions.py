"""Write on a client's timeline."""

from collections.abc import Sequence
from datetime import datetime

from .. import clock
from ..accounts.models import User
from ..clients.models import Client
from ..db import atomic
from ..errors import Stale
from ..files import actions as files
from ..files.rules import Upload
from .models import Entry, Note
from .rules import WRITTEN, Kind


@atomic
def record(
    client: Client,
    kind: Kind,
    sentence: str,
    *,
    by: User | None = None,
    href: str = "",
    happened_at: datetime | None = None,
) -> Entry:
    """Note one sentence, in the same transaction as what it tells of."""
    now = clock.now()
    return Entry.create(
        client=client,
        kind_name=kind,
        sentence=sentence,
        href=href,
        happened_at=happened_at or now,
        recorded_at=now,
        by=by,
    )


@atomic
def write(
    client: Client,
    kind: Kind,
    body: str,
    *,
    happened_at: datetime | None = None,
    uploads: Sequence[Upload] = (),
    by: User,
) -> None:
    """Put down a note, a call or a mail, and file what came with it; either all of it or nothing.

    Raises Refused when one of the files is of a kind we do not keep.
    """
    files.file(client, uploads, by=by)
    if body:
        entry = record(client, kind, WRITTEN[kind], by=by, happened_at=happened_at)
        Note.create(entry=entry, body=body)


@atomic
def edit(note: Note, body: str, *, version: int, by: User) -> None:
    """Change what a note says; the entry itself stays as it was written.

    Raises Stale when somebody saved another text since `version`.
    """
    now = Note.get_by_id(note.id)
    if body == now.body:
        return
    if now.version != version:
        raise Stale("Somebody else changed this note while you were typing.")
    note.body, note.version = body, version + 1
    note.edited_at, note.edited_by = clock.now(), by
    note.save()
