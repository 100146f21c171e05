"""Virtuoso's command line, ``isql``: a session of statements, with the password by a terminal.

isql takes the password as an argument, which every process of the machine can read, or asks for
it at the terminal of its session: so it gets a terminal that only this process can write to. If
this process is killed, that terminal closes, which ends isql and what it is running.

Everything is done in one session: without that argument isql tries a password of its own first,
and after four wrong ones in a row Virtuoso refuses the whole machine for a minute.

https://docs.openlinksw.com/virtuoso/isql/
"""

import os
import pty
import re
import select
import shutil
import signal
import time
from base64 import b64encode
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from secrets import token_hex
from typing import Final, NoReturn

from pfocr_rdf.errors import QueryError, RemoteError
from pfocr_rdf.peers import flat
from pfocr_rdf.push.stores import Account

#: Names of the program: Debian's, others', and last upstream's, as unixODBC has an ``isql`` too.
PROGRAMS: Final = ("isql-vt", "isql-v", "virtuoso-isql", "isql")
SETTINGS: Final = ("VERBOSE=OFF", "BANNER=OFF", "PROMPT=OFF", "BLOBS=ON", "ERRORS=STDERR")
READ_BYTES: Final = 1 << 16
TTY: Final = 3  # file descriptor of the terminal in isql
LOGIN_S: Final = 60.0
ERROR_RE: Final = re.compile(
    r"\*\*\* Error (?P<state>\w+): (?:\[[^\]]*\])*(?P<said>.*?)(?=\nat line |\Z)", re.DOTALL
)


class StatementError(RemoteError):
    """A statement that Virtuoso refuses; keeps its message, such as ``FA003: Access to …``."""

    def __init__(self, server: str, said: str) -> None:
        super().__init__(server, f"Virtuoso says: {said}")
        self.said = said


class Isql:
    """A session of isql, as a context manager.

    :param server: ``HOST:PORT`` of Virtuoso's SQL server, or a port of this machine.
    :param account: the user to log in as, with the password.
    :param program: the isql to run; if None, the first of :data:`PROGRAMS` that is installed.
    """

    def __init__(self, server: str, account: Account, program: str | None = None) -> None:
        self.server = server
        self._account = account
        self._program = _found(program)
        #: What isql writes after each answer; no answer contains it, as nobody can guess it.
        self._mark = f"<{token_hex(16)}>".encode()
        self._said = b""
        self._errors = b""
        self._is_answered = False

    def __enter__(self) -> "Isql":
        with ExitStack() as undo:
            with ExitStack() as theirs:
                # The closing of each pair is ensured before the next is opened, which may fail.
                self._terminal, inner = _shared(pty.openpty(), undo, theirs)
                self._output, taken = _shared(os.pipe(), undo, theirs)
                self._refusals, complaints = _shared(os.pipe(), undo, theirs)
                given, self._input = _shared(os.pipe(), theirs, undo)
                self._pid = self._start((given, taken, complaints), os.ttyname(inner))
            undo.callback(self._end)
            self._log_in()
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def run(self, statement: str, timeout_s: float | None = None, **values: str) -> str:
        """The answer to a statement, one row a line.

        :param statement: one, without ``;``, with ``{name}`` where a value belongs.
        :param timeout_s: seconds that it may take; no limit if None.
        :param values: a text for each name, inserted as base64, so that nothing in it can end a
            literal.
        :raises StatementError: if Virtuoso refuses it.
        :raises RemoteError: if the session ends, or the time is up.
        """
        texts = {name: _literal(value) for name, value in values.items()}
        written = f"{statement.format_map(texts)};\n".encode()
        self._write(written + b'ECHOLN "' + self._mark + b'";\n')
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while self._mark + b"\n" not in self._said:
            if not self._wait(deadline):
                raise self._silent(timeout_s)
            self._read()
        # Errors of this statement were written before the mark, and unbuffered: read them all.
        while select.select([self._refusals], [], [], 0)[0] and self._take_refusals():
            pass
        answer, _, self._said = self._said.partition(self._mark + b"\n")
        errors, self._errors = self._errors.decode("utf-8", "replace"), b""
        if found := ERROR_RE.search(errors):
            raise StatementError(self.server, flat(found["said"]))
        return answer.decode("utf-8", "replace").strip()

    def _start(self, streams: Sequence[int], terminal: str) -> int:
        """Start isql in a session of its own; return its process id."""
        secret = self._account.password
        try:
            return os.posix_spawn(
                self._program,
                [self._program, self.server, self._account.user, *SETTINGS],
                {name: value for name, value in os.environ.items() if value != secret},
                file_actions=[
                    *((os.POSIX_SPAWN_DUP2, end, number) for number, end in enumerate(streams)),
                    # The first terminal that a new session opens becomes its own.
                    (os.POSIX_SPAWN_OPEN, TTY, terminal, os.O_RDWR, 0),
                ],
                setsid=True,
            )
        except OSError as error:
            reason = f"{self._program} cannot be run ({error.strerror})"
            raise QueryError(f"{reason}: say where Virtuoso's isql is with --isql") from error

    def _log_in(self) -> None:
        """Wait until a statement is answered; the failure of isql's own password does not count."""
        # An error of the login with isql's own password comes before the first answer.
        with suppress(StatementError):
            self.run("SELECT 1", LOGIN_S)
        self.run("SELECT 1", LOGIN_S)

    def _wait(self, deadline: float | None) -> bool:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        ends = [self._output, self._refusals, self._terminal]
        self._ready = select.select(ends, [], [], left)[0]
        return bool(self._ready)

    def _read(self) -> None:
        """Read what has arrived, and answer the request for the password."""
        if self._refusals in self._ready:
            self._take_refusals()
        if self._terminal in self._ready:
            self._answer()
        if self._output in self._ready:
            said = os.read(self._output, READ_BYTES)
            self._said += said
            if not said:
                self._tell_end()

    def _take_refusals(self) -> bytes:
        said = os.read(self._refusals, READ_BYTES)
        self._errors += said
        return said

    def _answer(self) -> None:
        try:
            asked = os.read(self._terminal, READ_BYTES)
        except OSError:  # isql has ended: its output says so too
            self._tell_end()
        if b"assword" in asked:
            if self._is_answered:
                raise self._wrong_password()
            self._is_answered = True
            os.write(self._terminal, self._account.password.encode() + b"\n")

    def _write(self, statements: bytes) -> None:
        try:
            os.write(self._input, statements)
        except BrokenPipeError:
            self._tell_end()

    def _tell_end(self) -> NoReturn:
        """Raise an error that says why isql has ended."""
        with suppress(OSError):
            while select.select([self._refusals], [], [], 1)[0] and self._take_refusals():
                pass
        errors = self._errors.decode("utf-8", "replace")
        said = [flat(found["said"]) for found in ERROR_RE.finditer(errors)]
        last = said[-1] if said else flat(errors)
        if "Bad login" in last:
            raise self._wrong_password()
        if "onnect failed" in last:
            reason = "check that it runs, and this is its SQL port (ServerPort of [Parameters])"
            raise RemoteError(self.server, f"cannot be reached ({last}): {reason}")
        name = os.path.basename(self._program)
        reason = "see Virtuoso's log, and check that this is its isql; then push again"
        raise RemoteError(self.server, f"{name} ended ({last or 'it says nothing'}): {reason}")

    def _wrong_password(self) -> RemoteError:
        return RemoteError(
            self.server,
            "user or password is wrong: check --user and the variable that --password-env names;"
            " after four wrong ones Virtuoso refuses everything from this machine for a minute",
        )

    def _silent(self, timeout_s: float | None) -> RemoteError:
        reason = "check that this is Virtuoso's SQL port, and what it is busy with"
        return RemoteError(self.server, f"said nothing for {timeout_s:g} seconds: {reason}")

    def _end(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)


def _shared(ends: tuple[int, int], first: ExitStack, second: ExitStack) -> tuple[int, int]:
    """Two descriptors, of which the first stack closes the first, and the second the second."""
    for end, stack in zip(ends, (first, second), strict=True):
        stack.callback(os.close, end)
    return ends


def _found(program: str | None) -> str:
    """The path of isql.

    :raises QueryError: if it is not installed.
    """
    for name in (program,) if program else PROGRAMS:
        if path := shutil.which(name):
            return path
    if program:
        raise QueryError(f"--isql {program}: there is no such program")
    raise QueryError(
        f"none of {', '.join(PROGRAMS)} is installed: install Virtuoso's client (Debian's package"
        " virtuoso-opensource-7-bin), or say where it is with --isql"
    )


def _literal(text: str) -> str:
    """A text as an expression of Virtuoso's SQL.

    >>> _literal("a'b")
    "decode_base64('YSdi')"
    """
    return f"decode_base64('{b64encode(text.encode()).decode()}')"
