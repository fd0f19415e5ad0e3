"""When this happens, do that: every consequence that goes upward between rooms."""

from .accounts.actions import FirmFounded, Invited, ResetAsked
from .boards import actions as boards
from .clients.actions import ClientAdded, ClientChanged
from .events import on
from .files.actions import DocumentFiled
from .files.rules import sentence_of_filing
from .home.actions import SampleAsked
from .intake import actions as intake
from .mail import actions as mail
from .mail.rules import sentence_on
from .mail.tasks import MailEnded
from .sample import populate
from .timeline import actions as timeline
from .timeline.rules import Kind, sentence_of_change


def wire() -> None:
    """Connect announcements with what follows from them."""
    on(FirmFounded, _lay_out_board)
    on(FirmFounded, _offer_first_form)
    on(Invited, _mail_invitation)
    on(ResetAsked, _mail_reset)
    on(ClientAdded, _note_new_client)
    on(ClientAdded, _put_on_board)
    on(ClientChanged, _note_changed_client)
    on(DocumentFiled, _note_document)
    on(SampleAsked, _fill_sample)
    on(MailEnded, _note_mail)


def _lay_out_board(event: FirmFounded) -> None:
    boards.lay_out()


def _offer_first_form(event: FirmFounded) -> None:
    intake.make_first_form(event.firm)


def _put_on_board(event: ClientAdded) -> None:
    boards.put_on_board(event.client)


def _mail_invitation(event: Invited) -> None:
    mail.queue(
        "invitation",
        to=(event.user.name, event.user.email),
        fields={"name": event.user.name, "inviter": event.by.name},
        link=(event.link, event.token),
        by=event.by,
    )


def _mail_reset(event: ResetAsked) -> None:
    mail.queue(
        "password_reset",
        to=(event.user.name, event.user.email),
        fields={"name": event.user.name},
        link=(event.link, event.token),
    )


def _note_new_client(event: ClientAdded) -> None:
    timeline.record(event.client, Kind.CHANGE, f"Added {event.how}", by=event.by)


def _note_changed_client(event: ClientChanged) -> None:
    timeline.record(event.client, Kind.CHANGE, sentence_of_change(event.fields), by=event.by)


def _note_document(event: DocumentFiled) -> None:
    document = event.document
    timeline.record(
        event.client,
        Kind.FILE,
        sentence_of_filing(document.name, document.audience),
        href=f"/clients/{event.client.public_id}/documents",
        by=event.by,
    )


def _fill_sample(event: SampleAsked) -> None:
    populate(event.by)


def _note_mail(event: MailEnded) -> None:
    message = event.message
    if message.client:
        sentence = sentence_on(message.kind, message.to_address, message.state)
        timeline.record(message.client, Kind.MAIL, sentence, by=message.by, href=f"/mail/{message.public_id}")
