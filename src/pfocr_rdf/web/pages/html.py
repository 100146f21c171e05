"""Renders templates, with what every page has around its own content."""

from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import Response

from pfocr_rdf import __version__
from pfocr_rdf.iris import CC0, REPOSITORY
from pfocr_rdf.web.pages.forms import HTML_TYPE, Frame, reply
from pfocr_rdf.web.pages.static import static_address
from pfocr_rdf.web.pages.visits import Visit

#: Links in the header of every page: address → words.
NAVIGATION: Final = {
    "search": "Search",
    "sparql": "SPARQL",
    "queries": "Queries",
    "ontology": "Vocabulary",
    "dataset": "Data",
}
#: Length at which a description for search engines is cut, at a word.
DESCRIPTION_LETTERS: Final = 200
#: What records have in place of a missing name.
NO_NAME: Final = "NA"


@cache
def environment() -> Environment:
    """The Jinja environment: statements leave no empty lines, and every value is escaped."""
    made = Environment(
        loader=PackageLoader("pfocr_rdf.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # A template of another version, installed meanwhile, would not fit the running code.
        auto_reload=False,
    )
    made.filters |= {"thousands": thousands, "shortened": shortened, "unless_na": unless_na}
    return made


def thousands(number: int) -> str:
    """A number with separators between the thousands.

    >>> thousands(3511300)
    '3,511,300'
    """
    return f"{number:,}"


def unless_na(name: str, accession: str, kind: str) -> str:
    """The name of a thing, or its accession if the records have no name for it.

    The records have ``NA`` for a missing name, but for genes that can be a symbol.

    >>> unless_na("NA", "D020521", "disease"), unless_na("NA", "956532", "gene")
    ('D020521', 'NA')
    """
    return accession if name == NO_NAME and kind != "gene" and accession else name


def shortened(text: str, letters: int = DESCRIPTION_LETTERS) -> str:
    """A text, cut at a word if it is too long.

    >>> shortened("a pathway of prostaglandins", 12)
    'a pathway…'
    """
    if len(text) <= letters:
        return text
    return (text[: letters - 1].rpartition(" ")[0] or text[: letters - 1]) + "…"


def render(
    visit: Visit,
    template: str,
    *,
    title: str,
    description: str = "",
    current: str = "",
    frame: Frame | None = None,
    json_ld: Markup | None = None,
    scripts: tuple[str, ...] = (),
    index: bool = True,
    **values: Any,
) -> str:
    """A page as text.

    Templates can use ``to(address, **parameters)`` and ``href(iri, kind)``, which make links,
    ``static(name)``, ``visit``, and everything that is passed here.

    :param title: also of the window, where the name of the site follows.
    :param description: for search engines.
    :param current: the address in the navigation that the page belongs to.
    :param frame: the addresses of the page and of its other forms, if it has any.
    :param json_ld: from :func:`pfocr_rdf.web.pages.writing.json_ld_block`.
    :param scripts: names of static files.
    :param index: whether search engines should show it.
    """
    links = visit.links
    return (
        environment()
        .get_template(template)
        .render(
            visit=visit,
            to=links.to,
            href=links.href,
            static=lambda name: links.to(static_address(name)),
            navigation=NAVIGATION,
            program=__version__,
            licence=CC0,
            repository=REPOSITORY,
            title=title,
            description=shortened(description),
            current=current,
            frame=frame,
            json_ld=json_ld,
            scripts=scripts,
            index=index,
            **values,
        )
    )


def html_reply(
    visit: Visit,
    template: str,
    *,
    key: str | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
    vary: str = "",
    **values: Any,
) -> Response:
    """A page that exists as HTML only: :func:`render` and :func:`.forms.reply` in one."""

    def body() -> bytes:
        return render(visit, template, **values).encode()

    return reply(visit, body, HTML_TYPE, key=key, headers=headers, vary=vary, status=status)
