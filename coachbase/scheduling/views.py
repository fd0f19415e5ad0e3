"""Sessions by the hands of staff: booked, moved, cancelled and asked for; the client's tab of sessions."""

from flask import Blueprint

pages = Blueprint("scheduling", __name__)
