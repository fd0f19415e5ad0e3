"""The firm's one row."""

import base64
from datetime import date, datetime
from typing import Self
from zoneinfo import ZoneInfo

from peewee import SQL, BlobField, BooleanField, CharField, IntegerField, TextField

from ..db import Model, UtcDateTimeField, kept


class Firm(Model):
    """There is one, made by the first-run page; until then nobody can do anything else.

    `assistants_open_reports`: whether assistants may read the reports and packages they file (domain.md §1).
    """

    name = TextField()
    zone = TextField(default="UTC")
    currency = CharField(max_length=3, default="EUR")
    hue = IntegerField(default=200)
    logo = BlobField(null=True)
    logo_type = TextField(null=True)
    assistants_open_reports = BooleanField(default=False, constraints=[SQL("DEFAULT 0")])
    version = IntegerField(default=1)
    created_at = UtcDateTimeField()

    @classmethod
    def current(cls) -> Self | None:
        """The firm without its logo's bytes, shared and not to be changed; None before the first run."""
        columns = [field for field in cls._meta.sorted_fields if field is not cls.logo]
        return kept(cls, lambda: cls.select(*columns).first())

    @classmethod
    def letterhead(cls) -> dict[str, str]:
        """What documents on paper begin with: the name, and the logo as base64 or ''."""
        row = cls.select(cls.name, cls.logo).first()
        logo = base64.b64encode(bytes(row.logo)).decode() if row and row.logo else ""
        return {"name": row.name if row else "", "logo": logo}

    @classmethod
    def home_zone(cls) -> str:
        """The zone of the firm; UTC before the first run."""
        firm = cls.current()
        return firm.zone if firm else "UTC"

    @property
    def has_logo(self) -> bool:
        return self.logo_type is not None


def day_of(moment: datetime) -> date:
    """The day it is where the firm is: the date on its papers."""
    return moment.astimezone(ZoneInfo(Firm.home_zone())).date()
