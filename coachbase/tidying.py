"""What nobody needs any more: used form keys, ended sessions, dead links."""

from datetime import timedelta

from . import clock
from .accounts.models import Attempt, LoginSession
from .clients.models import ClientImport, Contact
from .db import Once, atomic
from .links.models import Link
from .payments.models import BankFile
from .portal.models import Chaser
from .tracking.models import StatusList


@atomic
def forget_spent_rows() -> None:
    """Delete what has served its time. Nothing that tells what happened is among it."""
    now = clock.now()
    Once.delete().where(Once.at < now - timedelta(days=2)).execute()
    Attempt.delete().where(Attempt.at < now - timedelta(days=1)).execute()
    LoginSession.delete().where(LoginSession.expires_at < now - timedelta(days=30)).execute()
    Link.delete().where(Link.expires_at < now - timedelta(days=30)).execute()
    Chaser.delete().where(Chaser.on < (now - timedelta(days=30)).date()).execute()
    Contact.delete().where(Contact.removed_at < now - timedelta(days=1)).execute()
    ClientImport.delete().where(ClientImport.created_at < now - timedelta(days=7)).execute()
    BankFile.delete().where(BankFile.read_at.is_null(), BankFile.at < now - timedelta(days=7)).execute()
    StatusList.delete().where(StatusList.created_at < now - timedelta(days=7)).execute()
