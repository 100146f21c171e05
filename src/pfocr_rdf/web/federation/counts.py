"""How often partners were asked, and what came of it."""

from collections import Counter
from typing import Final

#: What is counted of each partner → what it says.
COUNTED: Final = {
    "requests": "Requests that were sent to a partner.",
    "kept": "Answers of a partner that were there already, or on their way.",
    "rows": "Rows that a partner has answered.",
    "bytes": "Bytes that a partner has answered, unpacked.",
}


class Counts:
    """Grows for as long as the server runs."""

    def __init__(self) -> None:
        self.sums: dict[str, Counter[str]] = {name: Counter() for name in COUNTED}
        self.failures: Counter[tuple[str, str]] = Counter()

    def note(self, partner: str, **amounts: int) -> None:
        """Add to what is counted.

        >>> counts = Counts()
        >>> counts.note("mesh", requests=1, rows=20)
        >>> counts.sums["rows"]["mesh"]
        20
        """
        for name, amount in amounts.items():
            self.sums[name][partner] += amount

    def fail(self, partner: str, kind: str) -> None:
        """Count a clause that its partner did not answer, by the kind of the refusal."""
        self.failures[partner, kind] += 1
