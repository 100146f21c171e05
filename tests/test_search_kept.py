"""The last searches are not scored again, and give what they gave; what is kept is bounded."""

from collections.abc import Callable, Iterator

import pytest

from pfocr_rdf.search import Index
from pfocr_rdf.search.kept import KeptScores, Scored
from searching import Figures, opened


class Asked(list[str]):
    """What was scored, in order; each text finds as many figures as it has letters."""

    def of(self, text: str) -> Callable[[], list[Scored]]:
        def score() -> list[Scored]:
            self.append(text)
            return [(-1.0 * number, number) for number in range(len(text))]

        return score


def test_what_was_asked_for_last_is_not_scored_again() -> None:
    kept, asked = KeptScores(most=10, least=1), Asked()
    first = kept.get("abcd", asked.of("abcd"))
    assert kept.get("abcd", asked.of("abcd")) == first
    assert asked == ["abcd"]


def test_what_was_not_asked_for_the_longest_time_goes_first() -> None:
    kept, asked = KeptScores(most=10, least=1), Asked()
    for text in ("aaaa", "bbbb", "aaaa", "cccc", "aaaa", "bbbb"):
        kept.get(text, asked.of(text))
    assert asked == ["aaaa", "bbbb", "cccc", "bbbb"]


@pytest.mark.parametrize("text", ["a", "abc", "a" * 11])
def test_what_is_short_or_longer_than_all_that_is_kept_is_scored_again(text: str) -> None:
    kept, asked = KeptScores(most=10, least=4), Asked()
    kept.get("four", asked.of("four"))
    for _ in range(2):
        kept.get(text, asked.of(text))
    kept.get("four", asked.of("four"))
    assert asked == ["four", text, text]


@pytest.fixture(scope="module", name="index")
def _index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    figures = Figures()
    for number in range(1, 31):
        figures.add(number, figtitle="pathway " * (number % 4), year=str(2000 + number % 3))
    yield from opened(figures, tmp_path_factory.mktemp("kept"))


def test_pages_and_facets_of_a_search_are_scored_once(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answers() -> list[object]:
        return [
            index.search("pathway", limit=limit, offset=offset, year=year)
            for limit, offset, year in ((20, 0, None), (20, 20, None), (5, 0, "2001"))
        ]

    expected = answers()
    monkeypatch.setattr(index, "_scores", KeptScores(least=1))
    statements: list[str] = []
    index._file.database.set_trace_callback(statements.append)
    assert answers() == answers() == expected
    index._file.database.set_trace_callback(None)
    assert sum("bm25" in statement for statement in statements) == 1
