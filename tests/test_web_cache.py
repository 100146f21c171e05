"""Answers kept in memory: bounded in bytes, the one not asked for longest goes first."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from pfocr_rdf.web.cache import Cache, CacheLimits


@dataclass(frozen=True, slots=True)
class Answer:
    size: int
    name: str = ""


def test_the_answer_that_was_not_asked_for_longest_goes_first() -> None:
    cache: Cache[Answer] = Cache(CacheLimits(total_bytes=30, answer_bytes=30))
    for name in "abc":
        cache.put(name, Answer(10, name))
    assert cache.get("a") == Answer(10, "a")
    cache.put("d", Answer(10, "d"))
    assert [name for name in "abcd" if cache.get(name)] == ["a", "c", "d"]


def test_an_answer_that_is_too_large_is_not_kept_and_pushes_nothing_out() -> None:
    cache: Cache[Answer] = Cache(CacheLimits(total_bytes=30, answer_bytes=10))
    cache.put("a", Answer(10))
    assert not cache.put("b", Answer(11))
    assert cache.get("a")
    assert not cache.get("b")


def test_the_same_key_replaces_its_answer() -> None:
    cache: Cache[Answer] = Cache(CacheLimits(total_bytes=30, answer_bytes=30))
    cache.put("a", Answer(10))
    cache.put("a", Answer(20, "new"))
    assert cache.get("a") == Answer(20, "new")
    assert cache.bytes == 20
    assert len(cache) == 1


def test_clearing_forgets_all() -> None:
    cache: Cache[Answer] = Cache()
    cache.put("a", Answer(10))
    cache.clear()
    assert (cache.get("a"), cache.bytes, len(cache)) == (None, 0, 0)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60))))
def test_it_never_holds_more_than_its_limit_and_counts_what_it_holds(
    puts: list[tuple[int, int]],
) -> None:
    cache: Cache[Answer] = Cache(CacheLimits(total_bytes=100, answer_bytes=50))
    for key, size in puts:
        cache.put(key, Answer(size))
        assert cache.bytes <= 100
    found = [answer for key in range(10) if (answer := cache.get(key))]
    assert sum(answer.size for answer in found) == cache.bytes
    assert len(found) == len(cache)


def test_a_long_key_counts() -> None:
    cache: Cache[Answer] = Cache(CacheLimits(total_bytes=30, answer_bytes=20))
    assert cache.put("a" * 10, Answer(5), key_bytes=10)
    assert cache.bytes == 15
    assert not cache.put("b" * 18, Answer(5), key_bytes=18)
    assert cache.put("c" * 15, Answer(5), key_bytes=15)
    assert cache.put("d", Answer(5))
    assert (cache.bytes, cache.get("a" * 10)) == (25, None)
