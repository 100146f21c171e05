"""What an answer depends on, and who has it already."""

from typing import Any

import pytest

from pfocr_rdf.web.exchange import Exchange
from pfocr_rdf.web.formats import choose_formats
from pfocr_rdf.web.keys import AnswerKey, answer_key, asked_before, not_modified, was_given
from pfocr_rdf.web.sparql import Query


def key(**changed: Any) -> AnswerKey:
    formats = choose_formats(changed.pop("accept", None), None)
    fields = {"text": "ASK {}", "default_graphs": None, "named_graphs": None, "encoding": "gzip"}
    return answer_key(changed.pop("release", "r1"), Query(formats=formats, **{**fields, **changed}))


@pytest.mark.parametrize(
    "changed",
    [
        {"release": "r2"},
        {"text": "ASK { }"},
        {"default_graphs": ()},
        {"named_graphs": ("http://g.example/",)},
        {"encoding": "identity"},
        {"accept": "text/csv"},
    ],
)
def test_whatever_an_answer_depends_on_makes_another_key(changed: dict[str, Any]) -> None:
    assert key() == key()
    assert key(**changed) != key()
    assert key(**changed).etag != key().etag


@pytest.mark.parametrize(
    ("header", "known", "named"),
    [
        (None, False, False),
        ("{tag}", True, True),
        ('"other", {tag}', True, True),
        ("{strong}", True, True),
        ("*", True, False),
        ('"other"', False, False),
    ],
)
def test_a_client_has_an_answer_if_it_names_its_tag_or_any(
    header: str | None, known: bool, named: bool
) -> None:
    tag = key().etag.decode()
    headers = []
    if header is not None:
        text = header.format(tag=tag, strong=tag.removeprefix("W/"))
        headers.append((b"if-none-match", text.encode()))

    async def nothing(*_: Any) -> Any:
        raise AssertionError

    for method, conditional in (("GET", True), ("HEAD", True), ("QUERY", True), ("POST", False)):
        scope = {"method": method, "headers": headers}
        exchange = Exchange(scope, nothing, nothing, "0", 0.0)
        assert asked_before(exchange, key()) is (known and conditional)
        assert was_given(exchange, key()) is (named and conditional)


def test_another_program_makes_another_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    tag = key().etag
    monkeypatch.setattr("pfocr_rdf.web.keys.__version__", "another")
    assert key().etag != tag


def test_who_has_the_answer_gets_its_tag_and_no_body() -> None:
    reply = not_modified(key())
    assert (reply.status, reply.body) == (304, b"")
    assert (b"etag", key().etag) in reply.headers
    assert (b"x-pfocr-release", b"r1") in reply.headers
