"""A program as the firm types it, one of its steps, and what is chosen when it is started with a client."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from wtforms import BooleanField, Field, SelectField, SelectMultipleField
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from ..accounts.models import User
from ..agreements.models import AgreementTemplate
from ..clients.models import Client, Contact
from ..clients.rules import PARTY_LABELS, ContactRole, Party
from ..engagements.forms import (
    WordsField,
    cancel_hours_field,
    cents_of,
    day_field,
    late_is_charged_field,
    words_field,
)
from ..engagements.rules import (
    BILLING_LABELS,
    CADENCE_LABELS,
    PAYER_LABELS,
    SHARE_LABELS,
    SUMMARIES_LABELS,
    THREE_WAY_LABELS,
    Payer,
    StepKind,
    Summaries,
)
from ..firm.rules import CURRENCIES
from ..instruments.models import Battery
from ..intake.models import Form as Questionnaire
from ..web.forms import Form, WholeNumberField, choices, long_text, short_text, tick_boxes, version_field
from .models import ProgramTemplate, Start, TemplateStep
from .rules import LENGTHS, LONGEST_SESSION, MOST_DAYS, MOST_SESSIONS, planned_start

MOST_ASSESSMENTS = 12
_NO = (False, "", "false", "False", "0")


def _months(value: Any) -> int | None:
    return int(value) if value not in (None, "", "None") else None


# Templates -----------------------------------------------------------------------------------------------------------


class ProgramForm(Form):
    """A program. Fields carry the names of the row's attributes, so that two versions can be shown."""

    name = short_text("Name", "What is the program called?", help="Clients and sponsors read it.")
    months = SelectField(
        "Length",
        coerce=_months,
        choices=choices([*((months, f"{months} months") for months in LENGTHS), (None, "No fixed length")]),
    )
    sessions = WholeNumberField(
        "Sessions",
        [InputRequired("How many sessions?"), NumberRange(0, MOST_SESSIONS, f"A number from 0 to {MOST_SESSIONS}.")],
        render_kw={"min": 0, "max": MOST_SESSIONS, "inputmode": "numeric"},
    )
    session_minutes = WholeNumberField(
        "Minutes each",
        [InputRequired("How long is a session?"), NumberRange(5, LONGEST_SESSION, "From 5 to 480 minutes.")],
        default=60,
        render_kw={"min": 5, "max": LONGEST_SESSION, "inputmode": "numeric"},
    )
    cadence_name = SelectField("How often", choices=choices(CADENCE_LABELS.items()), default="biweekly")
    price = short_text("Price", "What does it cost?", longest=16, inputmode="decimal", autocomplete="off")
    currency = SelectField("Currency", choices=choices((code, code) for code in CURRENCIES))
    billing_name = SelectField("Paid", choices=choices(BILLING_LABELS.items()))
    payer_name = SelectField("Who pays", choices=choices(PAYER_LABELS.items()))
    cancel_hours = cancel_hours_field()
    late_is_charged = late_is_charged_field()
    battery_id_chosen = SelectField("Battery", default="", description="What is set up when the program starts.")
    assessments = long_text(
        "Assessments",
        longest=1000,
        help="As the agreement says it, one instrument a line. Left empty, the battery fills it in.",
        rows=3,
    )
    three_ways = words_field("Meetings with the sponsor", THREE_WAY_LABELS)
    summaries_name = SelectField("Written summaries for the sponsor", choices=choices(SUMMARIES_LABELS.items()))
    shares = words_field("What the sponsor may be told", SHARE_LABELS)
    agreement_id_chosen = SelectField("Agreement", default="")
    questionnaire_id_chosen = SelectField("Questionnaire", default="")
    logistics = long_text(
        "Logistics",
        longest=10_000,
        rows=6,
        help="Where and how sessions take place. It stands on the client’s page; Markdown.",
    )
    version = version_field()

    def offer(
        self,
        agreements: Iterable[AgreementTemplate],
        questionnaires: Iterable[Questionnaire],
        batteries: Iterable[Battery],
        template: ProgramTemplate | None = None,
    ) -> None:
        """What there is to choose from; what the program names stays among it, also when it was removed since."""
        papers, forms, sets = list(agreements), list(questionnaires), list(batteries)
        if template and template.agreement_id and template.agreement not in papers:
            papers.append(template.agreement)
        if template and template.battery_id and template.battery not in sets:
            sets.append(template.battery)
        self.battery_id_chosen.choices = _choices_of((each.public_id, _named(each)) for each in sets)
        self._batteries = {each.public_id: each for each in sets}
        self.agreement_id_chosen.choices = _choices_of((paper.public_id, _named(paper)) for paper in papers)
        self.questionnaire_id_chosen.choices = _choices_of((form.public_id, _titled(form)) for form in forms)
        self._papers = {paper.public_id: paper for paper in papers}
        self._forms = {form.public_id: form for form in forms}

    def validate_price(self, field: Field) -> None:
        if self.currency.data in CURRENCIES:
            cents_of(field.data, self.currency.data)

    def validate_assessments(self, field: Field) -> None:
        if len(field.data.splitlines()) > MOST_ASSESSMENTS:
            raise ValidationError(f"At most {MOST_ASSESSMENTS} instruments.")

    def values(self) -> dict[str, Any]:
        """What goes into the row."""
        plain = (
            "name", "months", "sessions", "session_minutes", "cadence_name", "currency", "billing_name", "payer_name",
            "three_ways", "summaries_name", "shares", "logistics", "cancel_hours", "late_is_charged",
        )  # fmt: skip
        lines = (line.strip() for line in self.assessments.data.splitlines())
        return {name: self[name].data for name in plain} | {
            "price_cents": cents_of(self.price.data, self.currency.data),
            "assessments": "\n".join(line for line in lines if line),
            "agreement": self._papers.get(self.agreement_id_chosen.data),
            "questionnaire": self._forms.get(self.questionnaire_id_chosen.data),
            "battery": self._batteries.get(self.battery_id_chosen.data),
        }


class NewProgramForm(ProgramForm):
    version = None


def _choices_of(pairs: Iterable[tuple[str, str]]) -> list[Any]:
    return choices([("", "None"), *pairs])


def _named(paper: AgreementTemplate | Battery) -> str:
    return paper.name if paper.removed_at is None else f"{paper.name} (removed)"


def _titled(form: Questionnaire) -> str:
    return form.title if form.state_name == "open" else f"{form.title} ({form.state_name})"


class StepForm(Form):
    """One onboarding step. Only a step of the firm's own has a label to type."""

    label = short_text("What is to be done?", "What is the step called?", longest=60)
    waiting_on_name = SelectField(
        "Waiting on",
        choices=choices((party, name) for party, name in PARTY_LABELS.items() if party is not Party.NOBODY),
    )
    target_days = WholeNumberField(
        "Target days",
        [Optional(), NumberRange(0, MOST_DAYS, f"A number of days from 0 to {MOST_DAYS}, or nothing.")],
        description="How long it should take once it can begin. Empty: it is never late.",
        render_kw={"min": 0, "max": MOST_DAYS, "inputmode": "numeric"},
    )
    needs = WordsField("Needs first", choices=[], description="It waits until these are done or skipped.")
    version = version_field()

    def __init__(self, *args: Any, kind: StepKind, others: Sequence[TemplateStep], **kwargs: Any) -> None:
        self._others = others
        super().__init__(*args, **kwargs)
        if kind is not StepKind.OWN:
            del self.label

    def process(self, *args: Any, **kwargs: Any) -> None:
        """The other steps are known before what was sent is read."""
        ticks = tick_boxes("").kwargs
        self.needs.choices = choices((step.key, step.label) for step in self._others)
        self.needs.widget, self.needs.option_widget = ticks["widget"], ticks["option_widget"]
        super().process(*args, **kwargs)

    def values(self) -> dict[str, Any]:
        return {
            "label": self.label.data if self.label else "",
            "waiting_on": Party(self.waiting_on_name.data),
            "target_days": self.target_days.data,
            "needs": self.needs.data.split(),
        }


class NewStepForm(StepForm):
    version = None


# Starting ------------------------------------------------------------------------------------------------------------


class StartForm(Form):
    """What is chosen for one client. Sponsor contacts are ticked for each part they have."""

    coach = SelectField("Coach", default="")
    starts_on = day_field("Kickoff planned for")
    ends_on = day_field("Ends on", required=False)
    price = short_text("Price", "What does it cost?", longest=16, inputmode="decimal", autocomplete="off")
    payer = SelectField("Who pays", choices=choices(PAYER_LABELS.items()))
    po_number = short_text("Purchase order", longest=60, help="When the sponsor demands one.", autocomplete="off")
    signers = SelectMultipleField()
    meets = SelectMultipleField()
    reads = SelectMultipleField()
    pays = SelectMultipleField()
    battery = SelectField("Assessments", description="What is set up for the client when the program starts.")
    send_now = BooleanField("Send the agreement now", false_values=_NO)

    PARTS = ("signers", "meets", "reads", "pays")

    def __init__(
        self,
        *args: Any,
        template: ProgramTemplate,
        coaches: Sequence[User],
        contacts: Sequence[Contact],
        batteries: Sequence[Battery],
        **kwargs: Any,
    ) -> None:
        self.template = template
        self._batteries = {battery.public_id: battery for battery in batteries}
        self._coaches = {coach.public_id: coach for coach in coaches}
        self._contacts = {contact.public_id: contact for contact in contacts}
        super().__init__(*args, **kwargs)
        self.coach.choices = choices([("", "Choose"), *((coach.public_id, coach.name) for coach in coaches)])
        for part in self.PARTS:
            self[part].choices = choices((contact.public_id, contact.name) for contact in contacts)

    def process(self, *args: Any, **kwargs: Any) -> None:
        """The program's own battery, as long as nobody chooses another."""
        own = self.template.battery_to_apply
        self.battery.choices = _choices_of((key, battery.name) for key, battery in self._batteries.items())
        self.battery.default = own.public_id if own else ""
        super().process(*args, **kwargs)

    def validate_price(self, field: Field) -> None:
        cents_of(field.data, self.template.currency)

    def chosen(self) -> Start:
        """What `programs.begin` takes."""
        return Start(
            coach=self._coaches.get(self.coach.data),
            starts_on=self.starts_on.data,
            ends_on=self.ends_on.data,
            price_cents=cents_of(self.price.data, self.template.currency),
            payer=self.payer.data,
            po_number=self.po_number.data,
            send_now=self.send_now.data,
            has_own_battery=True,
            battery=self._batteries.get(self.battery.data),
            **{part: tuple(self._contacts[one] for one in self[part].data or ()) for part in self.PARTS},
        )

    @classmethod
    def defaults(
        cls, template: ProgramTemplate, client: Client, contacts: Sequence[Contact], today: date
    ) -> dict[str, Any]:
        """What is right most of the time: the sponsor's first HR contact signs, meets and reads, accounts pays."""
        sponsored = template.payer is Payer.SPONSOR and bool(client.organisation_id)
        first = [contacts[0].public_id] if sponsored and contacts else []
        accounts = [one.public_id for one in contacts if one.role is ContactRole.ACCOUNTS_PAYABLE][:1]
        return {
            "coach": client.coach.public_id if client.coach_id else "",
            "starts_on": planned_start(today),
            "ends_on": None,
            "price": template.price,
            "payer": Payer.SPONSOR if sponsored else Payer.CLIENT,
            "po_number": "",
            "signers": first,
            "meets": first if template.meetings else [],
            "reads": first if template.summaries is not Summaries.NONE else [],
            "pays": (accounts or first) if sponsored else [],
            "send_now": True,
        }
