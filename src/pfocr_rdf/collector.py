"""Work that leaves no reference cycles, without the collector that looks for them."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collector() -> Iterator[None]:
    """Leave reference cycles alone for a while: where there are none, looking for them takes time.

    >>> import gc
    >>> with no_collector():
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
