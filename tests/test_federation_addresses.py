"""What may be called: addresses of the public internet, however a private one is dressed."""

import socket

import pytest

from pfocr_rdf.web.federation.addresses import PrivateAddressError, is_public, public_socket


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.254", "10.1.2.3", "172.16.0.1"),
        *("172.31.255.255", "192.168.0.1", "169.254.169.254", "100.64.0.1", "192.0.2.1"),
        *("198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"),
        *("255.255.255.255", "192.0.0.8"),
        *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1"),
        *("fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "ff0e::1"),
        *("2001:db8::1", "100::1", "2002:7f00:1::", "2002:c0a8:1::1", "64:ff9b::7f00:1"),
        *("64:ff9b::a9fe:a9fe", "2001:0:4136:e378:8000:63bf:f5ff:fffe", "64:ff9b:1::1"),
        *("localhost", "", "127.1", "2130706433", "0x7f000001", "/tmp/socket", "127.0.0.1 "),
    ],
)
def test_a_private_address_is_not_public_and_gets_no_socket(address: str) -> None:
    assert not is_public(address)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with pytest.raises(PrivateAddressError) as raised:
        public_socket((family, socket.SOCK_STREAM, 6, "", (address, 80)))
    assert address in str(raised.value)


@pytest.mark.parametrize(
    "address", ["198.41.0.4", "8.8.8.8", "2001:500:2::c", "2606:4700::1111", "64:ff9b::808:808"]
)
def test_a_public_address_gets_a_socket_that_is_not_connected(address: str) -> None:
    assert is_public(address)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with public_socket((family, socket.SOCK_STREAM, 6, "", (address, 80))) as found:
        assert found.family == family
        with pytest.raises(OSError, match="not connected"):
            found.getpeername()


def test_only_addresses_of_the_internet_get_a_socket() -> None:
    with pytest.raises(PrivateAddressError):
        public_socket((socket.AF_UNIX, socket.SOCK_STREAM, 0, "", ("8.8.8.8",)))
