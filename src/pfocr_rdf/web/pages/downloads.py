"""The dump files of the release that is served, at the addresses that the data name."""

from typing import Final

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from pfocr_rdf.web.pages.forms import has_already
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.problems import Refusal
from pfocr_rdf.web.reading import Reading

DUMPS: Final = "dumps"
#: End of a name → media type. What is compressed stays so: it is a file to keep, not an encoding.
SUFFIX_TO_TYPE: Final = {
    ".gz": "application/gzip",
    ".ttl": "text/turtle; charset=utf-8",
    ".json": "application/json",
    "SHA256SUMS": "text/plain; charset=utf-8",
}


def dump_files(reading: Reading) -> dict[str, tuple[int, str]]:
    """The files by name: bytes and SHA-256."""
    rows = reading.manifest["files"]
    prefix = f"{DUMPS}/"
    return {
        row["name"].removeprefix(prefix): (row["bytes"], row["sha256"])
        for row in rows
        if row["name"].startswith(prefix)
    }


def answer_dump(visit: Visit) -> Response:
    """A file, whole or in part: https://www.rfc-editor.org/rfc/rfc9110#section-14 .

    :raises Refusal: ``not-found``; the message lists the files.
    """
    reading, name = visit.reading, visit.values["name"]
    files = dump_files(reading)
    if name not in files:
        near = [f"{DUMPS}/{known}" for known in files]
        detail = f"the release has no file {name[:200]!r}; it has {', '.join(files)}"
        raise Refusal("not-found", detail, near=near)
    tag = f'"{files[name][1]}"'
    headers = {
        "etag": tag,
        "cache-control": "public, no-cache",
        "x-pfocr-release": reading.release.id,
        "link": f'<{visit.public_url}dataset>;rel="collection"',
    }
    if has_already(visit, tag):
        return Response(None, 304, headers)
    media_type = next(kind for end, kind in SUFFIX_TO_TYPE.items() if name.endswith(end))
    return FileResponse(
        reading.release.dumps / name,
        headers={"content-type": media_type, **headers},
        # Sent after the file: until then the release stays on disk.
        background=BackgroundTask(_held, reading),
    )


def _held(reading: Reading) -> None:
    """Have a release no longer."""
    del reading
