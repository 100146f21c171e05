"""Which network addresses may be called: those of the public internet.

The check is made on the address that a connection goes to, not on the name that was looked up: a
moment later the name can have another address.
"""

import ipaddress
import re
import socket
from typing import Any, Final

from pfocr_rdf.errors import PfocrError

# https://www.rfc-editor.org/rfc/rfc6052#section-2.1 : IPv4 addresses inside IPv6 ones
NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
# https://www.iana.org/assignments/ipv6-address-space : all that is allocated on the internet
GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
# https://www.rfc-editor.org/rfc/rfc6890#section-2.2.2 : Python 3.11 knows only ten of them
PROTOCOLS: Final = ipaddress.IPv4Network("192.0.0.0/24")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: How an address is refused; if a name has several and all are refused, an error lists them all.
NOT_PUBLIC: Final = "is not a public address"
ALL_PRIVATE_RE: Final = re.compile(rf"(?:Multiple exceptions: )?(?:, |\S+ {NOT_PUBLIC})+")


class PrivateAddressError(PfocrError, OSError):
    """A connection was not made because the address is not on the public internet."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address} {NOT_PUBLIC}")
        self.address = address

    def __str__(self) -> str:
        return f"{self.address} {NOT_PUBLIC}"


def is_public(address: str) -> bool:
    """Whether a literal address is on the public internet, and so is every IPv4 address inside it.

    https://www.iana.org/assignments/iana-ipv4-special-registry and its twin for IPv6.

    >>> is_public("198.41.0.4"), is_public("127.0.0.1"), is_public("::ffff:10.0.0.1")
    (True, False, False)
    """
    try:
        found: Address = ipaddress.ip_address(address)
    except ValueError:
        return False
    return all(_is_global(part) for part in _unwrapped(found))


def _is_global(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and not (
        address in GLOBAL_UNICAST or address in NAT64
    ):
        return False
    return address.is_global and not address.is_multicast and address not in PROTOCOLS


def _unwrapped(address: Address) -> list[Address]:
    """An address and the IPv4 addresses inside it; only the inner one of an IPv4-mapped address."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    inner: list[Address] = [address]
    if address.sixtofour is not None:
        inner.append(address.sixtofour)
    if address.teredo is not None:
        inner += address.teredo
    if address in NAT64:
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return inner


def private_in(error: OSError) -> list[str]:
    """The addresses that were not called as they are not public; none if any other was tried.

    >>> private_in(OSError("Multiple exceptions: 10.0.0.1 is not a public address, ::1 is not a \
public address"))
    ['10.0.0.1', '::1']
    >>> private_in(OSError("Connect call failed"))
    []
    """
    text = error.strerror or str(error)
    found = re.findall(rf"(\S+) {NOT_PUBLIC}", text)
    return found if ALL_PRIVATE_RE.fullmatch(text) else []


def public_socket(info: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
    """A socket for an address that was just resolved; it will be connected to this very address.

    :param info: as :func:`socket.getaddrinfo` gives it.
    :raises PrivateAddressError: if the address is not public.
    """
    family, kind, protocol, _, address = info
    if family not in (socket.AF_INET, socket.AF_INET6) or not is_public(str(address[0])):
        raise PrivateAddressError(str(address[0]))
    return socket.socket(family, kind, protocol)
