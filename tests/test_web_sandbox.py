"""What a query process has given up is gone, and what it needs is left."""

import errno
import signal
import struct
import subprocess
import sys
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfocr_rdf.web.sandbox import (
    ALLOWED,
    ARCHITECTURE,
    MMAP,
    MPROTECT,
    RET_ALLOW,
    RET_EPERM,
    RET_KILL,
    SECCOMP,
    TGKILL,
    X32_FROM,
    filter_code,
    open_doors,
)

PID: Final = 4_321
NONE: Final = 0xFFFF_FFFF  # a descriptor of -1
DOORS: Final = ["socket", "file", "fork", "exec", "kill"]
MACHINES: Final = sorted(ALLOWED)
#: What must fail whatever the list says, https://man7.org/linux/man-pages/man2/syscalls.2.html
DANGEROUS: Final = {
    "x86_64": {
        **{"open": 2, "dup": 32, "socket": 41, "connect": 42, "sendto": 44, "sendmsg": 46},
        **{"clone": 56, "fork": 57, "vfork": 58, "execve": 59, "kill": 62, "ptrace": 101},
        **{"prctl": 157, "openat": 257, "unshare": 272, "execveat": 322, "io_uring_setup": 425},
        **{"pidfd_getfd": 438, "clone3": 435, "openat2": 437, "process_vm_readv": 310},
        **{"ioctl": 16, "fcntl": 72, "bind": 49, "seccomp": 317, "setrlimit": 160, "prlimit": 302},
    },
    "aarch64": {
        **{"dup": 23, "fcntl": 25, "ioctl": 29, "openat": 56, "prctl": 167, "socket": 198},
        **{"connect": 203, "sendto": 206, "sendmsg": 211, "clone": 220, "execve": 221},
        **{"kill": 129, "ptrace": 117, "unshare": 97, "execveat": 281, "io_uring_setup": 425},
        **{"clone3": 435, "openat2": 437, "process_vm_readv": 270, "seccomp": 277},
    },
}


def ran(code: str, *, status: int = 0) -> str:
    """What a process of its own prints."""
    command = [sys.executable, "-c", f"import os\nfrom pfocr_rdf.web import sandbox\n{code}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == status, done.stderr
    return done.stdout.strip()


# --- the filter, on every machine that it is written for ---


def verdict(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """What the filter says to a system call: a small kernel."""
    code = filter_code(machine, PID)
    instructions = list(struct.iter_unpack("=HBBI", code))
    asked = architecture if architecture is not None else ARCHITECTURE[machine]
    padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("=IIQ6Q", number, asked, 0, *padded)
    at = value = 0
    while True:
        kind, yes, no, operand = instructions[at]
        at += 1
        if kind == 0x20:
            [value] = struct.unpack_from("=I", data, operand)
        elif kind == 0x06:
            return int(operand)
        else:
            tests = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}
            at += yes if tests[kind] else no


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_allows_what_is_on_the_list_and_nothing_else(machine: str) -> None:
    special = {MMAP[machine], MPROTECT[machine], TGKILL[machine]}
    allowed = {number for number in range(1_000) if verdict(machine, number) == RET_ALLOW}
    assert allowed - special == set(ALLOWED[machine].values())
    for name, number in DANGEROUS[machine].items():
        assert verdict(machine, number) == RET_EPERM, name
    assert verdict(machine, SECCOMP[machine]) == RET_EPERM


@pytest.mark.parametrize("machine", MACHINES)
@given(st.integers(0, X32_FROM - 1), st.integers(0, 2**32 - 1))
def test_calls_by_the_numbers_of_another_machine_end_the_process(
    machine: str, number: int, architecture: int
) -> None:
    if architecture != ARCHITECTURE[machine]:
        assert verdict(machine, number, architecture=architecture) == RET_KILL
    assert verdict(machine, number | X32_FROM) == RET_KILL


@pytest.mark.parametrize("machine", MACHINES)
def test_memory_can_be_had_but_none_that_is_a_file_or_a_program(machine: str) -> None:
    read_write, execute, private_anonymous = 3, 4, 0x22
    memory = (0, 4_096, read_write, private_anonymous)
    assert verdict(machine, MMAP[machine], *memory, NONE) == RET_ALLOW
    assert verdict(machine, MMAP[machine], *memory, 0xFFFF_FFFF_FFFF_FFFF) == RET_ALLOW
    assert verdict(machine, MMAP[machine], *memory, 7) == RET_EPERM
    program = (0, 4_096, read_write | execute, private_anonymous)
    assert verdict(machine, MMAP[machine], *program, NONE) == RET_EPERM
    assert verdict(machine, MPROTECT[machine], 0, 4_096, read_write) == RET_ALLOW
    assert verdict(machine, MPROTECT[machine], 0, 4_096, execute) == RET_EPERM


@pytest.mark.parametrize("machine", MACHINES)
def test_a_process_can_signal_itself_alone(machine: str) -> None:
    assert verdict(machine, TGKILL[machine], PID, PID, signal.SIGABRT) == RET_ALLOW
    assert verdict(machine, TGKILL[machine], PID + 1, PID + 1, signal.SIGABRT) == RET_EPERM


# --- real processes ---


def test_every_door_is_open_before() -> None:
    assert open_doors() == DOORS


def test_every_door_is_shut_afterwards() -> None:
    code = "sandbox.give_up_files_and_network()\nprint(sandbox.open_doors())"
    assert ran(code) == "[]"


def test_without_the_filter_the_limits_keep_files_and_network_shut() -> None:
    code = """
import platform
platform.machine = lambda: "riscv64"
sandbox.give_up_files_and_network()
print(sandbox.open_doors())"""
    left = ran(code)
    assert "socket" not in left
    assert "file" not in left
    assert "exec" in left


def test_a_filter_that_cannot_be_installed_is_noticed() -> None:
    code = """
import platform
platform.machine = lambda: "aarch64" if os.uname().machine == "x86_64" else "x86_64"
sandbox.SECCOMP = dict.fromkeys(sandbox.SECCOMP, 999_999)
sandbox.give_up_files_and_network()
print("exec" in sandbox.open_doors())"""
    assert ran(code) == "True"


def test_what_is_open_can_still_be_read_and_written() -> None:
    code = """
import ctypes, time, random
kept = os.open(sandbox.__file__, os.O_RDONLY)
ours, theirs = os.pipe()
sandbox.give_up_files_and_network()
os.write(theirs, os.pread(kept, 10, 3))
print(os.read(ours, 10), len(bytes(50_000_000)), time.time() > 0, len(os.urandom(9)))"""
    assert ran(code) == "b'What a que' 50000000 True 9"


@pytest.mark.parametrize(
    "attempt",
    [
        "os.open('/etc/passwd', os.O_RDONLY)",
        "os.open('new', os.O_WRONLY | os.O_CREAT)",
        "os.dup(1)",
        "os.listdir('/')",
        "os.pipe()",
        "os.kill(os.getppid(), 9)",
        "os.kill(os.getpid(), 0)",
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "__import__('subprocess').run(['true'])",
        "__import__('socket').socketpair()",
        "__import__('socket').getaddrinfo(b'localhost', 80)",
        "__import__('mmap').mmap(kept, 10, prot=1)",
        "__import__('mmap').mmap(-1, 4096, prot=7)",
        "__import__('threading').Thread(target=print).start()",
        "__import__('resource').setrlimit(7, (9, 9))",
        "os.setuid(0)",
        "os.readlink('/proc/self/exe')",
        "os.stat('/')",
    ],
)
def test_an_attempt_fails_and_does_not_end_the_process(attempt: str) -> None:
    code = f"""
import mmap, resource, socket, subprocess, threading
kept = os.open(sandbox.__file__, os.O_RDONLY)
sandbox.give_up_files_and_network()
try:
    {attempt}
    print("done")
except (OSError, RuntimeError, ValueError) as error:
    print("failed")"""
    assert ran(code) == "failed"


def test_no_program_could_give_privileges_back() -> None:
    code = """
status = os.open("/proc/self/status", os.O_RDONLY)
sandbox.give_up_files_and_network()
print([line for line in os.read(status, 9_999).decode().splitlines() if "NoNewPrivs" in line])"""
    assert ran(code) == r"['NoNewPrivs:\t1']"


def test_calls_of_32_bits_end_the_process() -> None:
    code = """
import ctypes
sandbox.give_up_files_and_network()
sandbox.LIBC.syscall(0x4000_0000 | 41, 2, 1, 0)
print("done")"""
    assert ran(code, status=-signal.SIGSYS) == ""


def test_an_abort_still_ends_the_process() -> None:
    code = "sandbox.give_up_files_and_network()\nos.abort()"
    assert ran(code, status=-signal.SIGABRT) == ""


def test_memory_is_limited_beyond_what_there_is() -> None:
    code = """
before = bytearray(200 << 20)
print(sandbox.limit_memory(64 << 20))
fits = bytearray(40 << 20)
try:
    bytearray(70 << 20)
except MemoryError:
    print("MemoryError")"""
    assert ran(code).split() == ["True", "MemoryError"]


def test_where_memory_cannot_be_limited_it_says_so() -> None:
    code = """
sandbox.address_space = lambda pid: 0
print(sandbox.limit_memory(1))"""
    assert ran(code) == "False"


def test_a_limit_that_whoever_started_the_server_set_is_kept() -> None:
    code = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
print(sandbox.limit_memory(4 << 30))
print(resource.getrlimit(resource.RLIMIT_AS) == (2 << 30, 2 << 30))"""
    assert ran(code).split() == ["True", "True"]


# --- parents and children ---


def test_an_orphan_can_be_adopted() -> None:
    code = """
sandbox.adopt_orphans()
if not os.fork():
    if not os.fork():
        os._exit(7)
    os._exit(8)
print(sorted(os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(2)))"""
    assert ran(code) == "[7, 8]"


def test_the_error_of_a_refused_call_is_that_of_a_lack_of_permission() -> None:
    code = """
sandbox.give_up_files_and_network()
try:
    os.open("/", os.O_RDONLY)
except OSError as error:
    print(error.errno)"""
    assert ran(code) == str(errno.EPERM)
