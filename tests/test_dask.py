"""A Dask cluster gives the bytes of this machine, or the build says why it does not."""

import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any, Final

import pytest
from dask import config as dask_config
from distributed import Client
from typer.testing import CliRunner

from building import Published, build, copies, dumps, started, unfinished
from making import CHEMICAL_COLUMNS, REPOSITORY, table, write
from pfocr_rdf.build import BuildOptions, Progress, check_records, cluster
from pfocr_rdf.build.batches import Batch, check_batch, make_batches
from pfocr_rdf.build.cluster import Cluster, connected, scheduler_address
from pfocr_rdf.build.errands import MODULES, errand_of, listed, programs, result_of, run_errand
from pfocr_rdf.build.workers import AHEAD
from pfocr_rdf.cli import app
from pfocr_rdf.commands.progress import Watcher
from pfocr_rdf.errors import BuildError, UsageError
from pfocr_rdf.iris import Iris
from pfocr_rdf.records import Limits, open_collection
from pfocr_rdf.releases import Release, current_release
from releasing import copied_folder

RECORDS: Final = 60
#: Small ones, so that there are more of them than are sent at once.
BATCH: Final = 6
#: What a worker imports before anything is sent to it, and what it then does.
DIES: Final = """\
import os
import pfocr_rdf.build.batches as batches
batches.map_batch.__code__ = (lambda batch: os.kill(os.getpid(), 9)).__code__
batches.map_batch.__globals__["os"] = os
"""
FAILS: Final = """\
import pfocr_rdf.build.batches as batches
batches.map_batch.__code__ = (lambda batch: 1 // 0).__code__
"""
#: A cluster without work watches itself, for a tenth of a core: these tests need none of that.
UNWATCHED: Final = (
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED=false",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL=1s",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL=10s",
)
WITHOUT_US: Final = "import sys\nsys.modules['pfocr_rdf'] = None\n"


@dataclass(frozen=True, slots=True)
class Scheduler:
    """A scheduler in a process of its own."""

    process: subprocess.Popen[str]
    address: str  # as Dask writes it
    folder: Path

    @property
    def executor(self) -> str:
        """The address as users write it."""
        return self.address.replace("tcp://", "dask://")

    @contextmanager
    def worker(self, *words: str, preload: str = "") -> Iterator[subprocess.Popen[str]]:
        """A worker with one thread.

        :param words: stand before its command.
        :param preload: Python that it runs first.
        """
        command = [*words, *dask("worker"), self.address, "--no-nanny", "--nthreads", "1"]
        command += ["--local-directory", str(self.folder), *preloading(self.folder, preload)]
        with started(command) as process:
            said(process, "Registered to:")
            yield process
        said(self.process, "Remove worker addr")


def dask(kind: str) -> list[str]:
    """The words that start a part of a cluster on loopback, at a free port."""
    listen = ["--host", "127.0.0.1", "--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
    return ["env", *UNWATCHED, sys.executable, "-m", "dask", kind, *listen]


def said(process: subprocess.Popen[str], what: str) -> str:
    """The line in which a process has said something; waits for it."""
    assert process.stderr
    heard = []
    for line in process.stderr:
        if what in line:
            return line
        heard.append(line)
    raise AssertionError("".join(heard))


def preloading(folder: Path, program: str) -> list[str]:
    """The words that make a process run a program first."""
    if not program:
        return []
    path = folder / f"preload{len(list(folder.iterdir()))}.py"
    path.write_text(program, encoding="utf-8")
    return ["--preload", str(path)]


@contextmanager
def scheduler(folder: Path, *words: str, preload: str = "") -> Iterator[Scheduler]:
    folder.mkdir()
    command = [*words, *dask("scheduler"), "--port", "0", *preloading(folder, preload)]
    with started(command) as process:
        yield Scheduler(process, said(process, "Scheduler at:").split()[-1], folder)


@pytest.fixture(name="small_batches", scope="module", autouse=True)
def _small_batches() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pfocr_rdf.build.batches.BATCH_RECORDS", BATCH)
        yield


@pytest.fixture(name="records", scope="module")
def _records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copies(tmp_path_factory.mktemp("copies") / "records", RECORDS)


@pytest.fixture(name="expected", scope="module")
def _expected(
    records: Path, crew: Executor, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """The dumps of a build on this machine."""
    return dumps(build(records, tmp_path_factory.mktemp("expected"), executor=crew).release)


@pytest.fixture(name="pair", scope="module")
def _pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scheduler]:
    """A cluster of two worker processes."""
    with (
        scheduler(tmp_path_factory.mktemp("pair") / "dask") as found,
        found.worker(),
        found.worker(),
    ):
        yield found


@pytest.fixture(name="empty", scope="module")
def _empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scheduler]:
    """A cluster without workers that gives work out once, and knows nothing of us."""
    once = ("env", "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES=0")
    folder = tmp_path_factory.mktemp("empty") / "dask"
    with scheduler(folder, *once, preload=WITHOUT_US) as found:
        yield found


@pytest.fixture(name="published", scope="module")
def _published(seeds_release: Release, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A data folder in which there is a release, which no build that fails may touch."""
    return Published(copied_folder(seeds_release, tmp_path_factory.mktemp("published") / "data"))


@pytest.fixture(name="nothing_is_left", autouse=True)
def _nothing_is_left() -> Iterator[None]:
    resource_tracker.ensure_running()  # started with the first worker process, it stays
    threads, processes = set(threading.enumerate()), children()
    yield
    assert set(threading.enumerate()) <= threads
    assert children() <= processes


def children() -> set[int]:
    """The processes that this one has started; beside it others may run tests, too."""
    lists = Path("/proc/self/task").glob("*/children")
    return {int(pid) for path in lists for pid in path.read_text().split()}


def work_left(found: Scheduler) -> tuple[int, int]:
    """Tasks, and builds that are connected."""

    def count(dask_scheduler: Any) -> tuple[int, int]:
        clients = [name for name in dask_scheduler.clients if name.startswith("Client-")]
        return len(dask_scheduler.tasks), len(clients) - 1

    with connected(found.executor, 0) as one:
        counts: tuple[int, int] = one.client.run_on_scheduler(count)
    return counts


def refused(records: Path, published: Published, executor: str, **options: Any) -> str:
    """What a build says that must fail and leave nothing."""
    with pytest.raises(BuildError) as raised:
        build(records, published.data, executor=executor, **options)
    published.assert_untouched()
    assert str(raised.value).count("nothing was published") == 1
    return str(raised.value)


def test_a_cluster_gives_the_bytes_of_this_machine_and_keeps_nothing(
    records: Path,
    expected: dict[str, bytes],
    pair: Scheduler,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Its workers run in other folders.
    monkeypatch.chdir(records.parent)
    result = build(Path(records.name), tmp_path, executor=pair.executor)
    assert dumps(result.release) == expected
    assert work_left(pair) == (0, 0)


def test_only_so_many_batches_are_sent_at_once(
    records: Path, pair: Scheduler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, back, most = 0, 0, 0
    submit, result = Cluster.submit, Cluster.result

    def count_sent(*args: Any) -> Any:
        nonlocal sent, most
        sent += 1
        most = max(most, sent - back)
        return submit(*args)

    def count_back(*args: Any) -> Any:
        nonlocal back
        back += 1
        return result(*args)

    monkeypatch.setattr(Cluster, "submit", count_sent)
    monkeypatch.setattr(Cluster, "result", count_back)
    build(records, tmp_path, executor=pair.executor)
    assert sent == back > 2 * AHEAD + 1
    assert most == 2 * AHEAD + 1


def test_a_cluster_serves_a_check_too(records: Path, pair: Scheduler) -> None:
    options = BuildOptions(executor=pair.executor)
    assert check_records([records], options, lambda problem: None).records == RECORDS


def test_the_command_line_takes_the_address(
    records: Path, expected: dict[str, bytes], pair: Scheduler, tmp_path: Path
) -> None:
    words = ["build", str(records), "--data", str(tmp_path), "--executor", pair.executor]
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, done.stderr.splitlines()[0][:10]) == (0, f"{RECORDS} records")
    assert dumps(current_release(tmp_path)) == expected


def test_the_work_of_a_worker_that_dies_is_done_by_another(
    records: Path, expected: dict[str, bytes], pair: Scheduler, tmp_path: Path
) -> None:
    with pair.worker(preload=DIES) as dying:
        assert dumps(build(records, tmp_path, executor=pair.executor).release) == expected
        assert dying.wait() == -signal.SIGKILL


def test_records_at_which_workers_die_end_the_build(
    records: Path, empty: Scheduler, published: Published
) -> None:
    with empty.worker(preload=DIES):
        message = refused(records, published, empty.executor)
    assert f"the same records brought down a worker of {empty.executor}" in message


def test_what_fails_in_a_worker_is_told_as_that(
    records: Path, empty: Scheduler, published: Published
) -> None:
    with empty.worker(preload=FAILS):
        message = refused(records, published, empty.executor)
    assert "failed (ZeroDivisionError: " in message
    assert work_left(empty) == (0, 0)


def test_a_cluster_without_workers_is_waited_for_and_given_up(
    records: Path, empty: Scheduler, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "LOOK_S", 0.05)
    message = refused(records, published, empty.executor, executor_wait_s=0.2)
    assert f"{empty.executor} has had no worker for 0.2 s" in message
    assert work_left(empty) == (0, 0)


def test_a_cluster_with_workers_is_not_given_up_however_short_the_wait(
    few: Path, pair: Scheduler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "LOOK_S", 0)
    assert build(few, tmp_path, executor=pair.executor, executor_wait_s=0).findings.figures


def test_a_worker_that_comes_late_is_in_time(
    records: Path, expected: dict[str, bytes], empty: Scheduler, tmp_path: Path
) -> None:
    made: list[dict[str, bytes]] = []

    def build_here() -> None:
        made.append(dumps(build(records, tmp_path / "data", executor=empty.executor).release))

    building = threading.Thread(target=build_here)
    building.start()
    said(empty.process, "Receive client connection")
    with empty.worker():
        building.join()
    assert made == [expected]


def test_a_worker_with_another_version_is_refused(
    records: Path, empty: Scheduler, published: Published, tmp_path: Path
) -> None:
    for folder in ("src", "ontology"):
        shutil.copytree(REPOSITORY / folder, tmp_path / "other" / folder)
    init = tmp_path / "other" / "src" / "pfocr_rdf" / "__init__.py"
    init.write_text('"""Another."""\n\n__version__ = "99"\n', encoding="utf-8")
    with empty.worker("env", f"PYTHONPATH={tmp_path / 'other' / 'src'}"):
        message = refused(records, published, empty.executor)
    assert "runs other versions than this build: pfocr-rdf 99 (" in message


def test_another_patch_release_of_python_is_the_same_program() -> None:
    assert programs()[0] == ("Python", f"{sys.version_info.major}.{sys.version_info.minor}")


@pytest.mark.parametrize("name", MODULES)
def test_every_module_that_decides_what_a_part_looks_like_is_compared(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = programs()
    others = tuple(module for module in MODULES if module != name)
    monkeypatch.setattr("pfocr_rdf.build.errands.MODULES", others)
    assert programs.__wrapped__()[1] != whole[1]


def test_what_reads_in_the_place_of_re_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    # By the same Python as to its first two numbers, re may be right there and wrong here.
    monkeypatch.setattr("pfocr_rdf.build.errands.re", import_module("regex"))
    assert programs.__wrapped__()[-1] == ("regex", version("regex"))


def test_a_library_that_is_not_installed_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pfocr_rdf.build.errands.LIBRARIES", ("no-such-library",))
    assert ("no-such-library", "none") in programs.__wrapped__()


def test_a_worker_without_the_program_is_refused(
    records: Path, empty: Scheduler, published: Published
) -> None:
    with empty.worker(preload=WITHOUT_US):
        message = refused(records, published, empty.executor)
        assert "does not have this program (" in message
        assert "install the same pfocr-rdf on all machines" in message
        with connected(empty.executor, 0) as one:
            assert one.client.nthreads()  # it can still do what others send it


def test_a_worker_that_does_not_see_the_records_is_refused(
    records: Path, empty: Scheduler, published: Published
) -> None:
    hide = f'mount -t tmpfs tmpfs "{records / "_figures"}" && exec "$@"'
    words = ("unshare", "--mount", "sh", "-c", hide, "sh")
    if subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
        pytest.skip("NOT TESTED: a worker without the records; only root on Linux can hide them")
    with empty.worker(*words):
        message = refused(records, published, empty.executor)
    assert "is unreadable (No such file or directory) for a worker of dask://" in message
    assert "under the same path on every worker" in message


def batches(records: Path) -> Iterator[Batch]:
    return make_batches(open_collection([records]), Iris(), Limits())


@pytest.fixture(name="few")
def _few(tmp_path: Path) -> Path:
    return copies(tmp_path / "few", 5)


def run(pickled: bytes) -> Any:
    return result_of(run_errand(programs(), pickled, "dask://head:8786"))


def grow(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


@pytest.mark.parametrize("change", [grow, Path.unlink], ids=["another", "missing"])
@pytest.mark.parametrize("kind", ["_figures", "_data", "_organisms"])
def test_a_file_that_looks_different_to_a_worker_is_named(
    kind: str, change: Callable[[Path], None], few: Path
) -> None:
    figid = sorted((few / "_figures").iterdir())[0].stem
    page, cells = (
        "---\nlatin: A b\nncbi: '7'\n---\n",
        table(CHEMICAL_COLUMNS, "x|D007854|x|Lead|25016"),
    )
    write(few, {"_organisms/a.md": page, f"_data/{figid}-chemicals.tsv": cells})
    folder = few / kind
    pickled = errand_of(check_batch, next(batches(few)))
    assert run(pickled).figures == 5
    changed = sorted(folder.iterdir())[0]
    change(changed)
    listed.cache_clear()  # which no worker shares with the build
    with pytest.raises(BuildError) as raised:
        run(pickled)
    named = folder if kind == "_organisms" else changed
    assert str(raised.value).startswith(f"{named} is ")


def test_a_file_that_cannot_be_read_here_either_is_no_reason_to_refuse(few: Path) -> None:
    batch = next(batches(few))
    Path(batch.files[0].path).unlink()
    result = run(errand_of(check_batch, batch))
    assert (result.figures, [problem.severity for problem in result.problems][:1]) == (4, ["error"])


def test_a_scheduler_that_ends_ends_the_build_with_one_line(
    records: Path,
    published: Published,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    words = ["build", str(records), "--data", str(published.data), "--executor"]
    with scheduler(tmp_path / "dask") as found:
        worker = [*dask("worker"), found.address, "--no-nanny", "--nthreads", "1"]
        with started([*worker, "--local-directory", str(tmp_path / "dask")]) as process:
            said(process, "Registered to:")

            def end(watcher: Watcher, progress: Progress) -> None:
                found.process.kill()
                found.process.wait()

            monkeypatch.setattr(Watcher, "__call__", end)
            done = CliRunner().invoke(app, [*words, found.executor])
    lost = (
        f"error: the connection to the scheduler {found.executor} was lost: nothing was published"
    )
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith(lost)
    assert caplog.messages == []
    published.assert_untouched()


def test_a_scheduler_that_falls_silent_ends_the_build(
    records: Path, empty: Scheduler, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(progress: Progress) -> None:
        monkeypatch.setattr(cluster, "ANSWER_S", 0.5)
        monkeypatch.setattr(cluster, "LOOK_S", 0.05)
        empty.process.send_signal(signal.SIGSTOP)

    with empty.worker():
        try:
            message = refused(records, published, empty.executor, listen=stop)
        finally:
            empty.process.send_signal(signal.SIGCONT)
    assert f"the connection to the scheduler {empty.executor} was lost" in message


def test_a_scheduler_that_does_not_answer_to_the_last_word_keeps_no_build_from_its_end(
    few: Path, pair: Scheduler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = Client.close

    def close_late(client: Client, timeout: float = 1.0) -> None:
        is_open = client.status != "closed"
        close(client, timeout)
        if is_open:
            raise TimeoutError

    monkeypatch.setattr(Client, "close", close_late)
    assert build(few, tmp_path, executor=pair.executor).findings.figures


def certificate(folder: Path) -> Path:
    """A key and a certificate that vouches for itself."""
    path = folder / "cert.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    files = ["-keyout", str(path), "-out", str(folder / "only.pem"), "-days", "2"]
    try:
        subprocess.run([*words, *files], capture_output=True, check=True)
    except FileNotFoundError:
        pytest.skip("NOT TESTED: TLS; openssl is not installed")
    with path.open("ab") as file:
        file.write((folder / "only.pem").read_bytes())
    return path


def test_a_cluster_that_speaks_tls_is_reached_with_the_certificates_of_dask(
    few: Path, published: Published, tmp_path: Path
) -> None:
    cert = str(certificate(tmp_path))
    keys = ("CA_FILE", "SCHEDULER__CERT", "WORKER__CERT")
    env = ["env", *(f"DASK_DISTRIBUTED__COMM__TLS__{key}={cert}" for key in keys)]
    ours = {"distributed.comm.tls.ca-file": cert, "distributed.comm.tls.client.cert": cert}
    with scheduler(tmp_path / "dask", *env, "DASK_DISTRIBUTED__COMM__DEFAULT_SCHEME=tls") as found:
        executor = found.address.replace("tls://", "dask+tls://")
        assert "TLS" in refused(few, published, executor)
        with found.worker(*env), dask_config.set(ours):
            result = build(few, tmp_path / "data", executor=executor)
    assert result.findings.figures == 5


def test_a_build_that_fails_leaves_no_work_in_the_cluster(
    records: Path, pair: Scheduler, published: Published
) -> None:
    def full(progress: Progress) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(BuildError, match="No space left on device"):
        build(records, published.data, executor=pair.executor, listen=full)
    published.assert_untouched()
    assert work_left(pair) == (0, 0)


def test_a_port_at_which_nobody_listens_is_named(
    records: Path, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "ANSWER_S", 0.3)
    with socket.socket() as taken:  # and nobody listens
        taken.bind(("127.0.0.1", 0))
        address = f"dask://127.0.0.1:{taken.getsockname()[1]}"
        message = refused(records, published, address)
    assert message.startswith(f"no answer from {address} in 0.3 s")


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_something_else_that_listens_there_is_no_scheduler(
    answer: bytes, records: Path, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "ANSWER_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                connection, _ = server.accept()
            except OSError:
                return  # nobody came in time
            with connection:
                connection.sendall(answer)
                while not answer and connection.recv(4096):
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        message = refused(records, published, f"dask://127.0.0.1:{server.getsockname()[1]}")
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert message.startswith("no Dask scheduler at" if answer else "no answer from")


def test_the_address_of_a_worker_is_not_that_of_the_scheduler(
    records: Path, pair: Scheduler, published: Published
) -> None:
    with connected(pair.executor, 0) as one:
        worker = next(iter(one.client.nthreads()))
    message = refused(records, published, worker.replace("tcp://", "dask://"))
    assert "a Worker answers: give the scheduler's address" in message


@pytest.mark.parametrize(
    "text",
    [
        *("dask://", "dask://head", "dask://head:0", "dask://head:70000", "dask://:8786"),
        *("tcp://head:8786", "head:8786", "dask://me@head:8786", "dask://head:8786/x", "threads"),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(
        UsageError, match="is not an executor: nothing was published; give `processes`"
    ):
        scheduler_address(text)


def test_the_command_line_refuses_workers_for_a_cluster(few: Path, tmp_path: Path) -> None:
    words = ["build", str(few), "--data", str(tmp_path / "data"), "--workers", "1"]
    refusal = CliRunner().invoke(app, [*words, "--executor", "dask://head:8786"])
    assert refusal.exit_code == 2
    assert "a cluster has its own workers" in refusal.output
    assert not unfinished(tmp_path / "data")
    assert CliRunner().invoke(app, [*words, "--executor", "processes"]).exit_code == 0


def test_without_dask_the_refusal_says_how_to_install_it(
    few: Path, published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    message = refused(few, published, "dask://head:8786")
    assert "run pip install '.[dask]' in a checkout" in message


def test_dask_is_not_imported_before_it_is_asked_for() -> None:
    code = "import sys, pfocr_rdf.commands.build; "
    code += "print({'dask', 'distributed'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
