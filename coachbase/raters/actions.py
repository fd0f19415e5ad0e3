"""Put people on the list, ask the coachee and the sponsor about them, send access, chase, say who has answered."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from .. import clock
from ..accounts.models import Attempt, Serving, User
from ..assessments import actions as assessments
from ..assessments.models import Assessment
from ..assessments.rules import (
    NOTHING_FILED,
    Source,
    way_in_words,
)
from ..assessments.rules import State as AssessmentState
from ..clients.models import Contact
from ..clients.rules import Party, called
from ..credentials import actions as credentials
from ..credentials.models import Credential
from ..credentials.rules import Code
from ..credentials.rules import State as CodeState
from ..db import atomic
from ..engagements.rules import State as ProgramState
from ..errors import Refused, Stale
from ..instruments.models import InstrumentGroup
from ..instruments.rules import MOST_REMINDERS
from ..links import actions as links
from ..links.models import Link
from ..mail import actions as mail
from ..mail.models import Message
from ..timeline import actions as timeline
from ..timeline.rules import Kind
from .models import Rater, RaterAsk, approvers_of, fields_of, nominated, was_mailed, what_is_missing, who_asks, why_not
from .rules import (
    ACCESS,
    APPROVE,
    GONE,
    LINK_LASTS,
    MOST,
    NOMINATE,
    REMINDER,
    SILENT,
    Person,
    State,
    is_enough,
    refusal_of_person,
    refusal_of_shortage,
    refusal_of_size,
    refusal_to_ask,
    refusal_to_become,
)

ADMITTED, AN_HOUR = 120, timedelta(hours=1)


# The list -------------------------------------------------------------------------------------------------------------


@atomic
def add(assessment: Assessment, people: Sequence[Person], *, by: User) -> int:
    """Put people on the list, to be invited; how many. Raises Refused when one of them may not be, and adds nobody."""
    assessment = _open(assessment)
    groups, counts, taken = _groups(assessment), Rater.counts_by_group(assessment), Rater.taken(assessment)
    _expect_room(assessment, len(people))
    for person in people:
        if refusal := _refusal(assessment, person, groups):
            raise Refused(f"{person.name or 'Somebody'}: {refusal}")
        if person.email.casefold() in taken:
            raise Refused(f"{person.name} is on the list already, among {taken[person.email.casefold()]}.")
        group = groups[person.group]
        if refusal := refusal_of_size(group.wanted, counts.get(group.name, 0), 1):
            raise Refused(refusal)
        taken[person.email.casefold()] = group.name
        counts[group.name] = counts.get(group.name, 0) + 1
        _create(assessment, person, group, State.APPROVED, by=by)
    if people:
        _tell(assessment, f"{_counted(len(people))} put on the list of raters of {assessment.label}", by=by)
    return len(people)


@atomic
def change(rater: Rater, person: Person, *, version: int, by: User) -> Rater:
    """Other name, address, group or zone. Another address has no access yet: it is to be sent again.

    Raises Stale when somebody else changed it since `version`, Refused when it will not do.
    """
    rater = _anew(rater)
    if rater.version != version:
        raise Stale("Somebody else changed this rater while you were typing.")
    assessment, groups = rater.assessment, _groups(rater.assessment)
    if refusal := _refusal(assessment, person, groups):
        raise Refused(refusal)
    others = Rater.taken(assessment)
    others.pop(rater.email.casefold(), None)
    if person.email.casefold() in others:
        raise Refused(f"This address is on the list already, among {others[person.email.casefold()]}.")
    group, there = groups[person.group], Rater.counts_by_group(assessment).get(person.group, 0)
    is_other = group.id != rater.group_id
    if is_other and (refusal := refusal_of_size(group.wanted, there, 1)):
        raise Refused(refusal)
    if person.email.casefold() != rater.email.casefold():
        mail.call_off(rater.public_id)
        if rater.state is State.INVITED:
            rater.state_name, rater.invited_at, rater.reminders, rater.reminded_at = State.APPROVED, None, 0, None
    rater.name, rater.email, rater.group, rater.zone = person.name, person.email, group, person.zone
    rater.version += 1
    rater.save()
    return rater


@atomic
def withdraw(rater: Rater, *, is_unused: bool, by: User) -> None:
    """Ask somebody no more. A way in that never left us goes back into stock; one that was mailed does only where
    `is_unused` says that nobody used it."""
    rater = _anew(rater)
    if refusal := refusal_to_become(rater.state, State.WITHDRAWN):
        raise Refused(refusal)
    mail.call_off(rater.public_id)
    code, is_ours = rater.credential, not was_mailed(rater)
    rater.state_name, rater.credential = State.WITHDRAWN, None
    rater.version += 1
    rater.save()
    if code is not None and code.state is CodeState.GIVEN and (is_ours or is_unused):
        credentials.end(code, CodeState.RETURNED, by=by)


@atomic
def put_back(rater: Rater, *, by: User) -> None:
    """Somebody who was withdrawn or not approved is to be invited after all."""
    rater = _anew(rater)
    if rater.state not in GONE:
        raise Refused(f"{rater.name} is on the list.")
    _open(rater.assessment)
    there = Rater.counts_by_group(rater.assessment).get(rater.group.name, 0)
    if refusal := refusal_of_size(rater.group.wanted, there, 1):
        raise Refused(refusal)
    rater.state_name, rater.approved_by = State.APPROVED, by
    rater.invited_at = rater.completed_at = rater.reminded_at = None
    rater.reminders, rater.version = 0, rater.version + 1
    rater.save()


@atomic
def forget_code(code: Credential) -> None:
    """A code came back into stock: no rater holds it any more; who was sent it is to be sent another."""
    for rater in Rater.select().where(Rater.credential == code):
        rater.credential = None
        if rater.state is State.INVITED:
            rater.state_name, rater.invited_at = State.APPROVED, None
        rater.save()


def _create(assessment: Assessment, person: Person, group: InstrumentGroup, state: State, *, by: User | None) -> Rater:
    return Rater.create(
        assessment=assessment,
        group=group,
        name=person.name,
        email=person.email,
        zone=person.zone,
        state_name=state,
        by=by,
        is_named=by is None,
        created_at=clock.now(),
    )


def _refusal(assessment: Assessment, person: Person, groups: Mapping[str, InstrumentGroup]) -> str | None:
    client = assessment.client
    coach = client.coach.email if client.coach_id else ""
    return refusal_of_person(person, own=client.email, coach=coach, groups=groups)


def _expect_room(assessment: Assessment, more: int) -> None:
    if Rater.select().where(Rater.assessment == assessment).count() + more > MOST:
        raise Refused(f"An assessment has up to {MOST} raters.")


# The coachee names them -----------------------------------------------------------------------------------------------


@atomic
def ask_to_name(assessment: Assessment, *, by: User) -> RaterAsk:
    """Mail the client the link to the page where raters are named; asked anew, the page opens again."""
    assessment = _open(assessment)
    client = assessment.client
    if not client.email:
        raise Refused(f"There is no mail address for {client.name}. Add one first.")
    ask = _ask(assessment, None, by)
    mail.queue(
        "nomination_request",
        to=(client.name, client.email),
        fields={"name": client.called, "coach": who_asks(assessment), "instrument": assessment.instrument.name},
        link=_link(NOMINATE, ask),
        client=client,
        about=ask.public_id,
        reply_to=Serving.desk_address(client.coach),
        by=by,
    )
    _tell(assessment, f"{client.name} was asked to name raters for {assessment.label}", by=by)
    return ask


@atomic
def name(ask: RaterAsk, people: Sequence[Person], *, is_all: bool) -> None:
    """What the coachee has named so far, in place of what was named before; `is_all` hands it in.

    Who stood on the list already stays what they are, and the page does not tell. Raises Refused when one may not be
    asked, a group has too many or, handed in, too few.
    """
    ask = _standing(ask)
    assessment, groups = ask.assessment, _groups(ask.assessment)
    wanted: dict[str, Person] = {}
    for person in people:
        if refusal := _refusal(assessment, person, groups):
            raise Refused(f"{person.name or person.email}: {refusal}")
        if person.email.casefold() in wanted:
            raise Refused(f"{person.name}: this address stands there twice.")
        wanted[person.email.casefold()] = person
    _expect_room(assessment, len(people))
    _expect_sizes(groups.values(), people, is_all=is_all)
    known = {rater.email.casefold(): rater for rater in Rater.select().where(Rater.assessment == assessment)}
    for email, rater in known.items():
        _keep_or_drop(rater, wanted.get(email), groups)
    for email, person in wanted.items():
        if email not in known:
            _create(assessment, person, groups[person.group], State.NOMINATED, by=None)
    if is_all:
        ask.answered_at = clock.now()
        ask.save()
        mail.call_off(ask.public_id)
        _tell(assessment, f"{assessment.client.name} named {_counted(len(people))} for {assessment.label}", by=None)


def _keep_or_drop(rater: Rater, named: Person | None, groups: Mapping[str, InstrumentGroup]) -> None:
    """What the client says of somebody on the list: only what is her own nomination changes by it."""
    is_hers = rater.by_id is None and rater.state is State.NOMINATED
    if named is None and is_hers:
        rater.delete_instance()
        return
    if named and is_hers:
        rater.name, rater.group = named.name, groups[named.group]
    rater.is_named = named is not None
    rater.save()


def _expect_sizes(groups: Iterable[InstrumentGroup], people: Sequence[Person], *, is_all: bool) -> None:
    for group in groups:
        count = sum(person.group == group.name for person in people)
        refusal = refusal_of_size(group.wanted, 0, count) or (is_all and refusal_of_shortage(group.wanted, count))
        if refusal:
            raise Refused(
                refusal if refusal.endswith(".") else f"{refusal}. What you have typed can be saved as it is."
            )


# The desk or a sponsor says yes ---------------------------------------------------------------------------------------


@atomic
def decide(raters: Sequence[Rater], *, is_yes: bool, by: User) -> int:
    """Approve the nominated ones among these, or do not; how many there were. A sponsor is asked no more once no name
    waits."""
    decided = [rater for rater in map(_anew, raters) if rater.state is State.NOMINATED]
    for rater in decided:
        _decide(rater, is_yes)
        rater.approved_by = by
        rater.save()
    for assessment in {rater.assessment_id: rater.assessment for rater in decided}.values():
        if not nominated(assessment):
            _ask_no_sponsor(assessment)
    return len(decided)


def _ask_no_sponsor(assessment: Assessment) -> None:
    for ask in RaterAsk.of(assessment).where(RaterAsk.contact.is_null(False), RaterAsk.answered_at.is_null()):
        mail.call_off(ask.public_id)
        ask.answered_at = clock.now()
        ask.save()


@atomic
def ask_to_approve(assessment: Assessment, contact: Contact, *, by: User) -> RaterAsk:
    """Mail a sponsor contact of the program the link to the names that wait.

    Raises Refused where the program has no such contact, or no name waits.
    """
    assessment = _open(assessment)
    if contact not in approvers_of(assessment):
        raise Refused(f"{contact.name} neither signs nor reads in this program. Say so in the program first.")
    if not contact.email:
        raise Refused(f"There is no mail address for {contact.name}. Add one first.")
    if not nominated(assessment):
        raise Refused("No name waits for a yes.")
    ask = _ask(assessment, contact, by)
    client = assessment.client
    mail.queue(
        "approval_request",
        to=(contact.name, contact.email),
        fields={"name": called(contact.name), "client": client.name, "coach": who_asks(assessment)},
        link=_link(APPROVE, ask),
        client=client,
        about=ask.public_id,
        reply_to=Serving.desk_address(client.coach),
        by=by,
    )
    _tell(assessment, f"{contact.name} was asked to approve the raters of {assessment.label}", by=by)
    return ask


@atomic
def answer(ask: RaterAsk, approved: Collection[str], shown: Collection[str]) -> None:
    """What a sponsor contact said of the names that were `shown` (public ids); one that came later waits on."""
    ask = _standing(ask)
    if ask.contact_id is None or ask.contact.removed_at is not None:
        raise Refused("This is no longer asked.")
    for rater in nominated(ask.assessment):
        if rater.public_id in shown:
            _decide(rater, rater.public_id in approved)
            rater.approved_by_contact = ask.contact
            rater.save()
    ask.answered_at = clock.now()
    ask.save()
    mail.call_off(ask.public_id)
    _tell(ask.assessment, f"{ask.contact.name} looked at the raters named for {ask.assessment.label}", by=None)


def _decide(rater: Rater, is_yes: bool) -> None:
    rater.state_name, rater.version = State.APPROVED if is_yes else State.DECLINED, rater.version + 1


@atomic
def admit(ask: RaterAsk, *, source: str) -> str:
    """The token of a link for a browser that came by another link of the same person.

    Raises TooMany when one address asks for them without end.
    """
    kind = APPROVE if ask.contact_id else NOMINATE
    Attempt.count_one(f"{kind} held from {source}", limit=ADMITTED, within=AN_HOUR, now=clock.now())
    return links.issue(kind, ask.public_id, lasts=LINK_LASTS)[1]


@atomic
def follow_client(client: object) -> None:
    """Another address is another mailbox: links to name raters that went to the old one die."""
    for ask in RaterAsk.with_people().where(RaterAsk.contact.is_null(), Assessment.client == client):
        _shut(ask, NOMINATE)


@atomic
def follow_contact(contact: Contact) -> None:
    """The same for a sponsor contact; who left the sponsor approves nobody."""
    for ask in RaterAsk.with_people().where(RaterAsk.contact == contact):
        _shut(ask, APPROVE)


def _shut(ask: RaterAsk, kind: str) -> None:
    links.revoke_all(kind, ask.public_id)
    mail.call_off(ask.public_id)


def _ask(assessment: Assessment, contact: Contact | None, by: User) -> RaterAsk:
    """Opened, or opened again."""
    same = RaterAsk.contact == contact if contact else RaterAsk.contact.is_null()
    ask = RaterAsk.of(assessment).where(same).first() or RaterAsk(assessment=assessment, contact=contact)
    ask.asked_at, ask.answered_at, ask.reminders, ask.reminded_at, ask.by = clock.now(), None, 0, None, by
    ask.save()
    mail.call_off(ask.public_id)
    return ask


def _standing(ask: RaterAsk) -> RaterAsk:
    """Raises Refused when it is not asked any more."""
    found = RaterAsk.standing().where(RaterAsk.id == ask.id).first()
    if found is None or not found.is_open:
        raise Refused("Thank you, this is done. If something changed, reply to our mail.")
    return found


def _link(kind: str, ask: RaterAsk) -> tuple[Link, str]:
    return links.issue(kind, ask.public_id, lasts=LINK_LASTS)


# Access ---------------------------------------------------------------------------------------------------------------


@atomic
def send_access(wanted: Mapping[int, int], typed: Mapping[int, Code], *, by: User) -> int:
    """Mail each the own way in: out of the stock, or as typed; all of them or none. How many.

    `wanted` is ids with the versions seen. Codes are taken in the transaction that queues the mails, so that no two get
    the same. Raises Refused with the reason.
    """
    raters = list(Rater.in_order(Rater.with_people().where(Rater.id.in_(list(wanted)))))
    for rater in raters:
        if rater.version != wanted[rater.id]:
            raise Refused(f"{rater.name} was changed since you looked. Look at the mails again.")
        if refusal := why_not(rater, Source.HELD):
            raise Refused(f"{rater.name}: {refusal} Nothing was sent.")
        if rater.credential_id is None:
            rater.credential = _way_in(rater, typed.get(rater.id), by)
        rater.state_name, rater.invited_at = State.INVITED, clock.now()
        rater.version += 1
        rater.save()
        _mail(ACCESS, rater, by)
    for assessment in {rater.assessment_id: rater.assessment for rater in raters}.values():
        count = sum(rater.assessment_id == assessment.id for rater in raters)
        _tell(assessment, f"Access for {_counted(count)} of {assessment.label} is on its way", by=by)
    return len(raters)


@atomic
def send_again(rater: Rater, *, by: User) -> None:
    """The same way in once more, to whoever lost the mail."""
    rater = _anew(rater)
    if rater.state not in SILENT or rater.credential_id is None:
        raise Refused(f"There is nothing to send again to {rater.name}.")
    _open(rater.assessment)
    mail.call_off(rater.public_id)
    _mail(ACCESS, rater, by)


def _way_in(rater: Rater, typed: Code | None, by: User) -> Credential:
    assessment = rater.assessment
    if typed is not None:
        return credentials.hand_in(assessment.instrument, typed, client=assessment.client, by=by)
    return credentials.take(assessment.instrument, client=assessment.client, today=clock.now().date(), by=by)


def _mail(kind: str, rater: Rater, by: User | None) -> Message:
    client, code = rater.assessment.client, rater.credential
    instrument = rater.assessment.instrument
    if code is None:  # invited by the vendor: the way in is in a mail of theirs
        secret = f"The mail from {instrument.vendor.name}"
    else:
        secret = way_in_words(code.login, code.secret, instrument.way)
    return mail.queue(
        kind,
        to=(rater.name, rater.email),
        fields=fields_of(rater),
        code=secret,
        client=client,
        about=rater.public_id,
        reply_to=Serving.desk_address(client.coach),
        by=by,
    )


# Chasing --------------------------------------------------------------------------------------------------------------


@atomic
def remind(rater: Rater, *, by: User | None = None) -> Message:
    """Once more, counted; the caller has seen to it that nobody gets two mails a day."""
    rater = _anew(rater)
    rater.reminders += 1
    rater.reminded_at = clock.now()
    rater.save()
    return _mail(REMINDER, rater, by)


@atomic
def to_remind(assessment: Assessment) -> list[Rater]:
    """Who of an assessment may be reminded by hand now.

    Raises Refused when there is nobody, or all were reminded often enough.
    """
    _open(assessment)
    silent = list(Rater.silent().where(Rater.assessment == assessment))
    if not silent:
        raise Refused("Nobody is to be reminded: all have answered, or the program does not run.")
    allowed = [rater for rater in silent if rater.reminders < MOST_REMINDERS]
    if not allowed:
        raise Refused("They were reminded as often as is kind. A call may do more now.")
    return allowed


# Who has answered -----------------------------------------------------------------------------------------------------


@atomic
def mark(raters: Sequence[Rater], to: State, *, by: User | None, at: datetime | None = None) -> int:
    """Say how far raters are; how many that changed. Somebody has begun, so the assessment is in progress.

    Raises Refused with the reason when one may not be marked so.
    """
    changed, now = [], at or clock.now()
    for rater in map(_anew, raters):
        if rater.state is to:
            continue
        if refusal := refusal_to_become(rater.state, to):
            raise Refused(f"{rater.name}: {refusal}")
        rater.state_name, rater.version = to, rater.version + 1
        rater.invited_at = rater.invited_at or now
        rater.completed_at = now if to is State.COMPLETED else None
        rater.save()
        if to is State.COMPLETED:
            mail.call_off(rater.public_id)
        changed.append(rater)
    if to in (State.STARTED, State.COMPLETED):
        for assessment in {rater.assessment_id: rater.assessment for rater in changed}.values():
            begin(assessment, by=by)
    return len(changed)


@atomic
def begin(assessment: Assessment, *, by: User | None) -> None:
    """Somebody has begun: the assessment is in progress, unless it is further."""
    assessment = Assessment.get_by_id(assessment.id)
    if assessment.state in (AssessmentState.SET_UP, AssessmentState.ACCESS_SENT):
        assessments.mark(assessment, AssessmentState.IN_PROGRESS, facts=NOTHING_FILED, by=by)


@atomic
def note_client(assessment: Assessment, *, by: User, at: datetime | None = None) -> None:
    """The coachee is done; what is open now is with the raters. It is closed by somebody, not by this."""
    assessment = _open(assessment)
    begin(assessment, by=by)
    assessments.note_answer(assessment, waits_on=Party.RATERS, at=at or clock.now(), by=by)


@atomic
def close(assessment: Assessment, *, is_sure: bool, by: User) -> None:
    """Enough have answered, or the desk says so: it is completed, and nobody is chased any more.

    Raises Refused, with what is missing, unless the desk `is_sure`.
    """
    assessment = _open(assessment)
    progress = Rater.progress_of([assessment.id]).get(assessment.id, [])
    if not is_sure and (assessment.answered_at is None or not is_enough(progress)):
        raise Refused(f"Not all have answered yet: {what_is_missing(assessment)}.")
    assessments.mark(assessment, AssessmentState.COMPLETED, facts=NOTHING_FILED, by=by)


@atomic
def stop(assessment: Assessment, *, by: User | None) -> None:
    """It is closed or cancelled: what waits to be sent is not, and a code that never left us is free again."""
    for rater in Rater.of(assessment):
        mail.call_off(rater.public_id)
        _release(rater, by)
    for ask in RaterAsk.of(assessment):
        mail.call_off(ask.public_id)


def _release(rater: Rater, by: User | None) -> None:
    code = rater.credential
    if code is None or rater.state not in (State.APPROVED, State.INVITED):
        return
    if was_mailed(rater) or code.state is not CodeState.GIVEN:
        return
    rater.credential = None
    rater.save()
    credentials.end(code, CodeState.RETURNED, by=by)


# ----------------------------------------------------------------------------------------------------------------------


def _open(assessment: Assessment) -> Assessment:
    """Read anew. Raises Refused where nobody is asked any more, or never was."""
    assessment = Assessment.with_people().where(Assessment.id == assessment.id).get()
    if not assessment.instrument.needs_raters:
        raise Refused(f"{assessment.instrument.name} asks the client alone.")
    if refusal := refusal_to_ask(assessment.state):
        raise Refused(refusal)
    if assessment.engagement_id and assessment.engagement.state in (ProgramState.COMPLETED, ProgramState.ENDED):
        raise Refused("The program is over, so nobody else is asked.")
    return assessment


def _anew(rater: Rater) -> Rater:
    return Rater.with_people().where(Rater.id == rater.id).get()


def _groups(assessment: Assessment) -> dict[str, InstrumentGroup]:
    return {group.name: group for group in InstrumentGroup.of(assessment.instrument)}


def _counted(count: int) -> str:
    return "1 rater" if count == 1 else f"{count} raters"


def _tell(assessment: Assessment, sentence: str, *, by: User | None) -> None:
    timeline.record(assessment.client, Kind.CHANGE, sentence, href=f"/assessments/{assessment.public_id}/raters", by=by)
