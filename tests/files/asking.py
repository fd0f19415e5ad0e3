"""Dropping files as a person does: they are sent, and the page that asks is filled in and sent back."""

import io

from coachbase.jobs import run_jobs
from tests.safety.walk import read

WAITING = "/library/waiting"


def send(client, page, *files, **more):
    """Choose files in the form of a page and send it."""
    data = {"files": [(io.BytesIO(content), name) for name, content in files]} | more
    return client.post(page, data=data, content_type="multipart/form-data")


def asked(client, page=WAITING):
    """What the page that asks would send if nobody touched it: by the file's place on it, its fields."""
    run_jobs()
    (form,) = [form for form in read(page, client.get(page).text).forms if form.action == WAITING]
    rows = {}
    for name, value in form.fields:
        row, _, field = name.partition("-")
        if field:
            rows.setdefault(row, {})[field] = value
    return rows


def answer(browser, /, *changes, **all_rows):
    """Say what the files are, a mapping of changes for each, and file them."""
    rows = asked(browser)
    data = {}
    for at, (row, fields) in enumerate(rows.items()):
        changed = fields | all_rows | (changes[at] if at < len(changes) else {})
        data |= {f"{row}-{field}": value for field, value in changed.items() if value is not None}
    return browser.post(WAITING, data=data)


def file(browser, page, /, *files, **said):
    """Drop files and file them as said."""
    assert send(browser, page, *files).status_code == 303
    return answer(browser, **said)
