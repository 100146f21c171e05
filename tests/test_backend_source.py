"""What pages read from another engine is kept, within limits."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Final

import pytest
from pyoxigraph import NamedNode

from pfocr_rdf.web.backend import source as module
from pfocr_rdf.web.backend.settings import Graphs
from pfocr_rdf.web.backend.source import BackendSource
from pfocr_rdf.web.source import Graph

THINGS: Final = [NamedNode(f"urn:{n}") for n in range(4)]
NAME: Final = NamedNode("urn:name")


class Asked(BackendSource):
    """A source whose engine has three names of any thing; it counts how often it is asked."""

    times = 0

    def _rows(self, pattern: str, limit: int, graph: Graph) -> list[Mapping[str, Any]]:
        self.times += 1
        name = {"type": "uri", "value": NAME.value}
        return [{"p": name, "o": {"type": "uri", "value": f"urn:{n}"}} for n in range(3)]

    def read(self, thing: NamedNode) -> None:
        assert len(list(self.quads(thing, NAME, None))) == 3


@pytest.fixture
def source() -> Asked:
    # Anything: the engine is never asked.
    loop: Any = SimpleNamespace()
    holding: Any = SimpleNamespace(graphs=Graphs(("urn:data",), (), "urn:nobody"))
    return Asked(holding, loop)


def test_an_answer_is_asked_for_once(source: Asked) -> None:
    for thing in (*THINGS, *THINGS):
        source.read(thing)
    assert source.times == len(THINGS)


def test_of_more_quads_than_are_kept_those_read_last_are(
    source: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ALL_KEPT_QUADS", 6)
    for thing in THINGS:
        source.read(thing)
    for thing in THINGS[-2:]:
        source.read(thing)
    assert source.times == 4
    source.read(THINGS[0])
    assert source.times == 5
