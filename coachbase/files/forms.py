"""Files from a person's disk, and who may open them."""

from collections.abc import Iterable
from typing import Any

from flask import request
from werkzeug.datastructures import CombinedMultiDict, FileStorage, MultiDict
from wtforms import Field, MultipleFileField, RadioField
from wtforms.validators import ValidationError

from ..web.forms import Form, choices
from .rules import ACCEPT, KINDS_IN_WORDS, LARGEST, MOST_AT_ONCE, Audience, Upload, refusal_to_store, safe_name


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
    """Documents for a client. Everybody may file for the coach only; an assistant then cannot open it again."""

    files = files_field("Documents")
    audience = RadioField(
        "Who may open them",
        choices=choices([(Audience.TEAM.value, "The team"), (Audience.COACH.value, "The coach only")]),
        default=Audience.TEAM.value,
    )

    def validate_files(self, field: Field) -> None:
        if not field.data:
            raise ValidationError("Choose a file first.")
