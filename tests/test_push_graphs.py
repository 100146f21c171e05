"""The graphs of a release on their way to another store: what is counted of them."""

import gzip
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from pathlib import Path

from pyoxigraph import Literal, RdfFormat, parse

from backing import every_kind
from pfocr_rdf.push.graphs import same_by_value

INTEGER = "<http://www.w3.org/2001/XMLSchema#integer>"


def line(subject: str, prop: str, text: str) -> bytes:
    return f'<a:{subject}> <a:{prop}> "{text}"^^{INTEGER} .\n'.encode()


def test_numbers_are_one_only_of_one_subject_and_property() -> None:
    lines = [line(s, p, n) for s in "st" for p in "pq" for n in ("1", "01", "2")]
    assert same_by_value(lines) == 4
    assert same_by_value(line(s, "p", "1") for s in "stu") == 0


def test_counting_keeps_in_mind_what_one_subject_has_and_no_more() -> None:
    def many() -> Iterator[bytes]:
        return (line(str(n), "p", str(n)) for n in range(20_000))

    same_by_value(many())
    tracemalloc.start()
    assert same_by_value(many()) == 0
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 500_000


def test_a_dump_has_the_numbers_of_a_subject_one_after_the_other(tmp_path: Path) -> None:
    release = every_kind(tmp_path)
    with gzip.open(release.dumps / "pfocr.nt.gz") as file:
        lines = file.readlines()
    quads = parse(b"".join(lines), RdfFormat.N_TRIPLES)
    subjects = [str(quad.subject) for quad in quads if is_number(quad.object)]
    runs = [s for at, s in enumerate(subjects) if at == 0 or subjects[at - 1] != s]
    assert len(runs) == len(set(runs)) > 50


def is_number(value: object) -> bool:
    if not isinstance(value, Literal) or value.datatype.value.endswith("#string"):
        return False
    with suppress(InvalidOperation):
        return bool(Decimal(value.value).is_finite())
    return False
