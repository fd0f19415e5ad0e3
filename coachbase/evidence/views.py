"""Settings of the seal: which certificate is in use, and the firm's own."""

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from .. import clock
from ..errors import Refused, Stale
from ..web.pages import firm, go, load_or_404, require
from . import actions
from .forms import CertificateForm, sent
from .models import SealKey
from .rules import RENEW_WITHIN, fingerprint_in_words

pages = Blueprint("evidence", __name__)


@pages.get("/settings/seal")
def seal() -> ResponseReturnValue:
    require(current_user.may_run_practice)
    return _seal(CertificateForm())


@pages.post("/settings/seal/certificate")
def load_certificate() -> ResponseReturnValue:
    require(current_user.may_run_practice)
    form = CertificateForm(sent())
    form.validate()
    try:
        actions.load_key(form.certificate.data, form.password.data or "", instead_of=form.in_use.data or "")
    except Stale as stale:
        return _seal(form, str(stale)), 409
    except Refused as refused:
        form.certificate.errors = [str(refused)]
        return _seal(form), 422
    return go("/settings/seal", "Documents are sealed with your certificate from now on.")


@pages.post("/settings/seal/new")
def make_certificate() -> ResponseReturnValue:
    require(current_user.may_run_practice)
    try:
        actions.make_key(firm().name, instead_of=request.form.get("in_use", ""))
    except Stale as stale:
        return _seal(CertificateForm(), str(stale)), 409
    return go("/settings/seal", "Documents are sealed with a new certificate from now on.")


@pages.get("/settings/seal/<ulid:seal_key_id>.pem")
def certificate(seal_key_id: str) -> ResponseReturnValue:
    """The certificate that anybody may have; never its key."""
    require(current_user.may_run_practice)
    key: SealKey = load_or_404(SealKey.select(SealKey.certificates, SealKey.fingerprint), seal_key_id)
    name = f"seal-{key.fingerprint[:8]}.pem"
    return Response(
        key.certificates,
        mimetype="application/x-pem-file",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _seal(form: CertificateForm, notice: str = "") -> str:
    in_use = SealKey.in_use()
    form.in_use.data = in_use.public_id if in_use else ""
    return render_template(
        "evidence/seal.html",
        form=form,
        notice=notice,
        in_use=in_use,
        retired=list(SealKey.retired()),
        ends_soon=in_use is not None and in_use.is_own and in_use.expires_at < clock.now() + RENEW_WITHIN,
        fingerprint=fingerprint_in_words,
    )
