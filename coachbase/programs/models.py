"""Program templates and their steps."""

from peewee import CharField, ForeignKeyField, ModelSelect

from ..agreements.models import AgreementTemplate
from ..db import PublicIdField, UtcDateTimeField
from ..engagements.models import StepTerms, Terms
from ..engagements.rules import Payer
from ..intake.models import Form


class ProgramTemplate(Terms):
    """What a firm offers. Starting it copies the terms, so a later change alters nothing that runs."""

    public_id = PublicIdField()
    payer_name = CharField(max_length=8, column_name="payer", default=Payer.CLIENT)
    agreement = ForeignKeyField(AgreementTemplate, null=True, on_delete="SET NULL")
    questionnaire = ForeignKeyField(Form, null=True, on_delete="SET NULL")
    removed_at = UtcDateTimeField(null=True)

    @property
    def payer(self) -> Payer:
        return Payer(self.payer_name)

    @classmethod
    def kept(cls) -> ModelSelect:
        return cls.select().where(cls.removed_at.is_null()).order_by(cls.name, cls.id)


class TemplateStep(StepTerms):
    """An onboarding step that the program begins with."""

    public_id = PublicIdField()
    template = ForeignKeyField(ProgramTemplate, backref="steps", on_delete="CASCADE")

    class Meta:
        indexes = ((("template", "key"), True),)

    @classmethod
    def of(cls, template: ProgramTemplate) -> ModelSelect:
        return cls.select().where(cls.template == template).order_by(cls.position, cls.id)
