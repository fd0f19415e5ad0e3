"""Headers on every answer (safety.md, Decided)."""

from flask import Flask, current_app, request
from werkzeug.wrappers import Response

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def install(app: Flask) -> None:
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CSP)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer" if request.path.startswith("/p/") else "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if current_app.config["COACHBASE"].is_https:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    if request.endpoint == "static" and response.status_code < 400:
        # Addresses carry the file's hash (filters.asset), so a changed file has a new address.
        headers["Cache-Control"] = "public, max-age=31536000, immutable" if "v" in request.args else "no-cache"
    else:
        headers["Cache-Control"] = "no-store"
        headers["X-Robots-Tag"] = "noindex"
        headers["Vary"] = "Cookie, HX-Request"
    return response
