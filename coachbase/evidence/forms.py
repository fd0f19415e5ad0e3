"""A PDF to be checked, and the firm's own certificate, as uploaded."""

from typing import Any

from flask import request
from werkzeug.datastructures import CombinedMultiDict, FileStorage, MultiDict
from wtforms import Field, FileField, HiddenField, PasswordField
from wtforms.validators import Optional, ValidationError

from ..web.forms import Form
from .rules import LARGEST, LARGEST_CERTIFICATE


def sent() -> MultiDict[str, Any]:
    """Texts and files of this request; a file sent as a text is nothing."""
    return CombinedMultiDict([request.files, request.form])


def _first_bytes(most: int) -> Any:
    """Reads an upload: one byte more than allowed is enough to know that it is too large."""

    def read(upload: object) -> bytes:
        if not isinstance(upload, FileStorage):
            return b""
        with upload.stream as stream:
            return stream.read(most + 1)

    return read


class CheckForm(Form):
    """A file to be checked. Not only what looks like a PDF: the first bytes may be the ones that were changed."""

    pdf = FileField(
        "The PDF",
        filters=[_first_bytes(LARGEST)],
        description="Up to 25 MB. It is compared and forgotten, not kept.",
        render_kw={"accept": "application/pdf,.pdf"},
    )

    def validate_pdf(self, field: Field) -> None:
        if not field.data:
            raise ValidationError("Choose a PDF first.")
        if len(field.data) > LARGEST:
            raise ValidationError("Files may have up to 25 MB, and no document of ours is larger.")


class CertificateForm(Form):
    """A PKCS #12 file with its password; `in_use` is the certificate that was in use when the page was opened."""

    certificate = FileField(
        "Certificate with its key",
        filters=[_first_bytes(LARGEST_CERTIFICATE)],
        description="A PKCS #12 file, which ends in .p12 or .pfx.",
        render_kw={"accept": ".p12,.pfx,application/x-pkcs12"},
    )
    password = PasswordField(
        "Its password",
        [Optional()],
        description="The one that was set when the file was made. It is used once and not kept.",
        render_kw={"autocomplete": "off", "maxlength": 200},
    )
    in_use = HiddenField(default="")
