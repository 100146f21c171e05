"""A real nginx, as ``deploy/README.md`` has it, before a server with the samples."""

import http.client
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from endpoints import free_ports
from making import REPOSITORY
from pfocr_rdf.releases import Release
from serving import Server, listens, serving, wait_until

NGINX: Final = shutil.which("nginx")
#: So many rows that some are sent before the limit is reached.
ROWS: Final = 100_000
PRODUCT: Final = "SELECT ?a ?b ?c { ?a ?p ?b . ?c ?q ?d }"

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


DOCUMENT: Final = (REPOSITORY / "deploy" / "README.md").read_text()


def documented(pattern: str) -> str:
    found = re.search(pattern, DOCUMENT, re.DOTALL)
    assert found is not None
    return found[1]


@contextmanager
def proxied(server: Server, folder: Path, *extra: str) -> Iterator[Server]:
    """The same server by the address of an nginx before it."""
    (port,) = free_ports(1)
    part = documented(r"```nginx\n(.*?)```").replace(
        "127.0.0.1:7878", "{}:{}".format(*server.address)
    )
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    inside = f"listen 127.0.0.1:{port}; {' '.join(extra)} {part}"
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off; pid {folder}/pid; events {{}}\n"
        f"http {{ access_log off; {paths} server {{ {inside} }} }}\n"
    )
    command = [str(NGINX), "-e", f"{folder}/log", "-c", str(file)]
    with subprocess.Popen(command) as process:
        try:
            wait_until(lambda: listens(port), "nginx listens")
            yield replace(server, url=f"http://127.0.0.1:{port}/sparql")
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def server(seeds_release: Release) -> Iterator[Server]:
    data = seeds_release.path.parent.parent
    options = ("--proxy", "127.0.0.1", "--public-url", "https://sparql.example.org/")
    with serving(data, *options, "--max-rows", str(ROWS), "--no-check-files") as found:
        yield found


def test_a_query_in_an_address_may_be_as_long_as_without_nginx(
    server: Server, tmp_path: Path
) -> None:
    target = f"/sparql?query={quote('SELECT (1 AS ?one) {} #')}{60_000 * 'x'}"
    with proxied(server, tmp_path) as nginx:
        answers = [one.request("GET", target) for one in (server, nginx)]
    assert [answer.status for answer in answers] == [200, 200]


def test_an_answer_that_breaks_off_does_not_seem_whole_behind_nginx(
    server: Server, tmp_path: Path
) -> None:
    with proxied(server, tmp_path) as nginx, pytest.raises(http.client.IncompleteRead):
        nginx.ask(PRODUCT, "text/csv")


def test_a_client_of_http_1_0_can_be_refused(server: Server, tmp_path: Path) -> None:
    with proxied(server, tmp_path, documented(r"`(if [^`]*)`")) as nginx:
        with socket.create_connection(nginx.address, 10) as client:
            client.sendall(b"GET /health HTTP/1.0\r\n\r\n")
            assert b" 505 " in client.recv(1024)
        assert nginx.request("GET", "/health").status == 200
