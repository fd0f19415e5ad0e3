"""The firm's details as typed, and its logo as uploaded."""

import io

from werkzeug.datastructures import FileStorage
from wtforms import FileField, SelectField
from wtforms.validators import Optional

from ..errors import Refused
from ..web.forms import Form, choices, short_text, version_field, zone_field
from .rules import CURRENCIES, HUES, MAX_LOGO_BYTES

LOGO_SIDE = 512


class FirmForm(Form):
    name = short_text("Name", "What is the firm called?", help="Clients see it on every page and mail.")
    zone = zone_field("Time zone", "For people whose zone we do not know.")
    currency = SelectField("Currency", choices=choices((code, code) for code in CURRENCIES))
    hue = SelectField("Accent colour", choices=choices(HUES.items()), coerce=int)
    version = version_field()


def logo_field() -> FileField:
    return FileField(
        "Logo",
        [Optional()],
        description="PNG, JPEG or WebP, up to 1 MB. Square works best.",
        render_kw={"accept": "image/png,image/jpeg,image/webp"},
    )


class LogoForm(Form):
    logo = logo_field()


def drawn_anew(upload: FileStorage | None) -> tuple[bytes, str]:
    """The uploaded logo decoded and written again by us as PNG: whatever else the file carried is gone.

    Raises Refused with a sentence when it is no PNG, JPEG or WebP, or too large.
    """
    from PIL import Image, UnidentifiedImageError  # heavy, and needed once a year  # noqa: PLC0415

    content = upload.stream.read(MAX_LOGO_BYTES + 1) if upload else b""
    if not content:
        raise Refused("Choose a picture first.")
    if len(content) > MAX_LOGO_BYTES:
        raise Refused("The logo may have up to 1 MB. Choose a smaller one.")
    try:
        picture = Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "WEBP"))
        if picture.width * picture.height > 16_000_000:
            raise Refused("The logo has too many pixels. Choose one of up to 4000 × 4000.")
        drawn = picture.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Refused("That is not a picture we can use. Choose a PNG, JPEG or WebP.") from None
    drawn.thumbnail((LOGO_SIDE, LOGO_SIDE))
    written = io.BytesIO()
    drawn.save(written, "PNG")
    return written.getvalue(), "image/png"
