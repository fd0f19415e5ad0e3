"""Checking a PDF: for anybody who has one, without a link."""

import hashlib
from datetime import timedelta

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from .. import clock
from ..accounts.models import Attempt
from ..web.guard import public_blueprint
from .forms import CheckForm, sent
from .models import ProvableFile
from .rules import Outcome, Verdict, fingerprint_in_words, utc_in_words

MOST, WITHIN = 60, timedelta(minutes=15)

pages: Blueprint = public_blueprint("evidence_public", __name__, prefix="/p/verify")


@pages.get("")
def verify() -> ResponseReturnValue:
    return render_template("evidence/verify.html", form=CheckForm())


@pages.post("")
def check() -> ResponseReturnValue:
    """Say of a PDF whether it is one of ours, and unchanged. Nothing of it is kept."""
    Attempt.count_one(f"verify from {request.remote_addr}", limit=MOST, within=WITHIN, now=clock.now())
    form = CheckForm(sent())
    if not form.validate():
        return render_template("evidence/verify.html", form=form), 422
    content = form.pdf.data
    file = ProvableFile.behind(content)
    return render_template(
        "evidence/verdict.html",
        verdict=file.verdict_on(content) if file else Verdict(Outcome.UNKNOWN),
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        utc=utc_in_words,
        fingerprint=fingerprint_in_words,
    )
