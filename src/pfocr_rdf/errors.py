"""The exceptions that reach the command line or the HTTP layer, and the problems of a report.

The hierarchy is shallow and each class keeps its data: only the command line and the HTTP layer
turn it into words. An exception that never leaves its own part of the package is defined there;
what HTTP answers with is :class:`pfocr_rdf.web.problems.Refusal`.
"""

import errno
import os
import re
from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["error", "warning"]

#: Part of the last message of an engine that could not sort, and the advice for that case.
NO_ORDER: Final = "does not correctly implement a total order"
NO_ORDER_ADVICE: Final = (
    "ORDER BY cannot compare numbers, dates and text with one another: sort by STR(?x)"
)
#: How the system and the store say that a process may open no more files, and what to do then.
NO_FILES: Final = (os.strerror(errno.EMFILE), "ulimit -n")
OPEN_MORE: Final = "allow the process more open files"
#: Parts of the last message of a process that got no memory.
NO_ROOM: Final = ("memory allocation of", "bad_alloc", "MemoryError")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing found wrong in one place of the input.

    ``file`` is relative to the input folder, ``field`` is a key path or ``column, line``, and
    ``value`` is all that was there, so that nothing is lost by refusing it.
    """

    file: str
    field: str
    kind: str
    severity: Severity
    value: str
    reason: str

    def __str__(self) -> str:
        """One line for people: where, what was there, why it is wrong and what to do.

        >>> print(
        ...     Problem("a.md", "year", "year", "warning", "20019", "not a year: write four digits")
        ... )
        warning: a.md: year: not a year: write four digits (found '20019')
        """
        found = self.value if len(self.value) <= 200 else self.value[:200] + "…"
        tail = f" (found {found!r})" if found else ""
        line = f"{self.severity}: {self.file}: {self.field}: {self.reason}{tail}"
        if line.isprintable():
            return line
        # The name of a field may be any text, even with line breaks.
        return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)


class PfocrError(Exception):
    """Base of all errors that a user can do something about."""


class IriError(PfocrError, ValueError):
    """A value does not have the shape that an identifier of its kind must have.

    ``hint`` is a clause that begins with the value and says what it may be, if that is known.
    """

    def __init__(self, kind: str, value: str, hint: str = "") -> None:
        super().__init__(kind, value, hint)
        self.kind = kind
        self.value = value
        self.hint = hint

    def __str__(self) -> str:
        value = self.value if len(self.value) <= 300 else self.value[:300] + "…"
        return f"not {with_article(self.kind)}: {self.hint or repr(value)}"


def with_article(kind: str) -> str:
    """The name of a kind with its indefinite article.

    >>> with_article("figid"), with_article("integer"), with_article("NCBI Gene id")
    ('a figid', 'an integer', 'an NCBI Gene id')
    """
    return f"an {kind}" if re.match("[aeioAEIO]|N[A-Z]", kind) else f"a {kind}"


class RecordError(PfocrError):
    """A record or a table that cannot be read; keeps the :class:`Problem`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return str(self.problem)


class InputError(PfocrError):
    """The input as a whole is unusable: no such path, or no record in it."""


class BuildError(PfocrError):
    """A build that could not be finished; nothing was published."""


class ReleaseError(PfocrError):
    """A data folder or a release that is missing, in use, or not what it should be."""


class QueryError(PfocrError):
    """A query, a parameter or a header that cannot be used."""


class UsageError(QueryError):
    """An option, a name or a value that is wrong as typed, whatever the data are."""


class UnknownThingError(QueryError):
    """A DOI, or the page of a figure, that belongs to nothing in the release.

    Keeps the parameter, its value, what the release lacks by that name, and what to do instead.
    """

    def __init__(self, parameter: str, lacking: str, name: str, instead: str) -> None:
        super().__init__(parameter, lacking, name, instead)
        self.parameter = parameter
        self.lacking = lacking
        self.name = name
        self.instead = instead

    def __str__(self) -> str:
        lacking = f"no {self.lacking} {self.name[:300]}: give another, or {self.instead}"
        return f"parameter {self.parameter!r}: {lacking}"


class ServeError(PfocrError):
    """The server cannot run: its address, its limits or its application."""


class RemoteError(PfocrError):
    """Another endpoint that did not answer as the protocol says; keeps its address."""

    def __init__(self, endpoint: str, message: str) -> None:
        super().__init__(endpoint, message)
        self.endpoint = endpoint
        self.message = message

    def __str__(self) -> str:
        return f"{self.endpoint}: {self.message}"
