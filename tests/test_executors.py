"""Any executor of ``concurrent.futures`` gives the same bytes, and is not shut down."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from building import build, copies, dumps
from making import SEEDS
from pfocr_rdf.build import BuildOptions, Progress, check_records
from pfocr_rdf.errors import BuildError

#: Smaller than usual: three batches, whose order can go wrong, are then a few records.
BATCH = 8
RECORDS = 20


@pytest.fixture(autouse=True, scope="module")
def _batches() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pfocr_rdf.build.batches.BATCH_RECORDS", BATCH)
        yield


@pytest.fixture(name="records", scope="module")
def _records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copies(tmp_path_factory.mktemp("copies"), RECORDS)


@pytest.fixture(name="expected", scope="module")
def _expected(records: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The dumps of a build in which one worker process did everything."""
    return dumps(build(records, tmp_path_factory.mktemp("expected"), workers=1).release)


class OneByOne(Executor):
    """Does the work when it is asked for, in this process, and keeps count."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []
        self.was_shut_down = False

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(work(*args, **kwargs))
        self.futures.append(future)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.was_shut_down = True


class Backwards(OneByOne):
    """Does the last of what it holds first, and nothing before it is waited for."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        waiting = [future for future in self.futures if not future.done()]

        class Awaited(Future[Any]):
            def result(self, timeout: float | None = None) -> Any:
                for other in reversed(waiting):
                    if not other.done():
                        other.result(timeout)
                if not self.done():
                    self.set_result(work(*args, **kwargs))
                return super().result(timeout)

        future = Awaited()
        self.futures.append(future)
        return future


def test_threads_give_the_bytes_that_processes_give(
    records: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    with ThreadPoolExecutor(3) as executor:
        assert dumps(build(records, tmp_path, executor=executor).release) == expected
        assert executor.submit(len, "still open").result() == 10


def test_processes_that_are_given_give_the_bytes_of_those_that_are_started(
    records: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        assert dumps(build(records, tmp_path, executor=executor).release) == expected
        assert executor.submit(len, "still open").result() == 10


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_processes_that_were_forked_during_a_build_do_not_hold_the_next_one_up(
    tmp_path: Path,
) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as executor:
        first = build(SEEDS, tmp_path, executor=executor, reuse=False).release
        second = build(SEEDS, tmp_path, executor=executor, reuse=False).release
    assert first != second
    assert dumps(first) == dumps(second)


@pytest.mark.parametrize("kind", [OneByOne, Backwards])
def test_the_order_in_which_work_is_done_does_not_matter(
    kind: type[OneByOne], records: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    executor = kind()
    assert dumps(build(records, tmp_path, executor=executor).release) == expected
    assert len(executor.futures) == 3
    assert not executor.was_shut_down


def test_an_executor_serves_a_check_too(records: Path) -> None:
    executor = OneByOne()
    findings = check_records([records], BuildOptions(executor=executor), lambda problem: None)
    assert (findings.records, len(executor.futures)) == (RECORDS, 3)


def test_a_build_that_fails_leaves_no_work_in_an_executor_that_was_given(
    records: Path, tmp_path: Path
) -> None:
    class Unwanted(Future[Any]):
        def result(self, timeout: float | None = None) -> Any:
            raise AssertionError("waited for the result of a batch after the build has failed")

    class Never(OneByOne):
        def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            if not self.futures:
                return super().submit(work, *args, **kwargs)
            self.futures.append(Unwanted())
            return self.futures[-1]

    def full(progress: Progress) -> None:
        raise OSError(28, "No space left on device")

    executor = Never()
    with pytest.raises(BuildError, match="No space left on device"):
        build(records, tmp_path, executor=executor, listen=full)
    assert [future.cancelled() for future in executor.futures] == [False, True, True]


def test_a_few_records_are_mapped_in_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr("pfocr_rdf.build.workers.ProcessPoolExecutor", refuse)
    assert build(SEEDS, tmp_path).findings.figures == 5


def test_an_error_in_a_worker_is_the_error_of_the_build(tmp_path: Path) -> None:
    class Broken(OneByOne):
        def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_exception(MemoryError())
            return future

    with pytest.raises(BuildError, match=r"could not be written \(out of memory\)"):
        build(SEEDS, tmp_path, executor=Broken())
    assert list((tmp_path / "releases").iterdir()) == []


def test_a_mistake_of_the_program_is_not_told_as_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(*_: object) -> None:
        raise RecursionError("maximum recursion depth exceeded")

    monkeypatch.setattr("pfocr_rdf.build.kept.map_batch", mistaken)
    with pytest.raises(RecursionError):
        build(SEEDS, tmp_path)
    assert list((tmp_path / "releases").iterdir()) == []


def test_a_build_that_fails_lets_go_of_its_store_while_its_error_is_held(
    records: Path, tmp_path: Path
) -> None:
    class Broken(OneByOne):
        def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_exception(BuildError("no such thing"))
            return future

    with pytest.raises(BuildError, match="no such thing") as held:
        build(records, tmp_path, executor=Broken())
    assert build(SEEDS, tmp_path).findings.figures == 5
    assert held.value.__traceback__
