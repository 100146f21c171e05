"""Templates → pages: what every page has around its own content."""

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

#: What the header links to: address → words.
NAVIGATION: Final = {
    "search": "Search",
    "sparql": "SPARQL",
    "queries": "Queries",
    "ontology": "Vocabulary",
    "dataset": "Data",
}
#: A description for search engines is cut there, at a word.
DESCRIPTION_LETTERS: Final = 200
#: What records have instead of a name.
NO_NAME: Final = "NA"


@cache
def environment() -> Environment:
    """The templates, without the empty lines that statements leave. Every value is escaped."""
    made = Environment(
        loader=PackageLoader("pfocr_rdf.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # One of another version, installed meanwhile, does not fit the code that runs.
        auto_reload=False,
    )
    made.filters |= {"thousands": thousands, "shortened": shortened, "unless_na": unless_na}
    return made


def thousands(number: int) -> str:
    """A number for people.

    >>> thousands(3511300)
    '3,511,300'
    """
    return f"{number:,}"


def unless_na(name: str, accession: str, kind: str) -> str:
    """What a thing is called, or its accession where the records have no name for it.

    They write ``NA`` there, which is the symbol of some genes.

    >>> unless_na("NA", "D020521", "disease"), unless_na("NA", "956532", "gene")
    ('D020521', 'NA')
    """
    return accession if name == NO_NAME and kind != "gene" and accession else name


def shortened(text: str, letters: int = DESCRIPTION_LETTERS) -> str:
    """A text cut at a word.

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

    In a template there are ``to(address, **parameters)`` and ``href(iri, kind)``, which make
    links, ``static(name)``, ``visit``, and all that is given here.

    :param title: also of the window; the name of the site follows.
    :param description: for search engines.
    :param current: the address in the navigation that the page belongs to.
    :param frame: where the page is and its other forms, if it has any.
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
