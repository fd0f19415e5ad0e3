"""Change the firm's name, zone, currency, colour and logo, and what assistants may open."""

from ..db import atomic
from ..errors import Stale
from .models import Firm


@atomic
def change(*, version: int, name: str, zone: str, currency: str, hue: int) -> None:
    """Save the firm's details.

    Raises Stale when somebody else saved them since version `version`.
    """
    changed = (
        Firm.update(name=name, zone=zone, currency=currency, hue=hue, version=Firm.version + 1)
        .where(Firm.version == version)
        .execute()
    )
    if not changed:
        raise Stale("Somebody else changed the firm’s details while you were typing.")


@atomic
def change_logo(logo: bytes | None, media_type: str | None) -> None:
    """Set the logo, or take it away. The bytes are ours: forms.py has drawn the picture anew."""
    Firm.update(logo=logo, logo_type=media_type).execute()


@atomic
def let_assistants_open_reports(allowed: bool) -> bool:
    """Say whether assistants may read the reports and packages they file; whether that is news."""
    asked = Firm.update(assistants_open_reports=allowed).where(Firm.assistants_open_reports != allowed)
    return bool(asked.execute())
