"""Refusals: each kind has a status, a name that stays, and a text that helps."""

import asyncio
import json
import re
from typing import Any, Final, cast

import pytest

from pfocr_rdf.errors import PfocrError
from pfocr_rdf.web.exchange import Exchange, read_body
from pfocr_rdf.web.problems import PROBLEMS, Refusal, problem_body

PUBLIC: Final = "https://example.org/pfocr/"
REQUEST: Final = "0b6e5f0e-4f1c-4d5e-9f0a-2a6a3b1c9d10"
#: What programs compare. A kind may be added; one that is here keeps its name and its status.
KIND_TO_STATUS: Final = {
    "missing-query": 400,
    "bad-request": 400,
    "syntax": 400,
    "query-too-complex": 400,
    "evaluation": 400,
    "answer-too-large": 400,
    "read-only": 403,
    "federation-disabled": 403,
    "not-found": 404,
    "method-not-allowed": 405,
    "not-acceptable": 406,
    "not-xml": 406,
    "request-timeout": 408,
    "content-too-large": 413,
    "uri-too-long": 414,
    "unsupported-media-type": 415,
    "engine-failure": 500,
    "backend-failed": 502,
    "internal": 500,
    "query-timeout": 503,
    "memory": 503,
    "busy": 503,
    "draining": 503,
    "no-release": 503,
}


def test_kinds_keep_their_names_and_their_status() -> None:
    assert {kind: PROBLEMS[kind].status for kind in KIND_TO_STATUS} == KIND_TO_STATUS


@pytest.mark.parametrize("kind", PROBLEMS)
def test_a_kind_can_stand_in_an_address_and_helps_people(kind: str) -> None:
    problem = PROBLEMS[kind]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind)
    assert 400 <= problem.status < 600
    assert not problem.title.endswith(".")
    assert problem.help.endswith(".")
    assert len(problem.help.split(". ")) > 1, "what happened, and what to do"


def test_the_help_names_the_member_that_has_the_limit() -> None:
    class Sent:
        async def receive(self) -> dict[str, Any]:
            return {"type": "http.request", "body": b"1234"}

    with pytest.raises(Refusal) as told:
        asyncio.run(read_body(cast(Exchange, Sent()), 3, 1.0, lambda _: None))
    named = re.findall("member “([a-z_]+)”", PROBLEMS[told.value.kind].help)
    assert named == list(told.value.members)


def test_no_two_kinds_have_one_title() -> None:
    assert len({problem.title for problem in PROBLEMS.values()}) == len(PROBLEMS)


def test_a_problem_is_the_document_of_rfc_9457() -> None:
    refusal = Refusal("not-acceptable", "nothing fits: ask for csv", available=["csv", "tsv"])
    assert json.loads(problem_body(refusal, PUBLIC, REQUEST)) == {
        "type": "https://example.org/pfocr/problems/not-acceptable",
        "title": "No format that the request accepts",
        "status": 406,
        "detail": "nothing fits: ask for csv",
        "instance": f"urn:uuid:{REQUEST}",
        "available": ["csv", "tsv"],
    }


def test_a_refusal_knows_its_headers_and_its_members() -> None:
    refusal = Refusal("busy", "wait", headers={"Retry-After": "2"}, waiting=64)
    assert isinstance(refusal, PfocrError)
    assert (refusal.kind, refusal.status, refusal.detail) == ("busy", 503, "wait")
    assert refusal.headers == {"Retry-After": "2"}
    assert refusal.members == {"waiting": 64}
    assert str(refusal) == "The server is busy: wait"


def test_a_member_never_takes_the_place_of_a_standard_one() -> None:
    document = json.loads(
        problem_body(Refusal("busy", "wait", status=200, type="x"), PUBLIC, REQUEST)
    )
    assert (document["status"], document["type"]) == (503, f"{PUBLIC}problems/busy")


def test_a_detail_that_is_no_unicode_is_told_all_the_same() -> None:
    body = problem_body(Refusal("bad-request", "found 'é\ud800'"), PUBLIC, REQUEST)
    assert json.loads(body)["detail"] == "found 'é?'"


def test_an_unknown_kind_is_a_mistake_of_the_program() -> None:
    with pytest.raises(KeyError):
        Refusal("no-such-kind", "")
