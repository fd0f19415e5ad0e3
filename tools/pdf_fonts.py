"""Make static/fonts/pdf: the fonts of our documents, static TrueType files, so that none of the system's are needed.

usage: python tools/pdf_fonts.py FOLDER    (needs fonttools and brotli)

FOLDER holds three packages of npm, unpacked, each OFL (the licence texts are copied along):
  inter-ui 4.1.1 · @fontsource-variable/newsreader 5.3.0 · @fontsource/ibm-plex-mono 5.3.0

Browsers get variable fonts in pieces; typst draws one weight of a variable font and says nothing of what it cannot
find. So each weight is a file of its own that holds Latin, Greek and Cyrillic together, and `coverage.txt` says what.
"""

import shutil
import sys
from pathlib import Path

from fontTools.merge import Merger
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

TARGET = Path(__file__).resolve().parents[1] / "static" / "fonts" / "pdf"
DRAWN = [
    (0x20, 0x7E), (0xA0, 0x24F), (0x259, 0x259), (0x2B0, 0x2FF), (0x300, 0x36F),  # Latin, and marks that combine
    (0x370, 0x3FF), (0x400, 0x52F), (0x1E00, 0x1EFF), (0x1F00, 0x1FFF),  # Greek, Cyrillic, Vietnamese, old Greek
    (0x2002, 0x200A), (0x2010, 0x2027), (0x202F, 0x205E), (0x2070, 0x209F), (0x20A0, 0x20CF),  # punctuation, currencies
    (0x2100, 0x215F), (0x2190, 0x21AF), (0x2200, 0x22FF), (0x25A0, 0x25FF), (0x2713, 0x2717),  # arrows, signs, ticks
]  # fmt: skip
FEATURES = ["kern", "liga", "calt", "ccmp", "locl", "mark", "mkmk", "tnum", "case", "zero"]
INTER = ("Regular", "Italic", "Medium", "SemiBold", "SemiBoldItalic")


def main(sources: Path) -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    for weight in INTER:
        write(TTFont(only(sources, f"web/Inter-{weight}.woff2")), f"Inter-{weight}.ttf")
    for style, name, weight, size in (("normal", "Medium", 500, 32), ("italic", "Italic", 400, 32)):
        pieces = [
            instancer.instantiateVariableFont(
                TTFont(only(sources, f"newsreader-{part}-standard-{style}.woff2")), {"wght": weight, "opsz": size}
            )
            for part in ("latin", "latin-ext", "vietnamese")
        ]
        write(named(merged(pieces), "Newsreader", name, weight), f"Newsreader-{name}.ttf")
    write(TTFont(only(sources, "ibm-plex-mono-latin-400-normal.woff2")), "IBMPlexMono-Regular.ttf")
    for package, licence in (("inter-ui", "inter"), ("newsreader", "newsreader"), ("ibm-plex-mono", "ibm-plex-mono")):
        shutil.copy(licence_of(sources, package), TARGET / f"{licence}.OFL.txt")
    write_coverage()


def only(folder: Path, ending: str) -> Path:
    [found] = [path for path in folder.rglob(f"*{Path(ending).name}") if path.as_posix().endswith(ending)]
    return found


def licence_of(folder: Path, package: str) -> Path:
    [found] = [path for path in folder.rglob("LICENSE*") if package in package_of(path)]
    return found


def package_of(licence: Path) -> str:
    manifest = licence.with_name("package.json")
    return manifest.read_text().partition('"name": "')[2].partition('"')[0] if manifest.exists() else ""


def merged(pieces: list[TTFont]) -> TTFont:
    """Pieces of one font become one; where two draw the same sign, the first one's drawing stays."""
    scratch, taken = [], set()
    for number, piece in enumerate(pieces):
        signs = set(piece.getBestCmap()) - taken
        taken |= signs
        subset(piece, signs)
        scratch.append(TARGET / f"piece-{number}.ttf")
        piece.flavor = None
        piece.save(scratch[-1])
    try:
        return Merger().merge([str(path) for path in scratch])
    finally:
        for path in scratch:
            path.unlink()


def named(font: TTFont, family: str, style: str, weight: int) -> TTFont:
    """typst finds a font by its names and weight, which merging leaves as they were in the variable one."""
    names = font["name"]
    for name_id in (16, 17, 21, 22, 25):
        names.removeNames(nameID=name_id)
    for name_id, text in ((1, family), (2, style), (4, f"{family} {style}"), (6, f"{family}-{style}")):
        names.setName(text, name_id, 3, 1, 0x409)
    font["OS/2"].usWeightClass = weight
    return font


def subset(font: TTFont, signs: set[int]) -> None:
    options = Options(layout_features=FEATURES, hinting=False, notdef_outline=True, name_IDs=["*"], glyph_names=False)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=signs)
    subsetter.subset(font)


def write(font: TTFont, name: str) -> None:
    subset(font, {sign for first, last in DRAWN for sign in range(first, last + 1)})
    font.flavor = None
    font["head"].modified = font["head"].created  # the same sources give the same bytes
    font.recalcTimestamp = False
    font.save(TARGET / name)


def write_coverage() -> None:
    """What all of Inter's weights hold, as ranges: the last resort of every text in a document."""
    held = set.intersection(*(set(TTFont(path).getBestCmap()) for path in TARGET.glob("Inter-*.ttf")))
    lines, signs = [], sorted(held)
    while signs:
        first = last = signs.pop(0)
        while signs and signs[0] == last + 1:
            last = signs.pop(0)
        lines.append(f"{first:04X}-{last:04X}\n")
    (TARGET / "coverage.txt").write_text("".join(lines))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
