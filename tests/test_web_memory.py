"""What a process has of memory, where Linux says it."""

import os

from pfocr_rdf.web.memory import address_space, resident_bytes


def test_a_process_that_is_gone_has_no_memory() -> None:
    assert resident_bytes(2**22 + 1) == 0
    assert address_space(2**22 + 1) == 0


def test_a_process_has_addresses_for_more_than_it_uses() -> None:
    assert 1_000_000 < resident_bytes(os.getpid()) < address_space(os.getpid())
