"""Who is in the sample: the team, the sponsors, the clients and where each of them stands."""

from dataclasses import dataclass
from datetime import timedelta

from ..accounts.rules import Role
from ..availability.rules import PlaceKind
from ..boards.rules import StageMeaning
from ..engagements.rules import Cadence
from ..timeline.rules import Kind

TEAM = (
    ("Alice Kern", Role.COACH),
    ("Jonas Reyes", Role.COACH),
    ("Marit Sørensen", Role.COACH),
    ("Vera Moreau", Role.ASSISTANT),
    ("Nils Abara", Role.ASSISTANT),
)
SERVES = {"Vera Moreau": ("Alice Kern", "Jonas Reyes"), "Nils Abara": ("Marit Sørensen",)}

SPONSORS = {
    "Brightwater": ("Sam Okafor", "Lena Roth"),
    "Halden Foods": ("Iris Tamm",),
    "Marlow Rail": ("Piet Jansen",),
    "Quill": ("Noor Aziz",),
    "Carrow College": ("Dora Finch",),
    "Sable Capital": ("Hugo Lemaire",),
    "Nordhavn": ("Stina Berg",),
    "Aster Hotels": ("Rafael Moura",),
}

PLACES = {
    "Alice Kern": (PlaceKind.VIDEO, "https://meet.example/alice-kern"),
    "Jonas Reyes": (PlaceKind.VIDEO, "https://meet.example/jonas-reyes"),
    "Marit Sørensen": (PlaceKind.ROOM, "Room 4, 12 Harbour Road"),
}
STALLED = "Viktor Salo"
"""With whom nobody has booked anything for long."""

SOUGHT = "Isabel Crane"
"""With whom a time for a three-way meeting is looked for."""

ASKED = (("Amara Diallo", 6), ("Naomi Sato", 2))
"""Who is asked to book, and since how many days."""

TOPICS = ("Taking over a team", "Hard conversations", "Delegating for real", "Peers")
"""Of the sessions of a group program."""

PACE = {Cadence.WEEKLY: 7, Cadence.BIWEEKLY: 14, Cadence.MONTHLY: 28, Cadence.FREE: 21}
"""Days between two sessions."""

BOOKED_AHEAD = timedelta(days=30)
COACHED = 65
"""Days that those who are through were coached."""

ROOM_TO_ANSWER = timedelta(days=21)
"""How much later a program begins that assesses first."""

PATH = tuple(StageMeaning)
"""The stages in the order a client walks them."""


@dataclass(frozen=True)
class Person:
    """A client of fiction: how far along, and how many days in the present stage."""

    name: str
    position: str
    organisation: str
    coach: str
    stage: StageMeaning
    days: float
    zone: str = "Europe/London"
    by_form: bool = False
    assistant: str = ""

    @property
    def is_old(self) -> bool:
        """Began before there was a page to sign on: on paper."""
        return self.stage is StageMeaning.CLOSED or self.days >= 20


A, J, M = "Alice Kern", "Jonas Reyes", "Marit Sørensen"
S = StageMeaning
PEOPLE = (
    Person("Ines Marchetti", "COO", "Halden Foods", A, S.INQUIRY, 0.2, "Europe/Rome", by_form=True),
    Person("Tomas Lindqvist", "Partner", "Ferro Law", "", S.INQUIRY, 1.1, "Europe/Stockholm", by_form=True),
    Person("Priya Nair", "VP Product", "Loop", A, S.INQUIRY, 0.02, "Asia/Kolkata", by_form=True),
    Person("Chidi Balogun", "Head of Care", "Aster Hotels", M, S.INQUIRY, 3.4, "Africa/Lagos", by_form=True),
    Person("Daniel Osei", "CFO", "Marlow Rail", A, S.CHEMISTRY, 2.0),
    Person("Hanne Voss", "Plant Director", "Ostra", M, S.CHEMISTRY, 3.1, "Europe/Berlin"),
    Person("Yusuf Kaya", "Managing Director", "Sable Capital", J, S.CHEMISTRY, 6.5, "Europe/Istanbul"),
    Person("Grace Adeyemi", "Head of Sales", "Quill", J, S.AGREEMENT, 6.2),
    Person("Leo Brandt", "CTO", "Fjordlink", A, S.AGREEMENT, 1.2, "Europe/Oslo"),
    Person("Maya Castellanos", "General Manager", "Aster Hotels", M, S.AGREEMENT, 0.1, "America/Bogota"),
    Person("Anton Vidal", "Director of Research", "Brightwater", A, S.AGREEMENT, 2.5, "Europe/Madrid"),
    Person("Ruth Feldman", "Dean", "Carrow College", A, S.INTAKE, 2.1, "America/New_York"),
    Person("Bob Haddad", "SVP Operations", "Brightwater", A, S.INTAKE, 1.0, "Asia/Dubai"),
    Person("Clara Weiss", "Chief of Staff", "Nordhavn", J, S.INTAKE, 4.4, "Europe/Vienna", assistant="Jan Pohl"),
    Person("Omar Rahman", "VP Supply", "Brightwater", M, S.ASSESSMENT_ACCESS, 4.0, "Asia/Dubai"),
    Person("Sofia Lindgren", "Founder", "Tarn Labs", J, S.ASSESSMENT_ACCESS, 1.0, "Europe/Stockholm"),
    Person("Emeka Obi", "Head of Legal", "Halden Foods", A, S.ASSESSMENT_ACCESS, 7.5, "Africa/Lagos"),
    Person(
        "Ken Watanabe-Holt", "Managing Director", "Sable Capital", A, S.KICKOFF, 0.5, "Asia/Tokyo", assistant="Mei Ito"
    ),
    Person("Elif Demir", "CMO", "Nordhavn", J, S.KICKOFF, 3.0, "Europe/Istanbul"),
    Person("Paula Figueira", "Director of Finance", "Marlow Rail", M, S.KICKOFF, 1.4, "Europe/Lisbon"),
    Person("Astrid Hammer", "CHRO", "Nordhavn", A, S.ACTIVE, 40, "Europe/Copenhagen"),
    Person("Viktor Salo", "VP Engineering", "Loop", A, S.ACTIVE, 75, "Europe/Helsinki"),
    Person("Amara Diallo", "Country Manager", "Aster Hotels", M, S.ACTIVE, 21, "Africa/Dakar"),
    Person("George Whitlock", "Chair", "Carrow College", J, S.ACTIVE, 120),
    Person("Naomi Sato", "Head of Design", "Quill", A, S.ACTIVE, 12, "Asia/Tokyo"),
    Person("Felix Brunner", "COO", "Ostra", M, S.ACTIVE, 60, "Europe/Zurich"),
    Person("Isabel Crane", "Director of Operations", "Marlow Rail", J, S.ACTIVE, 33),
    Person("Henrik Moe", "CEO", "Fjordlink", A, S.ACTIVE, 90, "Europe/Oslo", assistant="Liv Aas"),
    Person("Lucia Ferrante", "Partner", "Ferro Law", A, S.CLOSED, 15, "Europe/Rome"),
    Person("Adam Kowal", "Head of Growth", "Tarn Labs", J, S.CLOSED, 45, "Europe/Warsaw"),
)

NOTES = (
    (Kind.CALL, "Called back. Prefers mornings, and **no video** for the first conversation."),
    (
        Kind.NOTE,
        "The sponsor pays; purchase order needed before the first invoice.\n\n- ask HR for the number\n- copy accounts",
    ),
    (Kind.MAIL, "Wrote that travel starts on the 9th; wants the kickoff before."),
    (Kind.NOTE, "Own assistant handles the diary. Write to both."),
)
