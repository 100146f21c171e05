"""The refusals for partners that fail or send too much, and for endpoints that are not partners."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from pfocr_rdf.web.federation.partners import Partner, Partners
from pfocr_rdf.web.problems import Refusal

SHOWN: Final = 300
ENDS_RE: Final = re.compile(r"\Ahttps?://|/(sparql/?)?\Z")
#: The advice to clients, who see the member “allowed”.
IN_ALLOWED: Final = "take one of those in “allowed”"


def _site(iri: str) -> str:
    """The part of an address that tells endpoints apart: without scheme and final ``/sparql``.

    >>> _site("https://sparql.example.org:8080/a/sparql")
    'sparql.example.org:8080/a'
    """
    return ENDS_RE.sub("", iri.lower())


def unlisted(partners: Partners, endpoint: str, line: int) -> Refusal:
    """No partner with that address is on the list.

    :param line: the line of the SERVICE clause.
    """
    sites = {_site(iri): iri for iri in partners.by_iri}
    close = get_close_matches(_site(endpoint[:SHOWN]), sites, 1, 0.8)
    advice = f"did you mean <{sites[close[0]]}>?" if close else IN_ALLOWED
    return Refusal(
        "federation-disabled",
        f"the SERVICE clause in line {line} names <{endpoint[:SHOWN]}>, which is not, letter for "
        f"letter, one of the endpoints that may be called from here: {advice}",
        line=line,
        allowed=sorted(partner.endpoint for partner in partners.by_name.values()),
    )


def failed(partner: Partner, detail: str, retry_after: str = "") -> Refusal:
    """A partner did not answer as it should.

    :param retry_after: seconds until it may be asked again, for the header ``Retry-After``.
    """
    headers = {"Retry-After": retry_after} if retry_after else {}
    detail = f"{partner.name}: {detail}"
    return Refusal("partner-failed", detail, headers=headers, partner=partner.name)


def too_large(partner: Partner, detail: str) -> Refusal:
    """A partner's answer has more rows or bytes than it may.

    :param detail: what follows the words "its answer has".
    """
    advice = "narrow the SERVICE clause, or ask about less"
    detail = f"{partner.name}: its answer has {detail}: {advice}"
    return Refusal("partner-too-large", detail, partner=partner.name)


def too_large_together(sizes: Mapping[str, int], detail: str) -> Refusal:
    """The answers to a query together have more rows or bytes than they may.

    :param sizes: name of each partner → bytes of its answers; the largest is named.
    :param detail: what follows the word "have".
    """
    largest = max(sizes, key=lambda name: sizes[name])
    advice = "narrow the SERVICE clauses, or ask about less"
    who = f"{largest} and others" if len(sizes) > 1 else largest
    detail = f"{who}: the answers together have {detail}: {advice}"
    return Refusal("partner-too-large", detail, partner=largest)


def timed_out(partner: Partner) -> Refusal:
    """A partner takes too long."""
    limit_s = partner.timeout_s
    advice = "narrow the SERVICE clause, or try again"
    detail = f"{partner.name}: no whole answer within {limit_s:g} s: {advice}"
    return Refusal("partner-timeout", detail, partner=partner.name, limit_s=limit_s)
