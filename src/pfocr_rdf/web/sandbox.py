"""What a query process gives up before it reads a query: files, network, other processes.

A query can do harm in two ways: by what SPARQL offers, such as SERVICE, which calls any
address, and by a fault of the engine. Against both, the process keeps its open descriptors and
can compute, read and write; all else fails. On Linux a filter of system calls enforces this,
https://docs.kernel.org/userspace-api/seccomp_filter.html ; on every system a limit of zero new
descriptors does the most important part.
"""

import ctypes
import errno
import os
import platform
import resource
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from pfocr_rdf.web.memory import address_space

LIBC: Final = ctypes.CDLL(None, use_errno=True)

# https://man7.org/linux/man-pages/man2/prctl.2.html
PR_SET_CHILD_SUBREAPER: Final = 36
PR_SET_NO_NEW_PRIVS: Final = 38

# https://man7.org/linux/man-pages/man2/seccomp.2.html
SECCOMP_SET_MODE_FILTER: Final = 1
SECCOMP_FILTER_FLAG_TSYNC: Final = 1
RET_KILL: Final = 0x8000_0000
RET_ALLOW: Final = 0x7FFF_0000
RET_EPERM: Final = 0x0005_0000 | errno.EPERM
#: Where a filter finds the number of the call, the architecture, and the lower half of an argument.
NUMBER_AT: Final = 0
ARCHITECTURE_AT: Final = 4
ARGUMENT_AT: Final = (16, 24, 32, 40, 48, 56)
#: Numbers from here on are those of x32: the same calls by other numbers, which no rule matches.
X32_FROM: Final = 0x4000_0000

# Instructions of the classic packet filter: load a word; jump if equal, at least, any bit set;
# return.
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06

PROT_EXEC: Final = 4
NO_FILE: Final = 0xFFFF_FFFF

#: The calls that reading an open store and running Python take → their numbers on each machine.
#: Calls that are not listed, such as those that newer kernels add, fail.
ALLOWED: Final[dict[str, dict[str, int]]] = {
    "x86_64": {
        "read": 0,
        "write": 1,
        "close": 3,
        "fstat": 5,
        "poll": 7,
        "lseek": 8,
        "munmap": 11,
        "brk": 12,
        "rt_sigaction": 13,
        "rt_sigprocmask": 14,
        "rt_sigreturn": 15,
        "pread64": 17,
        "readv": 19,
        "writev": 20,
        "sched_yield": 24,
        "mremap": 25,
        "madvise": 28,
        "nanosleep": 35,
        "getpid": 39,
        "exit": 60,
        "gettimeofday": 96,
        "getrusage": 98,
        "sysinfo": 99,
        "sigaltstack": 131,
        "gettid": 186,
        "readahead": 187,
        "time": 201,
        "futex": 202,
        "sched_getaffinity": 204,
        "restart_syscall": 219,
        "fadvise64": 221,
        "clock_gettime": 228,
        "clock_getres": 229,
        "clock_nanosleep": 230,
        "exit_group": 231,
        "ppoll": 271,
        "set_robust_list": 273,
        "preadv": 295,
        "getcpu": 309,
        "getrandom": 318,
        "membarrier": 324,
        "rseq": 334,
    },
    "aarch64": {
        "close": 57,
        "lseek": 62,
        "read": 63,
        "write": 64,
        "readv": 65,
        "writev": 66,
        "pread64": 67,
        "preadv": 69,
        "ppoll": 73,
        "fstat": 80,
        "exit": 93,
        "exit_group": 94,
        "futex": 98,
        "set_robust_list": 99,
        "nanosleep": 101,
        "clock_gettime": 113,
        "clock_getres": 114,
        "clock_nanosleep": 115,
        "sched_getaffinity": 123,
        "sched_yield": 124,
        "restart_syscall": 128,
        "sigaltstack": 132,
        "rt_sigaction": 134,
        "rt_sigprocmask": 135,
        "rt_sigreturn": 139,
        "getrusage": 165,
        "getcpu": 168,
        "gettimeofday": 169,
        "getpid": 172,
        "gettid": 178,
        "sysinfo": 179,
        "readahead": 213,
        "brk": 214,
        "munmap": 215,
        "mremap": 216,
        "fadvise64": 223,
        "madvise": 233,
        "getrandom": 278,
        "membarrier": 283,
        "rseq": 293,
    },
}
#: Calls that are allowed with some arguments only; and the number of seccomp itself.
MMAP: Final = {"x86_64": 9, "aarch64": 222}
MPROTECT: Final = {"x86_64": 10, "aarch64": 226}
TGKILL: Final = {"x86_64": 234, "aarch64": 131}
SECCOMP: Final = {"x86_64": 317, "aarch64": 277}
# https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/audit.h
ARCHITECTURE: Final = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}


class _Program(ctypes.Structure):
    """The filter as the kernel takes it."""

    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def adopt_orphans() -> None:
    """Become the parent of processes that descendants leave behind, so that they can be reaped."""
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def limit_memory(bytes_more: int) -> bool:
    """Limit the address space to so many bytes more than now; False if its size is not known."""
    if not (now := address_space(os.getpid())):
        return False
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = now + bytes_more
    if most != resource.RLIM_INFINITY:
        limit = min(limit, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    return True


def give_up_files_and_network() -> None:
    """Keep the open descriptors and nothing else, for good.

    :func:`open_doors` tells whether it worked: a kernel may lack the filter.
    """
    for limit in ("RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_CORE"):
        resource.setrlimit(getattr(resource, limit), (0, 0))
    machine = platform.machine()
    if sys.platform != "linux" or machine not in ALLOWED:
        return
    LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    code = filter_code(machine, os.getpid())
    program = _Program(len(code) // 8, code)
    LIBC.syscall(
        SECCOMP[machine],
        SECCOMP_SET_MODE_FILTER,
        SECCOMP_FILTER_FLAG_TSYNC,
        ctypes.byref(program),
    )


def filter_code(machine: str, pid: int) -> bytes:
    """The filter for a machine, in which ``pid`` is the only process that can be signalled.

    >>> last = filter_code("x86_64", 1)[-8:]
    >>> struct.unpack("=HBBI", last) == (RETURN, 0, 0, RET_EPERM)
    True
    """
    code = [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (EQUAL, 1, 0, ARCHITECTURE[machine]),
        (RETURN, 0, 0, RET_KILL),
        (LOAD, 0, 0, NUMBER_AT),
        (AT_LEAST, 0, 1, X32_FROM),
        (RETURN, 0, 0, RET_KILL),
        # mmap and mprotect: no memory that can be executed, and no file mapped into memory.
        (EQUAL, 0, 6, MMAP[machine]),
        (LOAD, 0, 0, ARGUMENT_AT[2]),
        (ANY_BIT, 3, 0, PROT_EXEC),
        (LOAD, 0, 0, ARGUMENT_AT[4]),
        (EQUAL, 0, 1, NO_FILE),
        (RETURN, 0, 0, RET_ALLOW),
        (RETURN, 0, 0, RET_EPERM),
        (EQUAL, 0, 4, MPROTECT[machine]),
        (LOAD, 0, 0, ARGUMENT_AT[2]),
        (ANY_BIT, 1, 0, PROT_EXEC),
        (RETURN, 0, 0, RET_ALLOW),
        (RETURN, 0, 0, RET_EPERM),
        # tgkill: an abort is a signal of a process to itself.
        (EQUAL, 0, 4, TGKILL[machine]),
        (LOAD, 0, 0, ARGUMENT_AT[0]),
        (EQUAL, 0, 1, pid),
        (RETURN, 0, 0, RET_ALLOW),
        (RETURN, 0, 0, RET_EPERM),
    ]
    for number in ALLOWED[machine].values():
        code += [(EQUAL, 0, 1, number), (RETURN, 0, 0, RET_ALLOW)]
    code.append((RETURN, 0, 0, RET_EPERM))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def open_doors() -> list[str]:
    """What this process can still do, of: socket, file, fork, exec, kill.

    Each is tried. Before :func:`give_up_files_and_network` all of them work.
    """
    attempts: dict[str, Callable[[], None]] = {
        "socket": _try_socket,
        "file": _try_file,
        "fork": _try_fork,
        "exec": _try_exec,
        "kill": _try_kill,
    }
    found = []
    for name, attempt in attempts.items():
        try:
            attempt()
        except OSError:
            continue
        found.append(name)
    return found


def _try_socket() -> None:
    for family in (socket.AF_INET, socket.AF_UNIX):
        with suppress(OSError):
            socket.socket(family).close()
            return
    raise OSError


def _try_file() -> None:
    os.close(os.open(os.curdir, os.O_RDONLY))


def _try_fork() -> None:
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)


def _try_exec() -> None:
    try:
        os.execv(os.devnull, [os.devnull])  # noqa: S606 - it is no program
    except OSError as error:
        if error.errno == errno.EPERM:
            raise


def _try_kill() -> None:
    os.kill(os.getppid(), 0)
