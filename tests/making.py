"""Makes records for the tests, and reads and maps them in one call."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import yaml
from pyoxigraph import Literal, NamedNode, Triple

from pfocr_rdf import iris as ns
from pfocr_rdf.errors import Problem
from pfocr_rdf.iris import Iris
from pfocr_rdf.mapping import article_node, figure_nodes, triples
from pfocr_rdf.records import Figure, Limits, load_taxa, open_collection, read_record
from pfocr_rdf.shared import Shared, shared_nodes

REPOSITORY: Final = Path(__file__).resolve().parents[1]
SEEDS: Final = REPOSITORY / "seeds"
#: Real records to try on; they stay out of the project.
CORPUS: Final = REPOSITORY.parent / "shared" / "corpus"
RECORDS: Final = Path(__file__).parent / "records"

FIGID: Final = "PMC1__f1"
#: A record in which nothing is wrong.
FIELDS: Final[Mapping[str, Any]] = {
    "figid": FIGID,
    "figtitle": "A pathway",
    "organisms": ["Homo sapiens"],
    "pmcid": "PMC1",
    "filename": "f1.jpg",
    "figlink": "/pmc/articles/PMC1/figure/F1/",
    "number": "F1",
    "caption": "A pathway, drawn.",
    "papertitle": "On a pathway.",
    "reftext": "Ada Byron, et al. J Path. 2019 May;20(10):2505.",
    "year": "2019",
    "figtype": "Figure",
}
#: Fields that a record may lack without a word.
OPTIONAL: Final = (
    "doi journal_title journal_nlm_ta publisher_name keywords ndex wpid figtype number"
    " automl_pathway pathway_score pmc_ranked_result_index figid_alias redirect_from"
    " organisms organisms_ner annotations seo schema-jsonld genes chemicals diseases filename"
    " figlink"
)
GENE_COLUMNS: Final = (
    "organism_id organism_name organism_group word match ncbigene_symbol ncbigene_id source"
    " count_direct count_synonym count_match"
)
CHEMICAL_COLUMNS: Final = "word mesh match name chebi"
DISEASE_COLUMNS: Final = "word mesh match name doid"


def record(**changes: Any) -> str:
    """A record's text; a field that is changed to None is left out.

    >>> record(year=None, organisms="NA").count("year")
    0
    """
    fields = {k: v for k, v in {**FIELDS, **changes}.items() if v is not None}
    return f"---\n{as_yaml(fields)}---\n"


def as_yaml(fields: Mapping[str, Any]) -> str:
    """Write fields as R's yaml package does, which rests on the same library."""
    return str(yaml.dump(fields, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False))


def raw_record(lines: str, *without: str) -> str:
    """A record with lines of YAML as they stand, in place of the fields that they name."""
    named = {line.split(":")[0] for line in lines.split("\n") if line[:1].isalpha()}
    fields = {k: v for k, v in FIELDS.items() if k not in named and k not in without}
    return f"---\n{as_yaml(fields)}{lines}\n---\n"


def table(columns: str, *rows: str) -> str:
    """A companion table; cells are written with ``|`` between them for the eye.

    >>> table("word mesh", "a|b")
    'word\\tmesh\\na\\tb\\n'
    """
    lines = [columns.replace(" ", "\t"), *(row.replace("|", "\t") for row in rows)]
    return "".join(f"{line}\n" for line in lines)


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files into a folder, by relative path."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def read_all(folder: Path, limits: Limits = Limits()) -> tuple[dict[str, Figure], list[Problem]]:
    """The figures of a folder by figid, and everything that was found wrong."""
    collection = open_collection([folder], limits)
    taxa = load_taxa(collection.organism_folders, limits)
    figures, problems = {}, list(collection.problems)
    for file in collection.files:
        figure, found = read_record(file, taxa, limits)
        problems.extend(found)
        if figure:
            figures[figure.figid] = figure
    return figures, problems


def read(
    folder: Path, text: str | bytes, limits: Limits = Limits(), **tables: str | bytes
) -> tuple[Figure | None, list[Problem]]:
    """The figure of one record's text with its tables, and what was found wrong in them."""
    files = {f"_data/{FIGID}-{kind}.tsv": content for kind, content in tables.items()}
    write(folder, {f"_figures/{FIGID}.md": text, **files})
    figures, problems = read_all(folder, limits)
    return next(iter(figures.values()), None), problems


def read_well(folder: Path, text: str | bytes, **tables: str | bytes) -> Figure:
    """The figure of a record in which nothing must be found wrong."""
    figure, problems = read(folder, text, Limits(), **tables)
    assert not problems
    assert figure
    return figure


def triples_of(figures: Iterable[Figure], iris: Iris = Iris()) -> list[Triple]:
    """All that a release would say of some figures, in the order of a build."""
    found: list[Triple] = []
    shared = Shared()
    ordered = sorted(figures, key=lambda figure: figure.figid)
    for _, group in groupby(ordered, key=lambda figure: figure.article.pmcid):
        of_article = list(group)
        for figure in of_article:
            found.extend(triples(figure_nodes(figure, iris)))
            shared.gather(figure, iris)
        articles = [figure.article for figure in of_article]
        found.extend(triples([article_node(articles, iris)]))
    found.extend(shared_triples(shared, iris))
    return found


def shared_triples(shared: Shared, iris: Iris) -> list[Triple]:
    """The description of everything shared."""
    return list(triples(shared_nodes(shared, iris)))


def text_of(term: object) -> str:
    """An IRI or a literal's text."""
    assert isinstance(term, NamedNode | Literal)
    return term.value


def values(triples: Iterable[Triple], subject: NamedNode, predicate: NamedNode) -> list[str]:
    """What is said of a subject, in order."""
    return [text_of(t.object) for t in triples if t.subject == subject and t.predicate == predicate]


def subjects(triples: Iterable[Triple], kind: NamedNode) -> list[NamedNode]:
    """The things of a class."""
    is_a = ns.term(ns.RDF, "type")
    found = [t.subject for t in triples if t.predicate == is_a and t.object == kind]
    return [s for s in found if isinstance(s, NamedNode)]


def kinds(problems: Sequence[Problem]) -> list[tuple[str, str]]:
    """What was found wrong, in short: severity and kind."""
    return [(problem.severity, problem.kind) for problem in problems]


def brief(problem: Problem) -> str:
    """A problem in one line, all of it but the file."""
    where = f"{problem.severity} {problem.kind} at {problem.field}"
    return f"{where}: {problem.reason} <{problem.value}>"
