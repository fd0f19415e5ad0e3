"""What a person sees on a page: the names of a list, and what a form there would send."""

import re
from html.parser import HTMLParser


def names(page: str) -> list[str]:
    """The clients of a list, in its order."""
    return re.findall(r'<td>\s*<a href="/clients/\w{26}">([^<]+)</a>', page)


class _Form(HTMLParser):
    """The fields of the form that begins with this id."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id, self.inside, self.select, self.text = form_id, False, "", ""
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        if tag == "form":
            self.inside = told.get("id") == self.form_id
        elif not self.inside:
            return
        elif tag == "input" and told.get("name"):
            if told.get("type") not in ("radio", "checkbox") or "checked" in told:
                self.fields[told["name"]] = told.get("value") or ""
        elif tag == "select":
            self.select = told["name"]
        elif tag == "textarea":
            self.text = told["name"]
            self.fields[self.text] = ""
        elif tag == "option" and self.select and (self.select not in self.fields or "selected" in told):
            self.fields[self.select] = told["value"]

    def handle_data(self, data):
        if self.text:
            self.fields[self.text] += data.removeprefix("\r").removeprefix("\n")

    def handle_endtag(self, tag):
        self.text = ""
        if tag == "select":
            self.select = ""
        if tag == "form":
            self.inside = False


def typed(page: str, form_id: str = "client-form") -> dict[str, str]:
    """What a form on the page would send, as it stands."""
    form = _Form(form_id)
    form.feed(page)
    return form.fields
