"""Who gets what from every route: the written matrix of who may see what; test_matrix.py holds the house to it.

A new route adds one line to ROUTES; without it the build fails.
"""

from dataclasses import dataclass, field

from tests.safety.people import EVERYBODY, SIGNED_IN

STAFF = "olive alice vera carol dora"
OWNER = "olive"
ARRANGE = "olive vera dora"
ALL = " ".join(EVERYBODY)

WALL = {
    "bob": "olive alice vera",  # Alice's client
    "dan": "olive carol dora",  # Carol's client
    "ina": "olive vera dora",  # nobody's yet: whoever looks after the desk (docs/decisions/0003)
}
COACHES_EYES = {"bob": "olive alice", "dan": "olive carol", "ina": "olive"}
SHUT = {f"{whose}, {what}": readers for what in ("coach only", "a report") for whose, readers in COACHES_EYES.items()}
DOCUMENTS = WALL | SHUT
MOVABLE = DOCUMENTS | {f"{whose}, a report": readers for whose, readers in WALL.items()}
"""An assistant says of a report she filed what it is, too, but does not learn its name."""
REMOVED = {f"{whose}, removed": readers for whose, readers in WALL.items()}
OWN = {"bob": "vera", "dan": "dora"}
"""An import belongs to whoever uploaded it, and to nobody else. Vera's is the one called bob, Dora's dan."""
COHORT = {"bob": WALL["bob"], "dan": WALL["dan"]}
"""Alice's cohort, in which Bob has the seat, is called bob here, Carol's dan. Who has a seat cannot get it again."""
MATERIAL = {"bob’s group": WALL["bob"], "dan’s group": WALL["dan"]}
"""The same cohorts and their sessions, with what was handed out there."""
NOT_HIS = ("bob", "dan, for the client", "dan’s group")
HOURS = {"alice": "olive alice vera", "carol": "olive carol dora"}
"""When a coach works is for those who see the coach's clients."""
AUTHOR = {"bob": "olive vera", "dan": "olive dora", "ina": "olive vera"}
"""What somebody wrote is changed by its author or the owner."""
MAIL = WALL | {"about nobody": "olive", "sent by vera": "olive vera"}
"""What concerns no client is the owner's and the sender's."""
FORM = {"firm": ARRANGE, "other": ARRANGE}
AGREEMENT_TEMPLATE = {"firm": ARRANGE}
STAGE = {"kickoff": ARRANGE, "report_in": ARRANGE}
CARD = WALL | {f"{whose}, assessed": WALL[whose] for whose in ("bob", "dan")}
"""A client's card on the onboarding board, and one on the board of assessments."""
PROGRAM = {"firm": ARRANGE}
PROPOSAL = {"bob": "olive alice vera", "dan": "olive carol dora"}
"""A plan is a coach’s: Alice’s about Bob is called bob here, Carol’s about Dan dan."""
INVOICE = {whose: WALL[whose] for whose in ("bob", "dan")}
DRAFT = {f"{whose}, draft": WALL[whose] for whose in ("bob", "dan")}
"""Bob's sponsor was sent an invoice, and has a draft; so has Dan's."""
PACKAGE = {whose: WALL[whose] for whose in ("bob", "dan")}
"""Alice's client has a package and a plan, and so has Carol's."""
SESSION = {whose: WALL[whose] for whose in ("bob", "dan")}
MAIL_TEXT = {"intake_thanks": ARRANGE}


COACH = {"alice": "olive alice vera", "carol": "olive carol dora"}
"""What is a coach's: the coach's, the assistants' who serve, the owner's."""
FEED = {"bob": "olive alice vera", "dan": "olive carol dora"}
"""Alice's other calendar is called bob here, Carol's dan."""

CODE = {"bob": "olive alice vera", "dan": "olive carol dora", "stock": ARRANGE}
"""A code is seen by those who see whom it was given to; the stock by those who look after it."""
ASSESSMENT = {"bob": "olive alice vera", "dan": "olive carol dora"}
ARRANGED_CODE = {"bob": "olive vera", "dan": "olive dora", "stock": ARRANGE}
RATED = {"bob": "olive alice vera", "dan": "olive carol dora"}
RATER = RATED | {"bob, asked": "vera", "dan, asked": "dora"}
"""Who is named is seen by all who see the client; who was asked is changed by whoever chases: domain.md §1."""
NAMES = {"bob’s names": "client", "bob’s approval": "", "dan’s names": ""}
APPROVAL = {"bob’s approval": "sponsor", "bob’s names": "", "dan’s approval": ""}
FIRMS = {"firm": ARRANGE}
"""What is the firm's own: its catalogue."""


def dropped(state: str) -> dict[str, str]:
    """What somebody dropped is seen by nobody else; Vera's is called bob or ina, Dora's dan."""
    return {f"{whose}, {state}": who for whose, who in (("bob", "vera"), ("ina", "vera"), ("dan", "dora"))}


@dataclass(frozen=True)
class Row:
    """What a route answers, as `method endpoint`.

    `to` names who gets `status`, or for a thing behind the wall: who, by whose thing it is. Staff who are not among
    them get 404; everybody else is sent to sign in. `body` is what is sent; `@table.key` stands for an id of the world.
    """

    to: str | dict[str, str]
    status: int
    body: dict[str, object] = field(default_factory=dict)
    query: str = ""
    others: dict[str, int] = field(default_factory=dict)
    """People whose answer differs from what the rest of the row says."""

    def allowed(self, whose: str) -> frozenset[str]:
        return frozenset((self.to if isinstance(self.to, str) else self.to.get(whose, "")).split())


def everyone(status: int, **options: object) -> Row:
    """A public page: the same for strangers and staff, but for the `others`."""
    return Row(ALL, status, **options)


def holders(link: str, status: int, **options: object) -> Row:
    """A page for whoever holds this kind of link; 404 for all others, staff included."""
    others = {name: 404 for name in EVERYBODY if name != link}
    return Row(link, status, others=others, **options)


SIGNED_IN_GO_ON = dict.fromkeys(SIGNED_IN, 303)

ROUTES: dict[str, Row] = {
    # firm
    "GET firm.details": Row(OWNER, 200),
    "POST firm.change": Row(OWNER, 422),
    "POST firm.change_logo": Row(OWNER, 422),
    # payers
    "GET payers.seller": Row(OWNER, 200),
    "POST payers.keep_seller": Row(OWNER, 422),
    "GET payers.rates": Row(OWNER, 200),
    "POST payers.add_rate": Row(OWNER, 422),
    "POST payers.add_ready_rate": Row(OWNER, 422),
    "GET payers.edit_rate": Row({"firm": OWNER}, 200),
    "POST payers.change_rate": Row({"firm": OWNER}, 422),
    "POST payers.remove_rate": Row({"firm": OWNER}, 422),
    "POST payers.restore_rate": Row({"firm": OWNER}, 303),
    "GET payers.client_as_payer": Row(WALL, 200),
    "POST payers.keep_client_as_payer": Row(WALL, 422),
    "GET payers.sponsor_as_payer": Row(WALL, 200),
    "POST payers.keep_sponsor_as_payer": Row(WALL, 422),
    # numbers
    "GET numbers.numbers": Row(OWNER, 200),
    "GET numbers.edit_series": Row(OWNER, 200, query="?kind=credit"),
    "POST numbers.change_series": Row(OWNER, 422),
    # logbook
    "GET books.revenue": Row(STAFF, 200),
    "GET books.owed": Row(STAFF, 200),
    "GET books.tax": Row(STAFF, 200),
    "GET books.documents": Row(STAFF, 200),
    "GET books.payments": Row(STAFF, 200),
    "GET logbook.log": Row(STAFF, 200),
    "GET logbook.log_csv": Row(STAFF, 200),
    "GET logbook.log_pdf": Row(STAFF, 200),
    "GET logbook.consent": Row(WALL, 200),
    "POST logbook.record": Row(WALL, 422),
    # accounts
    "POST accounts.sign_out": Row(STAFF, 303),
    "GET accounts.account": Row(STAFF, 200),
    "POST accounts.change_profile": Row(STAFF, 422),
    "POST accounts.change_password": Row(STAFF, 422),
    "POST accounts.sign_out_everywhere": Row(STAFF, 303),
    "GET accounts.team": Row(OWNER, 200),
    "GET accounts.new_member": Row(OWNER, 200),
    "POST accounts.invite": Row(OWNER, 422),
    "GET accounts.member": Row({"dora": OWNER}, 200),
    "POST accounts.change_member": Row({"dora": OWNER}, 422),
    "POST accounts.invite_again": Row({"nina": OWNER}, 303),
    "POST accounts.disable": Row({"dora": OWNER}, 303),
    "POST accounts.enable": Row({"dora": OWNER}, 303),
    # home
    "GET home.today": Row(STAFF, 200),
    "GET home.welcome": Row(STAFF, 200),
    "POST home.fill_sample": Row(OWNER, 422),
    "GET home.settings": Row(STAFF, 303),
    "GET home.keys": Row(STAFF, 200),
    "GET home.pieces": Row("", 404),
    "GET search.search": Row(STAFF, 200, query="?q=zq"),
    # boards
    "GET boards.board": Row(STAFF, 200),
    "GET boards.changes": Row(STAFF, 200),
    "GET cards.choose_place": Row(CARD, 200),
    "POST boards.move": Row(WALL, 303, {"stage": "@stage.chemistry", "version": "1"}),
    "POST boards.undo": Row(CARD, 422, query="?version=1"),
    "POST boards.complete": Row(STAFF, 303, {"ids": "@card.dan, assessed"}),
    "GET boards.of_client": Row(WALL, 200),
    "GET stages.stages": Row(ARRANGE, 200),
    "POST stages.add_stage": Row(ARRANGE, 422),
    "POST stages.change_stage": Row(STAGE, 422),
    "POST stages.place_stage": Row(STAGE, 303),
    "POST stages.hide_stage": Row(STAGE, 303),
    "POST stages.show_stage": Row(STAGE, 303),
    "POST stages.delete_stage": Row(STAGE, 422),
    # availability
    "GET availability.coaches": Row(STAFF, 200, others=dict.fromkeys(("alice", "vera", "carol", "dora"), 303)),
    "GET availability.week": Row(HOURS, 200),
    "POST availability.save_week": Row(HOURS, 422),
    "GET availability.terms": Row(HOURS, 200),
    "POST availability.save_terms": Row(HOURS, 422),
    "GET availability.kinds": Row(HOURS, 200),
    "POST availability.save_kinds": Row(HOURS, 422),
    "GET availability.days": Row(HOURS, 200),
    "POST availability.add_special": Row(HOURS, 422),
    "POST availability.remove_special": Row(HOURS, 303),
    "POST availability.restore_special": Row(HOURS, 303, query="?first=2026-12-03&how=closed"),
    "POST availability.add_trip": Row(HOURS, 422),
    "POST availability.remove_trip": Row(HOURS, 303),
    "POST availability.restore_trip": Row(HOURS, 303, query="?trip-first=2026-12-03&trip-zone=Asia/Singapore"),
    "POST availability.choose_country": Row(HOURS, 303, {"country": "GB", "region": "SCT"}),
    "POST availability.work_on_holiday": Row(HOURS, 303, {"on": "2099-12-25", "worked": "1"}),
    # cohorts
    "GET cohorts.cohorts": Row(STAFF, 200),
    "GET cohorts.new": Row(STAFF, 200),
    "POST cohorts.create": Row(STAFF, 422),
    "GET cohorts.cohort": Row(COHORT, 200),
    "GET cohorts.edit": Row(COHORT, 200),
    "POST cohorts.change": Row(COHORT, 422),
    "POST cohorts.close": Row(COHORT, 303),
    "POST cohorts.reopen": Row(COHORT, 303),
    "POST cohorts.take_seat": Row(COHORT, 422),
    "POST cohorts.take_seat_again": Row("", 404),
    "POST cohorts.leave_seat": Row(COHORT, 303),
    "GET cohorts.plan_series": Row(COHORT, 200),
    "POST cohorts.book_series": Row(COHORT, 422),
    "GET cohorts.times": Row(COHORT, 200),
    "GET cohorts.meeting": Row(COHORT, 200),
    "POST cohorts.change_topic": Row(COHORT, 422),
    "POST cohorts.make_up": Row(COHORT, 422),
    "POST cohorts.hand_out": Row(COHORT, 422),
    "GET cohorts.take_out": Row(MATERIAL, 200),
    "POST cohorts.take_back": Row(MATERIAL, 303),
    "POST cohorts.tick": Row(COHORT, 303),
    # feeds
    "GET feeds.calendars": Row(STAFF, 200),
    "GET feeds.new": Row(COACH, 200),
    "POST feeds.add": Row(COACH, 422),
    "GET feeds.edit": Row(FEED, 200),
    "POST feeds.change": Row(FEED, 422),
    "POST feeds.read_now": Row(FEED, 303),
    "POST feeds.remove": Row(FEED, 303),
    # clients
    "GET clients.clients": Row(STAFF, 200),
    "GET clients.clients_csv": Row(STAFF, 200),
    "GET clients.new_client": Row(STAFF, 200),
    "POST clients.add_client": Row(STAFF, 422),
    "GET clients.edit_client": Row(WALL, 200),
    "POST clients.change_client": Row(WALL, 422),
    "GET clients.ball": Row(WALL, 200),
    "POST clients.pass_ball": Row(WALL, 422),
    "GET clients.sponsors": Row(STAFF, 200),
    "GET clients.new_sponsor": Row(STAFF, 200),
    "POST clients.add_sponsor": Row(STAFF, 422),
    "GET clients.sponsor": Row(WALL, 200),
    "GET clients.edit_sponsor": Row(WALL, 200),
    "POST clients.change_sponsor": Row(WALL, 422),
    "GET clients.new_contact": Row(WALL, 200),
    "POST clients.add_contact": Row(WALL, 422),
    "GET clients.edit_contact": Row(WALL, 200),
    "POST clients.change_contact": Row(WALL, 422),
    "POST clients.remove_contact": Row(WALL, 303),
    "POST clients.restore_contact": Row(WALL, 303),
    "GET clients.choose_file": Row(ARRANGE, 200),
    "POST clients.take_file": Row(ARRANGE, 422),
    "GET clients.columns": Row(OWN, 200),
    "POST clients.choose_columns": Row(OWN, 422),
    "GET clients.check_import": Row(OWN, 303),
    "POST clients.apply_import": Row(OWN, 422),
    # engagements
    "GET engagements.program": Row(WALL, 200),
    "GET engagements.earlier_program": Row(WALL, 200),
    "POST engagements.tick": Row(WALL, 422),
    "POST engagements.skip": Row(WALL, 422),
    "POST engagements.reopen": Row(WALL, 422),
    "POST engagements.add_step": Row(WALL, 422),
    "POST engagements.pause": Row(WALL, 422),
    "POST engagements.resume": Row(WALL, 422),
    "POST engagements.complete": Row(WALL, 422),
    "GET engagements.ask_for_end": Row(WALL, 200),
    "POST engagements.end_early": Row(WALL, 422),
    "GET engagements.terms": Row(WALL, 200),
    "POST engagements.change": Row(WALL, 422),
    "GET engagements.contacts": Row(WALL, 200),
    "POST engagements.change_contacts": Row(WALL, 422),
    # planning
    "GET planning.proposals": Row(STAFF, 200),
    "GET planning.new_absence": Row(STAFF, 200),
    "POST planning.plan_absence": Row(STAFF, 422),
    "GET planning.new_cadence": Row(WALL, 200),
    "POST planning.plan_cadence": Row(WALL, 422),
    "GET planning.new_slip": Row(WALL, 200),
    "POST planning.plan_slip": Row(WALL, 422),
    "GET planning.proposal": Row(PROPOSAL, 200),
    "GET planning.line": Row(PROPOSAL, 200),
    "POST planning.change_line": Row(PROPOSAL, 422),
    "POST planning.apply": Row(PROPOSAL, 422),
    "POST planning.undo": Row(PROPOSAL, 422),
    "POST planning.drop": Row(PROPOSAL, 422),
    # files
    "GET files.documents": Row(WALL, 200),
    "POST files.file": Row(WALL, 422),
    "GET files.library": Row(STAFF, 200),
    "POST files.drop": Row(STAFF, 422),
    "GET files.waiting": Row(STAFF, 200),
    "POST files.file_waiting": Row(STAFF, 422),
    "POST files.undo": Row(dropped("filed"), 303),
    "POST files.leave_out": Row(dropped("waiting"), 303),
    "POST files.take_up": Row(dropped("left"), 303),
    "GET files.take_out": Row(DOCUMENTS, 200),
    "GET files.about": Row(DOCUMENTS, 200),
    "POST files.open_shut": Row(DOCUMENTS, 200),
    "POST files.read_shut": Row(DOCUMENTS, 200),
    "POST files.replace": Row(DOCUMENTS, 422),
    "POST files.restore": Row(DOCUMENTS, 303),
    "POST files.remove": Row(DOCUMENTS, 303),
    "POST files.put_back": Row(REMOVED, 303),
    "GET files.move_page": Row(MOVABLE, 200),
    "POST files.move": Row(MOVABLE, 422),
    "POST files.change_reports": Row(OWNER, 303),
    # instruments
    "GET instruments.instruments": Row(ARRANGE, 200),
    "POST instruments.ship": Row(ARRANGE, 303),
    "GET instruments.new_instrument": Row(ARRANGE, 200),
    "POST instruments.add_instrument": Row(ARRANGE, 422),
    "GET instruments.instrument": Row(FIRMS, 200),
    "POST instruments.change_instrument": Row(FIRMS, 422),
    "POST instruments.remove_instrument": Row(FIRMS, 422),  # it stands in a battery
    "POST instruments.restore_instrument": Row(FIRMS, 303),
    "GET instruments.vendor": Row(FIRMS, 200),
    "POST instruments.change_vendor": Row(FIRMS, 422),
    "GET instruments.batteries": Row(ARRANGE, 200),
    "GET instruments.new_battery": Row(ARRANGE, 200),
    "POST instruments.make_battery": Row(ARRANGE, 422),
    "GET instruments.battery": Row(FIRMS, 200),
    "POST instruments.rename_battery": Row(FIRMS, 422),
    "POST instruments.remove_battery": Row(FIRMS, 303),
    "POST instruments.restore_battery": Row(FIRMS, 303),
    "POST instruments.add_item": Row(FIRMS, 422),
    "GET instruments.item": Row(FIRMS, 200),
    "POST instruments.change_item": Row(FIRMS, 422),
    "POST instruments.move_item": Row(FIRMS, 303, {"to": "1"}),
    "POST instruments.take_out": Row(FIRMS, 303),
    "POST instruments.put_back": Row(FIRMS, 303),
    # credentials
    "GET credentials.codes": Row(FIRMS, 200),
    "GET credentials.new_codes": Row(FIRMS, 200),
    "POST credentials.add_codes": Row(FIRMS, 422),
    "POST credentials.end_several": Row(FIRMS, 422),
    "GET credentials.credits": Row(ARRANGE, 200),
    "GET credentials.ledger": Row(FIRMS, 200),
    "POST credentials.correct": Row(FIRMS, 422),
    "GET credentials.ask_what_became": Row(ARRANGED_CODE, 200),
    "POST credentials.end": Row(ARRANGED_CODE, 422),
    "POST credentials.reveal": Row(CODE, 200),
    # audit
    "GET audit.openings": Row("olive alice carol", 200),
    # evidence
    "GET evidence.seal": Row(OWNER, 200),
    "POST evidence.load_certificate": Row(OWNER, 422),
    "POST evidence.make_certificate": Row(OWNER, 409),
    "GET evidence.certificate": Row({"firm": OWNER}, 200),
    "GET evidence_public.verify": everyone(200),
    "POST evidence_public.check": everyone(422),
    # timeline
    "GET timeline.timeline": Row(WALL, 200),
    "POST timeline.write": Row(WALL, 422),
    "POST timeline.preview": Row(WALL, 200),
    "GET timeline.note": Row(AUTHOR, 200),
    "POST timeline.edit": Row(AUTHOR, 422),
    # invitations
    "GET invitations.replies": Row(STAFF, 200),
    "POST invitations.take_reply": Row(STAFF, 422),
    "GET invitations.reply_box": Row(OWNER, 200),
    "POST invitations.save_reply_box": Row(OWNER, 422),
    "POST invitations.forget_reply_box": Row(OWNER, 303),
    "GET invitations.client_feed": Row(WALL, 200),
    "POST invitations.mail_client_feed": Row(WALL, 303),
    "POST invitations.close_client_feed": Row(WALL, 303),
    "GET invitations.coach_feeds": Row(STAFF, 200),
    "POST invitations.open_coach_feed": Row("olive alice vera", 200, {"coach": "@user.alice", "kind": "feed_coach"}),
    "POST invitations.close_coach_feed": Row(HOURS, 303),
    "GET invitations_public.feed": Row({"feed_client": ALL, "feed_coach": ALL}, 200),
    # mail
    "GET mail.outbox": Row(STAFF, 200),
    "GET mail.of_client": Row(WALL, 200),
    "GET mail.message": Row(MAIL, 200),
    "GET mail.fate": Row(MAIL, 303),
    "GET mail.html": Row(MAIL, 200),
    "POST mail.cancel": Row(MAIL, 303),
    "POST mail.resend": Row(MAIL, 303),
    "GET mail.server": Row(OWNER, 200),
    "POST mail.save_server": Row(OWNER, 422),
    "POST mail.send_test": Row(OWNER, 422),
    "GET mail.texts": Row(ARRANGE, 200),
    "GET mail.text": Row(MAIL_TEXT, 200),
    "POST mail.save_text": Row(MAIL_TEXT, 422),
    "POST mail.restore_text": Row(MAIL_TEXT, 400),
    "POST mail.preview": Row(MAIL_TEXT, 422),
    # agreements
    "GET agreements.templates": Row(ARRANGE, 200),
    "GET agreements.new_template": Row(ARRANGE, 200),
    "POST agreements.keep_template": Row(ARRANGE, 422),
    "GET agreements.template": Row(AGREEMENT_TEMPLATE, 200),
    "POST agreements.change_template": Row(AGREEMENT_TEMPLATE, 422),
    "POST agreements.remove_template": Row(AGREEMENT_TEMPLATE, 303),
    "POST agreements.restore_template": Row(AGREEMENT_TEMPLATE, 303),
    "GET agreements.of_client": Row(WALL, 200),
    "GET agreements.of_engagement": Row(WALL, 200),
    "POST agreements.draft": Row(WALL, 422),
    "GET agreements.agreement": Row(WALL, 200),
    "GET agreements.text": Row(WALL, 422),  # it is out to be signed
    "POST agreements.change_text": Row(WALL, 422),
    "GET agreements.preview": Row(WALL, 422),
    "GET agreements.document": Row(WALL, 200),
    "GET agreements.sealed": Row(WALL, 422),
    "POST agreements.send": Row(WALL, 422),
    "POST agreements.withdraw": Row(WALL, 422),
    "POST agreements.renew": Row(WALL, 422),
    "POST agreements.try_again": Row(WALL, 422),
    "POST agreements.sign": Row(WALL, 422),  # not the coach's turn
    # programs
    "GET programs.programs": Row(ARRANGE, 200),
    "GET programs.new_program": Row(ARRANGE, 200),
    "POST programs.add_program": Row(ARRANGE, 422),
    "POST programs.preview_logistics": Row(ARRANGE, 200),
    "GET programs.program": Row(PROGRAM, 200),
    "POST programs.change_program": Row(PROGRAM, 422),
    "POST programs.duplicate_program": Row(PROGRAM, 303),
    "POST programs.remove_program": Row(PROGRAM, 303),
    "POST programs.restore_program": Row(PROGRAM, 303),
    "GET programs.new_step": Row(PROGRAM, 200, query="?kind=own"),
    "POST programs.add_step": Row(PROGRAM, 422),
    "GET programs.step": Row(PROGRAM, 200),
    "POST programs.change_step": Row(PROGRAM, 422),
    "POST programs.place_step": Row(PROGRAM, 303, {"shift": "1"}),
    "POST programs.take_out_step": Row(PROGRAM, 303),
    "POST programs.put_back_step": Row(PROGRAM, 303),
    "GET programs.choose": Row(WALL, 200),
    "POST programs.preview": Row(WALL, 422, {"template": "@program_template.firm"}),
    "POST programs.start": Row(WALL, 422, {"template": "@program_template.firm"}),
    "GET programs.lacking": Row(WALL, 200),
    "GET programs.of_engagement": Row(WALL, 200),
    # intake, as the firm sees it
    "GET intake.forms": Row(ARRANGE, 200),
    "GET intake.new_form": Row(ARRANGE, 200),
    "POST intake.make_form": Row(ARRANGE, 422),
    "GET intake.builder": Row(FORM, 200),
    "POST intake.change_texts": Row(FORM, 422),
    "POST intake.publish": Row({"firm": ARRANGE}, 303),
    "POST intake.close": Row({"firm": ARRANGE}, 303),
    "POST intake.reopen": Row(FORM, 422),
    "GET intake.preview": Row(FORM, 200),
    "GET intake.new_question": Row(FORM, 200),
    "POST intake.add_question": Row(FORM, 422),
    "GET intake.question": Row(FORM, 200),
    "POST intake.change_question": Row(FORM, 422),
    "POST intake.move_question": Row(FORM, 303, {"by": "up"}),
    "POST intake.take_out": Row(FORM, 303),
    "POST intake.put_back": Row(FORM, 303),
    "GET intake.submissions": Row(FORM, 200),
    "GET intake.answers": Row(WALL, 200),
    "POST intake.ask": Row(WALL, 422),
    # scheduling, for the staff
    "GET sessions.session": Row(SESSION, 200),
    "POST sessions.mark": Row(SESSION, 422),
    "POST sessions.unmark": Row(SESSION, 422),  # it has not begun
    "GET sessions.new_line": Row(WALL, 200),
    "POST sessions.add_line": Row(WALL, 422),
    "GET sessions.program_place": Row(WALL, 200),
    "POST sessions.change_program_place": Row(WALL, 422),
    "GET requests.of_client": Row(WALL, 200),
    "GET scheduling.new_session": Row(WALL, 200),
    "POST scheduling.book": Row(WALL, 422),
    "GET scheduling.choose_time": Row(SESSION, 200),
    "POST scheduling.move": Row(SESSION, 422),
    "GET scheduling.ask_why": Row(SESSION, 200),
    "POST scheduling.cancel": Row(SESSION, 422),
    "GET scheduling.choose_place": Row(SESSION, 200),
    "POST scheduling.place": Row(SESSION, 422),
    "GET requests.choose_what_to_ask": Row(WALL, 200),
    "POST requests.ask": Row(WALL, 422),
    "POST requests.withdraw": Row(SESSION, 303),
    "GET scheduling.why_not": Row(STAFF, 200),
    # calendar
    "GET calendar.calendar": Row(STAFF, 200),
    # polls
    "GET polls.new_poll": Row(WALL, 200),
    "POST polls.propose": Row(WALL, 422),
    "GET polls.poll": Row(SESSION, 200),
    "POST polls.close": Row(SESSION, 303),
    "GET polls_public.open_poll": Row({"poll": ALL}, 303),
    "GET polls_public.poll": holders("poll", 200),
    "POST polls_public.answer": holders("poll", 422),
    "POST polls_public.leave": everyone(303),
    "POST portal_public.tick": Row({"bob’s client": "client", "bob": "", "dan’s client": ""}, 303),
    "POST portal_public.tick_as_sponsor": Row({"bob": "sponsor", "bob’s client": "", "dan": ""}, 303),
    # assessments
    "GET assessments.of_client": Row(WALL, 200),
    "GET assessments.new": Row(WALL, 200),
    "POST assessments.set_up": Row(WALL, 422),
    "GET assessments.choose_battery": Row(WALL, 200),
    "POST assessments.apply_battery": Row(WALL, 422),
    "GET assessments.choose_due": Row(ASSESSMENT, 200),
    "POST assessments.change_due": Row(ASSESSMENT, 422),
    "GET assessments.type_code": Row(ASSESSMENT, 200),
    "POST assessments.hand_in": Row(ASSESSMENT, 422),
    "POST assessments.take_code": Row(ASSESSMENT, 303),
    "POST assessments.mark": Row(ASSESSMENT, 303, {"to": "in_progress", "version": "2"}),
    "GET assessments.ask_why": Row(ASSESSMENT, 200),
    "POST assessments.cancel": Row(ASSESSMENT, 422),
    "GET assessments.look_at_mails": Row(STAFF, 200),
    "POST assessments.send": Row(STAFF, 400),
    # invoices
    "GET invoices.overview": Row(STAFF, 200),
    "GET invoices.invoices": Row(STAFF, 200),
    "GET invoices.due": Row(STAFF, 200),
    "GET invoices.new": Row(STAFF, 200),
    "POST invoices.create": Row(STAFF, 422),
    "POST invoices.reckon": Row(STAFF, 200),
    "GET invoices.of_client": Row(WALL, 200),
    "GET invoices.of_sponsor": Row(WALL, 200),
    "GET invoices.invoice": Row(INVOICE | DRAFT, 200),
    "GET invoices.pdf": Row(INVOICE, 200),
    "GET invoices.edit": Row(DRAFT, 200),
    "POST invoices.change": Row(DRAFT, 422),
    "POST invoices.issue": Row(DRAFT, 303, {"version": "1"}),
    "POST invoices.discard": Row(DRAFT, 303, {"version": "1"}),
    "POST invoices.restore": Row("", 404),  # none of the world's is discarded
    "POST invoices.mail_again": Row(INVOICE, 303),
    "POST invoices.draw": Row(INVOICE, 422),  # it is drawn already
    "GET invoices.dispute": Row(INVOICE, 200),
    "POST invoices.note_dispute": Row(INVOICE, 422),
    "POST invoices.settle": Row(INVOICE, 422),
    "GET invoices.choose_credit": Row(INVOICE, 200),
    "POST invoices.credit": Row(INVOICE, 422),
    # billing
    "GET billing.of_client": Row(WALL, 200),
    "GET billing.plan": Row(WALL, 200),
    "POST billing.change_plan": Row(WALL, 422),
    "GET billing.sum_of_plan": Row(WALL, 200),
    "POST billing.bill": Row(WALL, 422),  # nothing is due before it is signed
    "GET billing.new_charge": Row(WALL, 200),
    "POST billing.charge": Row(WALL, 422),
    "GET billing.edit_charge": Row(INVOICE, 200),
    "POST billing.change_charge": Row(INVOICE, 422),
    "POST billing.remove_charge": Row(INVOICE, 303),
    "POST billing.restore_charge": Row(INVOICE, 303),
    "POST billing.charge_assessment": Row(ASSESSMENT, 303),
    "GET billing.ask_why": Row(SESSION, 200),
    "POST billing.waive": Row(SESSION, 422),
    "POST billing.bill_after_all": Row(SESSION, 303),
    "GET billing.to_review": Row(STAFF, 200),
    "POST billing.propose": Row(STAFF, 303),
    "POST billing.issue": Row(STAFF, 422),
    "POST billing.discard": Row(DRAFT, 303, {"version": "1"}),
    "POST billing.give_po": Row(DRAFT, 422),
    "GET billing.checks": Row(STAFF, 200),
    "GET billing.tabs": Row(STAFF, 200),
    # dunning
    "GET dunning.waiting": Row(STAFF, 200),
    "GET dunning.reminders": Row(INVOICE, 200),
    "GET dunning.letter": Row(INVOICE, 200),
    "GET dunning.preview": Row(INVOICE, 200),
    "GET dunning.preview_letter": Row(INVOICE, 422),  # nothing is late
    "POST dunning.remind": Row(INVOICE, 422),
    "GET dunning.choose_rest": Row(INVOICE, 200),
    "POST dunning.rest": Row(INVOICE, 422),
    "POST dunning.go_on": Row(INVOICE, 303),
    "GET dunning.call": Row(INVOICE, 200),
    "POST dunning.log_call": Row(INVOICE, 422),
    "GET dunning.explain": Row(INVOICE, 200),
    "POST dunning.hand_over": Row(INVOICE, 422),
    "GET dunning.reckon": Row(INVOICE, 200),
    "POST dunning.charge": Row(INVOICE, 422),
    # packages
    "GET packages.packages": Row(WALL, 200),
    "GET packages.of_client": Row(WALL, 200),
    "GET packages.choose": Row(WALL, 200),
    "POST packages.make": Row(WALL, 422),
    "GET packages.package": Row(PACKAGE, 200),
    "POST packages.try_again": Row(PACKAGE, 422),
    "POST packages.release": Row(PACKAGE, 422),
    "POST packages.take_back": Row(PACKAGE, 303),
    # development
    "GET development.plan": Row(WALL, 200),
    "GET development.text": Row(WALL, 200),
    "POST development.write": Row(WALL, 422),
    "GET development.version": Row(PACKAGE, 200),
    "POST development.restore": Row(PACKAGE, 422),
    "GET development.printed": Row(PACKAGE, 200),
    "POST development.share": Row(PACKAGE, 422),
    "POST development.stop_sharing": Row(WALL, 303),
    # raters
    "GET raters.raters": Row(RATED, 200),
    "GET raters.new_raters": Row(RATED, 200),
    "POST raters.add": Row(RATED, 422),
    "POST raters.ask_to_name": Row(RATED, 303),
    "POST raters.decide": Row(RATED, 422, {"act": "no"}),
    "POST raters.ask_to_approve": Row(RATED, 404),
    "POST raters.mark": Row({"bob": "vera", "dan": "dora"}, 422),
    "POST raters.note_client": Row(RATED, 303),
    "POST raters.close": Row(RATED, 422),
    "POST portal.remind_raters": Row(RATED, 303),
    "GET raters.rater": Row(RATER, 200),
    "POST raters.change": Row(RATER, 422),
    "POST raters.withdraw": Row(RATER, 303),
    "POST raters.put_back": Row(RATER, 422),
    "POST raters.send_again": Row({"bob, asked": "vera", "dan, asked": "dora"}, 303),
    "GET raters.look_at_mails": Row(STAFF, 200),
    "GET raters.due": Row(STAFF, 200),
    "POST raters.send": Row(STAFF, 422),
    "GET raters_public.open_nominate": Row({"nominate": ALL}, 303),
    "GET raters_public.nominate": holders("nominate", 200),
    "POST raters_public.name": holders("nominate", 422, body={"act": "send"}),
    "POST raters_public.leave_naming": everyone(303),
    "GET raters_public.open_approve": Row({"approve": ALL}, 303),
    "GET raters_public.approve": holders("approve", 200),
    "POST raters_public.answer": holders("approve", 422),
    "POST raters_public.leave_approving": everyone(303),
    "POST portal_public.name_raters": Row(NAMES, 303),
    "POST portal_public.approve_as_sponsor": Row(APPROVAL, 303),
    # payments
    "GET payments.bank": Row(ARRANGE, 200),
    "POST payments.book": Row(ARRANGE, 422),
    "POST payments.ignore_several": Row(ARRANGE, 422),
    "GET payments.line": Row(FIRMS, 200),
    "POST payments.split": Row(FIRMS, 422),
    "POST payments.match": Row(FIRMS, 422),
    "POST payments.ignore": Row(FIRMS, 422),
    "POST payments.reopen": Row(FIRMS, 422),
    "GET payments.files": Row(ARRANGE, 200),
    "POST payments.take": Row(ARRANGE, 422),
    "GET payments.columns": Row(OWN, 200),
    "POST payments.choose_columns": Row(OWN, 422),
    "POST payments.put_away": Row(OWN | FIRMS, 303),
    "GET payments.of_invoice": Row(INVOICE, 200),
    "GET payments.new_payment": Row(INVOICE, 200),
    "POST payments.record": Row(INVOICE, 422),
    "GET payments.new_refund": Row(INVOICE, 200),
    "POST payments.refund": Row(INVOICE, 422),
    "GET payments.new_transfer": Row(INVOICE, 200),
    "POST payments.transfer": Row(INVOICE, 422),
    "GET payments.new_write_off": Row(INVOICE, 200),
    "POST payments.write_off": Row(INVOICE, 422),
    "GET payments.ask_take_back": Row(INVOICE, 200),
    "POST payments.take_back": Row(INVOICE, 303),
    # invoices, by link
    "GET invoices_public.open_invoice": Row({"invoice": ALL}, 303),
    "GET invoices_public.invoice": holders("invoice", 200),
    "POST invoices_public.document": holders("invoice", 200),
    "POST invoices_public.leave": everyone(303),
    "GET invoices_public.open_invoices": Row({"invoices": ALL}, 303),
    "GET invoices_public.invoices": holders("invoices", 200),
    "GET invoices_public.one": Row({"bob": "invoices"}, 200),
    "POST invoices_public.document_of_one": Row({"bob": "invoices"}, 200),
    "POST invoices_public.leave_all": everyone(303),
    "POST portal_public.invoices": Row({"bob": "", "dan": ""}, 303),  # their sponsors pay
    "POST portal_public.invoices_of_sponsor": Row({"bob": "", "dan": ""}, 303),  # another contact does
    # tracking
    "GET tracking.choose_list": Row(STAFF, 200),
    "POST tracking.take": Row(STAFF, 422),
    "GET tracking.columns": Row(OWN, 200),
    "POST tracking.choose_columns": Row(OWN, 422),
    "GET tracking.check": Row(OWN, 303),
    "POST tracking.apply": Row(OWN, 422),
    "POST tracking.forget": Row(OWN, 303),
    # portal, for the staff
    "GET portal.of_client": Row(WALL, 200),
    "POST portal.remind": Row(WALL, 303),
    "POST portal.mail_page": Row(WALL, 303),
    "POST portal.mail_dates": Row(WALL, 303),
    # portal, by link
    "GET portal_public.open_client": Row({"client": ALL}, 303),
    "GET portal_public.open_assistant": Row({"assistant": ALL}, 303),
    "GET portal_public.open_sponsor": Row({"sponsor": ALL}, 303),
    "GET portal_public.client": holders("client", 200),
    "GET portal_public.assessment": Row({"bob": "client", "dan": ""}, 200),
    "GET portal_public.document": Row(
        {"bob, for the client": "client", "bob’s group": "client"} | dict.fromkeys(NOT_HIS, ""), 200
    ),
    "POST portal_public.sign": Row({"bob’s client": "client", "bob": "", "dan’s client": ""}, 303),
    "POST portal_public.answer": Row({"bob’s questionnaire": "client", "dan’s questionnaire": ""}, 303),
    "GET portal_public.assistant": holders("assistant", 200),
    "GET portal_public.sponsor": holders("sponsor", 200),
    "POST portal_public.sign_as_sponsor": Row({"bob": "sponsor", "bob’s client": "", "dan": ""}, 303),
    "POST portal_public.leave_client": everyone(303),
    "POST portal_public.leave_assistant": everyone(303),
    "POST portal_public.leave_sponsor": everyone(303),
    "GET portal_public.left": everyone(200),
    # booking, by link
    "POST portal_public.book": Row({"bob’s to book": "client", "bob": "", "dan’s to book": ""}, 303),
    "POST portal_public.change": Row({"bob": "client", "dan": ""}, 303),
    "POST portal_public.book_for": Row({"bob’s to book": "assistant", "bob": "", "dan’s to book": ""}, 303),
    "POST portal_public.change_for": Row({"bob": "assistant", "dan": ""}, 303),
    "GET requests_public.open_book": Row({"book": ALL}, 303),
    "GET requests_public.book": holders("book", 200),
    "GET requests_public.confirm": holders("book", 200),
    "POST requests_public.take": holders("book", 422),
    "POST requests_public.none_suits": holders("book", 422),
    "POST requests_public.go_on_to_change": holders("book", 303),
    "POST requests_public.leave_booking": everyone(303),
    "GET scheduling_public.open_session": Row({"session": ALL}, 303),
    "GET scheduling_public.session": holders("session", 200),
    "GET scheduling_public.choose_another": holders("session", 200),
    "GET scheduling_public.confirm_move": holders("session", 200),
    "POST scheduling_public.move": holders("session", 422),
    "GET scheduling_public.ask_why": holders("session", 200),
    "POST scheduling_public.cancel": holders("session", 422),
    "POST scheduling_public.leave_session": everyone(303),
    # signing, by link
    "GET agreements_public.open_sign": Row({"sign": ALL}, 303),
    "GET agreements_public.overview": holders("sign", 200),
    "POST agreements_public.open_document": holders("sign", 303),
    "GET agreements_public.read": holders("sign", 200),
    "GET agreements_public.document": holders("sign", 200),
    "POST agreements_public.send_code": holders("sign", 422),
    "GET agreements_public.code": holders("sign", 303),  # no code was asked for
    "POST agreements_public.sign": holders("sign", 422),
    "GET agreements_public.ask_why": holders("sign", 200),
    "POST agreements_public.decline": holders("sign", 422),
    "GET agreements_public.somebody_else": holders("sign", 200),
    "POST agreements_public.hand_over": holders("sign", 422),
    "GET agreements_public.handed_over": everyone(200),
    "POST agreements_public.leave": everyone(303),
    "POST agreements_public.go_on": holders("sign", 303),
    # intake, as strangers see it
    "GET intake_public.come_back": Row({"intake": ALL}, 303),
    "GET intake_public.resume": holders("intake", 303),
    "GET intake_public.fill_in": Row({"inquiry-form": ALL}, 200),
    "POST intake_public.send": Row({"inquiry-form": ALL}, 422, others={"intake": 303}),  # the answers are kept
    "POST intake_public.start_anew": Row({"inquiry-form": ALL}, 303),
    "GET intake_public.later": Row({"inquiry-form": "intake"}, 200),
    "POST intake_public.mail_link": Row({"inquiry-form": "intake"}, 422),
    "GET intake_public.thanks": Row({"inquiry-form": ALL}, 303),
    # front doors
    "GET doors.healthz": everyone(200),
    "GET doors.logo": everyone(404),
    "GET doors.set_up": everyone(404),
    "POST doors.found": everyone(404),
    "GET doors.sign_in": everyone(200, others=SIGNED_IN_GO_ON),
    "POST doors.enter": everyone(422),
    "GET doors.forgot": everyone(200),
    "POST doors.ask_for_reset": everyone(422),
    # links of accounts
    "GET accounts_public.open_invitation": Row({"invitation": ALL}, 303),
    "GET accounts_public.see_invitation": holders("invitation", 200),
    "POST accounts_public.accept_invitation": holders("invitation", 422),
    "GET accounts_public.open_reset": Row({"reset": ALL}, 303),
    "GET accounts_public.see_reset": holders("reset", 200),
    "POST accounts_public.reset_password": holders("reset", 422),
}
