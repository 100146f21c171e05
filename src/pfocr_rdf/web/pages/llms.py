"""``/llms.txt``: the schema and example queries, for language models and those who work with them.

https://llmstxt.org/ . It repeats nothing by hand: classes, properties and their counts come from
the release's own description, terms from the vocabulary, and the queries are the named queries with
values from the release.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pyoxigraph import NamedNode
from starlette.responses import Response

from pfocr_rdf.dataset import DESCRIPTION
from pfocr_rdf.equivalents import Kind
from pfocr_rdf.queries import NamedQuery, bind, federated_queries, load_query, named_queries
from pfocr_rdf.spellings import find_iri
from pfocr_rdf.vocabulary import Oa, Pfocr, Schema
from pfocr_rdf.web.pages.described import (
    ClassPartition,
    class_partitions,
    files,
    numbers,
)
from pfocr_rdf.web.pages.elsewhere import elsewhere, partner_names
from pfocr_rdf.web.pages.examples import example_values, release_examples
from pfocr_rdf.web.pages.feeds import TEXT
from pfocr_rdf.web.pages.forms import absolute, reply
from pfocr_rdf.web.pages.html import environment
from pfocr_rdf.web.pages.landing import QUESTIONS
from pfocr_rdf.web.pages.query_inputs import form_of
from pfocr_rdf.web.pages.terms import ontology_terms
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.reading import Reading

#: The classes of the data, without those of the release's description.
CLASSES: Final = frozenset(
    value
    for vocabulary in (Schema, Oa, Pfocr)
    for name, value in vars(vocabulary).items()
    if name[0].isupper()
)
KIND_TO_SPELT: Final[dict[str, tuple[Kind, ...]]] = {
    "figure": ("figure",),
    "article": ("pmc",),
    "gene": ("ncbigene",),
    "chemical": ("mesh", "chebi"),
    "disease": ("mesh", "doid"),
    "taxon": ("taxon",),
}
#: Prefixes that are left out, as the examples need them least.
UNUSED: Final = frozenset(
    {"dcat", "dcmitype", "pav", "prov", "semapv", "spdx", "sssom", "vann", "void", "void-ext"}
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A named query with its text, ready to be sent, and the address of its answer.

    :param address: of the answer as CSV, or Turtle for a CONSTRUCT; of the query's page if this
        server does not run it.
    :param asks: the other endpoints that it asks and, if this server does not ask them, why not.
    """

    query: NamedQuery
    text: str
    address: str
    asks: str = ""


def answer_llms(visit: Visit) -> Response:
    """The response with the text, which is Markdown."""

    def body() -> bytes:
        return llms_text(visit).encode()

    return reply(visit, body, TEXT, key=f"llms {partner_names(visit)}")


def llms_text(visit: Visit) -> str:
    """The whole text."""
    reading = visit.reading
    iris = reading.iris
    template = environment().get_template("llms.txt")
    return template.render(
        here=lambda address: absolute(visit, visit.links.to(address)),
        description=DESCRIPTION,
        version=reading.version,
        numbers=numbers(reading),
        prefixes={n: ns for n, ns in iris.prefixes().items() if n not in UNUSED},
        classes=list(data_classes(reading)),
        prefixed=lambda node: iris.prefixed(node.value),
        terms=[
            (iris.prefixed(t.iri), " ".join(t.comment.split())) for t in ontology_terms().values()
        ],
        examples=_examples(reading),
        shown=[_shown(visit, load_query(name)) for name in QUESTIONS],
        others=[_shown(visit, q) for q in named_queries() if q.name not in QUESTIONS],
        federated=[_shown(visit, query) for query in federated_queries()],
        files=files(reading),
        equivalents=iris.equivalents.value,
    )


def data_classes(reading: Reading) -> Iterator[ClassPartition]:
    """The classes of the data with their properties, those with the most instances first."""
    return (part for part in class_partitions(reading) if part.iri in CLASSES and part.instances)


def _examples(reading: Reading) -> dict[str, NamedNode]:
    """Examples of IRIs: kind of thing → the IRI of one in the release."""
    iris, known = reading.iris, release_examples(reading)
    return {
        kind: find_iri(known[kind].value, iris, spelt)
        for kind, spelt in KIND_TO_SPELT.items()
        if kind in known
    }


def _shown(visit: Visit, query: NamedQuery) -> Shown:
    values = example_values(query, visit.reading)
    asked = elsewhere(visit, query)
    suffix = ".ttl" if form_of(query) == "construct" else ".csv"
    address = f"queries/{query.name}" + ("" if asked.refusal else suffix)
    return Shown(
        query,
        bind(query, values, visit.reading.iris),
        absolute(visit, visit.links.to(address, **values)),
        ". ".join(filter(None, [" and ".join(asked.names), asked.refusal])),
    )
