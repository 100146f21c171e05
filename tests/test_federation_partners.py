"""The list of partners: what ships is sensible, what is wrong is refused with its place."""

from pathlib import Path

import pytest

from pfocr_rdf.errors import ServeError
from pfocr_rdf.queries import federated_queries
from pfocr_rdf.web.federation.partners import Whole, public_partners, read_partners

GOOD = '[partners.p]\nendpoint = "https://e.example/sparql"\n'


def read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "partners.toml"
    path.write_text(text, encoding="utf-8")
    read_partners(path)


def test_the_public_list_has_the_endpoints_that_biologists_join_with() -> None:
    names = set(public_partners().by_name)
    assert names >= {"wikipathways", "uniprot", "wikidata", "mesh", "bgee", "rhea", "idsm"}
    assert any(name.startswith("rdfportal") for name in names)


def test_no_public_partner_may_be_at_a_private_address() -> None:
    assert not any(partner.private for partner in public_partners().by_name.values())


def test_five_thousand_values_take_at_most_25_requests() -> None:
    for partner in public_partners().by_name.values():
        assert 5_000 / partner.batch <= 25, partner.name
        assert partner.bindings >= 5_000


def test_every_federated_query_names_a_partner_on_the_list() -> None:
    for query in federated_queries():
        for endpoint in query.endpoints:
            assert public_partners().find(endpoint), query.name


def test_a_partner_has_its_own_settings_before_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "partners.toml"
    defaults = "[defaults]\nrows = 7\nbatch = 9\ncut_at = 5\n"
    path.write_text(f"{defaults}{GOOD}rows = 8\ncut_at = 0\n", encoding="utf-8")
    found = read_partners(path).by_name["p"]
    assert (found.rows, found.batch, found.private, found.cut_at) == (8, 9, False, 0)


def test_a_query_has_limits_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "partners.toml"
    path.write_text(f"[query]\ntimeout_s = 0.5\nrows = 7\n{GOOD}", encoding="utf-8")
    assert read_partners(path).whole == Whole(timeout_s=0.5, rows=7)
    path.write_text(GOOD, encoding="utf-8")
    assert read_partners(path).whole == Whole() == public_partners().whole


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "cannot be read as TOML"),
        ("[other]\n", "other is not a table here"),
        ("partners = 1\n", "“partners” is not a table"),
        ("partners.p = 1\n", "partner p is not a table"),
        ("[partners.p]\n", "None is not the address"),
        ("[partners.P]\nendpoint = 'https://e.example/'\n", "'P' is not a name"),
        ("[partners.p]\nendpoint = 'ftp://e.example/'\n", "'ftp://e.example/' is not the address"),
        ("[partners.p]\nendpoint = 'file:///etc/passwd'\n", "is not the address"),
        ("[partners.p]\nendpoint = 'https://me:secret@e.example/'\n", "and no password"),
        ("[partners.p]\nendpoint = 'https://e.example/#x'\n", "is not the address"),
        ("[partners.p]\nendpoint = 'https://e.example/a b'\n", "is not the address"),
        ("[partners.p]\nendpoint = 'https://[x/'\n", "is not the address"),
        ("[partners.p]\nendpoint = 'https://e.example:0/'\n", "is not the address"),
        ("[partners.p]\nendpoint = 'https://e..example/'\n", "is not the address"),
        (GOOD + "also = 'x'\n", "“also” is not a list"),
        (GOOD + "also = ['x']\n", "'x' is not the address"),
        (GOOD + "row = 1\n", "'row' is not a setting: use batch, bindings,"),
        (GOOD + "rows = 0\n", "rows is 0: give a larger number"),
        (GOOD + "rows = 1.5\n", "rows is 1.5: give a number"),
        (GOOD + "rows = true\n", "rows is True: give a number"),
        (GOOD + "timeout_s = 0\n", "timeout_s is 0: give a larger number"),
        (GOOD + "timeout_s = nan\n", "timeout_s is nan: give a number"),
        (GOOD + "ttl_s = inf\n", "ttl_s is inf: give a number"),
        (GOOD + "cut_at = -1\n", "cut_at is -1: give a larger number"),
        (GOOD + "private = 1\n", "private is 1: write true or false"),
        (GOOD + "[partners.q]\nendpoint = 'https://e.example/sparql'\n", "belongs to p and to q"),
        ("defaults = 1\n", "defaults is not a table"),
        ("query = 1\n", "query is not a table"),
        ("[query]\nbatch = 1\n", "query: 'batch' is not a setting: use bytes, rows, timeout_s"),
        ("[query]\ntimeout_s = 0\n", "query: timeout_s is 0: give a larger number"),
    ],
)
def test_a_list_with_a_mistake_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ServeError) as raised:
        read(tmp_path, text)
    assert said in str(raised.value)
    assert "partners.toml" in str(raised.value)


def test_a_list_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ServeError,
        match=r"none\.toml cannot be read \(No such file .*\): name a file that exists",
    ):
        read_partners(tmp_path / "none.toml")
