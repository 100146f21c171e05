"""The refusals for partners that do not do what is asked."""

from pfocr_rdf.web.federation.partners import Partner
from pfocr_rdf.web.problems import Refusal


def failed(partner: Partner, detail: str) -> Refusal:
    """It did not answer as it should."""
    return Refusal("partner-failed", f"{partner.name}: {detail}", partner=partner.name)


def too_large(partner: Partner, detail: str) -> Refusal:
    """Its answer has more than it may.

    :param detail: what follows on "its answer has".
    """
    advice = "narrow the SERVICE clause, or ask about less"
    detail = f"{partner.name}: its answer has {detail}: {advice}"
    return Refusal("partner-too-large", detail, partner=partner.name)


def timed_out(partner: Partner) -> Refusal:
    """It takes too long."""
    limit_s = partner.timeout_s
    advice = "narrow the SERVICE clause, or try again"
    detail = f"{partner.name}: no whole answer within {limit_s:g} s: {advice}"
    return Refusal("partner-timeout", detail, partner=partner.name, limit_s=limit_s)
