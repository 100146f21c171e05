"""The endpoints that SERVICE clauses may call, and the limits for each.

They are listed in a TOML file; the one that ships with the package is
``queries/federated/partners.toml``, whose first lines explain the settings.
"""

import math
import re
import tomllib
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pfocr_rdf.errors import ServeError
from pfocr_rdf.peers import can_be_host
from pfocr_rdf.resources import resource

#: Names are used in headers and in the log.
NAME_RE: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
#: Setting → the least value that makes sense.
LEAST: Final[Mapping[str, int]] = {
    "timeout_s": 0,
    "rows": 1,
    "bytes": 1024,
    "batch": 1,
    "bindings": 1,
    "parallel": 1,
    "ttl_s": 0,
    "cut_at": 0,
}


@dataclass(frozen=True, slots=True)
class Partner:
    """An endpoint that may be called.

    :param name: for people, headers and the log.
    :param endpoint: the address that is called.
    :param also: other spellings of the address that queries use.
    :param timeout_s: seconds for all requests of one SERVICE clause together.
    :param rows: most rows of all answers to one SERVICE clause.
    :param bytes: most bytes of all answers to one SERVICE clause, unpacked.
    :param batch: most values that are sent with one request.
    :param bindings: most values that are sent at all; if there are more, none are.
    :param parallel: most requests at the same time.
    :param ttl_s: seconds for which an answer may be used again.
    :param cut_at: rows after which the partner silently cuts its answers; 0 if it does not.
    :param private: whether its address may be in a private network or on this machine.
    """

    name: str
    endpoint: str
    also: tuple[str, ...] = ()
    timeout_s: float = 30.0
    rows: int = 50_000
    bytes: int = 16 << 20
    batch: int = 250
    bindings: int = 20_000
    parallel: int = 2
    ttl_s: float = 3_600.0
    cut_at: int = 0
    private: bool = False


@dataclass(frozen=True, slots=True)
class Whole:
    """What all SERVICE clauses of a query may take together.

    :param timeout_s: seconds, with the queries to the release for their values.
    :param rows: most rows of all answers.
    :param bytes: most bytes of all answers, unpacked.
    """

    timeout_s: float = 180.0
    rows: int = 200_000
    bytes: int = 64 << 20


SETTINGS: Final = frozenset(one.name for one in fields(Partner)) - {"name", "endpoint", "also"}
SETTINGS_OF_QUERY: Final = frozenset(one.name for one in fields(Whole))


@dataclass(frozen=True, slots=True)
class Partners:
    """All partners by name and by each spelling of their addresses, and the limits of a query."""

    by_name: Mapping[str, Partner]
    by_iri: Mapping[str, Partner]
    whole: Whole = field(default_factory=Whole)

    def find(self, iri: str) -> Partner | None:
        """The partner with exactly that address, or None.

        >>> public_partners().find("https://www.bgee.org/sparql").name
        'bgee'
        """
        return self.by_iri.get(iri)


@cache
def public_partners() -> Partners:
    """The partners that ship with the package.

    >>> sorted(public_partners().by_name)[:3]
    ['bgee', 'idsm', 'mesh']
    """
    return read_partners(resource("queries", "federated/partners.toml"))


def read_partners(path: Path) -> Partners:
    """The partners that a file lists.

    :raises ServeError: if the file cannot be read, or a setting in it makes no sense.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = "name a file that exists, or leave it out for the public endpoints"
        raise ServeError(f"{path} cannot be read ({error.strerror}): {reason}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ServeError(f"{path} cannot be read as TOML ({error}): correct it") from error
    try:
        return _partners(document)
    except ValueError as error:
        raise ServeError(f"{path}: {error}") from error


def _partners(document: Mapping[str, Any]) -> Partners:
    unknown = set(document) - {"defaults", "query", "partners"}
    if unknown:
        use = "use [defaults], [query] and [partners.NAME]"
        raise ValueError(f"{_listed(unknown)} is not a table here: {use}")
    defaults = _settings("defaults", document.get("defaults", {}), SETTINGS)
    whole = Whole(**_settings("query", document.get("query", {}), SETTINGS_OF_QUERY))
    tables = document.get("partners", {})
    if not isinstance(tables, dict):
        raise ValueError("“partners” is not a table: write [partners.NAME] for each partner")
    by_name: dict[str, Partner] = {}
    by_iri: dict[str, Partner] = {}
    for name, table in tables.items():
        partner = _partner(name, table, defaults)
        by_name[name] = partner
        for iri in dict.fromkeys((partner.endpoint, *partner.also)):
            if iri in by_iri:
                raise ValueError(f"{iri} belongs to {by_iri[iri].name} and to {name}: keep one")
            by_iri[iri] = partner
    return Partners(by_name, by_iri, whole)


def _partner(name: str, table: object, defaults: Mapping[str, Any]) -> Partner:
    if not NAME_RE.fullmatch(name):
        raise ValueError(f"{name!r} is not a name for a partner: use small letters, digits and -")
    if not isinstance(table, dict):
        raise ValueError(f"partner {name} is not a table: write [partners.{name}]")
    own = dict(table)
    endpoint, also = own.pop("endpoint", None), own.pop("also", [])
    if not isinstance(also, list) or not all(isinstance(iri, str) for iri in also):
        raise ValueError(f"partner {name}: “also” is not a list of addresses")
    for address in (endpoint, *also):
        _check_address(name, address)
    settings = {**defaults, **_settings(name, own, SETTINGS)}
    return Partner(name, str(endpoint), tuple(also), **settings)


def _check_address(name: str, address: object) -> None:
    try:
        parts = urlsplit(address if isinstance(address, str) else "")
        is_web = parts.scheme in ("http", "https") and can_be_host(parts.hostname)
        good = is_web and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.username is not None or parts.fragment or re.search(r"\s", str(address)):
        raise ValueError(
            f"partner {name}: {address!r} is not the address of an endpoint: give the scheme, http "
            "or https, the host and the path, and no password"
        )


def _settings(name: str, table: object, known: Set[str]) -> dict[str, Any]:
    """The settings of a table.

    :param known: the names of settings that exist.
    :raises ValueError: if one is unknown, of the wrong type, or too small.
    """
    if not isinstance(table, dict):
        raise ValueError(f"{name} is not a table: write [{name}]")
    for key, value in table.items():
        if key not in known:
            raise ValueError(f"{name}: {key!r} is not a setting: use {_listed(known)}")
        if key == "private":
            if not isinstance(value, bool):
                raise ValueError(f"{name}: private is {value!r}: write true or false")
            continue
        types = (int, float) if key in ("timeout_s", "ttl_s") else (int,)
        if isinstance(value, bool) or not isinstance(value, types):
            raise ValueError(f"{name}: {key} is {value!r}: give a number")
        if not math.isfinite(value):  # TOML has both: NaN is not less than anything
            raise ValueError(f"{name}: {key} is {value!r}: give a number")
        if value < LEAST[key] or (key == "timeout_s" and not value):
            raise ValueError(f"{name}: {key} is {value!r}: give a larger number")
    return dict(table)


def _listed(names: Set[str]) -> str:
    return ", ".join(sorted(names))
