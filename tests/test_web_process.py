"""What a query process says of its answer is checked before any of it becomes a header."""

import orjson
import pytest

from pfocr_rdf.web import process
from pfocr_rdf.web.frames import Kind

HEAD = {"kind": "solutions", "encoding": "identity"}


@pytest.mark.parametrize("blanks", [["?x"], [[]], [{"?x": ""}], [["?x", "", ""], None], 5])
def test_variables_that_are_told_in_another_shape_are_refused(blanks: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        process._read(Kind.HEAD, orjson.dumps({**HEAD, "blanks": blanks}))


@pytest.mark.parametrize("blanks", [[], [["?x", "?y", ""]]])
def test_variables_that_are_told_as_agreed_are_read(blanks: object) -> None:
    said = {**HEAD, "blanks": blanks}
    assert process._read(Kind.HEAD, orjson.dumps(said)) == said
