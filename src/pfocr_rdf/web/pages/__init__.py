"""Pages: every IRI under the base can be fetched, as HTML by people and as RDF by programs.

:func:`page_routes` returns the routes. The last of them catches every address that no other route
matches, and answers it if something in the data has that IRI.
"""

from starlette.routing import Route

from pfocr_rdf.web.pages.addresses import answer_address
from pfocr_rdf.web.pages.downloads import DUMPS, answer_dump, redirect_to_downloads
from pfocr_rdf.web.pages.editor import ADDRESS, VOCABULARY, answer_editor, answer_vocabulary
from pfocr_rdf.web.pages.feeds import answer_robots, answer_sitemap, answer_sitemap_part
from pfocr_rdf.web.pages.gene_lists import answer_genes
from pfocr_rdf.web.pages.help import answer_problem
from pfocr_rdf.web.pages.landing import answer_landing
from pfocr_rdf.web.pages.llms import answer_llms
from pfocr_rdf.web.pages.openapi import answer_openapi
from pfocr_rdf.web.pages.query_pages import answer_queries, query_route
from pfocr_rdf.web.pages.releases import answer_releases
from pfocr_rdf.web.pages.routes import page
from pfocr_rdf.web.pages.search_pages import answer_search, answer_suggestions
from pfocr_rdf.web.pages.static import answer_static
from pfocr_rdf.web.pages.terms import SHAPES, answer_shapes
from pfocr_rdf.web.pages.thing import answer_any_thing
from pfocr_rdf.web.pages.visits import PageSite
from pfocr_rdf.web.pages.void import answer_void, redirect_to_void

__all__ = ["PageSite", "page_routes"]


def page_routes(site: PageSite) -> list[Route]:
    """The routes of all pages, in the order in which they are tried."""
    return [
        page("/static/{digest}/{name:path}", answer_static, site),
        page("/figures/{figid}/genes.{form}", answer_genes, site),
        page(f"/{DUMPS}", redirect_to_downloads, site),
        page(f"/{DUMPS}/", redirect_to_downloads, site),
        page(f"/{DUMPS}/{{name}}", answer_dump, site),
        page("/releases", answer_releases, site),
        page("/", answer_landing, site),
        page("/search", answer_search, site),
        page("/search.{suffix}", answer_search, site),
        page("/suggest", answer_suggestions, site),
        page("/queries", answer_queries, site),
        page("/queries.{suffix}", answer_queries, site),
        query_route(site),
        page("/openapi.json", answer_openapi, site),
        page("/void.{suffix}", answer_void, site),
        page("/.well-known/void", redirect_to_void, site),
        page("/robots.txt", answer_robots, site),
        page("/sitemap.xml", answer_sitemap, site),
        page("/sitemaps/{name}", answer_sitemap_part, site),
        page("/llms.txt", answer_llms, site),
        page("/problems", answer_problem, site),
        page("/problems/{kind}", answer_problem, site),
        page("/thing", answer_any_thing, site),
        page("/thing/{id:path}", answer_any_thing, site),
        page(f"/{ADDRESS}", answer_editor, site),
        page(f"/{ADDRESS}/", answer_editor, site),
        page(f"/{VOCABULARY}", answer_vocabulary, site),
        page(f"/{SHAPES}", answer_shapes, site),
        page(f"/{SHAPES}.ttl", answer_shapes, site),
        page("/{address:path}", answer_address, site),
    ]
