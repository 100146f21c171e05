"""Addresses, links and texts in a form that HTTP headers can hold."""

from urllib.parse import quote


def header_address(address: str) -> str:
    """An address in a form for headers: ASCII, without spaces or line ends.

    >>> header_address("journals/é>")
    'journals/%C3%A9%3E'
    """
    return quote(address, safe="/:?#[]@!$&'()*+,;=%~")


def header_text(text: str) -> str:
    """Any text in a form for headers: percent-encoded, to be decoded as a whole.

    >>> header_text('"50 % é"')
    '%2250%20%25%20%C3%A9%22'
    """
    return quote(text, safe="/:#@")


def link_header(target: str, relation: str, media_type: str = "") -> str:
    """A link as the value of a Link header: https://www.rfc-editor.org/rfc/rfc8288 .

    >>> link_header("https://example.org/a b", "item", "text/csv")
    '<https://example.org/a%20b>;rel="item";type="text/csv"'
    """
    kind = f';type="{media_type}"' if media_type else ""
    return f'<{header_address(target)}>;rel="{relation}"{kind}'
