"""The search index of a release: to open, to search, and to complete texts from."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from heapq import nsmallest
from itertools import chain, islice
from threading import Lock
from typing import Final

from pfocr_rdf.contents import iris_of
from pfocr_rdf.errors import IriError, QueryError
from pfocr_rdf.iris import FIGID_RE, Iris
from pfocr_rdf.releases import Release
from pfocr_rdf.search import asking
from pfocr_rdf.search.asking import Asked, Word
from pfocr_rdf.search.facets import Matches, Properties, checked_year
from pfocr_rdf.search.file import IndexFile, open_to_read
from pfocr_rdf.search.found import Found, Hit, Suggestion, TextName, Thing, Tier
from pfocr_rdf.search.kept import KeptScores, Scored
from pfocr_rdf.search.marking import Marker, pieces, snippet
from pfocr_rdf.search.meant import meant
from pfocr_rdf.search.organisms import read_organisms
from pfocr_rdf.search.rows import COLUMN_TO_WEIGHT, TIER_TO_COLUMN, identity
from pfocr_rdf.search.words import key
from pfocr_rdf.search.writing import SHOWN
from pfocr_rdf.spellings import find_iri

#: A text that a user typed → the IRI of the thing that it identifies; None for other texts.
Identify = Callable[[str], str | None]

#: An address of anything, also of what no release has.
IRI_RE: Final = re.compile(r"<?[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
MOST_HITS: Final = 200
MOST_SUGGESTIONS: Final = 50
#: Names that are read for each suggestion: pictures spell a chemical in many ways, and most of its
#: names begin alike.
NAMES_OF_ONE: Final = 10
THINGS: Final = 10
#: Sorts after every character that a key can have.
LAST: Final = "\U0010ffff"
SNIPPET_OF: Final[tuple[TextName, ...]] = (
    *("caption", "words", "genes", "chemicals", "diseases", "source"),
)
SCORES: Final = (
    "SELECT bm25(searched, "  # noqa: S608
    + ", ".join(map(str, COLUMN_TO_WEIGHT.values()))
    + "), rowid FROM searched WHERE searched MATCH ?"
)
ROWIDS: Final = "SELECT rowid FROM searched WHERE searched MATCH ?"
FIGURE: Final = f"SELECT {', '.join(SHOWN)} FROM figure WHERE id = ?"  # noqa: S608
FACETS: Final = "SELECT year, organisms FROM facet ORDER BY id"
# Names may be of several taxa, as one of them has a wrong id: that of most figures is first.
ORGANISMS: Final = (
    "SELECT token, accession, name FROM thing WHERE kind = 'organism' ORDER BY figures DESC, iri"
)
ORGANISM_NAMES: Final = "SELECT token, name FROM name WHERE kind = 'organism' ORDER BY key, token"
THING: Final = (
    "SELECT thing.iri, thing.kind, thing.accession, thing.name, species.name, thing.figures "
    "FROM thing LEFT JOIN thing AS species ON species.token = thing.organism "
)
NAMED: Final = (
    THING + "JOIN name ON name.token = thing.token WHERE name.key = ? "
    "ORDER BY thing.figures DESC, species.figures DESC, thing.iri LIMIT ?"
)
HAS_NEAR: Final = "SELECT 1 FROM sqlite_master WHERE name = 'close'"
NEAR: Final = "SELECT near FROM close WHERE term = ?"
TITLED: Final = "SELECT 1 FROM name WHERE key = ? AND kind = 'title' AND name = ?"
KNOWN: Final = "SELECT 1 FROM name WHERE key = ? AND kind != 'title' LIMIT 1"
# SQLite takes the other columns from the row that has the maximum:
# https://www.sqlite.org/lang_select.html#bareagg
SUGGESTED: Final = (
    "SELECT best.name, best.kind, best.figures, thing.iri FROM ("
    "SELECT key, kind, token, name, other, figures, max(rank) FROM name "
    "WHERE key >= ? AND key < ? GROUP BY kind, key ORDER BY figures DESC, other, key, kind LIMIT ?"
    ") AS best LEFT JOIN thing ON thing.token = best.token "
    "ORDER BY best.figures DESC, best.other, best.key, best.kind"
)
FIGIDS: Final = "SELECT figid FROM figure WHERE id > ? AND id <= ? ORDER BY id"
THING_COUNT: Final = "SELECT count(*) FROM thing"
NAMED_THINGS: Final = "SELECT iri, kind FROM thing ORDER BY token LIMIT ? OFFSET ?"


def open_index(release: Release, identify: Identify | None = None) -> "Index":
    """The search index of a release, opened read-only.

    :param identify: recognises identifiers; :func:`find_iri` by default.
    :raises ReleaseError: if the release has no index, or it cannot be read.
    """
    return open_to_read(release, lambda file: Index(file, identify or identifier(iris_of(release))))


def identifier(iris: Iris) -> Identify:
    """What recognises every spelling that :func:`find_iri` does, and the bare number of a gene."""

    def identify(text: str) -> str | None:
        with suppress(IriError):
            return find_iri(text, iris).value
        with suppress(IriError):
            return find_iri(text, iris, ("ncbigene",)).value
        return None

    return identify


class Index:
    """An open search index; threads may share it, and it answers them one at a time."""

    def __init__(self, file: IndexFile, identify: Identify) -> None:
        self._file = file
        self._identify = identify
        self._lock = Lock()
        self._scores = KeptScores()
        self._properties = self._read_properties()
        self._has_near = bool(self._file.rows(HAS_NEAR))

    def _read_properties(self) -> Properties:
        """The facets' values of all figures, kept in memory because every search counts them."""
        rows = self._file.rows(FACETS)
        listed_to_organisms: dict[str, tuple[str, ...]] = {}
        for _, listed in rows:
            if listed not in listed_to_organisms:
                listed_to_organisms[listed] = tuple(filter(None, listed.split("\t")))
        of_figures = dict.fromkeys(chain.from_iterable(listed_to_organisms.values()))
        untaxed = [organism for organism in of_figures if not organism.isdecimal()]
        return Properties(
            [None, *(year for year, _ in rows)],
            [(), *(listed_to_organisms[listed] for _, listed in rows)],
            read_organisms(self._taxa(), untaxed),
        )

    def _taxa(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The taxa with all their names, those that most figures have first."""
        token_to_names: dict[str, list[str]] = {}
        for token, name in self._file.rows(ORGANISM_NAMES):
            token_to_names.setdefault(token, []).append(name)
        for token, taxon, name in self._file.rows(ORGANISMS):
            yield taxon, (name, *token_to_names.get(token, ()))

    def __enter__(self) -> "Index":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, once the answer that is being made is finished."""
        with self._lock:
            self._file.database.close()

    @property
    def figures(self) -> int:
        """How many figures can be found."""
        return len(self._properties.years) - 1

    @property
    def things(self) -> int:
        """How many genes, chemicals, diseases and organisms there are."""
        with self._lock:
            ((count,),) = self._file.rows(THING_COUNT)
        return int(count)

    def organism(self, text: str) -> str:
        """The taxon id of an organism, from any spelling of the id, or its name.

        :raises QueryError: if the text is neither.
        """
        return self._properties.taxa.find(text)

    def figids(self, offset: int, limit: int) -> list[str]:
        """The figids of a stretch of all figures, in the order of the index."""
        with self._lock:
            return [figid for (figid,) in self._file.rows(FIGIDS, (offset, offset + limit))]

    def named_things(self, offset: int, limit: int) -> list[tuple[str, str]]:
        """IRI and kind of a stretch of all things, always in the same order."""
        with self._lock:
            return [(iri, kind) for iri, kind in self._file.rows(NAMED_THINGS, (limit, offset))]

    def search(
        self,
        text: str,
        *,
        organism: str | None = None,
        year: str | None = None,
        tier: Tier | None = None,
        offset: int = 0,
        limit: int = 20,
    ) -> Found:
        """The figures with all words of a text, the best first; if there are none, with some words.

        :param text: anything that a user types; its last word may be unfinished.
        :param organism: a taxon id in any spelling, or the name of an organism.
        :param year: of the article, in four digits.
        :param tier: only figures with a gene that was looked for, by this evidence.
        :param offset: figures to skip, the best ones first.
        :param limit: figures to give, 200 at most.
        :raises QueryError: if the offset or the limit is out of range, or if the organism or the
            year is none.
        :raises ReleaseError: if the index is damaged.
        """
        if offset < 0 or not 0 <= limit <= MOST_HITS:
            reason = f"give an offset of 0 or more, and a limit from 0 to {MOST_HITS}"
            raise QueryError(f"offset {offset}, limit {limit} of a search: {reason}")
        with self._lock:
            asked = self._known(self._completed(self._asked(text)))
            things, words, expressions = self._meaning(text, asked)
            scored, tried = self._scored(expressions)
            is_right = (scored and tried == 0) or IRI_RE.match(text) or self._identify(text)
            said = "" if is_right else meant(self._file, text, asked.words)
            matches = Matches(
                [number for _, number in scored],
                self._tiers(words) if scored else {},
                self._properties,
                None if organism is None else self.organism(organism),
                None if year is None else checked_year(year),
                tier,
            )
            left = matches.narrowed()
            if len(left) < len(scored):
                kept = set(left)
                scored = [pair for pair in scored if pair[1] in kept]
            page = nsmallest(offset + limit, scored)[offset:]
            marker = Marker(words)
            tier_of = matches.number_to_tier.get
            hits = tuple(self._hit(n, -score, marker, tier_of(n)) for score, n in page)
        return Found(
            tuple(word.typed for word in asked.words),
            asked.left_out,
            tried == 0,
            len(left),
            things,
            hits,
            matches.organisms(),
            matches.years(),
            matches.tiers(),
            said,
            tuple(word.typed for word in asked.excluded),
        )

    def suggest(self, prefix: str, limit: int = 10) -> tuple[Suggestion, ...]:
        """Names of genes, chemicals, diseases and organisms, and titles, that begin with a text.

        Those that most figures have come first. Each thing is given by one of its names only, and
        genes of several species that have the same name are given once.

        :param limit: suggestions to give, 50 at most.
        :raises QueryError: if the limit is out of range.
        :raises ReleaseError: if the index is damaged.
        """
        if not 0 <= limit <= MOST_SUGGESTIONS:
            raise QueryError(f"limit {limit} of suggestions: give 0 to {MOST_SUGGESTIONS}")
        begun = key(prefix)
        if not begun:
            return ()
        with self._lock:
            rows = self._file.rows(SUGGESTED, (begun, begun + LAST, NAMES_OF_ONE * limit))
        found: dict[str, Suggestion] = {}
        for row in rows:
            suggestion = Suggestion(*row)
            found.setdefault(suggestion.iri or suggestion.text, suggestion)
        return tuple(islice(found.values(), limit))

    def _asked(self, text: str) -> Asked:
        """What a text asks for; one that is the title of a figure has no operators."""
        asked = asking.read_asked(text)
        has_operators = asked.excluded or any(word.or_before for word in asked.words)
        if has_operators and self._file.rows(TITLED, (key(text), text.strip())):
            return asking.read_asked(text, has_operators=False)
        return asked

    def _completed(self, asked: Asked) -> Asked:
        """What was asked, its last word also taken as a beginning unless it is a name.

        A search for the gene MET must not find metabolism.
        """
        if not asked.words or self._file.rows(KNOWN, (asked.words[-1].whole,)):
            return asked
        return asking.going_on(asked)

    def _known(self, asked: Asked) -> Asked:
        """What was asked; a phrase also finds what is named so, and pictures that have it."""

        def known(word: Word) -> Word:
            if not word.is_phrase:
                return word
            named = self._file.rows(NAMED, (word.whole, THINGS))
            known_as = (*word.forms, *(iri for iri, *_ in named))
            return replace(word, forms=(*word.forms, *map(identity, known_as)))

        words, excluded = tuple(map(known, asked.words)), tuple(map(known, asked.excluded))
        return replace(asked, words=words, excluded=excluded)

    def _meaning(
        self, text: str, asked: Asked
    ) -> tuple[tuple[Thing, ...], tuple[Word, ...], list[str]]:
        """What a text stands for: things, words to mark, and expressions, the strictest first."""
        words = asked.words
        each = asking.loosened(words)
        loose = [asking.with_all(words), asking.with_any(each)][: len(each)]
        expressions = [asking.without(asked.excluded, one) for one in loose]
        # Releases of earlier versions have names without a word, all under the empty key.
        by = key(text)
        named = [Thing(*row) for row in self._file.rows(NAMED, (by, THINGS))] if by else []
        iri = self._identify(text)
        token = self._token(iri) if iri else ""
        if not token or not self._file.rows(f"{ROWIDS} LIMIT 1", (token,)):
            is_iri = iri or IRI_RE.fullmatch(text.strip())
            if is_iri and not FIGID_RE.fullmatch(text.strip()):
                # Some words of a DOI or an IRI are in figures that have nothing to do with it, so
                # all are required; those of a mistyped figid lead to its article.
                del expressions[1:]
            return tuple(named), words, expressions
        things = [Thing(*row) for row in self._file.rows(f"{THING} WHERE thing.iri = ?", (iri,))]
        for thing in things:
            # The thing's name adds to the score by the evidence for it. It is not required, as a
            # figure may have the thing by another name.
            if by_name := asking.read_asked(thing.name).words:
                token = f"({token} AND ({token} OR {asking.with_all(by_name)}))"
                words = (*by_name, *words)
        identified = [f"{token} OR {all_words}" for all_words in expressions[:1]]
        return tuple(dict.fromkeys((*things, *named))), words, identified or [token]

    def _token(self, iri: str) -> str:
        """The expression for figures that have a thing, or one that it closely matches."""
        own = identity(iri)
        near = self._file.rows(NEAR, (own,)) if self._has_near else []
        tokens = [own, *(token for (token,) in near)]
        return "(" + " OR ".join(f'"{token}"' for token in tokens) + ")"

    def _scored(self, expressions: Sequence[str]) -> tuple[list[Scored], int]:
        """The figures of the first expression that finds any, and the expression's number."""
        for number, expression in enumerate(expressions):
            score = partial(self._file.rows, SCORES, (expression,))
            if scored := self._scores.get(expression, score):
                return scored, number
        return [], 0

    def _tiers(self, words: Sequence[Word]) -> dict[int, Tier]:
        """Figure → the strongest evidence for a gene that one of the words names."""
        found: dict[int, Tier] = {}
        for tier, column in reversed(TIER_TO_COLUMN.items()):
            rows = self._file.rows(ROWIDS, (asking.within(column, words),)) if words else []
            found.update(dict.fromkeys((number for (number,) in rows), tier))
        return found

    def _hit(self, number: int, score: float, marker: Marker, tier: Tier | None) -> Hit:
        ((figid, title, article, year, *texts),) = self._file.rows(FIGURE, (number,))
        marked = [(text or "", marker.spans(text or "")) for text in texts]
        # The text that has most of the words; the first, the caption, among equals.
        best = max(range(len(marked)), key=lambda at: len({s.word for s in marked[at][1]}))
        return Hit(
            figid,
            pieces(title or "", marker.spans(title or "")),
            snippet(*marked[best]),
            SNIPPET_OF[best],
            pieces(article or "", marker.spans(article or "")),
            year,
            tier,
            score,
        )
