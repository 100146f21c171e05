"""The report of a build: every problem, written when it is found, and the counts at the end."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from pfocr_rdf.errors import Problem
from pfocr_rdf.mappings import MappingCounts


@dataclass(slots=True)
class Report:
    """Counts problems and writes them to ``report.json``, without keeping any in memory.

    :param path: the file to write; None to write none.
    :param tell: called with each problem.
    """

    path: Path | None
    tell: Callable[[Problem], None] = lambda problem: None
    errors: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    _file: IO[str] | None = None

    def __enter__(self) -> "Report":
        if self.path:
            # Half of a surrogate pair, which UTF-8 lacks, must not end a build: \udcff is JSON.
            self._file = self.path.open("w", encoding="utf-8", errors="backslashreplace")
            _write(self._file, '{"problems": [')
        return self

    def add(self, problems: Iterable[Problem]) -> None:
        """Note problems, in the order in which they are given."""
        for problem in problems:
            first = not self.errors and not self.warnings
            counter = self.errors if problem.severity == "error" else self.warnings
            counter[problem.kind] += 1
            self.tell(problem)
            if self._file:
                written = json.dumps(asdict(problem), ensure_ascii=False)
                _write(self._file, ("\n" if first else ",\n") + written)

    def finish(self, summary: dict[str, Any]) -> None:
        """Write the counts and close the file."""
        if self._file:
            counts = {
                **summary,
                "errors": dict(sorted(self.errors.items())),
                "warnings": dict(sorted(self.warnings.items())),
            }
            _write(self._file, '\n],\n"summary": ' + json.dumps(counts, indent=2) + "}\n")
            self._file.close()
            self._file = None

    def __exit__(self, *_: object) -> None:
        if self._file:
            # Closing flushes, which fails again on a full disk and would hide the error.
            with suppress(OSError):
                self._file.close()


def mapping_summary(sets: Sequence[MappingCounts]) -> dict[str, Any]:
    """What became of the rows of each mapping set, for the report; empty if there are no sets."""
    if not sets:
        return {}
    found = [
        {
            "mapping_set": one.mapping_set,
            "graph": one.graph.value,
            "files": [{"file": file.name, "sha256": file.sha256} for file in one.files],
            "read": one.read,
            "linked": one.linked,
            "not in the release": one.absent,
            "refused": dict(sorted(one.refused.items())),
            "triples": one.triples,
        }
        for one in sets
    ]
    return {"mappings": found}


def _write(file: IO[str], text: str) -> None:
    """Write, and name the file if that fails: the error surfaces amid other work."""
    try:
        file.write(text)
    except OSError as error:
        raise OSError(error.errno, error.strerror, Path(file.name).name) from error
