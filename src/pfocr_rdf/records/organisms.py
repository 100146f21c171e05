"""Names of organisms → NCBI taxonomy ids, from organism pages and our own table."""

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from pfocr_rdf.errors import Problem, RecordError
from pfocr_rdf.iris import TAXON_RE, WEB_ADDRESS_RE
from pfocr_rdf.records.fields import Fields
from pfocr_rdf.records.files import is_record_name, refused_file, unread_folder
from pfocr_rdf.records.frontmatter import as_text, read_front_matter
from pfocr_rdf.records.notes import Limits, Notes, read_text
from pfocr_rdf.records.text import one_line, present, publishable, readable
from pfocr_rdf.resources import resource

#: What follows the name in the title of some pages.
PAGE_TITLE_END: Final = " pathways"
#: The reason reported for an organism whose name is not found.
WITHOUT_TAXON: Final = "maps to no taxon: kept as text; add an organism page, or correct the name"
#: The reason reported for an organism to whose name its own gene table gives several ids.
SEVERAL_TAXA: Final = "has several ids in the gene table: kept as text; correct the table"
PAGE_FIELDS: Final = frozenset({"common", "latin", "ncbi", "title", "group", "image"})


@dataclass(frozen=True, slots=True)
class OrganismPage:
    """What a page of ``_organisms/`` says."""

    taxon: str
    names: tuple[str, ...]
    group: str | None
    image: str | None


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity, as a key of cached rows
class Taxa:
    """Names → taxon ids; pages take precedence over the shipped table."""

    name_to_taxon: dict[str, str]
    pages: tuple[OrganismPage, ...]
    problems: tuple[Problem, ...]

    def taxon(self, name: str) -> str | None:
        """The taxonomy id of a name, compared without case; None if it is not known."""
        return self.name_to_taxon.get(folded(name))


def folded(name: str) -> str:
    """The form in which names are compared.

    PFOCR's writer drops quotes and colons and leaves double spaces. File names of pages are not
    compared: a page says ``CIP 70.34`` where its file name has ``cip_7034``.

    >>> folded("Homo  sapiens"), folded("Yersinia sp. in: enterobacteria")
    ('homo sapiens', 'yersinia sp. in enterobacteria')
    """
    return one_line(name.replace(":", "").replace("'", "").replace('"', "")).casefold()


@lru_cache(maxsize=4)
def load_taxa(folders: tuple[str, ...] = (), limits: Limits = Limits(), reading: str = "") -> Taxa:
    """The names of a collection: its ``_organisms/`` pages, then ``ontology/organisms.tsv``.

    Cached for the lifetime of the process, so that each worker reads the pages once.

    :param folders: the ``_organisms`` folders of the input, as problems name them.
    :param reading: identifies one reading of the input; with a new one the pages are read anew.

    >>> load_taxa().taxon("homo  sapiens")
    '9606'
    """
    names: dict[str, str] = {}
    pages: list[OrganismPage] = []
    problems: list[Problem] = []
    for path in (path for folder in folders for path in sorted(Path(folder).iterdir())):
        notes = Notes(readable(str(path)))
        if not is_record_name(path.name):
            if path.is_dir() and not path.is_symlink():
                problems.extend(unread_folder(notes.file, "pages of organisms"))
            continue
        if problem := refused_file(path, notes.file, path.parents[1]):
            problems.append(problem)
            continue
        try:
            page = _read_page(path, notes, limits)
        except RecordError as error:
            problems.append(error.problem)
            continue
        problems.extend(notes.problems)
        if page is None:
            continue
        pages.append(page)
        for name in page.names:
            if names.setdefault(folded(name), page.taxon) != page.taxon:
                reason = (
                    f"the name of {names[folded(name)]} on an earlier page, which is used, and of "
                    f"{page.taxon} here: correct one of the pages"
                )
                problems.append(
                    Problem(notes.file, "latin, common", "organism page", "warning", name, reason)
                )
    return Taxa(_shipped() | names, tuple(pages), tuple(problems))


@cache
def _shipped() -> dict[str, str]:
    """Our own table; of several lines with one name the first counts."""
    table = resource("ontology", "organisms.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in reversed(table.splitlines()[1:]))
    return {folded(name): taxon for name, taxon, *_ in rows}


def _read_page(path: Path, notes: Notes, limits: Limits) -> OrganismPage | None:
    """One organism page; None, noted, if its taxon id is unusable."""
    _, text = read_text(path, notes, limits)
    fields = Fields(read_front_matter(text, notes, limits), notes)
    for key in sorted(fields.values.keys() - PAGE_FIELDS):
        found = publishable(as_text(fields.values[key]), key, notes)
        notes.warn(key, "unknown field", found, "not a field of organism pages: not mapped")
    taxon = present(fields.raw("ncbi"))
    if taxon is None or not TAXON_RE.fullmatch(taxon):
        reason = "not an NCBI taxonomy id: the page was not used; write the id's digits"
        notes.warn("ncbi", "organism page", taxon or "", reason)
        return None
    names = tuple(dict.fromkeys(filter(None, map(fields.text, ("latin", "common")))))
    title, group, image = map(fields.text, ("title", "group", "image"))
    if title and folded(title.removesuffix(PAGE_TITLE_END)) not in map(folded, names):
        reason = "not a name of the organism: not mapped; write it as latin or common"
        notes.warn("title", "organism page", title, reason)
    if image and not WEB_ADDRESS_RE.fullmatch(image):
        notes.warn("image", "organism page", image, "not a web address: not mapped")
        image = None
    return OrganismPage(taxon, names, group, image)
