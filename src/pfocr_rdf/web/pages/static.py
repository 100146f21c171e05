"""Style sheets, scripts and icons: files of the package, at addresses that change with them.

What is at ``/static/<hash>/style.css`` never changes, so browsers fetch it once. The hash is of all
files together: a page names files of one set.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from mimetypes import guess_type
from typing import Final

from starlette.responses import RedirectResponse, Response

from pfocr_rdf.web.negotiation import negotiate_encoding
from pfocr_rdf.web.output import ENCODING_TO_ENCODER, MIN_COMPRESSED
from pfocr_rdf.web.pages.visits import Visit
from pfocr_rdf.web.problems import Refusal

FOLDER: Final = "static"
FOREVER: Final = "public, max-age=31536000, immutable"
#: Media types that are compressed already.
PACKED: Final = ("image/png", "font/woff2")


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file and its media type."""

    media_type: str
    data: bytes


@cache
def static_files() -> dict[str, StaticFile]:
    """Name → file; a name is a path below the folder."""
    found: dict[str, StaticFile] = {}
    waiting = [("", files("pfocr_rdf.web").joinpath(FOLDER))]
    while waiting:
        prefix, folder = waiting.pop()
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
            name = prefix + entry.name
            if entry.is_dir():
                waiting.append((f"{name}/", entry))
            else:
                kind = guess_type(name)[0] or "application/octet-stream"
                text = kind.startswith("text/") or kind.endswith(("javascript", "json", "xml"))
                found[name] = StaticFile(
                    kind + ("; charset=utf-8" if text else ""), entry.read_bytes()
                )
    return dict(sorted(found.items()))


@cache
def static_hash() -> str:
    """A hash of all files with their names."""
    digest = hashlib.sha256()
    for name, file in static_files().items():
        digest.update(f"{name}\0{len(file.data)}\0".encode() + file.data)
    return digest.hexdigest()[:12]


def static_address(name: str) -> str:
    """The address of a file.

    :raises KeyError: if there is no such file.
    """
    if name not in static_files():
        raise KeyError(name)
    return f"{FOLDER}/{static_hash()}/{name}"


def answer_static(visit: Visit) -> Response:
    """The response with a file.

    :raises Refusal: ``not-found``.
    """
    name = visit.values["name"]
    file = static_files().get(name)
    if file is None:
        raise Refusal("not-found", f"there is no file {name[:100]!r} among those of the pages")
    if visit.values["digest"] != static_hash():
        # The page is from another version of the program: the present files are better than none.
        target = visit.links.to(static_address(name))
        return RedirectResponse(target, 302, {"cache-control": "no-store"})
    headers = {
        "content-type": file.media_type,
        "cache-control": FOREVER,
        "vary": "Accept-Encoding",
    }
    encoding = negotiate_encoding(visit.headers.get("accept-encoding"))
    packed = file.media_type in PACKED or len(file.data) < MIN_COMPRESSED
    if encoding == "identity" or packed:
        return Response(file.data, 200, headers)
    return Response(_compressed(name, encoding), 200, headers | {"content-encoding": encoding})


@cache
def _compressed(name: str, encoding: str) -> bytes:
    encoder = ENCODING_TO_ENCODER[encoding]()
    return encoder.compress(static_files()[name].data) + encoder.flush()
