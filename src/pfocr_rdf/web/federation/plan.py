"""Which partner is asked what, in which order, and how the answers get back into the query.

A SERVICE clause is joined with the patterns around it, so it is enough to ask its partner for the
solutions that join with the release's values for the variables that the two share. A separate
query finds these values; they are sent to the partner as VALUES, and its answer replaces the clause
as VALUES. Then the whole query is for the release alone.
https://www.w3.org/TR/sparql11-federated-query/#values
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pfocr_rdf.diagnosis.syntax import find_undeclared
from pfocr_rdf.diagnosis.tokens import readable
from pfocr_rdf.web.checks import SCHEME_RE, absolute, find_service
from pfocr_rdf.web.federation.around import Level, find_around, levels_of
from pfocr_rdf.web.federation.outline import Element, Outline, OutlineError, Token, outline
from pfocr_rdf.web.federation.pattern import Names, Part, Pattern, Read, names_in, read_query
from pfocr_rdf.web.federation.steps import Bindings, Pieces, Plan, Step
from pfocr_rdf.web.problems import Refusal, syntax_refusal

#: Each takes time to plan and a partner's time; no query seen so far has more than four.
MAX_SERVICES: Final = 16
#: VALUES at the head of a group and VALUES beside it mean the same only for variables that are
#: bound before the first of these elements.
BARRIERS: Final = ("OptionalGraphPattern", "MinusGraphPattern", "Bind", "SubSelect")


def make_plan(text: str, prefixes: Mapping[str, str], base: str = "") -> Plan:
    r"""The plan of a query with SERVICE clauses.

    :param prefixes: the prefixes that a query need not declare.
    :param base: the base of relative IRIs, unless the query declares one.
    :raises Refusal: ``federation-disabled``, if a clause is of a kind that is not evaluated, or
        was not found with certainty; ``syntax``, if a prefix or an IRI cannot be resolved.

    >>> plan = make_plan("SELECT * { ?a <p:p> ?b SERVICE <urn:x> { ?b ?c ?d } }", {})
    >>> plan.steps[0].bindings[0].query
    ('SELECT DISTINCT ?b WHERE {\n?a <p:p> ?b .\n}',)
    >>> plan.final
    ('SELECT * { ?a <p:p> ?b ', 0, ' }')
    """
    # Like the query processes: the readers of a plan know the names that Oxigraph can parse.
    text = readable(text)
    try:
        found = outline(text)
        _check(found, text)
        read = read_query(text)
        planner = _Planner(read, prefixes, base)
        plan = Plan(planner.steps(), planner.pieces(0, len(text)))
        check_rest(plan)
        return plan
    except RecursionError:
        reason = "it is nested too deeply"
    except OutlineError as error:
        reason = str(error)
    raise Refusal(
        "federation-disabled",
        f"the SERVICE clauses of the query cannot be located with certainty: {reason}; "
        "write a federated query in plain SPARQL 1.1",
    )


def check_rest(plan: Plan) -> None:
    """Refuse a plan that leaves a SERVICE clause in a query to the release.

    A third reader checks this, which reads as Oxigraph does and is independent of the other two.

    :raises OutlineError: if a clause is left.
    """
    asked = [plan.final, *(bindings.query for step in plan.steps for bindings in step.bindings)]
    for pieces in asked:
        if find_service(" ".join(piece for piece in pieces if isinstance(piece, str))) is not None:
            raise OutlineError("a clause is left that only Oxigraph's parser sees")


def _check(found: Outline, text: str) -> None:
    """Refuse clauses that are not evaluated, and too many of them.

    :raises Refusal: ``federation-disabled``; for a clause with its line and what to do.
    """
    count = _check_group(found.where.elements, "", text)
    if count > MAX_SERVICES:
        detail = f"the query has {count} SERVICE clauses, and the limit is {MAX_SERVICES}"
        raise Refusal("federation-disabled", f"{detail}: split the query")


def _check_group(elements: Iterable[Element], inside: str, text: str) -> int:
    count = 0
    for element in elements:
        kind = element.kind
        within = inside
        if kind == "ServiceGraphPattern":
            count += 1
            advice = _advice(element, inside)
            if advice:
                line = line_of(text, element.start)
                detail = f"the SERVICE clause in line {line} {advice}"
                raise Refusal("federation-disabled", detail, line=line)
            within = "service"
        elif kind == "GraphGraphPattern" and not inside:
            within = "graph"
        for group in element.groups:
            count += _check_group(group.elements, within, text)
    return count


def _advice(service: Element, inside: str) -> str:
    if inside == "service":
        return "stands inside another one, which is not passed on: put one after the other"
    if inside == "graph":
        return "stands inside GRAPH, which says nothing about another endpoint: put it outside"
    if service.head is not None and service.head.kind == "var":
        return "has a variable for its endpoint: write the address, in a UNION if there are several"
    return ""


def line_of(text: str, at: int) -> int:
    """The line of a position in the text, counted from 1."""
    return text.count("\n", 0, at) + 1


class _Planner:
    """Plans the clauses one by one; ``done`` are those whose answers can be used for the next."""

    def __init__(self, read: Read, prefixes: Mapping[str, str], base: str) -> None:
        self.read = read
        self.prefixes = prefixes
        self.done: list[int] = []
        self.declared, self.base = _prologue(read.outline, base)
        self.has_star = _has_star(read.outline.tokens)
        self.levels = [levels_of(read, number) for number in range(len(read.services))]

    def steps(self) -> tuple[Step, ...]:
        """All clauses as they are asked; next is the first with bindings, else the first left."""
        waiting = list(range(len(self.read.services)))
        found: list[Step] = []
        while waiting:
            bindings = {number: self.bindings(number) for number in waiting}
            number = next((number for number in waiting if bindings[number]), waiting[0])
            found.append(self.step(number, bindings[number]))
            waiting.remove(number)
            self.done.append(number)
        return tuple(found)

    def part(self, number: int) -> Part:
        """The part of the query that is the clause with that number."""
        level: Level = self.levels[number][0]
        return level.pattern.parts[level.at]

    def bindings(self, number: int) -> tuple[Bindings, ...]:
        """The ways to get values for a clause."""
        part = self.part(number)
        body = part.groups[0]
        shared = body.certain
        first = _before_barrier(body)
        found = []
        for around in find_around(self.read, self.levels[number], shared, frozenset(self.done)):
            names = sorted(around.variables)
            query: list[str | int] = [
                *self.head(),
                f"SELECT DISTINCT {_listed(names)} {self.dataset()}WHERE {{\n",
            ]
            for piece in around.pieces:
                query += [piece] if isinstance(piece, str) else self.pieces(*piece)
            inside = around.variables <= first
            found.append(Bindings(tuple(names), _joined([*query, "}"]), inside))
        return tuple(found)

    def head(self) -> Pieces:
        """The prologue of the query, unchanged."""
        text = self.read.text[: self.read.outline.form_start].strip()
        return (text + "\n",) if text else ()

    def dataset(self) -> str:
        return self.read.outline.dataset + " " if self.read.outline.dataset else ""

    def pieces(self, start: int, end: int) -> Pieces:
        """A stretch of the text, with each clause replaced by its number."""
        found: list[str | int] = []
        text, at = self.read.text, start
        for number, service in enumerate(self.read.services):
            if start <= service.start and service.end <= end:
                found += [text[at : service.start], number]
                at = service.end
        return _joined([*found, text[at:end]])

    def step(self, number: int, bindings: tuple[Bindings, ...]) -> Step:
        service, part = self.read.services[number], self.part(number)
        body = part.groups[0]
        text = self.read.text[body.start + 1 : body.end - 1].rstrip().lstrip("\r\n")
        wanted = body.visible if self.has_star else body.visible & self.elsewhere(service)
        order = [token.text[1:] for token in self.read.tokens(body.start, body.end)]
        return Step(
            number,
            line_of(self.read.text, service.start),
            self.endpoint(service.head),
            service.silent,
            tuple(name for name in dict.fromkeys(order) if name in wanted),
            bindings,
            self.prologue(body),
            text,
        )

    def elsewhere(self, service: Element) -> Names:
        """The variables that occur outside a clause."""
        tokens = self.read.outline.tokens
        return names_in(t for t in tokens if not service.start <= t.start < service.end)

    def endpoint(self, head: Token | None) -> str:
        """The address that a clause names, made absolute if there is a base."""
        if head is None:
            raise OutlineError("a SERVICE clause has no endpoint")
        if head.kind == "name":
            prefix, _, local = head.text.partition(":")
            return self.namespace(prefix) + local.replace("\\", "")
        return absolute(self.base, head.text[1:-1])

    def namespace(self, prefix: str) -> str:
        """The namespace of a prefix: the query's own, or else one that need not be declared."""
        if prefix in self.declared:
            return self.declared[prefix]
        if prefix in self.prefixes:
            return self.prefixes[prefix]
        if fault := find_undeclared(self.read.text, self.prefixes):
            raise syntax_refusal(fault)
        raise Refusal("syntax", f"the prefix {prefix}: is not declared: declare it")

    def prologue(self, body: Pattern) -> str:
        """The declarations that the text of a clause needs as a query of its own."""
        tokens = self.read.tokens(body.start, body.end)
        used = dict.fromkeys(t.text.partition(":")[0] for t in tokens if t.kind == "name")
        lines = [f"PREFIX {prefix}: <{self.namespace(prefix)}>" for prefix in used]
        if self.base and any(t.kind == "iri" and not SCHEME_RE.match(t.text, 1) for t in tokens):
            lines.insert(0, f"BASE <{self.base}>")
        return "".join(f"{line}\n" for line in lines)


def _prologue(found: Outline, base: str) -> tuple[dict[str, str], str]:
    """Prefix → namespace as the query declares them, and the base at the end of the prologue."""
    declared: dict[str, str] = {}
    tokens = found.tokens
    at = 0
    while tokens[at].word in ("PREFIX", "BASE"):
        if tokens[at].word == "BASE":
            base = absolute(base, tokens[at + 1].text[1:-1])
            at += 2
        else:
            name, iri = tokens[at + 1].text.removesuffix(":"), tokens[at + 2].text[1:-1]
            declared[name] = absolute(base, iri)
            at += 3
    return declared, base


def _has_star(tokens: Sequence[Token]) -> bool:
    """Whether ``*`` asks for all visible variables somewhere in the query."""
    before = ("SELECT", "DISTINCT", "REDUCED", "DESCRIBE")
    return any(
        token.text == "*" and tokens[at - 1].word in before for at, token in enumerate(tokens)
    )


def _before_barrier(body: Pattern) -> Names:
    """The variables that are always bound before the first of :data:`BARRIERS`."""
    certain: set[str] = set()
    for part in body.parts:
        if part.kind in BARRIERS:
            break
        certain |= part.certain
    return frozenset(certain)


def _listed(names: Iterable[str]) -> str:
    return " ".join(f"?{name}" for name in names)


def _joined(pieces: Iterable[str | int]) -> Pieces:
    """The pieces without empty texts, and with adjacent texts joined."""
    found: list[str | int] = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        elif piece != "":
            found.append(piece)
    return tuple(found)
