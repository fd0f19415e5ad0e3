"""Program templates and their steps; what starting one would bring about, before anything is stored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from peewee import CharField, ForeignKeyField, IntegerField, ModelSelect

from .. import money
from ..accounts.models import Serving, User
from ..agreements import rules as agreement_rules
from ..agreements.models import Agreement, AgreementTemplate
from ..clients.models import Client, Contact
from ..db import PublicIdField, UtcDateTimeField
from ..engagements.models import Engagement, Participant, StepTerms, Terms
from ..engagements.rules import PAYER_LABELS, Obligation, Payer, State, StepKind, obligations
from ..firm.models import Firm, day_of
from ..instruments.models import Battery, BatteryItem
from ..instruments.rules import due_on, words_of_battery
from ..intake.models import Form, FormVersion, Question, Submission
from ..intake.rules import FormKind, FormState
from .rules import (
    Lack,
    Lacking,
    Letter,
    Mailing,
    Part,
    Reader,
    end_after,
    fitting_steps,
    invoice_lacks,
    letters,
    refusal_to_begin,
    without_sponsor,
)


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

    @property
    def payer_label(self) -> str:
        return PAYER_LABELS[self.payer]

    @property
    def price(self) -> str:
        """The price as the form shows it."""
        return money.as_typed(self.price_cents, self.currency)

    @property
    def price_in_words(self) -> str:
        return money.in_words(self.price_cents, self.currency)

    @property
    def agreement_id_chosen(self) -> str:
        """Names the agreement in the form and on its page of two versions."""
        return self.agreement.public_id if self.agreement_id else ""

    @property
    def questionnaire_id_chosen(self) -> str:
        return self.questionnaire.public_id if self.questionnaire_id else ""

    @property
    def battery_id_chosen(self) -> str:
        return self.battery.public_id if self.battery_id else ""

    @property
    def battery_to_apply(self) -> Battery | None:
        """The battery, unless it was removed."""
        return self.battery if self.battery_id and self.battery.removed_at is None else None

    @property
    def parts(self) -> frozenset[Part]:
        """What its steps may stand on."""
        return parts_of(self, has_agreement=bool(self.agreement_id), has_questionnaire=bool(self.questionnaire_id))

    @property
    def agreement_to_sign(self) -> AgreementTemplate | None:
        """The agreement, unless it was removed."""
        return self.agreement if self.agreement_id and self.agreement.removed_at is None else None

    @property
    def questionnaire_to_ask(self) -> Form | None:
        """The questionnaire, when it is published and open."""
        return self.questionnaire if self.questionnaire_id and self.questionnaire.state is FormState.OPEN else None

    @classmethod
    def kept(cls) -> ModelSelect:
        return cls.select().where(cls.removed_at.is_null()).order_by(cls.name, cls.id)

    @classmethod
    def with_documents(cls) -> ModelSelect:
        """With agreement, questionnaire and battery, removed ones too."""
        return (
            cls.select(cls, AgreementTemplate, Form, Battery)
            .left_outer_join(AgreementTemplate)
            .switch(cls)
            .left_outer_join(Form)
            .switch(cls)
            .left_outer_join(Battery)
            .order_by(cls.name, cls.id)
        )

    @classmethod
    def offered(cls) -> ModelSelect:
        """Those that can be started."""
        return cls.with_documents().where(cls.removed_at.is_null())

    @classmethod
    def questionnaires(cls) -> ModelSelect:
        """What a program may ask its clients."""
        return Form.select().where(Form.kind_name == FormKind.QUESTIONNAIRE).order_by(Form.title, Form.id)


def parts_of(terms: Terms, *, has_agreement: bool, has_questionnaire: bool) -> frozenset[Part]:
    """What these terms give steps to stand on."""
    there = {
        Part.AGREEMENT: has_agreement,
        Part.QUESTIONNAIRE: has_questionnaire,
        Part.ASSESSMENTS: bool(terms.battery_id or terms.assessments.strip()),
        Part.THREE_WAYS: bool(terms.meetings),
        Part.LOGISTICS: bool(terms.logistics.strip()),
    }
    return frozenset(part for part, is_there in there.items() if is_there)


class TemplateStep(StepTerms):
    """An onboarding step that the program begins with. One taken out waits below zero, to be put back."""

    public_id = PublicIdField()
    template = ForeignKeyField(ProgramTemplate, backref="steps", on_delete="CASCADE")
    version = IntegerField(default=1)

    class Meta:
        indexes = ((("template", "key"), True),)

    @classmethod
    def of(cls, template: ProgramTemplate) -> ModelSelect:
        return cls.select().where(cls.template == template, cls.position > 0).order_by(cls.position, cls.id)

    @classmethod
    def counts(cls) -> dict[int, int]:
        """How many steps each program has."""
        found: dict[int, int] = {}
        for (template,) in cls.select(cls.template).where(cls.position > 0).tuples():
            found[template] = found.get(template, 0) + 1
        return found


@dataclass(frozen=True)
class Start:
    """What the assistant chose for one client, beside the template. Without an end the template's length decides.

    `battery` counts when `has_own_battery`; otherwise the template's is applied.
    """

    coach: User | None
    starts_on: date
    ends_on: date | None
    price_cents: int
    payer: str
    po_number: str
    signers: tuple[Contact, ...] = ()
    meets: tuple[Contact, ...] = ()
    reads: tuple[Contact, ...] = ()
    pays: tuple[Contact, ...] = ()
    send_now: bool = True
    has_own_battery: bool = False
    battery: Battery | None = None

    @property
    def people(self) -> list[Contact]:
        """The sponsor contacts in it, those who sign first, each once."""
        return list(dict.fromkeys((*self.signers, *self.meets, *self.reads, *self.pays)))

    def participants(self) -> list[dict[str, Any]]:
        """As rows of Participant."""
        return [
            {
                "contact": contact,
                "signs": contact in self.signers,
                "meets": contact in self.meets,
                "reads": contact in self.reads,
                "pays": contact in self.pays,
            }
            for contact in self.people
        ]


class Outlook:
    """What starting a program would bring about: read here for the page that shows it, and by the act itself."""

    def __init__(
        self, client: Client, template: ProgramTemplate, chosen: Start, *, firm: Firm | None, now: datetime
    ) -> None:
        self.client, self.template, self.chosen, self.firm = client, template, chosen, firm
        self.today = day_of(now)

    @cached_property
    def engagement(self) -> Engagement:
        """The engagement as it would be, not stored."""
        chosen = self.chosen
        terms = self.template.terms() | {"price_cents": chosen.price_cents} | self._assessments()
        has_sponsor = chosen.payer == Payer.SPONSOR or bool(chosen.people)
        return Engagement(
            **(terms if has_sponsor else without_sponsor(terms)),
            client=self.client,
            coach=chosen.coach,
            starts_on=chosen.starts_on,
            ends_on=chosen.ends_on or end_after(chosen.starts_on, self.template.months),
            payer_name=chosen.payer,
            po_number=chosen.po_number,
            state_name=State.DRAFT,
        )

    @property
    def battery(self) -> Battery | None:
        """What will be set up for the client."""
        return self.chosen.battery if self.chosen.has_own_battery else self.template.battery_to_apply

    @cached_property
    def battery_items(self) -> list[BatteryItem]:
        return list(BatteryItem.of(self.battery)) if self.battery else []

    def _assessments(self) -> dict[str, Any]:
        """The battery, and its words for the agreement: the template's own as long as the battery is the template's."""
        battery = self.battery
        same = (battery and battery.id) == self.template.battery_id
        words = self.template.assessments if same else ""
        names = [item.instrument.name for item in self.battery_items]
        return {"battery_id": battery and battery.id, "assessments": words or words_of_battery(names)}

    @property
    def refusal(self) -> str | None:
        """Why it cannot be started so."""
        return refusal_to_begin(
            self.client.name,
            has_coach=self.chosen.coach is not None,
            is_kept=self.template.removed_at is None,
            payer=Payer(self.chosen.payer),
            has_organisation=bool(self.client.organisation_id),
            starts_on=self.chosen.starts_on,
            ends_on=self.engagement.ends_on,
        )

    @cached_property
    def steps(self) -> list[dict[str, Any]]:
        """The onboarding steps that apply, as rows of StepTerms."""
        parts = parts_of(
            self.engagement,
            has_agreement=self.template.agreement_to_sign is not None,
            has_questionnaire=self.template.questionnaire_to_ask is not None,
        )
        return fitting_steps(list(TemplateStep.of(self.template)), parts)

    @cached_property
    def lacking(self) -> list[Lacking]:
        """Which documents lack which fields."""
        agreement = self.template.agreement_to_sign
        asked = asked_by(self.template.questionnaire_to_ask)
        missing = self._missing_in(agreement.body) if agreement else []
        papers = [paper_of(agreement.name, missing, self.client, asked)] if agreement else []
        addresses = [signer for signer in self.chosen.signers if agreement]
        return [*papers, mails_of(self.client, addresses, asked), invoice_of(self.engagement, asked)]

    def _missing_in(self, body: str) -> list[str]:
        """The merge fields the agreement's text would lack."""
        client, planned = self.client, self.engagement
        values = agreement_rules.values(
            client=client,
            organisation=client.organisation,
            coach=self.chosen.coach,
            firm=self.firm,
            terms=planned,
            starts_on=planned.starts_on,
            ends_on=planned.ends_on,
            payer=planned.payer_name,
            po_number=planned.po_number,
            sponsor_signer=" and ".join(contact.name for contact in self.chosen.signers),
            today=self.today,
        )
        return agreement_rules.missing(body, values)

    @property
    def dates(self) -> list[Obligation]:
        """Everything dated that it brings."""
        planned = self.engagement
        tests = [Obligation(day, f"{name} completed", "clipboard-check") for day, name, _ in self._tests if day]
        return sorted([*tests, *obligations(planned, planned.starts_on, planned.ends_on)], key=lambda each: each.on)

    @cached_property
    def _tests(self) -> list[tuple[date | None, str, int]]:
        """When each instrument of the battery is due, and how many days it usually takes."""
        first, last = self.engagement.starts_on, self.engagement.ends_on
        return [
            (
                due_on(item.item, kickoff_on=first, starts_on=first, ends_on=last),
                item.instrument.name,
                item.instrument.answer_days + item.instrument.report_days,
            )
            for item in self.battery_items
        ]

    @property
    def too_soon(self) -> list[str]:
        """The instruments that take longer than there is time before they are due."""
        hurried = (name for day, name, takes in self._tests if day and day < self.today + timedelta(days=takes))
        return list(dict.fromkeys(hurried))

    @property
    def new_coach(self) -> bool:
        """Whether the client passes to another coach with it."""
        return self.chosen.coach is not None and self.client.coach_id != self.chosen.coach.id

    @property
    def holds_back(self) -> list[Lack]:
        """What keeps the agreement from being sent: fields it lacks, and signers without an address."""
        if self.template.agreement_to_sign is None:
            return []
        paper, mails, _ = self.lacking
        return [*paper.lacks, *mails.lacks]

    @property
    def is_sent(self) -> bool:
        """Whether the agreement goes out at once."""
        return self.template.agreement_to_sign is not None and self.chosen.send_now and not self.holds_back

    @property
    def signers(self) -> list[Reader]:
        """Who signs the agreement, in this order."""
        if self.template.agreement_to_sign is None:
            return []
        coach = self.chosen.coach
        return [
            Reader(self.client.legal_name or self.client.name, self.client.email),
            *(Reader(contact.name, contact.email) for contact in self.chosen.signers),
            *([Reader(coach.name, coach.email)] if coach else []),
        ]

    @property
    def letters(self) -> list[Letter]:
        """Every mail it will cause, in the order in which they leave."""
        client, labels = self.client, {step["key"]: step["label"] for step in self.steps}
        logistics = next((step for step in self.steps if step["kind_name"] == StepKind.LOGISTICS_SENT), None)
        return letters(
            Mailing(
                client=Reader(client.name, client.email),
                assistant=Reader(client.assistant_name or "The client’s assistant", client.assistant_email)
                if client.assistant_email
                else None,
                signers=tuple(self.signers),
                desk=tuple(Reader(user.name, user.email) for user in Serving.desk_of(self.chosen.coach)),
                is_sent=self.is_sent,
                has_agreement=self.template.agreement_to_sign is not None,
                has_questionnaire=self.template.questionnaire_to_ask is not None,
                logistics_after=tuple(labels[key] for key in logistics["needs"].split()) if logistics else None,
            )
        )


# Asked once, used everywhere -----------------------------------------------------------------------------------------

_FILLED_BY = {
    "client_name": "legal_name",
    "client_preferred": "preferred_name",
    "client_email": "email",
    "client_address": "address",
    "client_position": "position",
    "client_organisation": "organisation",
    "sponsor_name": "organisation",
}
"""Which field of the client stands behind a merge field."""


def asked_by(form: Form | None) -> frozenset[str]:
    """The fields of a client that a questionnaire asks for."""
    if form is None:
        return frozenset()
    newest = FormVersion.select(FormVersion.id).where(FormVersion.form == form, FormVersion.published_at.is_null(False))
    newest = newest.order_by(FormVersion.number.desc()).limit(1)
    return _fills(Question.form_version.in_(newest))


def asked_in(client: Client) -> frozenset[str]:
    """The fields that the questionnaires ask for which this client has not sent in yet."""
    versions = [submission.form_version_id for submission in Submission.asked_of(client)]
    return _fills(Question.form_version.in_(versions)) if versions else frozenset()


def _fills(where: Any) -> frozenset[str]:
    rows = Question.select(Question.fills).where(where, Question.fills != "", Question.position > 0)
    return frozenset(fills for (fills,) in rows.tuples())


def paper_of(title: str, missing: Iterable[str], client: Client, asked: frozenset[str]) -> Lacking:
    """What an agreement lacks."""
    fields = [(name, agreement_rules.MERGE_FIELDS[name]) for name in missing]
    lacks = tuple(
        Lack(field.label, _place(field.where, client), _FILLED_BY.get(name) in asked) for name, field in fields
    )
    return Lacking(title, "signature", lacks)


def mails_of(client: Client, signers: Sequence[Contact], asked: frozenset[str]) -> Lacking:
    """Whose address our mails lack."""
    lacks = [] if client.email else [Lack(f"the address of {client.name}", _place("client", client), "email" in asked)]
    lacks += [
        Lack(f"the address of {contact.name}", _place("sponsor", client)) for contact in signers if not contact.email
    ]
    return Lacking("Mails", "mail", tuple(lacks))


_INVOICE = {
    "legal_name": ("the client’s legal name", "client"),
    "address": ("the client’s postal address", "client"),
    "organisation": ("the sponsor organisation", "client"),
    "organisation_address": ("the sponsor’s postal address", "sponsor"),
    "po_number": ("the purchase order", "program"),
}


def invoice_of(engagement: Engagement, asked: frozenset[str]) -> Lacking:
    """What an invoice to the payer lacks."""
    client = engagement.client
    organisation = client.organisation if client.organisation_id else None
    missing = invoice_lacks(
        engagement.payer,
        legal_name=client.legal_name,
        address=client.address,
        has_organisation=organisation is not None,
        organisation_address=organisation.address if organisation else "",
        po_number=engagement.po_number,
    )
    lacks = (Lack(_INVOICE[name][0], _place(_INVOICE[name][1], client), name in asked) for name in missing)
    return Lacking("Invoice", "receipt", tuple(lacks))


def _place(where: str, client: Client) -> str:
    """The page where something is filled in; '' for what the program itself says."""
    sponsor = f"/sponsors/{client.organisation.public_id}" if client.organisation_id else ""
    details = f"/clients/{client.public_id}/edit"
    return {"client": details, "sponsor": sponsor or details, "firm": "/settings/firm"}.get(where, "")


def lacking_of(engagement: Engagement, *, today: date) -> list[Lacking]:
    """Which documents of a running engagement lack which fields. What is out to be signed lacks nothing any more."""
    client, asked = engagement.client, asked_in(engagement.client)
    people = list(Participant.of(engagement))
    signers = [person.contact for person in people if person.signs]
    papers = []
    agreement = Agreement.living_of(engagement)
    if agreement is not None:
        papers.append(paper_of(agreement.title, agreement.missing_on(today), client, asked))
    return [*papers, mails_of(client, signers if agreement else (), asked), invoice_of(engagement, asked)]
