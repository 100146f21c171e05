"""The files that ship with the package: ``ontology/`` and ``queries/``.

In a wheel they are inside the package; in a checkout they are top-level folders.
"""

from functools import cache
from pathlib import Path


@cache
def resource(folder: str, name: str = "") -> Path:
    """The path of a shipped file or folder.

    :param folder: ``"ontology"`` or ``"queries"``.
    :param name: a file in it; the folder itself when empty.
    :raises FileNotFoundError: if the installation is incomplete.

    >>> resource("ontology", "pfocr.ttl").name
    'pfocr.ttl'
    """
    package = Path(__file__).resolve().parent
    for root in (package, package.parents[1]):
        path = root / folder / name
        if path.exists():
            return path
    raise FileNotFoundError(f"{folder}/{name} is missing from this installation: install again")
