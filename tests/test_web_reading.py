"""A release as the pages read it: bounded, from any thread, and kept for as long as it is read."""

import gc
import shutil
import threading
from pathlib import Path

import pytest

from pfocr_rdf.errors import ReleaseError
from pfocr_rdf.iris import Iris
from pfocr_rdf.releases import Release, prune_releases
from pfocr_rdf.vocabulary import RDF_TYPE, Pfocr, Schema
from pfocr_rdf.web.reading import Reading, open_reading
from pfocr_rdf.web.served import hold
from releasing import add_release, data_folder

FIGURE = Iris().figure("PMC6566596__ijms-20-02505-g004")
ALIAS = Iris().figure("PMC6566596__F4")
GENE = Iris().entity("ncbigene", "5594")


def reading_of(release: Release) -> Reading:
    held = hold(release)
    try:
        return open_reading(held)
    finally:
        held.close()


@pytest.fixture(scope="module", name="reading")
def _reading(seeds_release: Release) -> Reading:
    return reading_of(seeds_release)


def test_it_tells_figures_from_aliases_and_things(reading: Reading) -> None:
    assert reading.is_figure(FIGURE)
    assert not reading.is_figure(ALIAS)
    assert reading.is_subject(ALIAS)
    assert reading.is_a(GENE, Schema.Gene)
    assert not reading.is_subject(Iris().entity("ncbigene", "1"))


def test_what_points_at_a_thing_is_read_only_so_far(reading: Reading) -> None:
    everything = reading.incoming(RDF_TYPE, Pfocr.GeneMention, 10_000)
    assert len(everything) > 10
    assert len(reading.incoming(RDF_TYPE, Pfocr.GeneMention, 3)) == 3


def test_names_and_spellings_are_those_of_the_data(reading: Reading) -> None:
    assert reading.names([GENE, ALIAS]) == {GENE: "MAPK1"}
    assert "http://purl.uniprot.org/geneid/5594" in reading.spellings(GENE)
    assert reading.value(GENE, Schema.identifier) == "5594"
    assert reading.value(GENE, Schema.caption) is None


def test_threads_read_at_the_same_time(reading: Reading) -> None:
    expected = len(reading.outgoing(FIGURE))
    found: list[int] = []

    def read() -> None:
        found.extend(len(reading.outgoing(FIGURE)) for _ in range(50))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 200


def test_a_release_that_is_read_is_not_pruned(seeds_release: Release, tmp_path: Path) -> None:
    data = data_folder(seeds_release, tmp_path / "data")
    older = add_release(seeds_release, data, "00000000T000000Z-old")
    reading = reading_of(older)
    assert prune_releases(data, 1).in_use == (older,)
    assert reading.is_figure(FIGURE)
    del reading
    gc.collect()
    assert prune_releases(data, 1).deleted == (older,)


def test_a_release_that_cannot_be_opened_is_let_go(copied_release: Release) -> None:
    shutil.rmtree(copied_release.store)
    with pytest.raises(ReleaseError, match="not a readable store"):
        reading_of(copied_release)


def test_a_release_without_an_index_can_be_read(copied_release: Release) -> None:
    copied_release.search_index.unlink()
    reading = reading_of(copied_release)
    assert reading.search is None
    assert reading.mentions is None
    assert reading.is_figure(FIGURE)
