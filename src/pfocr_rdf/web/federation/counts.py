"""How often partners were asked, and with what result."""

from collections import Counter
from typing import Final

#: What is counted for each partner → its help text.
COUNTED: Final = {
    "requests": "Requests that were sent to a partner.",
    "kept": "Answers of a partner that were kept from before, or already on their way.",
    "rows": "Rows in the answers of a partner.",
    "bytes": "Bytes in the answers of a partner, unpacked.",
}


class Counts:
    """Totals since the server started."""

    def __init__(self) -> None:
        self.sums: dict[str, Counter[str]] = {name: Counter() for name in COUNTED}
        self.failures: Counter[tuple[str, str]] = Counter()

    def note(self, partner: str, **amounts: int) -> None:
        """Add to the totals of a partner.

        >>> counts = Counts()
        >>> counts.note("mesh", requests=1, rows=20)
        >>> counts.sums["rows"]["mesh"]
        20
        """
        for name, amount in amounts.items():
            self.sums[name][partner] += amount

    def fail(self, partner: str, kind: str) -> None:
        """Count a clause that its partner did not answer, under the kind of the refusal."""
        self.failures[partner, kind] += 1
