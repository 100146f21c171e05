"""The headers of the answer to a federated query, and the response with a plan."""

import re
from collections.abc import Mapping, Sequence
from email.utils import formatdate
from typing import Any, Final

import orjson

from pfocr_rdf.web.exchange import NO_STORE, Headers, Reply, whole_reply
from pfocr_rdf.web.federation.clause import Told
from pfocr_rdf.web.federation.explain import explained_text
from pfocr_rdf.web.keys import REVALIDATE
from pfocr_rdf.web.negotiation import negotiate
from pfocr_rdf.web.problems import Refusal

#: The media types of a plan.
OFFERS: Final = ("application/json", "text/plain")
# https://www.rfc-editor.org/rfc/rfc9110#section-5.5 ; and a comma would begin the next partner
UNSAID_RE: Final = re.compile(r"[^\x20-\x2b\x2d-\x7e]+")
SHOWN: Final = 300


def federation_headers(told: Sequence[Told], *, repeatable: bool = True) -> Headers:
    """Whether the answer may be kept, and what the partners did.

    Only the server knows when another release is served, so nobody uses a kept answer unasked,
    though its parts from partners are valid for longer. Nothing keeps an answer whose first part
    has already expired.

    :param repeatable: whether the query gives the same answer each time.

    >>> federation_headers(
    ...     [Told("mesh", 1, 20, date=1e9, left_s=60.0), Told("bgee", 1, 0, failed="busy, sorry")]
    ... )
    ... # doctest: +NORMALIZE_WHITESPACE
    [(b'cache-control', b'no-store'),
     (b'x-federation', b'mesh; requests=1; kept=0; rows=20, bgee failed: busy sorry'),
     (b'x-federation-date', b'Sun, 09 Sep 2001 01:46:40 GMT')]
    >>> federation_headers([Told("mesh", 1, 0, left_s=60.0), Told("bgee", 1, 0, left_s=20.0)])[0]
    (b'cache-control', b'public, no-cache')
    """
    parts = [_said(one) for one in told]
    expired = min((one.left_s for one in told), default=0.0) < 1
    failed = any(one.failed for one in told)
    headers = [NO_STORE if failed or expired or not repeatable else REVALIDATE]
    headers.append((b"x-federation", ", ".join(parts).encode()))
    dates = [one.date for one in told if one.date]
    if dates:
        headers.append((b"x-federation-date", formatdate(min(dates), usegmt=True).encode()))
    return headers


def _said(told: Told) -> str:
    if told.failed:
        return f"{told.partner} failed: {UNSAID_RE.sub('', told.failed)[:SHOWN]}"
    return f"{told.partner}; requests={told.requests}; kept={told.kept}; rows={told.rows}"


def explanation(plan: Mapping[str, Any], accept: str | None) -> Reply:
    """The plan, as JSON or as text.

    :raises Refusal: ``not-acceptable``.
    """
    chosen = negotiate(accept, OFFERS)
    if chosen is None:
        detail = "a plan comes as application/json or as text/plain: ask for one of these"
        raise Refusal("not-acceptable", detail, available=list(OFFERS))
    vary = (b"vary", b"Accept")
    if chosen == "text/plain":
        text = explained_text(plan).encode("utf-8", "replace")
        return whole_reply(200, "text/plain; charset=utf-8", text, vary, NO_STORE)
    body = orjson.dumps(plan, option=orjson.OPT_INDENT_2)
    return whole_reply(200, chosen, body, vary, NO_STORE)
