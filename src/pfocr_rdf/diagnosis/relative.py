"""Relative IRIs of a query, which are read as addresses below its base.

``<Gene>`` is no name of the vocabulary but ``https://pfocr.wikipathways.org/Gene``, which nobody
means who has no BASE. What explains a query reads its text with these in full.
https://www.w3.org/TR/sparql11-query/#relIRIs
"""

from collections.abc import Iterator

from pyoxigraph import NamedNode, RdfFormat, parse

from pfocr_rdf.diagnosis.matched import ABSOLUTE_RE
from pfocr_rdf.diagnosis.tokens import TOKEN_RE


def in_full(text: str, base: str) -> tuple[str, dict[NamedNode, str]]:
    """A query without relative IRIs, and each of them in full → as it is written.

    :param text: a well-formed query; its own BASE takes precedence.

    >>> in_full("PREFIX x: <x#> ASK { ?s a <a/b>, <urn:c>, x:d }", "https://example.org/q")
    ... # doctest: +NORMALIZE_WHITESPACE
    ('PREFIX x: <https://example.org/x#> ASK { ?s a <https://example.org/a/b>, <urn:c>, x:d }',
     {<NamedNode value=https://example.org/x#>: 'x#',
      <NamedNode value=https://example.org/a/b>: 'a/b'})
    """
    said, end, before = list[str](), 0, ""
    written = dict[NamedNode, str]()
    for token in TOKEN_RE.finditer(text):
        if token[0][0] == "<" and token.lastgroup is None:
            iri = token[0][1:-1]
            if not ABSOLUTE_RE.match(iri) and (node := _resolved(iri, base)):
                said += [text[end : token.start()], str(node)]
                end = token.end()
                written.setdefault(node, iri)
                iri = node.value
            base = iri if before == "BASE" else base
        before = before if token[0][0] == "#" else token[0].upper()
    return "".join((*said, text[end:])), written


def meant_by(written: str) -> Iterator[str]:
    """The spellings of an identifier that a relative IRI may stand for.

    >>> list(meant_by("ncbigene/5594"))
    ['ncbigene/5594', 'ncbigene:5594']
    """
    yield written
    if "/" in written:
        yield written.replace("/", ":", 1)


def _resolved(iri: str, base: str) -> NamedNode | None:
    """An IRI in full; None if its base is not in full either."""
    try:
        triple = next(iter(parse(f"<> <urn:p> <{iri}> .", RdfFormat.TURTLE, base_iri=base)))
    except (SyntaxError, ValueError):
        return None
    return triple.object if isinstance(triple.object, NamedNode) else None
