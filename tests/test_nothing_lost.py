"""Every value of a record is in the graph, in the list below, or in the report.

Each row is looked for where it belongs: its word, its match, its lexicon and its candidate on
one mention. Every other value is looked for anywhere in the record's own triples.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from copy import deepcopy
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import pytest
from pyoxigraph import Literal, NamedNode, Triple

from making import RECORDS, read_all, triples_of
from pfocr_rdf.errors import Problem
from pfocr_rdf.iris import OBO, Iris
from pfocr_rdf.records import Kind
from pfocr_rdf.vocabulary import KIND_TO_MENTION, RDF_TYPE, Oa, Pfocr, Schema
from test_corpus import (
    FOLDERS,
    KIND_TO_PLURAL,
    front_matter,
    identified,
    record_files,
    table_rows,
)

#: What the graph does not say, and why: the placeholder that PFOCR embeds in every record,
#: which says of each figure that it is a data set named "CreativeWork".
NOT_MAPPED: Final = {
    ("seo",): "CreativeWork",
    ("schema-jsonld", "@context"): "https://schema.org/",
    ("schema-jsonld", "@type"): "Dataset",
    ("schema-jsonld", "license"): "CC0",
    ("schema-jsonld", "name"): "CreativeWork",
    ("schema-jsonld", "creator", "@type"): "Organization",
    ("schema-jsonld", "creator", "name"): "WikiPathways",
}
NULLS: Final = {"", "NA", ".na.character"}
COUNTS: Final = ("count_direct", "count_synonym", "count_match")
Facts = dict[str, dict[str, set[str]]]


def folded(text: str) -> str:
    """A text as titles are compared: normalised, one line, without control characters."""
    plain = re.sub(r"[\x00-\x08\x0e-\x1f\x7f]", "", text)
    return " ".join(unicodedata.normalize("NFC", plain).split())


def facts_of(triples: Iterable[Triple]) -> Facts:
    """What is said, by subject and predicate."""
    facts: Facts = defaultdict(lambda: defaultdict(set))
    for triple in triples:
        assert isinstance(triple.subject, NamedNode)
        assert isinstance(triple.object, NamedNode | Literal)
        facts[triple.subject.value][triple.predicate.value].add(triple.object.value)
    return facts


def scalars(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every scalar below a value, with the names that lead to it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from scalars(inner, (*path, name))
    elif isinstance(value, list):
        for inner in value:
            yield from scalars(inner, path)
    else:
        yield path, value


class Graph:
    """The values of one record's triples, as they can be looked for."""

    def __init__(self, triples: list[Triple]) -> None:
        literals = {t.object.value for t in triples if isinstance(t.object, Literal)}
        nodes = {
            n.value for t in triples for n in (t.subject, t.object) if isinstance(n, NamedNode)
        }
        self.texts = {folded(text) for text in literals}
        self.lower = {text.lower() for text in self.texts}
        self.iris = {unquote(iri) for iri in nodes}
        self.numbers = {Decimal(text) for text in literals if re.fullmatch(r"-?[0-9.]+", text)}

    def holds(self, path: tuple[str, ...], value: str) -> bool:
        """Whether a value of a field is somewhere in the graph."""
        text = folded(value)
        if path[0] == "doi":
            return text.lower() in self.lower
        if path[0] == "keywords":
            return all(folded(part) in self.texts | NULLS for part in value.split("|"))
        if text in self.texts or text in self.iris:
            return True
        if path[0] in {"figlink", "figid_alias", "redirect_from", "filename"}:
            end = text.strip("/").split("__")[-1] if path[0] == "filename" else text.strip("/")
            return any(iri.rstrip("/").endswith(f"/{end}") for iri in self.iris) or any(
                iri.endswith(f"__{end}") for iri in self.iris
            )
        if path[0] in {"ndex", "wpid"}:
            return any(iri.endswith(f"/{text.lower()}") for iri in map(str.lower, self.iris))
        try:
            return Decimal(text) in self.numbers
        except InvalidOperation:
            return False


def is_reported(value: str, problems: Iterable[Problem]) -> bool:
    """Whether a value stands in a problem, whole."""
    shown = {value, folded(value), ascii(value)}
    return any(problem.value in shown or (value and value in problem.value) for problem in problems)


def check_rows(kind: Kind, rows: list[dict[str, str]], facts: Facts) -> Iterator[str]:
    """The rows that are not on a mention, with everything that they say."""
    mentions = [m for m in facts.values() if KIND_TO_MENTION[kind].value in m[RDF_TYPE.value]]
    for row in rows:
        word, match = row["word"], row.get("match", row.get("symbol", ""))
        source, iri = row.get("source", ""), identified(kind, row)
        name = row.get("hgnc_symbol") or row.get("ncbigene_symbol") or row.get("name", "NA")
        for mention in mentions:
            said = mention[Pfocr.match.value] or {"", "NA"}
            lexicons = {lexicon.rpartition("#")[2] for lexicon in mention[Pfocr.lexicon.value]}
            bodies = mention[Oa.has_body.value]
            if (
                {re.sub(r"[\x00-\x08\x0e-\x1f\x7f]", "", word)} == mention[Schema.text.value]
                and match in said
                and lexicons == ({source.lower()} if source else set())
                and (iri in bodies if iri else True)
            ):
                break
        else:
            yield f"{kind} {row}"
            continue
        if iri:
            named = named_by(row, iri)
            names = facts[named][Schema.name.value] | facts[named][Schema.alternate_name.value]
            if name not in NULLS and folded(name) not in {folded(text) for text in names}:
                yield f"{kind} {row}: name"
            if not check_close(row, iri, facts):
                yield f"{kind} {row}: close match"


def named_by(row: dict[str, str], iri: str) -> str:
    """What the name of a row names: the close match of a MeSH term, if there is one."""
    other = row.get("chebi", row.get("doid", "NA"))
    return iri if other == "NA" else OBO + other.replace(":", "_").upper()


def check_close(row: dict[str, str], iri: str, facts: Facts) -> bool:
    """Whether a second identifier of a row is stated."""
    other = row.get("chebi", row.get("doid", "NA"))
    if other == "NA":
        return True
    accession = other.replace(":", "_").upper()
    close = facts[iri]["http://www.w3.org/2004/02/skos/core#closeMatch"]
    return iri.endswith(accession) or OBO + accession in close


def check_organisms(rows: list[dict[str, str]], figid: str, facts: Facts) -> Iterator[str]:
    """The organisms of a gene table whose names, groups or counts are not stated."""
    for row in rows:
        taxon = f"{OBO}NCBITaxon_{row['organism_id']}"
        names = facts[taxon][Schema.name.value] | facts[taxon][Schema.alternate_name.value]
        if folded(row["organism_name"]) not in names:
            yield f"organism {row}"
        if row["organism_group"] not in facts[taxon][Pfocr.organism_group.value] | {"NA"}:
            yield f"group {row}"
        support = facts[f"{Iris().figure(figid).value}#organism-{row['organism_id']}"]
        terms = (Pfocr.count_direct, Pfocr.count_synonym, Pfocr.count_match)
        for column, predicate in zip(COUNTS, terms, strict=True):
            if row[column] not in support[predicate.value] | {"NA"}:
                yield f"{column} {row}"
        gene = identified("gene", row)
        if gene and taxon not in facts[gene][Schema.taxonomic_range.value]:
            yield f"taxon of {row}"


def lost(folder: Path, path: Path, triples: list[Triple], problems: list[Problem]) -> Iterator[str]:
    """What one record says and neither its triples nor the report do."""
    fields, facts, graph = deepcopy(front_matter(path)), facts_of(triples), Graph(triples)
    figid = fields["figid"]
    for kind, plural in KIND_TO_PLURAL.items():
        inline = fields.pop(plural, None) or []
        rows = table_rows(folder, figid, kind)
        if rows and inline:
            for where, value in scalars(inline):
                if value not in NULLS and not is_reported(value, problems):
                    yield f"{where} {value}"
        yield from check_rows(kind, rows or inline, facts)
        if rows and kind == "gene":
            yield from check_organisms(rows, figid, facts)
    description = fields.get("schema-jsonld", {}).pop("description", "")
    if folded(description) != folded(fields.get("caption", "")):
        yield f"description {description}"
    for where, value in scalars(fields):
        # A keyword of the picture is a word from it, whatever it spells.
        is_null = value in NULLS and where != ("schema-jsonld", "keywords")
        if is_null or NOT_MAPPED.get(where) == value:
            continue
        if where == ("redirect_from",):
            value = value.removeprefix("/figures/")
        if not graph.holds(where, value) and not is_reported(value, problems):
            yield f"{where} {value}"


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_value_of_a_real_record_is_lost(folder: Path) -> None:
    figures, problems = read_all(folder)
    by_file: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_file[Path(problem.file).name].append(problem)
    found: list[str] = []
    for path in record_files(folder):
        figid = path.name.removesuffix(".md")
        triples = triples_of([figures[figid]])
        found.extend(f"{figid}: {text}" for text in lost(folder, path, triples, by_file[path.name]))
    assert found == []


def test_this_test_can_find_a_loss(tmp_path: Path) -> None:
    figures, _ = read_all(RECORDS)
    path = RECORDS / "PMC1000002__inline.mentions.f1.md"
    triples = triples_of([figures["PMC1000002__inline.mentions.f1"]])
    assert list(lost(RECORDS, path, triples, [])) == []
    for number, gone in enumerate(triples):
        node = gone.object
        if gone.predicate in {Schema.text, Oa.has_body, Pfocr.match, Schema.caption, Schema.url}:
            rest = [*triples[:number], *triples[number + 1 :]]
            assert list(lost(RECORDS, path, rest, [])), node
