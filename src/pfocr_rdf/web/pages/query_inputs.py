"""Values of a named query over HTTP: read, checked one by one, and entered in a form.

:mod:`pfocr_rdf.parameters` defines what each type of parameter takes. This module presents that in
forms and in OpenAPI, and reads what browsers and programs send.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import parse_qsl

from pfocr_rdf.errors import QueryError, UnknownThingError
from pfocr_rdf.iris import Iris
from pfocr_rdf.parameters import (
    ANY,
    BOUNDS_RE,
    ROW_LIMIT,
    TIERS,
    TYPE_TO_READER,
    Parameter,
    read_terms,
)
from pfocr_rdf.queries import NamedQuery, federated_queries, named_queries, resolved
from pfocr_rdf.search.called import things_called
from pfocr_rdf.search.found import Thing
from pfocr_rdf.web.pages.examples import Example, example_of
from pfocr_rdf.web.pages.visits import TRACKING_RE
from pfocr_rdf.web.reading import Reading

QueryForm = Literal["select", "ask", "construct", "describe"]

#: Parameters of the address itself, which no query may declare; a test checks that.
RESERVED: Final = frozenset({"format", "open"})
#: Types whose parameters may be repeated; the values are joined to a list.
LISTS: Final = frozenset({"genes", "tier"})
#: The lists of tiers that a form offers, the strictest first: value → words.
TIER_CHOICES: Final = {
    "symbol": "symbol",
    "symbol,synonym": "symbol or synonym",
    "symbol,synonym,family": "symbol, synonym or family",
    "synonym": "synonym alone",
    "family": "family alone",
}
MOST_PAIRS: Final = 200
#: A field that has only these is empty.
BLANKS: Final = " \t\r\n"
FORM_RE: Final = re.compile(r"^\s*(SELECT|ASK|CONSTRUCT|DESCRIBE)\b", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Given:
    """The values that a request gives, and what is wrong with them.

    :param values: parameter → value as it was typed; without empty ones.
    :param errors: parameter → what is wrong with its value, or that it is missing; under the
        empty name, an error of the request as a whole.
    :param asked: whether the request gives any parameter at all.
    """

    values: Mapping[str, str]
    errors: Mapping[str, str]
    asked: bool

    @property
    def complaint(self) -> str:
        """All errors, as one sentence."""
        return "; ".join(self.errors.values())


@dataclass(frozen=True, slots=True)
class Input:
    """A field of a form.

    :param kind: of the control: text, number, area, choice.
    :param choices: value → words; empty unless the control is a choice.
    :param near: identifiers that may be meant if a name was typed.
    """

    parameter: Parameter
    kind: str
    value: str
    example: Example
    error: str
    accepted: str
    bounds: tuple[int, int] | None
    choices: Mapping[str, str]
    near: Sequence[Example] = ()

    @property
    def required(self) -> bool:
        """Whether the parameter has no default."""
        return self.parameter.default is None


def form_of(query: NamedQuery) -> QueryForm:
    """The form of a query, which determines the kind of its answer.

    >>> from pfocr_rdf.queries import load_query
    >>> form_of(load_query("figure-record")), form_of(load_query("organisms"))
    ('construct', 'select')
    """
    found = FORM_RE.search(query.text)
    forms: dict[str, QueryForm] = {
        "ASK": "ask",
        "CONSTRUCT": "construct",
        "DESCRIBE": "describe",
    }
    return forms.get(found[1].upper(), "select") if found else "select"


def listed_queries() -> tuple[NamedQuery, ...]:
    """Every query that has a page: first those that ask the release alone."""
    return (*named_queries(), *federated_queries())


def read_given(query: NamedQuery, query_string: bytes, reading: Reading) -> Given:
    """What the query string of a request gives.

    An empty field counts as not given. A parameter that the query does not have is an error, since
    ignoring it would give another answer than the one that was meant.
    """
    known = {parameter.name: parameter for parameter in query.parameters}
    found: dict[str, list[str]] = {}
    errors: dict[str, str] = {}
    try:
        pairs = parse_qsl(query_string.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        return Given({}, {"": "the parameters are not UTF-8"}, asked=True)
    if len(pairs) > MOST_PAIRS:
        return Given({}, {"": f"there are more than {MOST_PAIRS} parameters"}, asked=True)
    pairs = [pair for pair in pairs if not (pair[0] in RESERVED or TRACKING_RE.fullmatch(pair[0]))]
    for name, value in pairs:
        if name not in known:
            has = f"it has {', '.join(known)}" if known else "it has none"
            errors[""] = f"the query has no parameter {name[:100]!r}: {has}"
        elif value.strip(BLANKS):
            found.setdefault(name, []).append(value)
    for name, several in found.items():
        if len(several) > 1 and known[name].type not in LISTS:
            errors[name] = f"parameter {name!r}: given {len(several)} times: give it once"
    values = {name: ",".join(several) for name, several in found.items()}
    try:
        values = resolved(query, values, reading.same_thing, reading.iris)
    except UnknownThingError as unknown:
        errors[unknown.parameter] = str(unknown)
    for name, parameter in known.items():
        error = errors.get(name) or value_error(parameter, values.get(name), reading.iris)
        if error:
            errors[name] = error
    return Given(values, errors, asked=bool(pairs))


def value_error(parameter: Parameter, value: str | None, iris: Iris) -> str:
    """What is wrong with a value; empty if it is valid, or missing while there is a default."""
    if value is None:
        missing = f"parameter {parameter.name!r}: missing: give {accepted_values(parameter)}"
        return missing if parameter.default is None else ""
    if parameter.takes_any and value.strip().lower() == ANY:
        return ""
    try:
        read_terms(parameter, value, iris)
    except QueryError as error:
        return str(error)
    return ""


def accepted_values(parameter: Parameter) -> str:
    """What a parameter takes, in words."""
    accepted = TYPE_TO_READER[parameter.kind][1]
    bounds = bounds_of(parameter)
    if bounds and parameter.kind == "integer":
        accepted = f"{accepted}, {bounds[0]:,} to {bounds[1]:,}"
    return f"{accepted}, or any" if parameter.takes_any else accepted


def bounds_of(parameter: Parameter) -> tuple[int, int] | None:
    """The least and the greatest value of a numeric parameter; None if it has no bounds."""
    if parameter.kind == "limit":
        return 1, ROW_LIMIT
    found = BOUNDS_RE.fullmatch(parameter.type.partition(" ")[2])
    return (int(found[1]), int(found[2])) if found else None


def inputs(query: NamedQuery, given: Given, reading: Reading) -> list[Input]:
    """The fields of a query's form, filled with what was typed."""
    return [
        Input(
            parameter,
            _control(parameter),
            given.values.get(parameter.name, parameter.default or ""),
            example_of(parameter, reading),
            _shown_error(parameter, given),
            accepted_values(parameter),
            bounds_of(parameter),
            _choices(parameter, given),
            _near(parameter, given, reading),
        )
        for parameter in query.parameters
    ]


def _shown_error(parameter: Parameter, given: Given) -> str:
    """The error below a field, without the name of the parameter."""
    error = given.errors.get(parameter.name, "") if given.asked else ""
    return error.removeprefix(f"parameter {parameter.name!r}: ")


def _control(parameter: Parameter) -> str:
    kinds = {"limit": "number", "integer": "number", "genes": "area", "tier": "choice"}
    return kinds.get(parameter.kind, "text")


def _choices(parameter: Parameter, given: Given) -> dict[str, str]:
    if parameter.kind != "tier":
        return {}
    free = {ANY: "any"} if parameter.takes_any else {}
    value = given.values.get(parameter.name)
    # Tiers in another order, from a link, or an invalid value are offered as they are.
    other = {value: value} if value and value not in {**free, **TIER_CHOICES} else {}
    return {**free, **TIER_CHOICES, **other}


def _near(parameter: Parameter, given: Given, reading: Reading) -> list[Example]:
    """The things with a name that was typed instead of an identifier."""
    return [
        Example(thing.accession, ", ".join(filter(None, (thing.name, thing.organism))))
        for thing in named_instead(parameter, given, reading)
    ]


def named_instead(parameter: Parameter, given: Given, reading: Reading) -> tuple[Thing, ...]:
    """The things whose name is the value of a parameter, if that value was refused."""
    value = given.values.get(parameter.name)
    if not value or parameter.name not in given.errors or reading.search is None:
        return ()
    return things_called(value, parameter.kind, reading.search)


#: Type → JSON Schema pattern, for the types whose values have one usual spelling.
TYPE_TO_PATTERN: Final = {
    "year": "^[0-9]{4}$",
    "tier": f"^({'|'.join(TIERS)})(,({'|'.join(TIERS)}))*$",
}


def json_schema(parameter: Parameter) -> dict[str, Any]:
    """The JSON Schema of a parameter's values: https://json-schema.org/draft/2020-12 .

    Identifiers can be spelt in many ways, so they have no pattern; see :func:`accepted_values`.
    """
    kind = parameter.kind
    bounds = bounds_of(parameter)
    if bounds:
        schema: dict[str, Any] = {"type": "integer", "minimum": bounds[0], "maximum": bounds[1]}
    elif kind == "integer":
        schema = {"type": "integer"}
    else:
        schema = {"type": "string", "minLength": 1}
    pattern = TYPE_TO_PATTERN.get(kind)
    if pattern:
        free = f"^{ANY}$|" if parameter.takes_any else ""
        schema["pattern"] = free + pattern
    if parameter.default is not None:
        number = schema["type"] == "integer"
        schema["default"] = int(parameter.default) if number else parameter.default
    return schema
