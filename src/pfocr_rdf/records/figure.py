"""One record → one :class:`Figure`, and the problems found in the record."""

import hashlib
import re
from decimal import Decimal
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from pfocr_rdf.errors import Problem, RecordError
from pfocr_rdf.iris import FIGID_RE, PMC_RE, UUID_RE, WPID_RE
from pfocr_rdf.records.article import read_article
from pfocr_rdf.records.embedded import read_embedded_keywords
from pfocr_rdf.records.fields import KNOWN_FIELDS, Fields
from pfocr_rdf.records.files import record_stem
from pfocr_rdf.records.frontmatter import as_text, read_front_matter
from pfocr_rdf.records.mentions import read_mentions
from pfocr_rdf.records.model import Figure, Organism, RecordFile, Support
from pfocr_rdf.records.notes import Limits, Notes, read_text
from pfocr_rdf.records.numbers import figure_type_of, normalized_number, numbers_disagree
from pfocr_rdf.records.organisms import SEVERAL_TAXA, WITHOUT_TAXON, Taxa, folded
from pfocr_rdf.records.text import composed, one_line, present, readable

FIGURE_TYPES: Final = frozenset(
    {"Figure", "Scheme", "Supplemental figure", "Graphical abstract"}
    | {"Appendix figure", "Extended view"}
)
#: The link to a figure's page: a path, as records have it, or the full address.
FIGLINK_RE: Final = re.compile(
    r"(?:https?://(?:www\.|pmc\.)?ncbi\.nlm\.nih\.gov/+)?(?:pmc/+)?articles/+(PMC[0-9]+)/+"
    r"(figure/[^?#]+)(?:[?#].*)?"
)
SCORE_RE: Final = re.compile(
    r"[+-]?(?:[0-9]{1,10}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})(?:[eE][+-]?[0-9]{1,3})?"
)


def read_record(
    found: RecordFile, taxa: Taxa, limits: Limits = Limits()
) -> tuple[Figure | None, list[Problem]]:
    """Read one record with its tables.

    :returns: the figure, or None if the record had to be skipped, and the problems found.
    """
    notes = Notes(found.file)
    try:
        return _figure(found, taxa, notes, limits), notes.problems
    except RecordError as error:
        notes.problems.append(error.problem)
        _note_unread(found, notes)
        return None, notes.problems


def _note_unread(found: RecordFile, notes: Notes) -> None:
    """Report the tables and map values of a refused record, which are not read either."""
    tables = [readable(Path(path).name) for _, path in found.tables]
    beside = [*tables, *filter(None, (found.ndex, *found.wpids))]
    if beside:
        reason = "of a record that is skipped: neither read nor mapped; correct the record"
        notes.warn("tables, maps", "unread companions", ", ".join(beside), reason)


def _figure(found: RecordFile, taxa: Taxa, notes: Notes, limits: Limits) -> Figure:
    path = Path(found.path)
    data, text = read_text(path, notes, limits)
    fields = Fields(read_front_matter(text, notes, limits), notes)
    figid, pmcid = _identity(path.name, found, fields)
    article = read_article(pmcid, fields)
    caption, as_found = _caption(fields, limits)
    printed, number = _number(fields)
    pmc_path = _pmc_path(fields, pmcid, number)
    mentions = read_mentions(found, fields, taxa, notes, limits)
    keywords = read_embedded_keywords(fields, figid, caption, mentions.mentions)
    own = _own_taxa(mentions.supports)
    organisms = tuple(
        _organism(name, taxa, own, fields, "organisms") for name in fields.texts("organisms")
    )
    title = fields.text("figtitle")
    if title is None:
        fields.note_missing("figtitle", "the figure has no name")
    _note_leftovers(fields)
    return Figure(
        figid=figid,
        alias=_alias(fields, figid, pmcid, number),
        article=article,
        title=title,
        caption=caption,
        caption_as_found=as_found,
        number=number,
        printed_number=printed if printed != number else None,
        figure_type=_figure_type(fields, number),
        pmc_path=pmc_path,
        filename=_filename(fields, figid, pmcid),
        score=_score(fields),
        search_rank=_search_rank(fields),
        organisms=organisms,
        predicted_organisms=_predicted(mentions.supports, taxa, own, fields),
        supports=mentions.supports,
        ndex=_ndex(found, fields),
        wpids=_wpids(found, fields),
        keywords=keywords,
        mentions=mentions.mentions,
        source=f"_figures/{path.name}",
        source_sha256=hashlib.sha256(data).hexdigest(),
        tables=mentions.tables,
        unrecognized=tuple(fields.unrecognized),
    )


def _identity(name: str, found: RecordFile, fields: Fields) -> tuple[str, str]:
    """The figid, which the file name should repeat, and the article's PMC id in it.

    :raises RecordError: if there is no usable figid, or the record names another article.
    """
    notes, stem = fields.notes, record_stem(name)
    # Not normalised: the identifier is exactly what its owner wrote.
    written = present(fields.raw("figid"))
    matched = FIGID_RE.fullmatch(written or "") or FIGID_RE.fullmatch(stem)
    if not matched:
        advice = "correct the field" if written else "add the field"
        reason = f"no figid of the form PMC…__…, and the file is not named so: {advice}"
        raise notes.refusal("figid", "figid", written or "", reason)
    figid, pmcid = matched[0], matched[1]
    if figid != found.figid:
        reason = f"found as {found.figid}: write `figid: …` once, at the start of a line"
        raise notes.refusal("figid", "figid", figid, reason)
    if written is not None and composed(written) != composed(stem):
        reason = f"the file is named {readable(stem)}: one of the two is wrong"
        notes.warn("figid", "figid", written, reason)
    named = fields.text("pmcid")
    if named is not None and (stated := f"PMC{named.upper().removeprefix('PMC')}") != pmcid:
        if PMC_RE.fullmatch(stated):
            reason = (
                f"contradicts the figid {figid}: the record was skipped; correct one of the two"
            )
            raise notes.refusal("pmcid", "pmcid", named, reason)
        fields.keep_unrecognized("pmcid", named, "not a PubMed Central id, the figid's is used")
    return figid, pmcid


def _caption(fields: Fields, limits: Limits) -> tuple[str | None, str | None]:
    """The normalised caption, and the original if it differs, else None."""
    raw = fields.raw("caption")
    caption = present(one_line(raw))
    if caption is None:
        fields.note_missing("caption", "the figure has no caption")
        return None, None
    if caption.rstrip(".: ").casefold() in {"figure", "fig", "scheme"}:
        fields.notes.warn("caption", "caption", caption, "the caption is only a label")
    if len(caption) > limits.caption_characters:
        reason = f"longer than {limits.caption_characters:,} characters: is it one caption?"
        fields.notes.warn("caption", "caption", caption, reason)
    return caption, raw if raw != caption else None


def _number(fields: Fields) -> tuple[str | None, str | None]:
    printed = fields.text("number")
    return printed, normalized_number(printed, fields.text("figtype")) if printed else None


def _figure_type(fields: Fields, number: str | None) -> str | None:
    value = fields.text("figtype")
    if value is None:
        return figure_type_of(number) if number else None
    if value not in FIGURE_TYPES:
        reason = f"not a figure type that PFOCR uses ({', '.join(sorted(FIGURE_TYPES))})"
        fields.notes.warn("figtype", "figure type", value, reason)
    return value


def _pmc_path(fields: Fields, pmcid: str, number: str | None) -> str | None:
    """The figure's path at PubMed Central, ``PMC…/figure/F1/``; None if the link is unusable."""
    link = fields.text("figlink")
    if link is None:
        return None
    matched = FIGLINK_RE.fullmatch(link.strip("/"))
    # Clients read escaped dots as dots, so these could lead to another article, too.
    if not matched or not {".", ".."}.isdisjoint(unquote(matched[2]).split("/")):
        fields.keep_unrecognized("figlink", link, "not a path /pmc/articles/PMC…/figure/…/")
        return None
    if matched[1] != pmcid:
        reason = f"a figure of another article ({matched[1]}, not {pmcid}): the link is not mapped"
        fields.notes.warn("figlink", "link to another article", link, reason)
        return None
    if number and numbers_disagree(number, matched[2]):
        reason = f"the link and the number {number} name different figures: one is wrong"
        fields.notes.warn("figlink", "number", link, reason)
    path = re.sub("/+", "/", matched[2]).rstrip("/")
    return f"{matched[1]}/{path}/"


def _filename(fields: Fields, figid: str, pmcid: str) -> str:
    default = figid.removeprefix(pmcid + "__") + ".jpg"
    # Not normalised, inner spaces included: it is part of the picture's address.
    written = present(fields.raw("filename")) or default
    name = written.removeprefix(pmcid + "__")
    if re.search(r"[/\\\x00-\x1f]", name) or not name.strip("."):
        fields.keep_unrecognized("filename", written, "not the name of a file")
        return default
    return name


def _alias(fields: Fields, figid: str, pmcid: str, number: str | None) -> str | None:
    """The figure's alias, ``PMC…__F1``; derived from the number where the record has none.

    None where the record gives the figid itself as the alias.
    """
    named: dict[str, str] = {}
    refused: set[str] = set()
    has_none = False
    for name, folder in (("figid_alias", ""), ("redirect_from", "/figures/")):
        value = fields.text(name)
        if value is None:
            continue
        alias = value.removeprefix(folder)
        if alias == figid:
            has_none = True
        elif _is_of(alias, pmcid):
            named[name] = alias
        elif alias not in refused:  # the second field usually repeats the first
            refused.add(alias)
            fields.keep_unrecognized(name, value, f"not an alias of the form {pmcid}__…")
    if len(set(named.values())) > 1:
        reason = f"not the alias {named['figid_alias']}, which is used: one of the two is wrong"
        fields.notes.warn("redirect_from", "alias", fields.raw("redirect_from"), reason)
    if named:
        return next(iter(named.values()))
    if has_none or not (number and figure_type_of(number)):
        return None
    alias = f"{pmcid}__{number}"
    return alias if alias != figid and _is_of(alias, pmcid) else None


def _is_of(alias: str, pmcid: str) -> bool:
    """Whether an alias has the form of a figid of the article."""
    matched = FIGID_RE.fullmatch(alias)
    return matched is not None and matched[1] == pmcid


def _score(fields: Fields) -> Decimal | None:
    """The classifier's score; two generations of the data name the field differently."""
    found: Decimal | None = None
    for name in ("automl_pathway", "pathway_score"):
        value = fields.text(name)
        if value is None:
            continue
        # Written out in full, 1E-999999999 would fill the memory.
        score = Decimal(value) if SCORE_RE.fullmatch(value) else None
        if score is None or score.adjusted() > 9 or int(score.as_tuple().exponent) < -18:
            fields.keep_unrecognized(name, value, "not a decimal number of 18 decimals at most")
        elif found is not None:
            if found != score:
                reason = f"automl_pathway has {found}, which is used: one of the two is wrong"
                fields.notes.warn(name, "score", value, reason)
        else:
            found = score
            if not 0 <= score <= 1:
                fields.notes.warn(name, "score", value, "not between 0 and 1: kept as it is")
    return found


def _search_rank(fields: Fields) -> int | None:
    value = fields.text("pmc_ranked_result_index")
    if value is None:
        return None
    if value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    fields.keep_unrecognized("pmc_ranked_result_index", value, "not a whole number")
    return None


def _ndex(found: RecordFile, fields: Fields) -> str | None:
    """The network at NDEx: the record's own, or else the map's."""
    own, mapped = fields.text("ndex"), found.ndex
    if mapped and not UUID_RE.fullmatch(mapped.lower()):
        fields.unrecognized.append(f"ndex: {mapped}")  # already noted at its line of the map
        mapped = None
    if own and not UUID_RE.fullmatch(own.lower()):
        fields.keep_unrecognized("ndex", own, "not an NDEx id (a UUID)")
        own = None
    if own and mapped and own.lower() != mapped.lower():
        reason = f"the map file has {mapped}: the record's own value is used"
        fields.notes.warn("ndex", "map file", own, reason)
    used = own or mapped
    return used.lower() if used else None


def _wpids(found: RecordFile, fields: Fields) -> tuple[str, ...]:
    """The pathways at WikiPathways that were drawn from the figure."""
    mapped = dict.fromkeys(found.wpids)
    named = dict.fromkeys((*fields.texts("wpid"), *mapped))
    kept = []
    for value in named:
        if WPID_RE.fullmatch(value):
            kept.append(value)
        elif value in mapped:
            fields.unrecognized.append(f"wpid: {value}")  # already noted at its line of the map
        else:
            fields.keep_unrecognized("wpid", value, "not a WikiPathways id (WP and digits)")
    return tuple(kept)


def _own_taxa(supports: tuple[Support, ...]) -> dict[str, str]:
    """Folded organism names → taxa, from the record's own gene table; "" where it has several."""
    found: dict[str, str] = {}
    for organism in (support.organism for support in supports):
        name, taxon = folded(organism.name), organism.taxon
        if name and taxon and found.setdefault(name, taxon) != taxon:
            found[name] = ""
    return found


def _organism(name: str, taxa: Taxa, own: dict[str, str], fields: Fields, where: str) -> Organism:
    """An organism by name: from the record's own table, the pages, or the shipped table."""
    taxon = own.get(folded(name)) or taxa.taxon(name)
    if taxon is None:
        reason = SEVERAL_TAXA if folded(name) in own else WITHOUT_TAXON
        fields.notes.warn(where, "organism", name, reason)
    return Organism(name, taxon)


def _predicted(
    supports: tuple[Support, ...], taxa: Taxa, own: dict[str, str], fields: Fields
) -> tuple[Organism, ...]:
    """The organisms of the gene table, and others that ``organisms_ner`` names."""
    found = dict.fromkeys(support.organism for support in supports)
    names = {folded(organism.name) for organism in found}
    for name in fields.texts("organisms_ner"):
        if folded(name) not in names:
            found[_organism(name, taxa, own, fields, "organisms_ner")] = None
    return tuple(found)


def _note_leftovers(fields: Fields) -> None:
    """Report what is not mapped: unknown fields, and placeholders that hold a value."""
    notes, values = fields.notes, fields.values
    for name in sorted(values.keys() - KNOWN_FIELDS):
        reason = "not a field that PFOCR records have: not mapped"
        notes.warn(name, "unknown field", as_text(values[name]), reason)
    if (annotations := values.get("annotations")) and present(as_text(annotations)):
        reason = "annotations have no mapping yet, none was ever published: not mapped"
        notes.warn("annotations", "unknown field", as_text(annotations), reason)
    if (seo := fields.text("seo")) not in {None, "CreativeWork"}:
        notes.warn("seo", "placeholder", str(seo), "not the constant CreativeWork: not mapped")
