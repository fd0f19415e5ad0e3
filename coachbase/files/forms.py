"""Files from a person's disk, and what somebody says they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from flask import request
from werkzeug.datastructures import CombinedMultiDict, FileStorage, MultiDict
from wtforms import BooleanField, DateField, Field, MultipleFileField, SelectField, StringField
from wtforms.validators import InputRequired, Optional, ValidationError
from wtforms.widgets import HiddenInput

from ..clients.rules import fold
from ..web.forms import Form, choices, one_line, strip
from .rules import (
    ACCEPT,
    AUDIENCE_LABELS,
    KIND_LABELS,
    KINDS_IN_WORDS,
    LARGEST,
    MOST_AT_ONCE,
    Audience,
    Kind,
    Place,
    Upload,
    Wanted,
    guess_client,
    guess_day,
    guess_instrument,
    guess_place,
    place_of,
    refusal_to_store,
    safe_name,
    words_in_names,
)

EARLIEST, LATEST, LONGEST_NAME = date(1980, 1, 1), date(2099, 12, 31), 140


def sent() -> MultiDict[str, Any]:
    """Texts and files of this request, as a form with files in it wants them; a file sent as a text is dropped."""
    files = MultiDict([("files", file) for file in request.files.getlist("files")])
    return CombinedMultiDict([files, request.form])


def files_field(label: str, *, help: str = f"{KINDS_IN_WORDS}, up to 25 MB.") -> MultipleFileField:
    """Files as a list of Upload; what we do not keep is refused beside the field."""
    return MultipleFileField(
        label, [_kept], filters=[_read], description=help, render_kw={"accept": ACCEPT, "multiple": True}
    )


def _read(files: Iterable[object] | None) -> list[Upload]:
    """One byte more than allowed is enough to know that a file is too large."""
    return [
        Upload(safe_name(file.filename), file.stream.read(LARGEST + 1))
        for file in files or ()
        if isinstance(file, FileStorage) and file.filename
    ]


def _kept(form: Form, field: Field) -> None:
    if len(field.data) > MOST_AT_ONCE:
        raise ValidationError(f"Choose at most {MOST_AT_ONCE} files at once.")
    refusals = [(upload.name, refusal_to_store(upload.name, upload.content)) for upload in field.data]
    refused = [f"{name or 'A file without a name'}: {why}" for name, why in refusals if why]
    if refused:
        raise ValidationError(" ".join(refused))


class UploadForm(Form):
    """Files that were dropped; what they are is asked next."""

    files = files_field("Documents")

    def validate_files(self, field: Field) -> None:
        if not field.data:
            raise ValidationError("Choose a file first.")


class VersionForm(UploadForm):
    """The file that comes in the place of another."""

    files = files_field("A newer file")

    def validate_files(self, field: Field) -> None:
        super().validate_files(field)
        if len(field.data) > 1:
            raise ValidationError("Choose one file: it comes in the place of this one.")


# What a file is -------------------------------------------------------------------------------------------------------

NOBODY = "No client of yours is called so. Choose a name from the list."


@dataclass
class Offer:
    """What files can be: the clients one may choose, the instruments, and for each client what a file may be there."""

    clients: Sequence[tuple[int, str]]
    """(id, name), behind the wall."""
    instruments: Sequence[tuple[int, str, str, tuple[str, ...]]]
    """(id, public id, name, the phrases of its files)."""
    wanted: dict[int, list[Wanted]] = field(default_factory=dict)
    named: Mapping[tuple[int, str], str] = field(default_factory=dict)
    """The document that has a name, by client and name."""

    @cached_property
    def labels(self) -> dict[str, tuple[int, str]]:
        """What is typed for a client: the name, with a number where several have it."""
        found: dict[str, tuple[int, str]] = {}
        for row, name in self.clients:
            label, count = name, 1
            while fold(label) in found:
                count += 1
                label = f"{name} ({count})"
            found[fold(label)] = (row, label)
        return found

    @cached_property
    def label_of(self) -> dict[int, str]:
        return dict(self.labels.values())

    @cached_property
    def _words(self) -> list[tuple[str, list[str]]]:
        return words_in_names(self.clients)

    def client_called(self, typed: str) -> int | None:
        """The id of the client meant; None when there is none."""
        return self.labels.get(fold(strip(typed)), (None, ""))[0]

    def places(self, client: int | None, name: str) -> dict[str, list[tuple[str, str]]]:
        """The values of a `Place` with their words, in groups."""
        groups: dict[str, list[tuple[str, str]]] = {}
        if same := self.named.get((client or 0, name)):
            groups["In the place of an older file"] = [(f"again:{same}", f"A newer version of {name}")]
        parts = self.wanted.get(client or 0, ())
        groups["Part of an assessment"] = [(each.value, _part_in_words(each)) for each in parts]
        groups["Part of an assessment"] += [
            (f"again:{document}", f"{each.words}: instead of the one filed{_which(at, each)}")
            for each in parts
            for at, document in enumerate(each.filed)
            if document != same
        ]
        others = [Kind.UPLOAD, Kind.AGREEMENT, Kind.PLAN]
        groups["Something else"] = [(kind.value, KIND_LABELS[kind]) for kind in others]
        named = [(key, called) for _, key, called, _ in self.instruments]
        groups["A completed instrument"] = [(f"instrument:{key}", f"Completed {called}") for key, called in named]
        loose = [(f"report:{key}", f"Report of {called}, no assessment") for key, called in named]
        groups["A report of no assessment here"] = [*loose, ("report", "Report of another instrument")]
        return {title: options for title, options in groups.items() if options}

    def guess(self, name: str, page: str, client: int | None, today: date) -> "Guessed":
        """What a file seems to be: of this client, or of the one it names."""
        who = guess_client(self._words, name, page)
        named = int(who.value) if who.value else None
        client = named if client is None else client
        instrument = guess_instrument([(key, phrases) for _, key, _, phrases in self.instruments], name, page)
        row = next(((row, called) for row, key, called, _ in self.instruments if key == instrument.value), None)
        day, where = guess_day(name, page, today)
        same = self.named.get((client or 0, name), "")
        place = guess_place(
            name, page, (instrument.value, row[0] if row else None), self.wanted.get(client or 0, ()), same
        )
        found = [(self.label_of[named], who.why)] if named and named == client else []
        found += [(row[1], instrument.why)] if row else []
        found += [(f"{day:%-d %B %Y}", where)] if day else []
        return Guessed(client, place, day, found, self.label_of[named] if named and named != client else "")


def _part_in_words(wanted: Wanted) -> str:
    return f"{wanted.words}: beside what is filed" if wanted.filed else wanted.words


def _which(at: int, wanted: Wanted) -> str:
    return f" ({at + 1} of {len(wanted.filed)})" if len(wanted.filed) > 1 else ""


class Guessed(NamedTuple):
    """What a file seems to be; `found` says what stands where, `names_another` whom it names who is not the one."""

    client: int | None
    place: str
    day: date | None
    found: list[tuple[str, str]]
    names_another: str


class PlaceForm(Form):
    """What a file is, and whose. The choices are those of one client (`drawn`): with another they are asked anew."""

    chosen = BooleanField("File it", default=True)
    client = StringField(
        "Client", [InputRequired("Whose is it?"), one_line], filters=[lambda text: strip(text)[:LONGEST_NAME]]
    )
    drawn = StringField(widget=HiddenInput())
    what = SelectField("What it is", validate_choice=False)
    dated_on = DateField("Date of the document", [Optional()])
    audience = SelectField(
        "Who may open it", choices=choices((key.value, label) for key, label in AUDIENCE_LABELS.items())
    )

    @property
    def is_sent(self) -> bool:
        """Whether somebody has said something in it."""
        return self.client.raw_data is not None and bool(self.client.raw_data)

    def offer(self, offer: Offer, name: str) -> None:
        """Draw the choices for the client that stands there."""
        self.offered = offer
        self.client_id = offer.client_called(self.client.data or "")
        self.groups = offer.places(self.client_id, name)
        self.values = {value for options in self.groups.values() for value, _ in options}
        self.is_redrawn = self.drawn.data != str(self.client_id or "")

    def suggest(self, guessed: Guessed) -> None:
        """Let it stand there as the file seems to be."""
        self.client.data = self.offered.label_of.get(guessed.client or 0, "")
        self.what.data, self.dated_on.data = guessed.place, guessed.day
        is_report = guessed.place.partition(":")[0] in ("of", Kind.REPORT)
        self.audience.data = (Audience.COACH if is_report else Audience.TEAM).value

    def validate_client(self, field: Field) -> None:
        if self.client_id is None:
            raise ValidationError(NOBODY)

    def validate_what(self, field: Field) -> None:
        if self.client_id is not None and self.is_redrawn:
            raise ValidationError("These are the choices for this client now. Choose, then file.")
        if field.data not in self.values:
            raise ValidationError("Choose what it is.")

    def validate_dated_on(self, field: Field) -> None:
        if field.data is not None and not EARLIEST <= field.data <= LATEST:
            raise ValidationError("Choose a day between 1980 and 2099.")

    @property
    def place(self) -> Place:
        return place_of(self.what.data)


class ReportsForm(Form):
    """Whether assistants may open what they file."""

    allowed = BooleanField("Assistants may open reports and packages")
