"""The key of an answer, by which it is cached, found again, and confirmed to clients that have it.

It is made of everything that the answer depends on.
"""

import hashlib
from sys import getsizeof
from typing import Final, NamedTuple

from pfocr_rdf import __version__
from pfocr_rdf.web.exchange import COMMON, Exchange, Reply
from pfocr_rdf.web.formats import Formats
from pfocr_rdf.web.sparql import Query

VARY: Final = (b"vary", b"Accept, Accept-Encoding")
#: An answer is valid until another release is served, which only the server knows.
REVALIDATE: Final = (b"cache-control", b"public, no-cache")


class AnswerKey(NamedTuple):
    """Everything that an answer depends on."""

    release: str
    query_hash: str
    text: str
    default_graphs: tuple[str, ...] | None
    named_graphs: tuple[str, ...] | None
    formats: Formats
    encoding: str

    @property
    def size(self) -> int:
        """Bytes of the parts that a client may make long: the query and the IRIs of graphs."""
        graphs = (*(self.default_graphs or ()), *(self.named_graphs or ()))
        return sum(map(getsizeof, (self.text, *graphs)))

    @property
    def etag(self) -> bytes:
        """The ETag of the answer, a weak one: the same rows may come in another order.

        The version of the program is part of it: another one may write the answer differently.

        https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3
        """
        facts = repr((__version__, self)).encode()
        return b'W/"' + hashlib.sha256(facts).hexdigest()[:24].encode() + b'"'


def answer_key(release: str, query: Query) -> AnswerKey:
    """The key of the answer to a query."""
    digest = hashlib.sha256(query.text.encode()).hexdigest()[:12]
    return AnswerKey(
        release,
        digest,
        query.text,
        query.default_graphs,
        query.named_graphs,
        query.formats,
        query.encoding,
    )


def asked_before(exchange: Exchange, key: AnswerKey) -> bool:
    """Whether the client has this answer and may get a 304, which a POST never may.

    https://www.rfc-editor.org/rfc/rfc9110#section-15.4.5 ; QUERY may be conditional like GET:
    https://httpwg.org/http-extensions/draft-ietf-httpbis-safe-method-w-body.html
    """
    return exchange.method != "POST" and is_known(
        key.etag.decode(), exchange.header(b"if-none-match")
    )


def was_given(exchange: Exchange, key: AnswerKey) -> bool:
    """Whether the client has this answer, which the server has not kept: it names its tag.

    ``*`` is not enough: it stands for any answer that exists, and whether one exists is not known
    before the query has run.
    """
    sent = exchange.header(b"if-none-match")
    return sent is not None and "*" not in _tags(sent) and asked_before(exchange, key)


def is_known(tag: str, if_none_match: str | None) -> bool:
    """Whether a tag is among those of the answers that a client has.

    https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2

    >>> is_known('W/"a"', '"b", "a"'), is_known('W/"a"', "*"), is_known('W/"a"', None)
    (True, True, False)
    """
    if if_none_match is None:
        return False
    tags = _tags(if_none_match)
    return "*" in tags or tag.removeprefix("W/") in tags


def _tags(if_none_match: str) -> set[str]:
    return {known.strip().removeprefix("W/") for known in if_none_match.split(",")}


def not_modified(key: AnswerKey) -> Reply:
    """The response that replaces an answer that the client has."""
    release = (b"x-pfocr-release", key.release.encode())
    return Reply(304, [(b"etag", key.etag), VARY, REVALIDATE, release, *COMMON], b"")
