"""What staff write on a timeline."""

from datetime import datetime

from wtforms import DateTimeLocalField, Field, RadioField
from wtforms.validators import Optional, ValidationError

from .. import clock
from ..files.forms import files_field
from ..web.forms import Form, choices, long_text, version_field
from ..web.pages import reader_zone
from .rules import LONGEST_NOTE, Kind, moment_of, refusal_of_moment

TABS = ((Kind.NOTE.value, "Note"), (Kind.CALL.value, "Call"), (Kind.MAIL.value, "Mail"))
NOTHING = "Write something first, or attach a file."


class ComposerForm(Form):
    """A note, a call or a mail in Markdown; files may come with it or alone."""

    kind = RadioField("What is it?", choices=choices(TABS), default=Kind.NOTE.value)
    body = long_text("Text", longest=LONGEST_NOTE, rows=3)
    when = DateTimeLocalField("When was it?", [Optional()])
    files = files_field("Files", help="")

    def validate_when(self, field: Field) -> None:
        if self.is_dated and (refusal := refusal_of_moment(field.data, reader_zone(), clock.now())):
            raise ValidationError(refusal)

    def validate_files(self, field: Field) -> None:
        if not field.data and not self.body.data:
            raise ValidationError(NOTHING)

    @property
    def is_dated(self) -> bool:
        """A note is written now; a call or a mail was earlier, when somebody says so."""
        return self.kind.data != Kind.NOTE.value and self.when.data is not None

    @property
    def happened_at(self) -> datetime | None:
        return moment_of(self.when.data, reader_zone()) if self.is_dated else None


class NoteForm(Form):
    body = long_text("Text", "A note cannot be empty.", longest=LONGEST_NOTE, rows=8)
    version = version_field()
