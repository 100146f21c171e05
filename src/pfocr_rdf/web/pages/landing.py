"""The landing page: what the data are, their numbers, how to query and download them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import NamedNode, Triple
from starlette.responses import Response

from pfocr_rdf import iris as ns
from pfocr_rdf.dataset import DESCRIPTION
from pfocr_rdf.dumps import FORMATS
from pfocr_rdf.queries import NamedQuery, load_query
from pfocr_rdf.spellings import find_iri
from pfocr_rdf.web.pages.described import example_figure, files, numbers
from pfocr_rdf.web.pages.downloads import DUMPS
from pfocr_rdf.web.pages.examples import example_values, known_example
from pfocr_rdf.web.pages.forms import Frame, Subject, absolute, respond
from pfocr_rdf.web.pages.html import environment, render
from pfocr_rdf.web.pages.mapped import mapping_sets
from pfocr_rdf.web.pages.markup import DISTRIBUTION, dataset_markup
from pfocr_rdf.web.pages.releases import Kept, kept_releases
from pfocr_rdf.web.pages.signposting import add_links, dataset_links
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.reading import Reading

TITLE: Final = "Pathway figures as linked data"
#: Names of the queries that the page offers as questions.
QUESTIONS: Final = (
    "figures-by-gene-tier",
    "co-mentioned-genes",
    "figures-by-gene-and-chemical",
    "figures-by-disease",
    "similar-figures",
    "most-mentioned-genes",
    "ambiguous-words",
    "figures-per-year",
)
#: The named query and the dump file that the snippets fetch.
ASKED: Final = "figures-by-gene"
DUMP: Final = FORMATS[0].file
LANGUAGE_TO_SNIPPET: Final = {"Python": "python.txt", "Shell": "shell.txt", "R": "r.txt"}
SHOWN_RELEASES: Final = 5
#: Limit of rows for a question that has no other values.
SHOWN_ROWS: Final = 20


@dataclass(frozen=True, slots=True)
class Question:
    """A named query with values that make it a question, and the names of these values."""

    query: NamedQuery
    values: dict[str, str]
    names: list[str]


def answer_landing(visit: Visit) -> Response:
    """The landing page, with the links for programs in its headers."""
    reading, kept = visit.reading, kept_releases(visit)[:SHOWN_RELEASES]
    subject = Subject(
        reading.iris.home,
        "",
        lambda: landing_triples(reading),
        lambda frame: _html(visit, frame, kept),
        besides=" ".join(one.release.id for one in kept),
    )
    response = respond(visit, subject, None)
    add_links(response, dataset_links(visit))
    return response


def landing_triples(reading: Reading) -> list[Triple]:
    """The triples about the site, the dataset, its current release and its files."""
    iris = reading.iris
    dataset = reading.outgoing(iris.dataset)
    parts = [t.object for t in dataset if t.predicate == DISTRIBUTION]
    nodes = [iris.home, iris.release(reading.version), NamedNode(ns.WIKIPATHWAYS_HOME), *parts]
    found = [t for node in nodes if isinstance(node, NamedNode) for t in reading.outgoing(node)]
    return dataset + found


def questions(reading: Reading) -> list[Question]:
    """The questions for which the release has a value of every parameter without a default."""
    found = []
    for query in map(load_query, QUESTIONS):
        examples = {
            parameter.name: known_example(parameter, reading)
            for parameter in query.parameters
            if parameter.default is None
        }
        known = {name: example for name, example in examples.items() if example is not None}
        if len(known) < len(examples):
            continue
        values = {name: example.value for name, example in known.items()}
        if not values and any(parameter.type == "limit" for parameter in query.parameters):
            values = {"limit": str(SHOWN_ROWS)}
        names = [example.name or example.value for example in known.values()]
        found.append(Question(query, values, names))
    return found


def snippets(visit: Visit) -> dict[str, str]:
    """Examples of access from Python, the shell and R: language → code that runs as it stands."""
    reading = visit.reading
    asked = load_query(ASKED)
    values = example_values(asked, reading)
    gene = reading.iris.prefixed(find_iri(values["gene"], reading.iris, ("ncbigene",)).value)

    def here(address: str, **parameters: str | int) -> str:
        return absolute(visit, visit.links.to(address, **parameters))

    return {
        language: environment()
        .get_template(f"snippets/{name}")
        .render(
            endpoint=here("sparql"),
            answer=here(f"queries/{ASKED}.csv", **values),
            dump=here(f"{DUMPS}/{DUMP}"),
            sums=here(f"{DUMPS}/SHA256SUMS"),
            file=DUMP,
            gene=gene,
        )
        .strip()
        for language, name in LANGUAGE_TO_SNIPPET.items()
    }


def _html(visit: Visit, frame: Frame, kept: Sequence[Kept]) -> str:
    reading = visit.reading
    return render(
        visit,
        "landing.html",
        title=TITLE,
        description=DESCRIPTION,
        frame=frame,
        json_ld=dataset_markup(reading),
        summary=DESCRIPTION,
        numbers=numbers(reading),
        questions=questions(reading),
        files=files(reading),
        mapping_sets=mapping_sets(reading),
        snippets=snippets(visit),
        endpoint=absolute(visit, visit.links.to("sparql")),
        releases=kept,
        example=_example(reading),
        paper=ns.PAPER,
    )


def _example(reading: Reading) -> str | None:
    figid = example_figure(reading)
    return None if figid is None else reading.iris.figure(figid).value
