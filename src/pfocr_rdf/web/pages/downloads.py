"""The dump files of the release being served, at the addresses that the data give for them."""

import re
import time
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

from starlette.background import BackgroundTask
from starlette.datastructures import MutableHeaders
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from pfocr_rdf.contents import listed_dumps
from pfocr_rdf.listing import ListedFile
from pfocr_rdf.web.pages.forms import REVALIDATE, has_already
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.reading import Reading

DUMPS: Final = "dumps"
#: End of a name → media type. A .gz file is sent as gzip, not as ``Content-Encoding``, so that
#: clients keep it compressed.
SUFFIX_TO_TYPE: Final = {
    ".gz": "application/gzip",
    ".ttl": "text/turtle; charset=utf-8",
    ".json": "application/json",
    "SHA256SUMS": "text/plain; charset=utf-8",
}

# https://www.rfc-editor.org/rfc/rfc9110#section-14.1.1
RANGE_RE: Final = re.compile(r"(?P<first>[0-9]{1,18})-(?P<last>[0-9]{1,18})?|-(?P<end>[0-9]{1,18})")


def dump_files(reading: Reading) -> dict[str, ListedFile]:
    """The files by their names."""
    return {file.name: file for file in listed_dumps(reading.manifest) or ()}


def answer_dump(visit: Visit) -> Response:
    """A file, whole or in part: https://www.rfc-editor.org/rfc/rfc9110#section-14 .

    :raises Refusal: ``not-found``; the message lists the files. ``precondition-failed``, if the
        file is not the one that the client's conditions name. ``range-not-satisfiable``, if it has
        none of the parts asked for.
    """
    reading, name = visit.reading, visit.values["name"]
    files = dump_files(reading)
    if name not in files:
        near = [f"{DUMPS}/{known}" for known in files]
        detail = f"the release has no file {name[:200]!r}; it has {', '.join(files)}"
        raise Refusal("not-found", detail, near=near)
    path = reading.release.dumps / name
    stat = path.stat()
    # If the clock was set back after the build, the file's time would be in the future, which a
    # Last-Modified must not be:
    # https://www.rfc-editor.org/rfc/rfc9110#section-8.8.2.1
    written = int(min(stat.st_mtime, time.time()))
    modified = formatdate(written, usegmt=True)
    tag = f'"{files[name].sha256}"'
    headers = {
        "etag": tag,
        "last-modified": modified,
        "cache-control": REVALIDATE,
        "x-pfocr-release": reading.release.id,
        "link": f'<{visit.public_url}dataset>;rel="collection"',
    }
    if not _is_as_wished(visit, tag, written):
        detail = "the file is not the one that the request names: fetch it again without conditions"
        raise Refusal("precondition-failed", detail)
    if has_already(visit, tag) or _has_dated(visit, modified):
        return Response(None, 304, headers)
    media_type = next(kind for end, kind in SUFFIX_TO_TYPE.items() if name.endswith(end))
    return _File(
        path,
        headers={"content-type": media_type, **headers},
        stat_result=stat,
        # Runs after the file was sent; its argument keeps the release on disk until then.
        background=BackgroundTask(_held, reading),
        parts=_parts(visit, stat.st_size, (tag, modified)),
    )


def _is_as_wished(visit: Visit, tag: str, written: int) -> bool:
    """Whether the file meets the request's conditions, if it has any.

    ``If-Match`` counts, or else ``If-Unmodified-Since``; an invalid date is ignored.

    https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1 , and 13.1.4

    :param written: when the file was written, in seconds, as ``Last-Modified`` states it.
    """
    wanted = visit.headers.get("if-match")
    if wanted is not None:
        return bool({tag, "*"} & {one.strip() for one in wanted.split(",")})
    try:
        return written <= parsedate_to_datetime(visit.headers["if-unmodified-since"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        return True


def _has_dated(visit: Visit, modified: str) -> bool:
    """Whether ``If-Modified-Since`` is exactly this date, and there is no ``If-None-Match``.

    A later date proves nothing: the release may be an earlier one that was rolled back to.
    """
    headers = visit.headers
    return "if-none-match" not in headers and headers.get("if-modified-since") == modified


def _parts(visit: Visit, size: int, validators: tuple[str, str]) -> str:
    """The header Range with only the parts that the file has; empty to send the whole file.

    A malformed header is ignored: https://www.rfc-editor.org/rfc/rfc9110#section-14.2

    :raises Refusal: ``range-not-satisfiable``, if the file has none of the parts.
    """
    unit, _, listed = visit.headers.get("range", "").partition("=")
    if (
        unit.strip().lower() != "bytes"
        or visit.headers.get("if-range", validators[0]) not in validators
    ):
        return ""
    parts = [RANGE_RE.fullmatch(part.strip()) for part in listed.split(",")]
    found = []
    for part in parts:
        if part is None or (part["last"] and int(part["last"]) < int(part["first"])):
            return ""
        if int(part["end"] or 0) if part["first"] is None else int(part["first"]) < size:
            found.append(part[0])
    if not found:
        detail = f"the file has {size:,} bytes: ask for a part of them, or without Range for all"
        headers = {"Content-Range": f"bytes */{size}"}
        raise Refusal("range-not-satisfiable", detail, headers=headers)
    return f"bytes={','.join(found)}"


def redirect_to_downloads(visit: Visit) -> Response:
    """From the folder of the files to the list of them, which the page of the dataset has."""
    headers = {"x-pfocr-release": visit.reading.release.id}
    return RedirectResponse(f"{visit.links.to('dataset')}#downloads", 303, headers)


class _File(FileResponse):
    """A file response that gives Starlette the checked Range header instead of the client's."""

    def __init__(self, path: Path, *, parts: str, **options: Any) -> None:
        super().__init__(path, **options)
        self.parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file or its parts."""
        scope = {**scope, "headers": list(scope["headers"])}
        headers = MutableHeaders(scope=scope)
        del headers["range"]
        if self.parts:
            headers["range"] = self.parts
        await super().__call__(scope, receive, send)


def _held(reading: Reading) -> None:
    """Do nothing: the task that is to call this keeps its argument, and so the release, alive."""
    del reading
