"""The id of a release: the time at which it was made, and its version."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import MAXYEAR, UTC, datetime, timedelta
from typing import Final

TIME: Final = "%Y%m%dT%H%M%SZ"


def made_at(name: str) -> datetime | None:
    """When a release was made, by its id; None for a folder with another form of name.

    Nothing was made in the year 9999, after which no id could be made.

    >>> made_at("20261121T063029Z-341a5b955fb8"), made_at("lost+found")
    (datetime.datetime(2026, 11, 21, 6, 30, 29, tzinfo=datetime.timezone.utc), None)
    """
    with suppress(ValueError):
        made = datetime.strptime(name.partition("-")[0], TIME).replace(tzinfo=UTC)
        return made if made.year < MAXYEAR else None
    return None


def version_of(name: str) -> str:
    """The version that the id of a release ends in; empty for a folder with another form of name.

    >>> version_of("20261121T063029Z-341a5b955fb8"), version_of("lost+found")
    ('341a5b955fb8', '')
    """
    return name.partition("-")[2] if made_at(name) else ""


def fresh_id(others: Iterable[str], version: str) -> str:
    """An id that sorts after all others: two builds may end in one second, or a clock be set back.

    :param others: the ids of the other releases.
    :param version: what the id ends in.
    """
    made = [time + timedelta(seconds=1) for name in others if (time := made_at(name))]
    return f"{max([datetime.now(UTC), *made]).strftime(TIME)}-{version}"
