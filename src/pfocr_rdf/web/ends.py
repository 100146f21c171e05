"""How a query process has ended, as told to the server, the operator and the client."""

import os
import signal
from typing import Literal

from pfocr_rdf.errors import NO_ORDER, NO_ORDER_ADVICE, NO_ROOM
from pfocr_rdf.web.problems import Refusal


def why_ended(status: int, said: str) -> Literal["memory", "order", "killed", "crash", "ended"]:
    """Why a query process has ended: no memory, a failed ORDER BY, SIGKILL, a crash, or normally.

    >>> why_ended(signal.SIGABRT, "memory allocation of 4 bytes failed"), why_ended(256, "")
    ('memory', 'crash')
    """
    if any(words in said for words in NO_ROOM):
        return "memory"
    if NO_ORDER in said:
        return "order"
    if os.WIFSIGNALED(status):
        return "killed" if os.WTERMSIG(status) == signal.SIGKILL else "crash"
    return "crash" if os.WEXITSTATUS(status) else "ended"


def words_of_end(status: int | None) -> str:
    """The message to the operator about a query process that ended when it opened the store.

    >>> words_of_end(signal.SIGSEGV)
    'a query process was killed by SIGSEGV when it opened the store: run `pfocr-rdf verify`'
    """
    when = "when it opened the store"
    if status is None or not os.WIFSIGNALED(status):
        return f"a query process ended {when}: run `pfocr-rdf verify`"
    number = os.WTERMSIG(status)
    name = signal.Signals(number).name if number in list(signal.Signals) else f"signal {number}"
    if number == signal.SIGSYS:
        filters = "a SystemCallFilter of systemd or the profile of a container"
        todo = f"{filters} forbids a call that it needs: allow seccomp there"
    else:
        todo = "run `pfocr-rdf verify`"
    return f"a query process was killed by {name} {when}: {todo}"


def refusal_of_end(ended_as: str, memory_mb: int) -> Refusal:
    """The refusal of a query whose process has ended.

    >>> refusal_of_end("memory", 64).kind, refusal_of_end("crash", 64).kind
    ('memory', 'engine-failure')
    """
    if ended_as == "memory":
        detail = f"the query took more than {memory_mb} MB: ask for less at once"
        return Refusal("memory", detail, limit_mb=memory_mb)
    if ended_as == "order":
        return Refusal("evaluation", NO_ORDER_ADVICE)
    return Refusal("engine-failure", "the query process ended in the middle of the query")
