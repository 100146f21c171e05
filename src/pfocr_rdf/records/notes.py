"""What every reader is given: limits to keep to, and notes to record problems in."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from pfocr_rdf.errors import Problem, RecordError


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper limits for a record, against hostile input.

    :param file_bytes: size of one record or table.
    :param depth: nesting of the front matter; real records nest three deep.
    :param caption_characters: a longer caption is kept, with a warning.
    """

    file_bytes: int = 10_000_000
    depth: int = 20
    caption_characters: int = 10_000


@dataclass(slots=True)
class Notes:
    """Collects the problems of one file, in the order in which they are met."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def warn(self, where: str, kind: str, value: str, reason: str) -> None:
        """Note a value that was kept, or left out of the graph, with the reason."""
        self.problems.append(Problem(self.file, where, kind, "warning", value, reason))

    def error(self, where: str, kind: str, value: str, reason: str) -> None:
        """Note something that was refused, while the rest of the record is still read."""
        self.problems.append(Problem(self.file, where, kind, "error", value, reason))

    def refusal(self, where: str, kind: str, value: str, reason: str) -> RecordError:
        """The exception that ends the reading of this file."""
        return RecordError(Problem(self.file, where, kind, "error", value, reason))


def read_text(path: Path, notes: Notes, limits: Limits) -> tuple[bytes, str]:
    """The bytes of a file, and its text without byte order marks and carriage returns.

    :raises RecordError: if it cannot be read, is larger than ``limits.file_bytes``, holds a
        NUL or is not UTF-8.
    """
    try:
        # A buffer would cost four more system calls for each file.
        with path.open("rb", buffering=0) as file:
            # Allocating room for the largest file allowed would take longer than reading this one.
            size = min(os.fstat(file.fileno()).st_size, limits.file_bytes)
            data = file.read(size + 1)
            if len(data) != size:  # it has grown, or arrives in parts
                while more := file.read(limits.file_bytes + 1 - len(data)):
                    data += more
    except OSError as error:
        reason = f"cannot be read ({error.strerror}): check the file and its permissions"
        raise notes.refusal("file", "unreadable", "", reason) from error
    if len(data) > limits.file_bytes:
        reason = f"larger than {limits.file_bytes:,} bytes: raise --max-file-bytes if it is right"
        raise notes.refusal("file", "too large", f"{path.stat().st_size} bytes", reason)
    if b"\0" in data:
        at = f"byte {data.index(0)}"
        raise notes.refusal("file", "not text", at, "holds a NUL byte: save it as text in UTF-8")
    try:
        # Not utf-8-sig: the positions in its errors leave out the mark, and it removes only one.
        text = data.decode("utf-8").lstrip("\ufeff")
    except UnicodeDecodeError as error:
        found = f"byte {error.start}: {data[error.start : error.end].hex()}"
        reason = "not UTF-8: save the file in that encoding"
        raise notes.refusal("file", "not UTF-8", found, reason) from error
    return data, text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
