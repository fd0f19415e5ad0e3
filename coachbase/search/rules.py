"""What can be done from the palette, and where the words that were typed stand in what was found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..clients.rules import fold

MOST_OF_A_KIND = 8


@dataclass(frozen=True)
class Deed:
    """Something to do, or a page to go to; `also` are other words for it."""

    label: str
    href: str
    icon: str
    also: str = ""
    roles: tuple[str, ...] = ("owner", "coach", "assistant")

    def answers(self, words: Iterable[str]) -> bool:
        """Whether each word begins a word of it."""
        here = fold(f"{self.label} {self.also}").split()
        return all(any(own.startswith(word) for own in here) for word in words)


DEEDS = (
    Deed("New client", "/clients/new", "user-plus", "add create person coachee"),
    Deed("New sponsor", "/sponsors/new", "building", "add create organisation company"),
    Deed("New program", "/settings/programs/new", "list-checks", "add create template", ("owner", "assistant")),
    Deed("Import clients", "/clients/import", "upload", "csv file list", ("owner", "assistant")),
    Deed("New invoice", "/invoices/new", "receipt", "add create bill draft payer"),
    Deed("Revenue", "/books", "chart-line", "books month coach turnover unbilled accountant csv"),
    Deed("Receivables", "/books/receivables", "hourglass", "books owed open overdue age debtors"),
    Deed("Tax report", "/books/tax", "percent", "books vat period quarter accountant csv"),
    Deed("File documents", "/library", "upload", "drop report pdf agreement scan upload library"),
    Deed("Plan around an absence", "/planning/new", "calendar-days", "coach ill sick away leave holiday move sessions"),
    Deed("Plans", "/planning", "list-checks", "proposals cadence absence slip undo"),
    Deed("Invite somebody", "/settings/team/invite", "mail-plus", "add new team coach assistant member", ("owner",)),
    Deed("Read a bank file", "/payments/files", "landmark", "payments statement csv camt", ("owner", "assistant")),
    Deed("Your account", "/account", "user", "password zone theme dark light profile"),
)


def pieces(text: str, words: Sequence[str]) -> list[tuple[str, bool]]:
    """The text cut where the words stand: (part, whether it is one of them), in order.

    The parts are the text's own signs, to be escaped one by one; "sorensen" marks Sørensen, "ae" marks æ.
    """
    folded, sign_at = "", list[int]()
    for place, sign in enumerate(text):
        for letter in fold(sign):
            folded += letter
            sign_at.append(place)
    hit = [False] * len(text)
    for word in words:
        start = folded.find(word)
        while start >= 0:
            for place in sign_at[start : start + len(word)]:
                hit[place] = True
            start = folded.find(word, start + len(word))
    cut: list[tuple[str, bool]] = []
    for sign, is_hit in zip(text, hit, strict=True):
        if cut and cut[-1][1] == is_hit:
            cut[-1] = (cut[-1][0] + sign, is_hit)
        else:
            cut.append((sign, is_hit))
    return cut
