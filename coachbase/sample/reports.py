"""Reports as vendors send them, drawn by ourselves: fiction, and it says so on every page."""

from collections.abc import Sequence
from datetime import datetime

from .. import paper
from ..files.rules import Upload
from ..instruments.rules import Part

SCALES = {
    "Hogan HPI": ("Adjustment", "Ambition", "Sociability", "Sensitivity", "Prudence", "Inquisitiveness", "Learning"),
    "Hogan HDS": ("Excitable", "Skeptical", "Cautious", "Reserved", "Leisurely", "Bold", "Colorful", "Diligent"),
    "EQ-i 2.0": ("Self-perception", "Self-expression", "Interpersonal", "Decision making", "Stress management"),
}
_USUAL = ("Openness", "Steadiness", "Pace", "Clarity", "Warmth")
_SAYS = (
    "Higher than most: a strength that may be heard as impatience.",
    "As most people in comparable roles answer.",
    "Lower than most: worth asking when it was last needed.",
    "Much higher than most: under pressure it may become too much.",
)
INTRO = {
    Part.COACH: "For the coach alone. It reads the scores against each other and proposes where to begin.",
    Part.CLIENT: "This is what your answers say, in plain words. Your coach goes through it with you.",
}
_ASKS = {
    Part.COACH: (
        "Where does the client see the score that differs most from the others at work?",
        "Which of the two lowest scales is costing something now, and whom?",
        "What would the team say about the highest one?",
    ),
    Part.CLIENT: (
        "What fits, and what does not?",
        "Which sentence would your team underline?",
        "What do you want to try before we next meet?",
    ),
}


def report_of(client: str, instrument: str, part: Part, at: datetime) -> Upload:
    """A PDF of three pages. The scores follow from the names, so that the same sample has the same ones."""
    told = {
        "made_at": at.isoformat(timespec="seconds"),
        "instrument": instrument,
        "part": f"{part.value.title()} report",
        "client": client,
        "day": f"{at.day} {at:%B %Y}",
        "intro": INTRO[part],
        "scales": _scales(client, SCALES.get(instrument, _USUAL)),
        "asks": list(_ASKS[part]),
    }
    name = f"{instrument.replace(' ', '_')}_{part.value.title()}_{client.replace(' ', '_')}.pdf"
    return Upload(name, paper.render("sample_report", told))


def _scales(client: str, names: Sequence[str]) -> list[dict[str, str | int]]:
    scores = [18 + sum(map(ord, client + name)) * 37 % 78 for name in names]
    return [
        {"name": name, "score": score, "says": _SAYS[score % len(_SAYS)]}
        for name, score in zip(names, scores, strict=True)
    ]
