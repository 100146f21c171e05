"""What a release is called: the time at which it was made, and its version."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

TIME: Final = "%Y%m%dT%H%M%SZ"


def made_at(name: str) -> datetime | None:
    """When a release was made; None for a folder that someone has named otherwise.

    >>> made_at("20261121T063029Z-341a5b955fb8"), made_at("lost+found")
    (datetime.datetime(2026, 11, 21, 6, 30, 29, tzinfo=datetime.timezone.utc), None)
    """
    with suppress(ValueError):
        return datetime.strptime(name.partition("-")[0], TIME).replace(tzinfo=UTC)
    return None


def fresh_id(others: Iterable[str], version: str) -> str:
    """An id that sorts after all others: two builds may end in one second, clocks are set back."""
    made = [time + timedelta(seconds=1) for name in others if (time := made_at(name))]
    return f"{max([datetime.now(UTC), *made]).strftime(TIME)}-{version}"
