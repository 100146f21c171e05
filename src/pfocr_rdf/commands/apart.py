"""Run a command that the engine may crash in a process of its own, and explain a crash in words.

Oxigraph aborts its process for some queries, such as one whose ORDER BY meets numbers beside
text: it raises no exception that could be caught. https://github.com/oxigraph/oxigraph
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import BinaryIO, Final, NoReturn

from pfocr_rdf.commands.console import say
from pfocr_rdf.errors import NO_ORDER, NO_ORDER_ADVICE, NO_ROOM
from pfocr_rdf.forks import die_with_parent
from pfocr_rdf.interrupting import INTERRUPTED

#: Signals that are passed on to the child: a terminal sends them to both processes, but others send
#: them to this one only, whose id they know.
PASSED_ON: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Seconds that an interrupted command has to end by itself, before it is killed.
INTERRUPT_S: Final = 0.5
#: Signals of a fault of the process itself, and the one that a system out of memory sends.
FAULTS: Final = (
    *(signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE),
    signal.SIGKILL,
)


def run_apart(act: Callable[[], object]) -> NoReturn:
    """Run a program in a process of its own, and end as it ends.

    It has the same standard streams. But what it writes to standard error other than by Python is
    kept until it ends; after a fault, an explanation in words takes its place.

    :param act: the program; it returns, or raises :class:`SystemExit`.
    :raises SystemExit: always; with status 1 after a fault.
    """
    # A process that ignores SIGCHLD, and any program it starts, never sees its children end.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with os.fdopen(os.memfd_create("said"), "w+b") as kept:
        # Leave out ignored signals, as behind nohup: blocked, they would be received all the same.
        heard = {one for one in PASSED_ON if signal.getsignal(one) is not signal.SIG_IGN}
        watched = {*heard, signal.SIGCHLD}
        before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
        parent = os.getpid()
        child = os.fork()
        if not child:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            die_with_parent(parent)
            _keep_apart(kept)
            act()
            sys.exit()
        status = _waited(child, watched)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        kept.seek(0)
        said = kept.read()
    _end_as(status, said)


def _keep_apart(kept: BinaryIO) -> None:
    """Let only Python write to standard error; all else that would goes to a file."""
    own = os.dup(2)
    sys.stderr = open(  # noqa: SIM115
        own, "w", buffering=1, encoding=sys.stderr.encoding, errors=sys.stderr.errors
    )
    os.dup2(kept.fileno(), 2)


def _waited(child: int, watched: set[signal.Signals]) -> int:
    """Wait for a child to end, and pass on the signals that this process is sent meanwhile.

    While the engine runs a query, the child does not notice an interruption; it is soon killed.

    :returns: its exit status; that of a signal is negative.
    """
    interrupted = False
    while True:
        info: signal.struct_siginfo | None = (
            signal.sigtimedwait(watched, INTERRUPT_S)
            if interrupted
            else signal.sigwaitinfo(watched)
        )
        if info is None:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            say("Aborted.")
            return INTERRUPTED
        if info.si_signo == signal.SIGCHLD:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
        elif info.si_code <= 0:  # from a process; a terminal's signal has reached the child, too
            os.kill(child, info.si_signo)
        interrupted |= info.si_signo == signal.SIGINT


def _end_as(status: int, said: bytes) -> NoReturn:
    if -status not in FAULTS:
        os.write(2, said)
        if status < 0:  # end likewise: the caller sees which signal it was
            signal.signal(-status, signal.SIG_DFL)
            os.kill(os.getpid(), -status)
        raise SystemExit(status if status >= 0 else 128 - status)  # no signal ends process 1
    say(f"error: {_words(-status, said.decode(errors='replace'))}")
    raise SystemExit(1)


def _words(number: int, said: str) -> str:
    """The explanation of a fault.

    >>> _words(signal.SIGSEGV, "")
    'the query crashed the engine (SIGSEGV): ask something simpler'
    """
    if NO_ORDER in said:
        return NO_ORDER_ADVICE
    if number == signal.SIGKILL:
        return "the query was killed, probably because memory ran out: ask for less at once"
    if any(words in said for words in NO_ROOM):
        return "the query took more memory than there is: ask for less at once"
    return f"the query crashed the engine ({signal.Signals(number).name}): ask something simpler"
