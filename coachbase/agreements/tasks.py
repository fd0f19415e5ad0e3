"""The slow edge: writing an agreement as a PDF and freezing it; adding the certificate and sealing it.

Nothing is rendered inside a transaction. The row says what is to be done; a job only says “look now”, and does nothing
when another one was quicker.
"""

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .. import clock, config, paper
from ..db import new_public_id, transaction
from ..engagements.rules import NEVER_SHARED, SHARE_LABELS
from ..errors import Refused
from ..events import announce
from ..evidence import actions as evidence
from ..evidence import tasks as seals
from ..evidence.models import TrailDetail, TrailEvent
from ..evidence.rules import Detail
from ..files import actions as files
from ..files.rules import Audience, Hold
from ..files.rules import Kind as Paper
from ..firm.models import Firm, day_of
from ..jobs import job
from .models import Agreement, Signer
from .rules import (
    CONSENT,
    CONSENT_VERSION,
    DELAYS,
    EVENT_FACES,
    ROLE_LABELS,
    EventKind,
    MarkKind,
    SignerRole,
    State,
    day_in_words,
    delay_after,
    is_due,
    strokes_of,
    uses_sharing,
)

log = logging.getLogger("coachbase")
VERIFY = "/p/verify"
"""The page where anybody checks a PDF."""


@dataclass(frozen=True)
class Frozen:
    """The PDF is written and its hash stands; now it can be signed."""

    agreement: Agreement


@dataclass(frozen=True)
class Sealed:
    """The signed copy is sealed and filed."""

    agreement: Agreement


@job
def freeze(public_id: str) -> None:
    """Write the PDF that everybody will be shown, unless that is done, or the agreement was withdrawn."""
    _work_on(public_id, State.FREEZING, _freeze)


@job
def seal(public_id: str) -> None:
    """Put the certificate behind what was signed and seal it, unless that is done."""
    _work_on(public_id, State.SEALING, _seal)


def _work_on(public_id: str, state: State, work: Callable[[Agreement], None]) -> None:
    agreement = _take(public_id, state)
    if agreement is None:
        return
    try:
        work(agreement)
    except Exception as error:  # whatever it was, somebody is told and it is tried again
        log.exception("agreement %s could not be worked on", public_id)
        _note_problem(agreement, state, error)


def _take(public_id: str, state: State) -> Agreement | None:
    """Take up what waits, and set when to try again should this worker die."""
    now = clock.now()
    with transaction():
        agreement = Agreement.with_people().where(Agreement.public_id == public_id).first()
        if agreement is None or agreement.state is not state:
            return None
        if not is_due(attempts=agreement.attempts, try_at=agreement.try_at, now=now):
            return None
        agreement.attempts += 1
        agreement.try_at = now + (delay_after(agreement.attempts) or DELAYS[-1])
        agreement.save()
        return agreement


def _note_problem(agreement: Agreement, state: State, error: Exception) -> None:
    sentence = str(error) if isinstance(error, Refused) else "The PDF could not be made. The server’s log says why."
    with transaction():
        now = Agreement.get_by_id(agreement.id)
        if now.state is state:
            now.problem = sentence
            if delay_after(now.attempts) is None or isinstance(error, Refused):
                now.try_at = None  # somebody must look
            now.save()


def _still(agreement: Agreement, state: State) -> bool:
    """Whether nobody else was quicker, and it was not withdrawn meanwhile."""
    return Agreement.get_by_id(agreement.id).state is state


# Freezing -------------------------------------------------------------------------------------------------------------


def _freeze(agreement: Agreement) -> None:
    marker = new_public_id()
    content = draw(agreement, made_at=agreement.sent_at, marker=marker)
    pages = paper.pages_in(content)
    with transaction():
        if not _still(agreement, State.FREEZING):
            return
        document = files.store(
            content, agreement.name, client=None, kind=Paper.AGREEMENT, held=Hold.PROOF, by=agreement.by
        )
        evidence.keep(agreement.public_id, document, marker=marker, is_sealed=False)
        agreement.document, agreement.sha256, agreement.pages = document, document.sha256, pages
        agreement.state_name = State.OUT
        _forget_tries(agreement)
        announce(Frozen(agreement))


def _forget_tries(agreement: Agreement) -> None:
    agreement.problem, agreement.attempts, agreement.try_at = "", 0, None
    agreement.save()


def draw(agreement: Agreement, *, made_at: datetime, marker: str = "") -> bytes:
    """The agreement as a PDF: a draft as it would be sent at this moment, else as it was sent."""
    return paper.render("agreement", content_of(agreement, made_at=made_at), marker=marker)


def content_of(agreement: Agreement, *, made_at: datetime) -> dict[str, Any]:
    """What templates/pdf/agreement.typ draws."""
    return {
        "made_at": made_at.isoformat(timespec="seconds"),
        "firm": Firm.letterhead(),
        "title": agreement.title,
        "subtitle": f"Version {agreement.number} · {day_in_words(day_of(made_at))}",
        "short_id": agreement.public_id,
        "parties": [_party(agreement, signer) for signer in Signer.of(agreement)],
        "blocks": paper.blocks_of(agreement.filled_on(day_of(made_at))),
        "shares": _sharing_box(agreement),
        "closing": "Signed electronically: who signed, when and how stands on the certificate at the end.",
    }


def _party(agreement: Agreement, signer: Signer) -> dict[str, Any]:
    client = agreement.client
    organisation = client.organisation.name if client.organisation_id else ""
    lines = {
        SignerRole.CLIENT: [client.line, signer.email],
        SignerRole.SPONSOR: [organisation, signer.email],
        SignerRole.COACH: [_firm_name(), signer.email],
    }[signer.role]
    return {
        "role": ROLE_LABELS[signer.role].capitalize(),
        "name": signer.name,
        "lines": [line for line in lines if line],
    }


def _firm_name() -> str:
    firm = Firm.current()
    return firm.name if firm else ""


def _sharing_box(agreement: Agreement) -> dict[str, Any] | None:
    """What may be shared, unless the text says so itself or there is nobody to share it with."""
    if uses_sharing(agreement.source or agreement.body) or not agreement.client.organisation_id:
        return None
    told = [SHARE_LABELS[share] for share in agreement.shared]
    intro = "" if told else "Nothing about the coaching is shared with the sponsor."
    return {
        "title": "What the sponsor may be told",
        "intro": intro,
        "told": told,
        "never": [NEVER_SHARED[0].upper() + NEVER_SHARED[1:]],
    }


# Sealing --------------------------------------------------------------------------------------------------------------


def _seal(agreement: Agreement) -> None:
    frozen = agreement.document.content
    if hashlib.sha256(frozen).hexdigest() != agreement.sha256:
        raise Refused("The stored document is not the one that was signed. Restore it from a backup, then try again.")
    if broken := TrailEvent.break_of(agreement.public_id):
        raise Refused(f"The audit trail is broken: {broken.why}. Nothing is sealed on it.")
    marker = new_public_id()
    certificate = paper.render("certificate", certificate_of(agreement))
    sealed = seals.seal(
        paper.join(frozen, certificate),
        marker=marker,
        reason=f"Signed by all: {agreement.title}",
        attachments={"evidence.json": trail_as_json(agreement), "agreement.pdf": frozen},
    )
    with transaction():
        if not _still(agreement, State.SEALING):
            return
        signed = f"Signed {agreement.name}"
        document = files.store(
            sealed, signed, client=agreement.client, audience=Audience.CLIENT, kind=Paper.AGREEMENT, held=Hold.PROOF
        )
        evidence.keep(agreement.public_id, document, marker=marker, is_sealed=True)
        evidence.append(agreement.public_id, EventKind.SEALED, {"sha256": document.sha256, "size": document.size})
        agreement.sealed, agreement.sealed_sha256 = document, document.sha256
        agreement.state_name, agreement.completed_at = State.COMPLETED, clock.now()
        _forget_tries(agreement)
        announce(Sealed(agreement))


def certificate_of(agreement: Agreement) -> dict[str, Any]:
    """What templates/pdf/certificate.typ draws."""
    signers = list(Signer.of(agreement))
    everybody: dict[Any, str] = {signer.public_id: signer.name for signer in Signer.of_all([agreement])[agreement.id]}
    return {
        "made_at": max(signer.signed_at for signer in signers).isoformat(timespec="seconds"),
        "firm": Firm.letterhead(),
        "title": agreement.title,
        "document": {
            "id": agreement.public_id,
            "version": str(agreement.number),
            "pages": str(agreement.pages),
            "sha256": agreement.sha256,
        },
        "signers": [
            {
                "role": ROLE_LABELS[signer.role].capitalize(),
                "name": signer.name,
                "email": signer.email,
                "signed_at": moment_in_words(signer.signed_at),
                "how": f"Consent {CONSENT_VERSION} · code sent to {signer.email} and entered",
                "mark": _mark(signer),
            }
            for signer in signers
        ],
        "events": [
            {
                "number": event.number,
                "at": moment_in_words(event.at),
                "what": _event_in_words(event, everybody),
                "hash": event.hash,
            }
            for event in TrailEvent.of(agreement.public_id)
        ],
        "verify_url": config.in_force().base_url + VERIFY,
    }


def _mark(signer: Signer) -> dict[str, Any]:
    if signer.mark_kind is MarkKind.TYPED:
        return {"kind": "typed", "text": signer.mark}
    return {"kind": "drawn", "strokes": strokes_of(signer.mark)}


def _event_in_words(event: TrailEvent, names: dict[Any, str]) -> str:
    name = names.get(event.told.get("signer", ""), "")
    return EVENT_FACES[EventKind(event.kind)].word + (f" · {name}" if name else "")


def moment_in_words(moment: datetime) -> str:
    """'3 November 2026, 14:05:09 UTC'."""
    return f"{day_in_words(moment.date())}, {moment:%H:%M:%S} UTC"


def trail_as_json(agreement: Agreement) -> bytes:
    """The audit trail so far, for whoever wants to check it without us: `evidence.json` in the sealed file.

    All parties get this file. Where and on what somebody signed is not the others' to know, an employer's least of all:
    of such details it holds the hash, and we the rest (docs/decisions/0017).
    """
    beside = {number: kept for number, kept in TrailDetail.beside(agreement.public_id).items() if _may_be_told(kept)}
    events = [
        {
            "number": event.number,
            "kind": event.kind,
            "at": event.at.isoformat(timespec="microseconds"),
            "facts": event.facts,
            "detail": beside[event.number]._asdict() if event.number in beside else None,
            "detail_hash": event.detail_hash,
            "previous_hash": event.previous_hash,
            "hash": event.hash,
        }
        for event in TrailEvent.of(agreement.public_id)
    ]
    consent = {"version": CONSENT_VERSION, "text": CONSENT}
    about = {"subject": agreement.public_id, "title": agreement.title, "sha256": agreement.sha256, "consent": consent}
    trail = about | {"events": events}
    return json.dumps(trail, indent=1, ensure_ascii=True).encode()


def _may_be_told(detail: Detail) -> bool:
    return "ip" not in json.loads(detail.content)
