"""Regular expressions with possessive repeats of groups, as ``re`` has them.

Before 3.11.5 ``re`` loses its place where such a group matches in part: ``(?:ab?c)*+`` takes three
letters of ``aca``. Debian 12 has Python 3.11.2.
Who repeats groups possessively takes ``re`` from here.
https://github.com/python/cpython/issues/106052
"""

import sys
from typing import TYPE_CHECKING

# Types are those of re: type checkers need not have the other one.
if TYPE_CHECKING or sys.version_info >= (3, 11, 5):
    import re
else:
    import regex as re

__all__ = ["re"]
