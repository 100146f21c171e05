"""Fixtures that several test files share, and how long a test may take."""

import faulthandler
import gc
import shutil
import signal
from collections.abc import Generator, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

from building import Published, build, checkout
from linking import SAMPLES
from making import CORPUS, SEEDS
from pfocr_rdf.build.batches import start_worker
from pfocr_rdf.releases import Release
from releasing import copied_folder
from virtuoso import Virtuoso, virtuoso_server

# The same examples on every run and every machine, and no database of examples on disk.
settings.register_profile("pfocr", derandomize=True, database=None, deadline=None, max_examples=100)
settings.load_profile("pfocr")

#: Nothing takes as long: a test that does hangs. Where even its end hangs, it is told again.
LIMIT_S: Final = 180.0
AGAIN_S: Final = 30.0


def pytest_configure() -> None:
    """Hear Ctrl-C even where whoever started the tests ignores it, as shells do for `make test &`.

    What the tests start would ignore it too, and they wait for what it does then.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Fail a test that hangs, and say where; what it has started is ended as after any other.

    A test that hangs where no signal is heard, as in a query, ends its process a minute later:
    ``faulthandler_timeout`` in pyproject.toml.
    """
    before = signal.signal(signal.SIGALRM, _fail)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S, AGAIN_S)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _fail(*_: object) -> None:
    faulthandler.dump_traceback(2)  # of all threads; pytest shows what is on this descriptor
    pytest.fail(f"the test hangs: it has taken {LIMIT_S:.0f} s and more")


def pytest_enter_pdb() -> None:
    """Leave whoever looks at a test the time to."""
    signal.setitimer(signal.ITIMER_REAL, 0)


def pytest_collection() -> None:
    """Collect tests without the collector of garbage: they stay, and are many to look through."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Leave the tests themselves to nobody's collector from now on."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)  # tests make much that ends with them
    gc.enable()


@pytest.fixture(scope="session")
def crew() -> Iterator[Executor]:
    """Processes that map batches for builds of many tests: to start them takes as long."""
    with ProcessPoolExecutor(2, get_context("spawn"), initializer=start_worker) as executor:
        yield executor


@pytest.fixture(scope="session")
def seeds_release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The samples, built once; read it only."""
    return build(SEEDS, tmp_path_factory.mktemp("seeds") / "data").release


@pytest.fixture(scope="session")
def mixed_release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Records of both schema families with every kind of file, on a given day; read it only."""
    folder = tmp_path_factory.mktemp("mixed")
    return build(checkout(folder / "records"), folder / "data", issued="2025-01-01").release


@pytest.fixture(scope="session")
def corpus_release(crew: Executor, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The real records, where they are at hand; read it only."""
    if not CORPUS.exists():
        pytest.skip("there is no corpus beside the repository")
    return build(CORPUS, tmp_path_factory.mktemp("corpus") / "data", executor=crew).release


@pytest.fixture(
    params=[
        "seeds_release",
        "mixed_release",
        pytest.param("corpus_release", marks=pytest.mark.long),
    ]
)
def any_release(request: pytest.FixtureRequest) -> Release:
    """Each of the releases above in turn; that of the real records in `make test-long`."""
    release: Release = request.getfixturevalue(request.param)
    return release


@pytest.fixture(scope="session")
def mapped_release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The samples with links from mapping sets; read it only."""
    return build(SEEDS, tmp_path_factory.mktemp("mapped") / "data", mappings=tuple(SAMPLES)).release


@pytest.fixture
def published(seeds_release: Release, tmp_path: Path) -> Published:
    """A data folder of the samples, of which a test tells whether something was touched."""
    return Published(copied_folder(seeds_release, tmp_path / "data"))


@pytest.fixture
def copied_release(seeds_release: Release, tmp_path: Path) -> Release:
    """The samples in a folder of their own, to damage."""
    path = tmp_path / "copied"
    shutil.copytree(seeds_release.path, path)
    return Release(seeds_release.id, path)


@pytest.fixture(scope="session")
def virtuoso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Virtuoso]:
    """A Virtuoso that several files write to, each to graphs of its own."""
    folder = tmp_path_factory.mktemp("virtuoso")
    with virtuoso_server(folder, tmp_path_factory.getbasetemp()) as server:
        yield server
