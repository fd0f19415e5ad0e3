"""The firm's details: two tabs never overwrite each other; a logo is drawn anew."""

import io

import pytest
from PIL import Image

from coachbase.firm import forms
from coachbase.firm.models import Firm

DETAILS = {"name": "Northbank", "zone": "Europe/London", "currency": "GBP", "hue": "200"}


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 20)) -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", size, "teal").save(drawn, kind)
    return drawn.getvalue()


def upload(client, content: bytes, name: str = "logo.png"):
    return client.post("/settings/firm/logo", data={"logo": (io.BytesIO(content), name)})


def test_of_two_tabs_the_second_sees_both_texts(olive):
    assert olive.post("/settings/firm", data=DETAILS | {"version": "1", "name": "First <b>tab</b>"}).status_code == 303
    second = olive.post("/settings/firm", data=DETAILS | {"version": "1", "name": "Second <i>tab</i>"})
    assert second.status_code == 409
    assert "First &lt;b&gt;tab" in second.text
    assert "Second &lt;i&gt;tab" in second.text
    assert Firm.current().name == "First <b>tab</b>"
    kept = olive.post("/settings/firm", data=DETAILS | {"version": "2", "name": "Second <i>tab</i>"})
    assert kept.status_code == 303
    assert Firm.current().name == "Second <i>tab</i>"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "a\nb"),
        ("name", "x" * 121),
        ("zone", "../../etc/passwd"),
        ("currency", "XXX"),
        ("hue", "9"),
    ],
)
def test_a_wrong_detail_gets_a_sentence_and_changes_nothing(olive, field, value):
    answer = olive.post("/settings/firm", data=DETAILS | {"version": "1", field: value})
    assert answer.status_code == 422
    assert Firm.current().version == 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_logo_is_drawn_anew_and_shown_to_anybody(olive, stranger, kind):
    smuggled = picture(kind) + b"<script>alert(1)</script>"
    assert upload(olive, smuggled).status_code == 303
    shown = stranger.get("/logo")
    assert shown.mimetype == "image/png"
    assert b"script" not in shown.data
    assert Image.open(io.BytesIO(shown.data)).size == (40, 20)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"GIF89a" + b"\0" * 40,
        picture()[:60],
    ],
)
def test_what_is_no_picture_is_refused_with_a_sentence(olive, content):
    answer = upload(olive, content)
    assert answer.status_code == 422
    assert not Firm.current().has_logo


def test_a_file_too_large_is_refused_before_it_is_read(olive, monkeypatch):
    monkeypatch.setattr(forms, "MAX_LOGO_BYTES", 50)
    assert "up to 1 MB" in upload(olive, picture()).text


def test_a_picture_of_too_many_pixels_is_refused(olive):
    assert upload(olive, picture(size=(5000, 4000))).status_code == 422


def test_the_logo_can_be_taken_away(olive, stranger):
    upload(olive, picture())
    assert olive.post("/settings/firm/logo", data={"remove": "1"}).status_code == 303
    assert stranger.get("/logo").status_code == 404


def test_only_the_owner_changes_the_firm(vera, alice):
    for client in (vera, alice):
        assert client.get("/settings/firm").status_code == 404
        assert client.post("/settings/firm", data=DETAILS | {"version": "1"}).status_code == 404
