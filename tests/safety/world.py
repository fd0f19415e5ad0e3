"""Two practices under one roof, each private field holding a word of its own (a canary) that only some may read.

Alice and Carol are coaches; Vera serves Alice, Dora serves Carol. Bob is Alice's client, Dan is Carol's, and Ina has
no coach yet. Whatever one of them has, the others have too, so that every route can be asked for the own, the foreign
and the missing thing.
"""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date, timedelta

from coachbase import clock
from coachbase.accounts.actions import INVITATION, RESET
from coachbase.accounts.models import Serving, User
from coachbase.accounts.rules import Role
from coachbase.agreements.models import Agreement, AgreementTemplate, Signer
from coachbase.agreements.rules import SignerRole, SignerState
from coachbase.assessments import actions as assessments
from coachbase.assessments.models import Assessment
from coachbase.assessments.rules import NOTHING_FILED
from coachbase.assessments.rules import State as AssessmentState
from coachbase.audit.models import Opening
from coachbase.availability.models import Availability, Holiday, Hours, SpecialDay, Trip
from coachbase.boards.models import Board, Card, Stage
from coachbase.boards.rules import StageMeaning
from coachbase.clients.models import Client, ClientImport, Contact, Organisation
from coachbase.clients.rules import ContactRole, Party, fold
from coachbase.cohorts.models import Cohort, Material, Meeting, Seat
from coachbase.credentials.models import Credential, CreditEntry
from coachbase.db import Model, atomic
from coachbase.development.models import DevelopmentPlan, DevelopmentPlanVersion
from coachbase.engagements.models import Engagement, Participant, Step
from coachbase.engagements.rules import Payer, StepKind, StepState
from coachbase.evidence.models import SealKey
from coachbase.feeds.models import Feed
from coachbase.files.models import Arrival, Document, DocumentContent, DocumentText
from coachbase.files.rules import Audience, TextState
from coachbase.files.rules import Kind as DocumentKind
from coachbase.instruments.models import Battery, BatteryItem, Instrument, InstrumentGroup, Vendor
from coachbase.intake.actions import LINK as INTAKE
from coachbase.intake.models import Answer, Form, FormVersion, Question, Submission
from coachbase.intake.rules import FormKind, FormState, QuestionKind, SubmissionState
from coachbase.invitations.models import ReplyBox
from coachbase.links import actions as links
from coachbase.links.models import Link
from coachbase.mail.models import MailServer, MailText, Message
from coachbase.mail.rules import State
from coachbase.packages.models import Package, PackageItem
from coachbase.packages.rules import State as PackageState
from coachbase.planning.models import Proposal, ProposedSession
from coachbase.planning.rules import ProposalKind
from coachbase.polls.models import Poll, PollSlot, Voter
from coachbase.programs.models import ProgramTemplate, TemplateStep
from coachbase.requests.models import Request
from coachbase.sessions.models import Attendee, CoachingSession, Hold, LedgerEntry
from coachbase.timeline.models import Entry, Note
from coachbase.timeline.rules import Kind
from tests.cast import password_hash
from tests.safety.banked import bank
from tests.safety.billed import bill
from tests.safety.logged import log
from tests.safety.rated import rate

A_HOLIDAY = date(2099, 12, 25)
"""Of every coach, whatever day it is now."""
MISSING = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
"""A well-formed public id that nothing has."""

ALICES, CAROLS = frozenset({"olive", "alice", "vera"}), frozenset({"olive", "carol", "dora"})
UNCLAIMED = frozenset({"olive", "vera", "dora"})
PARTIES = frozenset(
    {"client", "assistant", "sponsor", "sign", "book", "session", "poll", "nominate", "approve", "invoice", "invoices"}
)
"""Bob on his page, his own assistant, his sponsor contact, the same contact on the signing page; Bob where he books,
where he moves what is booked, where he says which times suit, and names raters; the contact who approves them; who pays
for him, on the page of one invoice and on that of all."""
COACH_ONLY = {"bob": ALICES - {"vera"}, "dan": CAROLS - {"dora"}, "ina": frozenset({"olive"})}
READERS = {"bob": ALICES, "dan": CAROLS, "ina": UNCLAIMED}
AWAY = timedelta(days=30)
STAFF = ("olive", "alice", "vera", "carol", "dora")


@dataclass
class World:
    """What was built: who may read which canary, the ids of everything, and the tokens of every mailed link."""

    canaries: dict[str, frozenset[str]] = field(default_factory=dict)
    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    """table -> whose -> public id; whose is bob, dan or ina for what hangs on a client."""
    tokens: dict[str, str] = field(default_factory=dict)
    """kind of link -> token that opens it; `expired` and `revoked` open nothing."""
    cookies: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    """person -> (key, value, path) of the cookies their browser holds; see people.py"""
    slots: list[str] = field(default_factory=list)
    """Moments at which something of each coach is in the way of a session."""
    slug: str = "inquiry-form"

    def word(self, what: str, whose: str, readers: frozenset[str] | None = None) -> str:
        """A canary: one lower-case word that stands nowhere else."""
        word = f"zq{what}{whose}"
        self.canaries[word] = READERS[whose] if readers is None else readers
        return word

    def told(self, what: str, whose: str, *parties: str) -> str:
        """A canary that the staff may read, and of Bob's also some who hold a link."""
        assert PARTIES.issuperset(parties)
        return self.word(what, whose, READERS[whose] | (frozenset(parties) if whose == "bob" else frozenset()))

    def keep(self, whose: str, row: Model) -> Model:
        self.ids.setdefault(row._meta.table_name, {})[whose] = row.public_id
        return row


@atomic
def build() -> World:
    """Add all of it to the cast of tests/cast.py."""
    world = World()
    staff = _staff(world)
    stages = _stages(world)
    form = _form(world, staff["alice"])
    for place, (whose, coach) in enumerate((("bob", "alice"), ("dan", "carol"), ("ina", None)), start=900_000):
        client = _client(world, whose, staff.get(coach))
        by = staff[{"bob": "vera", "dan": "dora", "ina": "vera"}[whose]]
        _written(world, whose, client, by)
        _filed(world, whose, client, by)
        _mailed(world, whose, client, by)
        _answered(world, whose, client, form)
        _imported(world, whose, by)
        _carded(world, whose, client, stages[0], place)
        _engaged(world, whose, client, staff)
    for whose, coach in (("bob", "alice"), ("dan", "carol")):
        _read_elsewhere(world, whose, staff[coach])
        _scheduled(world, whose, staff[coach])
        _planned(world, whose, staff[coach])
        _polled(world, whose, staff[coach])
        _grouped(world, whose, staff[coach])
    _catalogued(world, staff)
    _assessed(world, staff)
    rate(world, READERS)
    bill(world, READERS)
    log(world, READERS)
    bank(world, READERS, staff)
    _packed(world)
    _coached_by_another(world, staff["alice"])
    _mailed_to_nobody(world, staff)
    short = AgreementTemplate.create(name="Short agreement", body="For {{client_name}}.", created_at=clock.now())
    world.keep("firm", short)
    _mail_settings(world)
    world.keep("firm", SealKey.in_use())
    program = world.keep("firm", ProgramTemplate.kept().first())
    world.keep("firm", TemplateStep.of(program).first())
    _links(world, staff, form)
    return world


def _staff(world: World) -> dict[str, User]:
    now = clock.now()
    staff = {user.email.partition("@")[0]: user for user in User.select()}
    for name, role in (("Dora Lindqvist", Role.ASSISTANT), ("Edgar Blunt", Role.COACH), ("Nina Farrow", Role.COACH)):
        short = name.split()[0].lower()
        staff[short] = User.create(
            name=name, email=f"{short}@northbank.example", role_name=role, zone="Europe/London", created_at=now,
            password_hash=None if short == "nina" else password_hash(),
        )  # fmt: skip
    Serving.create(assistant=staff["dora"], coach=staff["carol"])
    for name, user in staff.items():
        world.keep(name, user)
    for name in ("alice", "carol"):
        _hours(world, name, staff[name])
    return staff


def _hours(world: World, name: str, coach: User) -> None:
    """Days that differ from the week, whose reasons name what nobody else is to know."""
    readers, day = ALICES if name == "alice" else CAROLS, (clock.now() + AWAY).date()
    why, place = world.word("dayoff", name, readers), world.word("trip", name, readers)
    world.keep(name, SpecialDay.create(coach=coach, first=day, last=day, why=why))
    world.keep(name, Trip.create(coach=coach, first=day, last=day, zone="Asia/Singapore", place=place))
    Holiday.create(coach=coach, on=day + timedelta(days=1), name=world.word("holiday", name, readers))
    Holiday.create(coach=coach, on=A_HOLIDAY, name="A day off")


def _stages(world: World) -> list[Stage]:
    """The boards as founding the firm made them; the stages of the onboarding."""
    board = Board.get(Board.slug == "onboarding")
    stages = list(Stage.select().where(Stage.board == board).order_by(Stage.position))
    assert stages[0].meaning is StageMeaning.INQUIRY
    for stage in Stage.select():
        world.keep(stage.meaning_name or stage.name, stage)
    return stages


def _client(world: World, whose: str, coach: User | None) -> Client:
    now = clock.now()
    name = f"{whose.title()} {world.told('name', whose, *PARTIES)}"
    organisation = world.keep(
        whose,
        Organisation.create(
            name=world.told("organisation", whose, "client", "sponsor", "sign"),
            website=f"https://{world.word('website', whose)}.example",
            address=world.word("orgaddress", whose), search_key=f"zqorganisation{whose}", created_at=now,
        ),
    )  # fmt: skip
    world.keep(
        whose,
        Contact.create(
            organisation=organisation,
            name=world.told("contact", whose, "client", "sponsor", "sign", "poll", "approve"),
            title=world.word("title", whose),
            role_name=ContactRole.HR, email=f"{world.word('contactmail', whose)}@sponsor.example",
            phone=world.word("contactphone", whose),
        ),
    )  # fmt: skip
    email = f"{world.word('email', whose)}@client.example"
    client = Client.create(
        name=name, preferred_name=world.told("preferred", whose, "client"),
        pronouns=world.word("pronouns", whose), email=email,
        phone=world.word("phone", whose), zone="Asia/Dubai", language=world.word("language", whose),
        position=world.word("position", whose), organisation=organisation, coach=coach,
        assistant_name=world.told("eaname", whose, "assistant"),
        assistant_email=f"{world.word('eamail', whose)}@client.example",
        next_step=world.word("nextstep", whose), waiting_on_name=Party.CLIENT, waiting_since=now,
        legal_name=world.told("legalname", whose), address=world.told("address", whose),
        search_key=fold(name, email), created_at=now,
    )  # fmt: skip
    return world.keep(whose, client)


def _written(world: World, whose: str, client: Client, by: User) -> None:
    now = clock.now()
    for kind in (Kind.NOTE, Kind.CALL, Kind.MAIL):
        entry = Entry.create(
            client=client, kind_name=kind, sentence=world.word(f"sentence{kind}", whose), happened_at=now,
            recorded_at=now, by=by,
        )  # fmt: skip
        Note.create(entry=entry, body=f"{world.word(f'body{kind}', whose)} was *said*")
        if kind is Kind.NOTE:
            world.keep(whose, entry)


def _filed(world: World, whose: str, client: Client, by: User) -> None:
    own = READERS[whose] | (frozenset({"client"}) if whose == "bob" else frozenset())
    for audience, readers in (
        (Audience.TEAM, READERS[whose]), (Audience.COACH, COACH_ONLY[whose]), (Audience.CLIENT, own),
    ):  # fmt: skip
        content = f"{world.word(f'content{audience}', whose, readers)} in a file".encode()
        document = Document.create(
            client=client, name=f"{world.word(f'file{audience}', whose, readers)}.txt", media_type="text/plain",
            size=len(content), sha256="0" * 64, audience_name=audience, uploaded_at=clock.now(), by=by,
            search_key=f"zqfile{audience}{whose}.txt",
        )  # fmt: skip
        DocumentContent.create(document=document, content=content)
        called = {Audience.TEAM: "", Audience.COACH: ", coach only", Audience.CLIENT: ", for the client"}
        world.keep(f"{whose}{called[audience]}", document)
    report = _paper(world, f"{whose}, a report", "report", whose, by, COACH_ONLY[whose], client=client)
    report.kind_name = DocumentKind.REPORT
    report.save()
    _read(report, world.word("textreport", whose, COACH_ONLY[whose]))
    _read(_paper(world, f"{whose}, read", "read", whose, by, READERS[whose], client=client), world.word("text", whose))
    removed = _paper(world, f"{whose}, removed", "removed", whose, by, READERS[whose], client=client)
    removed.removed_at = clock.now()
    removed.save()
    for state, moment in (("waiting", ""), ("left", "left_at"), ("filed", "filed_at")):
        mine = READERS[whose] if state == "filed" else frozenset({by.email.partition("@")[0]})
        owner = client if state == "filed" else None
        document = _paper(world, f"{whose}, {state}", state, whose, by, mine, client=owner)
        arrival = Arrival.create(document=document, client=owner, by=by, at=clock.now())
        if moment:
            setattr(arrival, moment, clock.now())
            arrival.save()
        world.keep(f"{whose}, {state}", arrival)


def _paper(
    world: World, key: str, what: str, whose: str, by: User, readers: frozenset[str], *, client: Client | None
) -> Document:
    """A PDF by name; what stands in it is nobody's, for no page shows it."""
    content = f"{world.word(f'inside{what}', whose, readers)} in a file".encode()
    document = Document.create(
        client=client, name=f"{world.word(f'paper{what}', whose, readers)}.pdf", media_type="application/pdf",
        size=len(content), sha256="0" * 64, uploaded_at=clock.now(), by=by, search_key=f"zqpaper{what}{whose}.pdf",
    )  # fmt: skip
    DocumentContent.create(document=document, content=content)
    return world.keep(key, document)


def _read(document: Document, text: str) -> None:
    DocumentText.create(document=document, state_name=TextState.DONE, text=text)


def _mailed(world: World, whose: str, client: Client, by: User) -> None:
    now = clock.now()
    link, token = links.issue(f"test-{whose}", client.public_id, lasts=timedelta(days=1))
    message = Message.create(
        message_id=f"<{whose}@northbank.example>", kind="intake_thanks", to_name=world.word("toname", whose),
        to_address=f"{world.word('toaddress', whose)}@client.example", subject=world.word("subject", whose),
        text=world.word("mailtext", whose), html=f"<p>{world.word('mailhtml', whose)}</p>", link=link, token=token,
        client=client, by=by, state_name=State.DEAD, attempts=6, answer=world.word("smtpanswer", whose),
        created_at=now,
    )  # fmt: skip
    world.canaries[token] = frozenset()
    world.keep(whose, message)


def _mailed_to_nobody(world: World, staff: dict[str, User]) -> None:
    """Mails about no client: an invitation, a test."""
    for whose, by, readers in (
        ("about nobody", "olive", frozenset({"olive"})), ("sent by vera", "vera", frozenset({"olive", "vera"})),
    ):  # fmt: skip
        short = whose.replace(" ", "")
        message = Message.create(
            message_id=f"<{short}@northbank.example>", kind="test", to_address=f"{short}@northbank.example",
            subject=world.word("subject", short, readers), text=world.word("mailtext", short, readers),
            html=f"<p>{world.word('mailhtml', short, readers)}</p>", by=staff[by], state_name=State.DEAD, attempts=6,
            answer=world.word("smtpanswer", short, readers), created_at=clock.now(),
        )  # fmt: skip
        world.keep(whose, message)


def _form(world: World, alice: User) -> FormVersion:
    now = clock.now()
    form = world.keep(
        "firm", Form.create(slug=world.slug, title="Inquiry", coach=alice, state_name=FormState.OPEN, created_at=now)
    )
    published = FormVersion.create(form=form, number=1, published_at=None)
    asked = (
        (QuestionKind.SECTION, "About you", False, "", []), (QuestionKind.SHORT, "Your name", False, "name", []),
        (QuestionKind.MAIL, "Your email", False, "email", []), (QuestionKind.LONG, "What brings you", False, "", []),
        (QuestionKind.LONG, "For your coach alone", True, "", []),
        (QuestionKind.CHOICE, "Where", False, "", ["Here", "There"]),
        (QuestionKind.SEVERAL, "Which days", False, "", ["Monday", "Friday"]),
        (QuestionKind.SCALE, "How urgent", False, "", []), (QuestionKind.DATE, "From when", False, "", []),
        (QuestionKind.PHONE, "Your phone", False, "phone", []), (QuestionKind.FILE, "A file", False, "", []),
        (QuestionKind.CONSENT, "I agree", False, "", []),
        (QuestionKind.SHORT, "Your company", False, "organisation", []),
    )  # fmt: skip
    for version in (published, FormVersion.create(form=form, number=2, published_at=None)):
        for position, (kind, label, coach_only, fills, options) in enumerate(asked, start=1):
            question = Question.create(
                form_version=version, position=position, kind_name=kind, label=label, coach_only=coach_only,
                fills=fills, options=json.dumps(options), required=fills in ("name", "email"),
            )  # fmt: skip
            world.keep(f"{version.number}: {label}", question)
        world.keep("firm", Question.get(Question.form_version == version, Question.label == "What brings you"))
    other = world.keep("other", Form.create(slug="other-form", title="Another form", created_at=now))
    draft = FormVersion.create(form=other, number=1)
    world.keep("other", Question.create(form_version=draft, position=1, kind_name=QuestionKind.LONG, label="Another"))
    published.published_at = now
    published.save()
    return published


def _answered(world: World, whose: str, client: Client, version: FormVersion) -> None:
    now = clock.now()
    submission = Submission.create(
        form_version=version, ticket=f"ticket-{whose}", state_name=SubmissionState.SUBMITTED, client=client,
        started_at=now, submitted_at=now,
    )  # fmt: skip
    for label, what, readers in (
        ("What brings you", "answer", READERS[whose]),
        ("For your coach alone", "coachanswer", COACH_ONLY[whose]),
    ):
        question = Question.get(Question.form_version == version, Question.label == label)
        Answer.create(submission=submission, question=question, value=json.dumps(world.word(what, whose, readers)))
    world.keep(whose, submission)


def _imported(world: World, whose: str, by: User) -> None:
    reader = frozenset({by.email.partition("@")[0]})
    content = f"Name,Email\n{world.word('importname', whose, reader)},x@y.example\n"
    filename = f"{world.word('importfile', whose, reader)}.csv"
    world.keep(whose, ClientImport.create(by=by, filename=filename, content=content, created_at=clock.now()))


def _carded(world: World, whose: str, client: Client, stage: Stage, place: int) -> None:
    card = Card.create(board=stage.board, stage=stage, client=client, position=place, entered_at=clock.now())
    world.keep(whose, card)


def _engaged(world: World, whose: str, client: Client, staff: dict[str, User]) -> None:
    """A program under way: the client has signed, the sponsor is asked, a questionnaire waits."""
    now = clock.now()
    engagement = world.keep(
        whose,
        Engagement.create(
            client=client, coach=client.coach, name=world.told("program", whose, "client", "sponsor", "sign"),
            currency="GBP", price_cents=450_000, payer_name=Payer.SPONSOR, po_number=world.word("ponumber", whose),
            starts_on=now.date(), ends_on=now.date() + timedelta(days=180), created_at=now, shares="sessions goals",
            logistics=world.told("logistics", whose, "client"), steps_total=2, by=staff["olive"],
            assessments=world.word("instrument", whose),
        ),
    )  # fmt: skip
    for place, (key, kind, label) in enumerate(
        (("signed", StepKind.AGREEMENT_SIGNED, "Agreement signed"), ("own", StepKind.OWN, world.word("step", whose))),
        start=1,
    ):
        step = Step.create(
            engagement=engagement, position=place, key=key, kind_name=kind, label=label, state_name=StepState.OPEN,
            opened_at=now, since=now, target_days=3,
        )  # fmt: skip
    world.keep(whose, step)
    contact = Contact.get(Contact.organisation == client.organisation)
    Participant.create(engagement=engagement, contact=contact, signs=True, reads=True)
    _agreed(world, whose, engagement, contact)
    _asked(world, whose, engagement)


def _agreed(world: World, whose: str, engagement: Engagement, contact: Contact) -> None:
    now, client = clock.now(), engagement.client
    title = world.told("agreement", whose, "client", "sponsor", "sign")
    content = f"%PDF-1.7 {world.told('agreementtext', whose, 'sign', 'client')}".encode()
    document = Document.create(
        client=None, name=f"{title}.pdf", media_type="application/pdf", size=len(content),
        sha256=hashlib.sha256(content).hexdigest(), uploaded_at=now,
    )  # fmt: skip
    DocumentContent.create(document=document, content=content)
    agreement = world.keep(
        whose,
        Agreement.create(
            engagement=engagement, client=client, title=title, shares=engagement.shares, state_name="out", pages=1,
            body=world.told("agreementbody", whose, "sign", "client"), document=document, sha256=document.sha256,
            created_at=now, sent_at=now,
        ),
    )  # fmt: skip
    for place, (role, name, email, state) in enumerate(
        (
            (SignerRole.CLIENT, client.name, client.email, SignerState.SIGNED),
            (SignerRole.SPONSOR, contact.name, contact.email, SignerState.ASKED),
            (SignerRole.COACH, "Alice Kern", "alice@northbank.example", SignerState.WAITING),
        ),
        start=1,
    ):
        signer = Signer.create(
            agreement=agreement, position=place, role_name=role, name=name, email=email, state_name=state,
            contact=contact if role is SignerRole.SPONSOR else None, asked_at=now,
            signed_at=now if state is SignerState.SIGNED else None,
            user=client.coach if role is SignerRole.COACH else None,
        )  # fmt: skip
        world.keep(whose if role is SignerRole.SPONSOR else f"{whose}’s {role}", signer)


def _asked(world: World, whose: str, engagement: Engagement) -> None:
    now = clock.now()
    form = Form.get_or_none(Form.kind_name == FormKind.QUESTIONNAIRE, Form.title == "Before we begin together")
    if form is None:
        form = Form.create(
            slug="before-we-begin-together", title="Before we begin together", kind_name=FormKind.QUESTIONNAIRE,
            state_name=FormState.OPEN, created_at=now,
        )  # fmt: skip
        version = FormVersion.create(form=form, number=1)
        Question.create(form_version=version, position=1, kind_name=QuestionKind.LONG, label="What matters now")
        version.published_at = now
        version.save()
    version = FormVersion.published(form)
    submission = Submission.create(
        form_version=version, ticket=f"asked-{whose}", state_name=SubmissionState.ASKED, client=engagement.client,
        engagement=engagement, started_at=now,
    )  # fmt: skip
    words = world.word("draftanswer", whose, frozenset())
    Answer.create(submission=submission, question=Question.of(version).get(), value=json.dumps(words))
    world.keep(f"{whose}’s questionnaire", submission)


def _read_elsewhere(world: World, whose: str, coach: User) -> None:
    """Another calendar of a coach; its address and password are shown to nobody again."""
    address = world.word("feedaddress", whose, frozenset())
    feed = Feed.create(
        coach=coach, name=world.word("feedname", whose, READERS[whose]), address=f"https://cal.example/{address}.ics",
        username="desk", password=world.word("feedpassword", whose, frozenset()), created_at=clock.now(),
        next_at=clock.now() + timedelta(days=1), answer="The server took too long.",
    )  # fmt: skip
    world.keep(whose, feed)


def _scheduled(world: World, whose: str, coach: User) -> None:
    """A session that comes, a request to book the next, and a time that is held; all on days in the coming weeks."""
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    client = Client.get(Client.public_id == world.ids["client"][whose])
    engagement = Engagement.get(Engagement.public_id == world.ids["engagement"][whose])
    begins = now + timedelta(days=3)
    session = world.keep(
        whose,
        CoachingSession.create(
            uid=f"{whose}@northbank.example", coach=coach, client=client, engagement=engagement, kind_name="kickoff",
            title=world.told("sessiontitle", whose, "client", "session"), starts_at=begins,
            ends_at=begins + timedelta(hours=1), zone=coach.zone, place_kind_name="video",
            place=f"https://{world.told('sessionplace', whose, 'client', 'assistant', 'session')}.example", via="staff",
            created_at=now,
        ),
    )  # fmt: skip
    Attendee.create(
        session=session, role_name="client", client=client, name=client.name, email=client.email, zone=client.zone
    )
    over = CoachingSession.create(
        uid=f"{whose}-over@northbank.example", coach=coach, client=client, engagement=engagement, kind_name="coaching",
        title=world.told("unmarked", whose, "client"), starts_at=now - timedelta(days=1, hours=1),
        ends_at=now - timedelta(days=1), zone=coach.zone, via="staff", created_at=now - timedelta(days=9),
    )  # fmt: skip
    missed = now - timedelta(days=2)
    CoachingSession.create(
        uid=f"{whose}-late@northbank.example", coach=coach, client=client, engagement=engagement, kind_name="three_way",
        starts_at=missed, ends_at=missed + timedelta(hours=1), zone=coach.zone, via="staff", created_at=now,
        state_name="late_cancelled", reason=world.word("latereason", whose), ended_at=missed,
    )  # fmt: skip
    LedgerEntry.create(engagement=engagement, session=session, entry="booked", at=now)
    LedgerEntry.create(
        engagement=engagement, session=over, entry="booked", reason=world.word("ledgerreason", whose), at=now
    )
    asked = {"client": client, "coach": coach, "kind_name": "coaching", "minutes": 60, "asked_at": now}
    world.keep(whose, Request.create(engagement=engagement, **asked))
    free = {"client": client, "coach": coach, "kind_name": "chemistry", "minutes": 30, "asked_at": now}
    world.keep(f"{whose}’s to book", Request.create(**free))
    usual = world.told("usualplace", whose, "book")
    world.canaries[usual] |= CAROLS  # who sees a session with another coach sees where that one's are
    Availability.create(coach=coach, place=f"https://{usual}.example", place_kind_name="video", notice_hours=0)
    for weekday in range(7):
        Hours.create(coach=coach, weekday=weekday, begins=0, ends=24 * 60)
    held = {"starts_at": begins + timedelta(hours=3), "ends_at": begins + timedelta(hours=4), "about": whose}
    words = world.word("hold", whose)
    Hold.create(coach=coach, expires_at=now + timedelta(days=9), words=words, **held)
    world.slots = [f"{moment:%Y-%m-%dT%H:%MZ}" for moment in (begins, held["starts_at"], now + AWAY)]


def _assessed(world: World, staff: dict[str, User]) -> None:
    """Bob and Dan were sent access to an instrument, and have a card on the board of assessments."""
    instrument = Instrument.get(Instrument.public_id == world.ids["instrument"]["firm"])
    for whose, by in (("bob", "vera"), ("dan", "dora")):
        client = Client.get(Client.public_id == world.ids["client"][whose])
        assessment = assessments.set_up(client, instrument, by=staff[by])
        code = Credential.get(Credential.public_id == world.ids["credential"][whose])
        Assessment.update(credential=code).where(Assessment.id == assessment.id).execute()
        assessments.mark(assessment, AssessmentState.ACCESS_SENT, facts=NOTHING_FILED, by=staff[by])
        world.keep(whose, assessment)
        card = Card.get(Card.assessment == assessment)
        card.version = 1  # as all cards of the world, so that one address asks for each
        card.save()
        world.keep(f"{whose}, assessed", card)


def _packed(world: World) -> None:
    """Bob and Dan have a plan, and a package with a document in it that is for the coach only."""
    now = clock.now()
    for whose in ("bob", "dan"):
        client = Client.get(Client.public_id == world.ids["client"][whose])
        document = Document.get(Document.public_id == world.ids["document"][f"{whose}, coach only"])
        package = Package.create(
            client=client, title=world.word("packagetitle", whose), state_name=PackageState.READY, created_at=now,
            made_at=now, document=document,
        )  # fmt: skip
        title = world.word("packageitem", whose, COACH_ONLY[whose])
        PackageItem.create(package=package, document=document, position=1, title=title)
        world.keep(whose, package)
        text = f"{world.word('plan', whose)} is the aim"
        plan = DevelopmentPlan.create(client=client, text=text, created_at=now, changed_at=now)
        world.keep(whose, DevelopmentPlanVersion.create(plan=plan, version=1, text=text, at=now))


def _catalogued(world: World, staff: dict[str, User]) -> None:
    """The firm's catalogue, codes that clients have and one in stock. What a code says no page shows."""
    now, desk = clock.now(), frozenset({"olive", "vera", "dora"})
    vendor = world.keep("firm", Vendor.create(name="Halden Tests", portal="https://tests.example", version=1))
    instrument = world.keep(
        "firm", Instrument.create(vendor=vendor, name="Halden 360", currency="GBP", cost_cents=9000, created_at=now)
    )
    InstrumentGroup.create(instrument=instrument, name="Peers", least=3, most=6, position=1)
    battery = world.keep("firm", Battery.create(name="Usual", created_at=now))
    world.keep("firm", BatteryItem.create(battery=battery, instrument=instrument, position=1))
    for whose in ("bob", "dan", "stock"):
        client = Client.get_or_none(Client.public_id == world.ids["client"].get(whose, ""))
        own = frozenset({"client"}) if whose == "bob" else frozenset()  # on the own page, and nowhere else
        code = Credential.create(
            instrument=instrument, login=world.word("login", whose, own), currency="GBP",
            secret=world.word("accesscode", whose, own), order=world.word("order", whose, desk),
            state_name="given" if client else "stock", client=client, added_at=now, given_at=client and now,
        )  # fmt: skip
        world.keep(whose, code)
        note = world.word("creditnote", whose, desk)
        CreditEntry.create(
            vendor=vendor, instrument=instrument, credential=code, client=client, entry_name="bought", credits=1,
            currency="GBP", note=note, at=now,
        )  # fmt: skip
        readers = COACH_ONLY.get(whose, frozenset({"olive"}))
        words = world.word("opening", whose, readers)
        Opening.create(what_name="code", words=words, client=client, by=staff["olive"], at=now)


def _coached_by_another(world: World, alice: User) -> None:
    """Dan was Alice's before he was Carol's: one of his sessions is still with Alice, whose others are not theirs."""
    client = Client.get(Client.public_id == world.ids["client"]["dan"])
    begins = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=3, hours=8)
    session = CoachingSession.create(
        uid="dan-with-alice@northbank.example", coach=alice, client=client, kind_name="coaching",
        title=world.word("inherited", "dan"), starts_at=begins, ends_at=begins + timedelta(hours=1), zone=alice.zone,
        via="staff", place_kind_name="room", place="Room 3", created_at=clock.now(),
    )  # fmt: skip
    Attendee.create(
        session=session, role_name="client", client=client, name=client.name, email=client.email, zone=client.zone
    )
    world.keep("dan’s with alice", session)
    group = CoachingSession.get(CoachingSession.uid == "bob-group@northbank.example")
    Attendee.create(
        session=group, role_name="client", client=client, name=client.name, email=client.email, zone=client.zone
    )
    world.canaries["zqcohortplacebob"] |= CAROLS  # where Dan goes
    world.keep("bob’s group", group)
    world.slots.append(f"{begins:%Y-%m-%dT%H:%MZ}")


def _planned(world: World, whose: str, coach: User) -> None:
    """A plan around an absence, with one line: the client's session that is booked."""
    now = clock.now()
    session = CoachingSession.get(CoachingSession.public_id == world.ids["coaching_session"][whose])
    proposal = world.keep(
        whose,
        Proposal.create(
            kind_name=ProposalKind.ILL, coach=coach, first=session.starts_at.date(), last=session.starts_at.date(),
            reason=world.word("absence", whose), created_at=now, by=coach,
        ),
    )  # fmt: skip
    world.keep(
        whose,
        ProposedSession.create(
            proposal=proposal, session=session, client=session.client, minutes=session.minutes,
            before=session.starts_at, after=session.starts_at + timedelta(days=7),
            exception=world.word("exception", whose),
        ),
    )  # fmt: skip


def _grouped(world: World, whose: str, coach: User) -> None:
    """A group program in which the client has the one seat, with a session, its topic and what was handed out."""
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    client = Client.get(Client.public_id == world.ids["client"][whose])
    place = f"https://{world.told('cohortplace', whose, 'client', 'assistant')}.example"
    cohort = Cohort.create(
        name=world.told("cohort", whose, "client"),
        coach=coach,
        seats=1,
        place_kind_name="video",
        place=place,
        created_at=now,
    )
    world.keep(whose, cohort)
    world.keep(whose, Seat.create(cohort=cohort, client=client, number=1, since=now))
    begins = now + timedelta(days=11 if whose == "dan" else 10)  # he sits in both groups
    session = CoachingSession.create(
        uid=f"{whose}-group@northbank.example", coach=coach, kind_name="group", starts_at=begins,
        ends_at=begins + timedelta(hours=1), zone=coach.zone, via="cadence", created_at=now,
        place_kind_name="video", place=place,
    )  # fmt: skip
    Attendee.create(
        session=session, role_name="client", client=client, name=client.name, email=client.email, zone=client.zone
    )
    topic = world.told("topic", whose, "client")
    meeting = world.keep(whose, Meeting.create(cohort=cohort, session=session, number=1, topic=topic))
    content = f"{world.told('handed', whose, 'client')} out".encode()
    document = Document.create(
        client=None, name=f"{world.told('slides', whose, 'client')}.txt", media_type="text/plain", size=len(content),
        sha256="0" * 64, uploaded_at=now,
    )  # fmt: skip
    DocumentContent.create(document=document, content=content)
    Material.create(meeting=meeting, document=document)
    for row in (cohort, meeting, document):
        world.keep(f"{whose}’s group", row)


def _mail_settings(world: World) -> None:
    secret = world.word("smtppassword", "bob", frozenset())
    MailServer.delete().execute()
    MailServer.create(
        host="127.0.0.1", port=9, username="desk", password=secret, from_name="Northbank", from_address="desk@n.example"
    )
    fetching = world.word("imappassword", "bob", frozenset())
    ReplyBox.create(host="127.0.0.1", port=9, username="desk", password=fetching)
    MailText.create(kind="intake_thanks", subject="Thank you", body="Thank you, we will write soon.")


def _polled(world: World, whose: str, coach: User) -> None:
    """A poll for a three-way meeting: the sponsor has answered, the client is silent."""
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    client = Client.get(Client.public_id == world.ids["client"][whose])
    engagement = Engagement.get(Engagement.public_id == world.ids["engagement"][whose])
    contact = Participant.get(Participant.engagement == engagement).contact
    title = world.told("polltitle", whose, "client", "sponsor", "poll")
    times = {"created_at": now, "expires_at": now + timedelta(days=5)}
    poll = world.keep(whose, Poll.create(engagement=engagement, coach=coach, title=title, **times))
    begins = now + timedelta(days=4)
    held = {"starts_at": begins, "ends_at": begins + timedelta(hours=1), "about": poll.public_id}
    hold = Hold.create(coach=coach, expires_at=poll.expires_at, words=world.word("pollhold", whose), **held)
    PollSlot.create(poll=poll, starts_at=begins, hold=hold)
    asked = {"poll": poll, "zone": "Europe/London", "asked_at": now}
    silent = Voter.create(client=client, name=client.name, email=client.email, **asked)
    world.keep(f"{whose}’s client", silent)
    note = world.word("pollnote", whose)
    answered = Voter.create(
        contact=contact, name=contact.name, email=contact.email, answered_at=now, note=note, **asked
    )
    world.keep(whose, answered)


def _links(world: World, staff: dict[str, User], form: FormVersion) -> None:
    """One living link of each kind, and dead ones."""
    begun = Submission.create(form_version=form, ticket="ticket-begun", started_at=clock.now())
    question = Question.get(Question.form_version == form, Question.label == "What brings you")
    Answer.create(
        submission=begun, question=question, value=json.dumps(world.word("begun", "bob", frozenset({"intake"})))
    )
    _, world.tokens["intake"] = links.issue(INTAKE, begun.public_id, lasts=timedelta(days=14))
    _, world.tokens["invitation"] = links.issue(INVITATION, staff["nina"].public_id, lasts=timedelta(days=7))
    ids = world.ids
    for kind, table in (("client", "client"), ("assistant", "client"), ("sponsor", "contact"), ("sign", "signer")):
        _, world.tokens[kind] = links.issue(kind, ids[table]["bob"], lasts=timedelta(days=60))
    _, world.tokens["book"] = links.issue("book", ids["request"]["bob’s to book"], lasts=timedelta(days=60))
    _, world.tokens["session"] = links.issue("session", ids["coaching_session"]["bob"], lasts=timedelta(days=60))
    _, world.tokens["poll"] = links.issue("poll", ids["voter"]["bob’s client"], lasts=timedelta(days=60))
    _, world.tokens["nominate"] = links.issue("nominate", ids["rater_ask"]["bob’s names"], lasts=timedelta(days=60))
    _, world.tokens["approve"] = links.issue("approve", ids["rater_ask"]["bob’s approval"], lasts=timedelta(days=60))
    _, world.tokens["invoice"] = links.issue("invoice", ids["invoice"]["bob"], lasts=timedelta(days=60))
    _, world.tokens["invoices"] = links.issue("invoices", ids["payer"]["bob"], lasts=timedelta(days=60))
    _, world.tokens["feed_client"] = links.issue("feed_client", ids["client"]["bob"], lasts=timedelta(days=60))
    _, world.tokens["feed_coach"] = links.issue("feed_coach", staff["alice"].public_id, lasts=timedelta(days=60))
    _, world.tokens["reset"] = links.issue(RESET, staff["alice"].public_id, lasts=timedelta(hours=1))
    expired, world.tokens["expired"] = links.issue(INVITATION, staff["nina"].public_id, lasts=timedelta(days=7))
    expired.expires_at = clock.now() - timedelta(minutes=1)
    expired.save()
    revoked, world.tokens["revoked"] = links.issue(RESET, staff["carol"].public_id, lasts=timedelta(hours=1))
    Link.update(revoked_at=clock.now()).where(Link.id == revoked.id).execute()
    world.canaries |= dict.fromkeys(world.tokens.values(), frozenset())
