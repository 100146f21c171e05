"""Figure numbers: ``Fig. 5`` → ``F5``, the type of figure, and whether a link agrees."""

import re
from typing import Final

#: https://github.com/wikipathways/pfocr-database: the prefixes of normalised numbers.
PREFIX_TO_FIGURE_TYPE: Final = {
    "F": "Figure",
    "S": "Scheme",
    "SF": "Supplemental figure",
    "GA": "Graphical abstract",
    "AF": "Appendix figure",
    "EV": "Extended view",
}
PRINTED_RE: Final = re.compile(
    r"(?i)(fig(?:ure|\.)?|scheme|sch\.)\s*\.?\s*(?:([0-9]\w*)|\(([0-9]\w*)\))\.?"
)
BARE_RE: Final = re.compile(r"[1-9][0-9]{0,5}")
NORMALIZED_RE: Final = re.compile(r"([A-Z]{1,2})([0-9]{1,6})\w{0,20}")
LINK_RE: Final = re.compile(r"(?i)figure/(fig|f|sch)_?([1-9][0-9]{0,5})[a-z]?")


def normalized_number(printed: str, figure_type: str | None = None) -> str:
    """The number in the form that newer records have; other texts stay as they are.

    :param figure_type: decides the prefix of digits alone, which is ``F`` by default.

    >>> [normalized_number(n) for n in ("Fig. 5", "Figure (1a)", "Scheme 2", "F11", "Plate IV")]
    ['F5', 'F1a', 'S2', 'F11', 'Plate IV']
    >>> normalized_number("5"), normalized_number("5", "Scheme")
    ('F5', 'S5')
    """
    if BARE_RE.fullmatch(printed):
        prefixes = (p for p, kind in PREFIX_TO_FIGURE_TYPE.items() if kind == figure_type)
        return next(prefixes, "F") + printed
    found = PRINTED_RE.fullmatch(printed)
    if not found:
        return printed
    return ("S" if found[1][0] in "Ss" else "F") + (found[2] or found[3])


def figure_type_of(number: str) -> str | None:
    """The figure type that a number's prefix stands for.

    >>> figure_type_of("GA1"), figure_type_of("Plate IV")
    ('Graphical abstract', None)
    """
    found = NORMALIZED_RE.fullmatch(number)
    return PREFIX_TO_FIGURE_TYPE.get(found[1]) if found else None


def numbers_disagree(number: str, path: str) -> bool:
    """Whether a link plainly names another figure than the number does.

    Only links of the same kind as the number are judged: publishers' own ids (``f0005``,
    ``ppat-10-g009``) are numbered differently, and PMC numbers some schemes as figures.

    >>> numbers_disagree("F1", "figure/fig8"), numbers_disagree("F7", "figure/ppat-10-g009")
    (True, False)
    """
    linked, numbered = LINK_RE.fullmatch(path.rstrip("/")), NORMALIZED_RE.fullmatch(number)
    if not linked or not numbered or linked[1][0].upper() != numbered[1]:
        return False
    return int(linked[2]) != int(numbered[2])
