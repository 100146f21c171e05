"""A Virtuoso of the tests' own: WikiPathways' engine, on loopback, its database in a folder."""

import asyncio
import configparser
import http.client
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from endpoints import free_ports
from pfocr_rdf.push.stores import Account, GraphStore
from serving import wait_until

PROGRAM: Final = "virtuoso-t"
PACKAGE: Final = "virtuoso-opensource-7-bin"
#: What a new database has; it is reached from this machine alone, and deleted after the tests.
USER: Final = "dba"
PASSWORD: Final = "dba"
START_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Virtuoso:
    """A server that runs, and its addresses.

    :param sql: host and port of its SQL, which isql speaks.
    :param sparql: where it takes queries.
    :param graphs: where it takes graphs, from whom it knows.
    :param open_graphs: where it takes graphs from nobody.
    """

    url: str
    sql: str

    @property
    def sparql(self) -> str:
        return f"{self.url}/sparql"

    @property
    def graphs(self) -> str:
        return f"{self.url}/sparql-graph-crud-auth"

    @property
    def open_graphs(self) -> str:
        return f"{self.url}/sparql-graph-crud"


@contextmanager
def virtuoso_server(folder: Path, allowed: Path | None = None) -> Iterator[Virtuoso]:
    """A server with an empty database; where there is no Virtuoso, the test is skipped.

    :param allowed: the folder whose files it may read, beside its own.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        pytest.skip(f"NO VIRTUOSO: nothing is tested with it; apt-get install {PACKAGE}")
    sql_port, http_port = free_ports(2)
    with (folder / "virtuoso.ini").open("w") as file:
        _settings(folder, sql_port, http_port, allowed or folder).write(file)
    command = [program, "+configfile", str(folder / "virtuoso.ini"), "+foreground"]
    with (
        (folder / "output.txt").open("w") as output,
        subprocess.Popen(command, cwd=folder, stdout=output, stderr=output) as process,
    ):
        try:
            wait_until(lambda: _answers(process, http_port, folder), "Virtuoso started", START_S)
            yield Virtuoso(f"http://127.0.0.1:{http_port}", f"127.0.0.1:{sql_port}")
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def put(virtuoso: Virtuoso, graph: str, triples: bytes) -> None:
    """Make these N-Triples all there is in one of its graphs."""

    async def add() -> None:
        account = Account(USER, PASSWORD)
        async with GraphStore(virtuoso.graphs, virtuoso.sparql, account) as store:
            await store.clear(graph)
            await store.add(graph, triples)

    asyncio.run(add())


def let_call_others(virtuoso: Virtuoso) -> None:
    """Allow SERVICE in queries of anybody, as whoever runs a Virtuoso may.

    https://docs.openlinksw.com/virtuoso/rdfsparqlfed/
    """
    for grant in (
        'GRANT SELECT ON "DB.DBA.SPARQL_SINV_2" TO "SPARQL"',
        'GRANT EXECUTE ON "DB.DBA.SPARQL_SINV_IMP" TO "SPARQL"',
    ):
        command = ["isql-vt", virtuoso.sql, USER, PASSWORD, "ERRORS=STDOUT", f"EXEC={grant};"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        assert "Error" not in done.stdout, done.stdout


def _answers(process: subprocess.Popen[bytes], port: int, folder: Path) -> bool:
    assert process.poll() is None, (folder / "output.txt").read_text()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        # The port is open before the endpoint answers.
        connection.request("GET", "/sparql?query=ASK%7B%7D")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _settings(
    folder: Path, sql_port: int, http_port: int, allowed: Path
) -> configparser.ConfigParser:
    """https://docs.openlinksw.com/virtuoso/databaseadmsrv/ : small, and on loopback only."""
    settings = configparser.ConfigParser()
    settings.optionxform = str  # type: ignore[assignment,method-assign]  # its keys have capitals
    files = {
        "DatabaseFile": folder / "virtuoso.db",
        "TransactionFile": folder / "virtuoso.trx",
        "ErrorLogFile": folder / "virtuoso.log",
        "LockFile": folder / "virtuoso.lck",
        "xa_persistent_file": folder / "virtuoso.pxa",
    }
    spare = {"DatabaseFile": folder / "spare.db", "TransactionFile": folder / "spare.trx"}
    settings["Database"] = {
        **{name: str(path) for name, path in files.items()},
        "TempStorage": "TempDatabase",
    }
    settings["TempDatabase"] = {name: str(path) for name, path in spare.items()}
    settings["Parameters"] = {
        "ServerPort": f"127.0.0.1:{sql_port}",
        "ServerThreads": "20",
        "NumberOfBuffers": "4000",
        "MaxDirtyBuffers": "3000",
        "CheckpointInterval": "0",
        "DirsAllowed": f"{folder}, {allowed}",
    }
    settings["HTTPServer"] = {
        "ServerPort": f"127.0.0.1:{http_port}",
        "ServerRoot": str(folder),
        "ServerThreads": "10",
    }
    settings["SPARQL"] = {"ResultSetMaxRows": "1000000"}
    return settings
