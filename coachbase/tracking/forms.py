"""Whose list it is, and what its columns, words and instruments mean."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from wtforms import SelectField
from wtforms.validators import InputRequired

from ..clients.rules import Sheet, fold
from ..credentials.forms import ListForm
from ..instruments.models import Instrument, Vendor
from ..web.forms import choices
from .rules import FIELDS, LEAVE_OUT, Meaning, Meanings, Order, different

MOST_CHOSEN = 1000


class UploadForm(ListForm):
    """A vendor's list: dropped or pasted."""

    vendor = SelectField("Whose list is it?", [InputRequired("Say whose list it is.")])

    def offer(self, vendors: Iterable[Vendor]) -> None:
        self.vendor.choices = choices((vendor.public_id, vendor.name) for vendor in vendors)


def said(sheet: Sheet, known: Meanings, instruments: Sequence[Instrument], sent: Mapping[str, str]) -> Meanings:
    """What was chosen: `column-<n>`; then, for the columns that were shown, `word-<n>` and `instrument-<n>`."""
    fields = [_one_of(FIELDS, sent.get(f"column-{number}", "")) for number in range(len(sheet.header))]
    shown, meanings = known.fields_of(sheet), known.with_columns(sheet, fields)
    order = sent.get("order", "")
    meanings = replace(meanings, order=Order(order) if order in set(Order) else known.order)
    if _place(shown, "status") == _place(fields, "status"):
        words = {fold(word): sent.get(f"word-{n}", "") for n, word in enumerate(different(sheet, fields, "status"))}
        clear = {word: Meaning(meaning) for word, meaning in words.items() if meaning in set(Meaning)}
        meanings = replace(meanings, words={**known.words, **clear})
    if _place(shown, "instrument") == _place(fields, "instrument"):
        ids = {LEAVE_OUT, *(instrument.public_id for instrument in instruments)}
        named = different(sheet, fields, "instrument")
        given = {fold(name): sent.get(f"instrument-{n}", "") for n, name in enumerate(named)}
        kept = {name: which for name, which in given.items() if which in ids}
        meanings = replace(meanings, instruments={**known.instruments, **kept})
    return meanings


def _one_of(known: Iterable[str], text: str) -> str:
    return text if text in set(known) else ""


def _place(fields: Sequence[str], name: str) -> int:
    return list(fields).index(name) if name in fields else -1


def chosen_targets(sent: Mapping[str, str]) -> dict[int, str]:
    """Who was chosen for lines that may be about several, `line-<number>`."""
    found = {}
    for key, value in list(sent.items())[:MOST_CHOSEN]:
        number = key.removeprefix("line-")
        if key.startswith("line-") and number.isascii() and number.isdigit() and len(number) < 8 and value:
            found[int(number)] = value
    return found
