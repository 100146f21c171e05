"""Records → release: workers map batches, the parent streams their bytes into two bulk loads."""

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path
from typing import Final

from pfocr_rdf import __version__
from pfocr_rdf.build.batches import Batch, BatchResult, make_batches
from pfocr_rdf.build.finish import write_manifest, write_publication
from pfocr_rdf.build.kept import KeptParts, PartsWriter, find_parts, take_or_map
from pfocr_rdf.build.loading import StoreLoader
from pfocr_rdf.build.options import BuildOptions, Progress
from pfocr_rdf.build.report import Report, mapping_summary
from pfocr_rdf.build.workers import crew_of, in_order
from pfocr_rdf.collector import no_collector
from pfocr_rdf.dataset import ReleaseFacts, describe_release
from pfocr_rdf.dumps import DumpWriter, Part, compress, make_part, turtle_header
from pfocr_rdf.errors import NO_FILES, OPEN_MORE, BuildError, ReleaseError
from pfocr_rdf.gone import note_gone
from pfocr_rdf.iris import Iris
from pfocr_rdf.listing import ListedFile
from pfocr_rdf.mapping import Node
from pfocr_rdf.mappings import Links, MappingCounts, open_mapping_files, said_of
from pfocr_rdf.ontology import ontology_nodes
from pfocr_rdf.ranges import Types, classes_of
from pfocr_rdf.records import Collection, load_taxa, open_collection
from pfocr_rdf.releases import (
    SEARCH_INDEX,
    Pruned,
    Release,
    abandon_release,
    build_lock,
    prune_releases,
    publish_release,
    start_release,
)
from pfocr_rdf.search.writing import IndexWriter
from pfocr_rdf.shared import Shared, equivalent_quads, shared_nodes
from pfocr_rdf.tally import Tally

#: The number of shared things in one part, and in one JSON-LD document.
THINGS_A_PART: Final = 2000
THINGS_A_DOCUMENT: Final = 100
#: The share of the records after which a second load begins: what was loaded before is sorted
#: while the rest is mapped, and less is left to do at the end. With four loads, 20,000 records
#: took a gigabyte more, and no less time.
FIRST_LOAD: Final = 0.85
#: With fewer triples before it, a second load is not worth the files that it adds to the store.
LEAST_LOAD: Final = 100_000


@dataclass(frozen=True, slots=True)
class Findings:
    """What reading the records found; problems are counted by kind.

    ``reused`` counts the records whose part was taken over from the last release.
    """

    records: int
    figures: int
    errors: dict[str, int]
    warnings: dict[str, int]
    reused: int = 0

    @property
    def skipped(self) -> int:
        """Records that were not read: those that cannot be, and copies of a figid."""
        return self.records - self.figures


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build made."""

    release: Release
    findings: Findings
    triples: int
    equivalents: int
    pruned: Pruned
    mappings: tuple[MappingCounts, ...] = ()


class _Stage:
    """What is being written, for the message when it fails."""

    name = "the release folder"
    #: The release, once it is current: whatever fails then, it is there.
    published: Release | None = None


class Run:
    """One build: what is gathered while its parts are made."""

    def __init__(
        self,
        options: BuildOptions,
        collection: Collection,
        report: Report,
        index: IndexWriter | None = None,
        keeping: PartsWriter | None = None,
    ) -> None:
        self.options = options
        self.collection = collection
        self.report = report
        self.index = index
        self.keeping = keeping
        self.shared = Shared()
        files = open_mapping_files(options.mappings)
        self.links = Links(files, options.iris, report.add)
        self.tally = Tally()
        self.described: dict[str, Types] = {}  # IRI of a shared thing → its classes
        # Another version of the program may make other triples of the same records, and other
        # prefixes make other bytes of the same triples.
        self.digest = sha256(__version__.encode() + turtle_header(options.iris))
        if files:  # the description lists the dump of links even if it is empty
            self.digest.update(b"mappings")
        if options.issued:  # or two descriptions with different dates would have one version
            self.digest.update(f"issued {options.issued}".encode())
        self.equivalents = 0
        self.mappings = 0
        self.records = collection.refused
        self.figures = 0
        self.reused = 0
        self.example: str | None = None
        self.facts = ReleaseFacts("", options.issued, 0, 0, None)  # until all data are known
        self.description: list[Node] = []

    def results(self, work: Callable[[Batch], BatchResult]) -> Iterator[BatchResult]:
        """The results of all batches, in order; their problems are reported as they come."""
        options, collection = self.options, self.collection
        batches = make_batches(collection, options.iris, options.limits)
        self.report.add(collection.problems)
        with crew_of(options, len(collection.files)) as crew:
            for result in in_order(crew, work, batches):
                self.report.add(result.problems)
                self.records += result.records
                self.figures += result.figures
                self.reused += result.records if result.kept else 0
                self.example = self.example or result.first_figure
                yield result
                options.listen(Progress(self.records, collection.records, self.tally.triples))

    def parts(self, kept: KeptParts | None = None) -> Generator[Part, None, None]:
        """All data: records, what they share, links, the vocabulary, the description of it all.

        :param kept: the parts of the last release, to take over where nothing has changed.
        """
        iris = self.options.iris
        self.gather_pages()
        for result in self.results(partial(take_or_map, kept)):
            self.shared.merge(result.shared)
            if self.keeping:
                self.keeping.add(result)
            self.links.gather_articles(result.articles)
            if self.index:
                self.index.add(result.rows, result.had)
            if result.part:
                yield self.counted(result.part)
        for part in self.shared_parts():
            yield self.counted(part)
        for part in _mapping_parts(self.links, self.shared, iris):
            yield self.counted(part)
        yield self.counted(make_part([ontology_nodes()], [], iris))
        if self.index:
            self.index.finish()
        self.tally.ranges.settle(self.described)
        self.digest.update("".join(sorted(map(said_of, self.links.sets))).encode())
        self.facts = ReleaseFacts(
            version=self.digest.hexdigest()[:12],
            issued=self.options.issued,
            figures=self.figures,
            equivalents=self.equivalents,
            example=iris.figure(self.example) if self.example else None,
            mappings=tuple(self.links.sets) if self.links.files else None,
        )
        self.description = describe_release(self.facts, self.tally, iris)
        yield self.counted(make_part([self.description], [], iris))

    def shared_parts(self) -> Iterator[Part]:
        """Parts of what records share and its equivalents, a limited number of things in each."""
        iris = self.options.iris
        things, spellings = shared_nodes(self.shared, iris), equivalent_quads(self.shared, iris)
        while True:
            described = list(islice(things, THINGS_A_PART))
            spelt = list(chain.from_iterable(islice(spellings, THINGS_A_PART)))
            if not described and not spelt:
                return
            if self.index:
                self.index.describe(described)
            self.described |= classes_of(described)
            documents = [
                described[start : start + THINGS_A_DOCUMENT]
                for start in range(0, len(described), THINGS_A_DOCUMENT)
            ]
            yield make_part(documents, spelt, iris)

    def gather_pages(self) -> None:
        """Gather what the organism pages say."""
        found, limits = self.collection, self.options.limits
        self.shared.gather_pages(load_taxa(found.organism_folders, limits, found.reading))

    def is_almost_read(self) -> bool:
        """Whether it is time for the second load, that of what is left."""
        records = FIRST_LOAD * self.collection.records
        return self.records >= records and self.tally.triples >= LEAST_LOAD

    def findings(self) -> Findings:
        """What has been found so far."""
        return Findings(
            self.records,
            self.figures,
            dict(sorted(self.report.errors.items())),
            dict(sorted(self.report.warnings.items())),
            self.reused,
        )

    def counted(self, part: Part) -> Part:
        """The same part, after adding it to the counts and to the version's digest."""
        self.tally.merge(part.tally)
        for name in ("ntriples", "equivalents", "mappings"):
            self.digest.update(part.compressed.get(name, b""))
        self.equivalents += part.equivalents
        self.mappings += part.mappings
        return part


def build_release(inputs: Sequence[Path], data: Path, options: BuildOptions) -> BuildResult:
    """Build a release from records and make it current.

    :param inputs: records, folders of records, or checkouts of the PFOCR database.
    :param data: the data folder; created if missing.
    :raises InputError: if there are no records, or a mapping file cannot be used.
    :raises UsageError: if the executor is a text but not the address of a scheduler.
    :raises ReleaseError: if the data folder cannot be used, as when another build holds it; or if
        something failed after the release was published, and then the message says so.
    :raises BuildError: if no record could be read, a file could not be written (the message says
        which), or the workers failed. Nothing is published then.
    """
    stage = _Stage()
    header = len(compress(turtle_header(options.iris)))
    # A build makes no reference cycles.
    with build_lock(data), no_collector(), PartsWriter(data, {"turtle": header}) as keeping:
        try:
            try:
                unfinished = start_release(data)
                result = _build(inputs, data, unfinished, options, stage, keeping)
                keeping.finish(result.release)
                return result
            finally:
                abandon_release(data)
        except BrokenExecutor as error:
            raise BuildError(
                f"a worker process died ({error}), most often for lack of memory: "
                "nothing was published; build again with fewer --workers"
            ) from error
        except (OSError, MemoryError) as error:
            what = getattr(error, "filename", None) or stage.name
            reason = getattr(error, "strerror", None) or str(error) or "out of memory"
            if stage.published:
                left = f"but then {what} could not be read or written ({reason})"
                raise ReleaseError(
                    f"{stage.published.id} is published and current, {left}: check {data}"
                ) from error
            advice = f"make room where {data} is, or check its permissions"
            if any(words in reason for words in NO_FILES):
                advice = OPEN_MORE
            raise BuildError(
                f"{what} could not be written ({reason}): nothing was published; "
                f"{advice}, and build again"
            ) from error


def _build(
    inputs: Sequence[Path],
    data: Path,
    unfinished: Path,
    options: BuildOptions,
    stage: _Stage,
    keeping: PartsWriter,
) -> BuildResult:
    collection = open_collection(inputs, options.limits)
    stage.name = "report.json"
    with (
        Report(unfinished / "report.json") as report,
        IndexWriter(unfinished / SEARCH_INDEX) as index,
    ):
        run = Run(options, collection, report, index, keeping)
        files = _load(run, unfinished, stage, find_parts(data) if options.reuse else None)
        if not run.figures:
            first = next(iter(report.errors), "no error")
            raise BuildError(
                f"no record could be read, of {run.records} (first: {first}): "
                "nothing was published; run `pfocr-rdf check` on them for the reasons"
            )
        stage.name = "report.json"
        report.finish(
            {
                "records": run.records,
                "figures": run.figures,
                "skipped": run.records - run.figures,
                "triples": run.tally.triples,
                "equivalents": run.equivalents,
                **mapping_summary(run.links.sets),
            }
        )
        index.wait()
    stage.name = "the dumps folder"
    write_publication(unfinished, run.facts, files, run.description, run.tally, options.iris)
    stage.name = "manifest.json"
    write_manifest(unfinished)
    stage.published = release = publish_release(data, unfinished, run.facts.version)
    note_gone(data, release)
    pruned = prune_releases(data, options.keep) if options.keep else Pruned()
    sizes = (run.tally.triples, run.equivalents)
    return BuildResult(release, run.findings(), *sizes, pruned, tuple(run.links.sets))


def _load(run: Run, unfinished: Path, stage: _Stage, kept: KeptParts | None) -> list[ListedFile]:
    """Write the dumps and the store, both from the same parts."""
    iris, extra = run.options.iris, bool(run.links.files)
    stage.name = "the store"
    with (
        DumpWriter(unfinished / "dumps", iris, with_mappings=extra) as writer,
        StoreLoader(unfinished / "store", turtle_header(iris)) as store,
        closing(run.parts(kept)) as parts,
    ):
        turned = False
        for part in parts:
            stage.name = "the dumps"
            writer.append(part)
            stage.name = "the store"
            store.write(part.trig)
            if not turned and run.is_almost_read():
                turned = True
                store.turn()
        count = store.finish()
        expected = run.tally.triples + run.equivalents + run.mappings
        if count != expected:
            raise BuildError(
                f"the store holds {count} triples, but {expected} were written: nothing was "
                "published; please report this with the records"
            )
        stage.name = "the dumps"
        return writer.finish()


def _mapping_parts(links: Links, shared: Shared, iris: Iris) -> Iterator[Part]:
    """Parts of the links of mapping sets, a limited number of links in each."""
    if links.files:
        links.gather_shared(shared)
    mappings = links.quads()
    while quads := list(chain.from_iterable(islice(mappings, THINGS_A_PART))):
        yield make_part([], [], iris, quads)
