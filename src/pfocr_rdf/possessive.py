"""The module ``re``, or ``regex`` where ``re`` gets possessive repeats of groups wrong.

Before Python 3.11.5 ``re`` loses its place if such a group matches in part: ``(?:ab?c)*+`` takes
three letters of ``aca``. Debian 12 has Python 3.11.2.
A module that repeats groups possessively imports ``re`` from here.
https://github.com/python/cpython/issues/106052
"""

import sys
from typing import TYPE_CHECKING

# Type checkers see re alone, so they do not need regex installed.
if TYPE_CHECKING or sys.version_info >= (3, 11, 5):
    import re
else:
    import regex as re

__all__ = ["re"]
