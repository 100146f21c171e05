"""What is written at one end of the socket is read at the other, however it is torn."""

import os
import socket
import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfocr_rdf.web.frames import (
    HEADER_BYTES,
    LENGTH,
    MAX_PAYLOAD,
    MAX_REQUEST,
    FrameError,
    Kind,
    data_frames,
    frame,
    read_request,
    request_frame,
    split_frames,
    write_all,
)


@pytest.fixture(name="pair")
def _pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@given(
    st.lists(st.tuples(st.sampled_from(Kind), st.binary(max_size=40)), max_size=6),
    st.lists(st.integers(0, 200), max_size=6),
)
def test_frames_are_read_as_they_were_written_however_they_are_torn(
    frames: list[tuple[Kind, bytes]], cuts: list[int]
) -> None:
    data = b"".join(frame(kind, payload) for kind, payload in frames)
    found: list[tuple[int, bytes]] = []
    pending = b""
    bounds = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for start, end in pairwise(bounds):
        pending += data[start:end]
        more, used = split_frames(pending)
        pending = pending[used:]
        found += more
    assert found == frames
    assert pending == b""


def test_a_long_answer_makes_frames_that_are_full_but_for_the_last() -> None:
    payload = os.urandom(2 * MAX_PAYLOAD + 5)
    parts = list(data_frames(payload))
    assert [len(part) for part in parts] == [5, MAX_PAYLOAD, 5, MAX_PAYLOAD, 5, 5]
    frames, used = split_frames(b"".join(parts))
    assert b"".join(data for _, data in frames) == payload
    assert used == len(payload) + 3 * HEADER_BYTES
    assert list(data_frames(b"")) == []


@pytest.mark.parametrize(
    "data",
    [
        b"Z\x00\x00\x00\x00",
        b"\x00\x00\x00\x00\x00",
        b"D\x01\x00\x01\x00",
        b"X\xff\xff\xff\xff",
        frame(Kind.END, b"{}") + b"Traceback (most recent call last)",
    ],
)
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(FrameError, match="no frame begins with"):
        split_frames(data)


def test_the_largest_frame_is_taken() -> None:
    payload = bytes(MAX_PAYLOAD)
    assert split_frames(frame(Kind.DATA, payload)) == ([(Kind.DATA, payload)], 5 + MAX_PAYLOAD)


def test_a_request_is_read_whole_though_it_comes_in_pieces(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    payload = os.urandom(300_000)
    data = request_frame(payload)

    def send() -> None:
        for start in (0, 2, 3, 4, 5, 100_000):
            end = {0: 2, 2: 3, 3: 4, 4: 5, 5: 100_000}.get(start, len(data))
            ours.sendall(data[start:end])

    thread = threading.Thread(target=send)
    thread.start()
    assert read_request(theirs.fileno()) == payload
    thread.join()


def test_an_empty_request_is_one(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    ours.sendall(request_frame(b""))
    assert read_request(theirs.fileno()) == b""


@pytest.mark.parametrize("begun", [b"", b"\x05", b"\x05\x00\x00\x00", b"\x05\x00\x00\x00abcd"])
def test_a_server_that_closes_its_end_sends_no_request(
    begun: bytes, pair: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = pair
    ours.sendall(begun)
    ours.shutdown(socket.SHUT_WR)
    assert read_request(theirs.fileno()) is None


def test_a_request_that_claims_to_be_endless_is_refused(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    ours.sendall(LENGTH.pack(MAX_REQUEST + 1))
    with pytest.raises(FrameError, match="a request of 16777217 bytes"):
        read_request(theirs.fileno())


def test_all_is_written_though_the_socket_takes_it_in_pieces(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    parts = [os.urandom(size) for size in (1, 70_000, 0, 500_000)]
    found: list[bytes] = []

    def read() -> None:
        while more := theirs.recv(1 << 16):
            found.append(more)

    thread = threading.Thread(target=read)
    thread.start()
    write_all(ours.fileno(), parts)
    ours.shutdown(socket.SHUT_WR)
    thread.join()
    assert b"".join(found) == b"".join(parts)


def test_all_is_written_though_a_signal_interrupts(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = pair
    monkeypatch.setattr(os, "writev", lambda fd, parts: os.write(fd, b"".join(parts)[:7]))
    write_all(ours.fileno(), [b"12345", b"6789", b"0"])
    assert theirs.recv(100) == b"1234567890"


def test_writing_to_a_closed_socket_fails(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.close()
    with pytest.raises(BrokenPipeError):
        write_all(ours.fileno(), [b"x"])
