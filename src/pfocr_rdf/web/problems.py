"""All reasons for which a request is refused, and refusals as problem details in JSON.

https://www.rfc-editor.org/rfc/rfc9457 . The ``type`` of a problem is an address on this server,
where its help text can be read. Kinds are never renamed: programs compare them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from pfocr_rdf.diagnosis.syntax import SyntaxFault
from pfocr_rdf.errors import PfocrError

MEDIA_TYPE: Final = "application/problem+json"  # RFC 9457, section 6.1

Member = str | int | float | list[str]


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """What all refusals for one reason have in common.

    :param status: https://www.rfc-editor.org/rfc/rfc9110#section-15
    :param title: a few words, the same each time.
    :param help: for people: what happened and what to do.
    """

    status: int
    title: str
    help: str


#: Kind, which is also the last part of the problem's address → what it means.
PROBLEMS: Final[dict[str, ProblemKind]] = {
    "missing-query": ProblemKind(
        400,
        "The request has no query",
        "The parameter “query” is missing or empty, or the body of the request is. Send the text "
        "of a SELECT, ASK, CONSTRUCT or DESCRIBE query. A GET without any parameter gets the "
        "description of the service.",
    ),
    "bad-request": ProblemKind(
        400,
        "The request does not follow the SPARQL 1.1 Protocol",
        "The detail says which part of the request is wrong: a parameter that is given twice or "
        "contradicts another, a graph that is not an absolute IRI, or bytes that are not UTF-8. "
        "Correct that part and send the request again.",
    ),
    "bad-parameter": ProblemKind(
        400,
        "A parameter is missing or has a value that it cannot have",
        "The detail names the parameter and says which values it takes; the page of the query "
        "shows them all with examples. Correct the value and send the request again.",
    ),
    "syntax": ProblemKind(
        400,
        "The query is not SPARQL",
        "The query cannot be read. The members “line” and “column” count from 1 and say where "
        "reading stopped; the mistake is there or a little before. A prefix that is not "
        "declared and a bracket that is not closed are the usual causes.",
    ),
    "query-too-complex": ProblemKind(
        400,
        "The query is too complex",
        "The time to plan a query grows fast with its size, whatever the data. The "
        "member “measure” says what was counted, “value” how much of it the query has, and "
        "“limit” how much is allowed. Split the query, or give long lists in VALUES.",
    ),
    "not-acceptable": ProblemKind(
        406,
        "No format that the request accepts",
        "The answer does not exist in any of the formats that the header Accept, or the "
        "parameter “format”, asks for. The member “available” lists those that exist. They "
        "depend on the query: SELECT and ASK give results, CONSTRUCT and DESCRIBE give graphs.",
    ),
    "unsupported-media-type": ProblemKind(
        415,
        "The type of the request's body is not supported here",
        "The header Content-Type is missing or names a type, a charset or an encoding that is not "
        "supported here. Send a query as application/sparql-query, or as the parameter “query” of "
        "a form, application/x-www-form-urlencoded, in UTF-8 and not compressed.",
    ),
    "method-not-allowed": ProblemKind(
        405,
        "The method is not allowed",
        "The header Allow lists the methods that this address answers. Send queries by GET, POST "
        "or QUERY.",
    ),
    "precondition-failed": ProblemKind(
        412,
        "What the request names is not here",
        "The header If-Match names a file that is no longer at this address, or "
        "If-Unmodified-Since is before the date of the file that is: another release is served "
        "now. Fetch the whole file again, without these headers. The entity tags of pages and "
        "answers are weak, because their bytes may differ, and If-Match never takes weak tags.",
    ),
    "range-not-satisfiable": ProblemKind(
        416,
        "The file has no such part",
        "The header Range asks for bytes after the end of the file; Content-Range says how many it "
        "has. Resuming a download that is complete already ends like this. Ask without Range for "
        "the whole file.",
    ),
    "content-too-large": ProblemKind(
        413,
        "The body of the request is too large",
        "The body is longer than the server reads. The member “limit_bytes” says how many "
        "it reads. Shorten the query, or split a long list of values over several queries.",
    ),
    "uri-too-long": ProblemKind(
        414,
        "The address of the request is too long",
        "The address is longer than the server reads. Send the query in the body of a POST.",
    ),
    "headers-too-large": ProblemKind(
        431,
        "The headers of the request are too large",
        "Request line and headers together are longer than the server reads. Send fewer or "
        "shorter ones, and the query in the body of a POST.",
    ),
    "transfer-coding": ProblemKind(
        501,
        "The transfer coding is not supported here",
        "The server reads no transfer coding but chunked. Send the body with Content-Length, "
        "or in chunks that are not compressed.",
    ),
    "http-version": ProblemKind(
        505,
        "The version of HTTP is not supported here",
        "The server speaks HTTP/1.1 and HTTP/1.0. Use one of these.",
    ),
    "read-only": ProblemKind(
        403,
        "The data cannot be changed here",
        "The endpoint answers queries and takes no updates: a release never changes. "
        "Report mistakes in the data to the project that the data come from.",
    ),
    "federation-disabled": ProblemKind(
        403,
        "SERVICE does not reach that endpoint from here",
        "The query has a SERVICE clause that this endpoint does not evaluate: its address is not "
        "one of those that may be called (the member “allowed” lists them, letter for letter), or "
        "it is of a kind that is refused, such as one with a variable for an address. Ask the "
        "other endpoint from your own program, or send it a query with a SERVICE clause that "
        "names this one. The parameter “explain=true” shows the plan of a query and sends nothing "
        "to any other endpoint.",
    ),
    "partner-failed": ProblemKind(
        502,
        "Another endpoint did not answer as it should",
        "The query has a SERVICE clause, and the endpoint that it names, the member “partner”, "
        "could not be reached, refused, or sent something that is not an answer; the detail says "
        "which. Try again later, or after the seconds of the header Retry-After, if there is one. "
        "With SERVICE SILENT a query is answered without the partner, and the header X-Federation "
        "says so. The parameter “explain=true” shows what would be asked, without asking it.",
    ),
    "partner-timeout": ProblemKind(
        504,
        "Another endpoint took too long",
        "The query has a SERVICE clause, and the endpoint that it names, the member “partner”, "
        "did not answer all that it was asked within “limit_s” seconds. Narrow the clause, or the "
        "patterns around it, whose values it is asked about; “explain=true” shows them.",
    ),
    "partner-too-large": ProblemKind(
        400,
        "The answer of another endpoint is too large",
        "The query has a SERVICE clause, and the endpoint that it names, the member “partner”, "
        "gave more rows or bytes than are accepted from it, or cut its answer short itself; or all "
        "partners of the query together gave too many, and this one most of them. The answer is "
        "refused whole, not cut short. Narrow the clause, or share a variable with it that the "
        "patterns around it give few values for; “explain=true” shows them.",
    ),
    "backend-failed": ProblemKind(
        502,
        "The engine behind this server did not answer as it should",
        "The data are in another SPARQL engine, which this server asks. It could not be reached, "
        "or sent something that is not an answer; the detail says which. Try again later; whoever "
        "runs the server has to look after that engine.",
    ),
    "evaluation": ProblemKind(
        400,
        "The query cannot be evaluated",
        "The query can be read, but not answered; the detail says why. An unknown function is a "
        "usual cause.",
    ),
    "not-xml": ProblemKind(
        406,
        "The answer cannot be written as XML",
        "XML cannot hold some characters that literals may have, and RDF/XML cannot name every "
        "property. Ask for another format: JSON for results, Turtle for graphs.",
    ),
    "answer-too-large": ProblemKind(
        400,
        "The answer is too large",
        "The answer has more rows or bytes than the server gives out. It is refused whole, not "
        "cut short. Add LIMIT, ask for less, or fetch the dumps, which hold everything.",
    ),
    "query-timeout": ProblemKind(
        503,
        "The query took too long",
        "The query was stopped at the time limit; the member “limit_s” says how many seconds that "
        "is. The same query will be stopped again: ask for less, add LIMIT, or put the most "
        "selective patterns together. The dumps can be loaded into a store of your own.",
    ),
    "memory": ProblemKind(
        503,
        "The query took too much memory",
        "The query was stopped at the memory limit; the member “limit_mb” says how many megabytes "
        "that is. The same query will be stopped again: sort, group or join less at a time.",
    ),
    "busy": ProblemKind(
        503,
        "The server is busy",
        "As many queries as the server takes are waiting already, from everybody or from your "
        "address, or as many bytes of long ones. Wait as many seconds as the header "
        "Retry-After says, then send it again.",
    ),
    "engine-failure": ProblemKind(
        500,
        "The query stopped the query engine",
        "The process that ran the query ended before the answer did. Nothing else was harmed. "
        "Report the query and the identifier in “instance”; meanwhile, ask in another way.",
    ),
    "draining": ProblemKind(
        503,
        "The server is stopping",
        "The server is shutting down and takes no new requests. Try again in a moment.",
    ),
    "no-release": ProblemKind(
        503,
        "There is nothing to serve yet",
        "The server runs, but has no release of the data that it can read. Try again later; "
        "whoever runs the server has to build or verify a release.",
    ),
    "not-found": ProblemKind(
        404,
        "There is nothing at this address",
        "Check the address. Queries go to the address that ends in “sparql”.",
    ),
    "gone": ProblemKind(
        410,
        "What was at this address is no longer kept",
        "The address is that of something that was published once and has been deleted since, as "
        "old releases are. The detail says where to find what took its place.",
    ),
    "request-timeout": ProblemKind(
        408,
        "The request did not arrive in time",
        "The beginning of the request arrived, but not the rest. Send it again.",
    ),
    "internal": ProblemKind(
        500,
        "Something failed in the server",
        "This is a fault of the server. Report the identifier in “instance”, which is in its log "
        "too.",
    ),
}


class Refusal(PfocrError):  # noqa: N818 - an answer to a request, not a mistake of the program
    """A request that is not answered with what it asks for.

    :param kind: key of :data:`PROBLEMS`.
    :param detail: a sentence about this request, and what to do.
    :param headers: of the response, such as ``Allow``.
    :param members: facts for programs, which the problem document has too.

    >>> refusal = Refusal("query-timeout", "stopped after 30 s: ask for less", limit_s=30)
    >>> refusal.status, refusal.title, refusal.members
    (503, 'The query took too long', {'limit_s': 30})
    """

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **members: Member,
    ) -> None:
        super().__init__(kind, detail)
        self.kind = kind
        self.detail = detail
        self.status = PROBLEMS[kind].status
        self.title = PROBLEMS[kind].title
        self.headers: Mapping[str, str] = headers or {}
        self.members: Mapping[str, Member] = members

    def __str__(self) -> str:
        return f"{self.title}: {self.detail}"


def problem_body(refusal: Refusal, public_url: str, request_id: str) -> bytes:
    """The refusal as a JSON document.

    :param public_url: what all addresses of the server begin with; ends in ``/``.
    :param request_id: a UUID, which is also in the log.

    >>> body = problem_body(Refusal("not-found", "no such page"), "/", "0-0")
    >>> json.loads(body)["type"], json.loads(body)["instance"]
    ('/problems/not-found', 'urn:uuid:0-0')
    """
    standard: dict[str, Member] = {
        "type": f"{public_url}problems/{refusal.kind}",
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
        "instance": f"urn:uuid:{request_id}",
    }
    # Twice: the first puts them in front, the second keeps a member from replacing one of them.
    document = {**standard, **refusal.members, **standard}
    # A detail quotes what was sent, where there may be lone surrogates: UTF-8 cannot encode them.
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")


def refusal_from(payload: bytes) -> Refusal:
    """The refusal that a query process sent.

    :raises ValueError: if it would also set headers of the response, which are the server's.
    """
    members = orjson.loads(payload)
    if "headers" in members:
        raise ValueError("a refusal has no headers")
    kind, detail = members.pop("kind"), members.pop("detail")
    return Refusal(kind, detail, **members)


def syntax_refusal(fault: SyntaxFault) -> Refusal:
    """The refusal for a mistake in the text of a query, with its place if that is known."""
    if fault.is_update:
        return Refusal("read-only", fault.reason)
    if not fault.line:
        return Refusal("syntax", fault.reason)
    return Refusal(
        "syntax",
        f"line {fault.line}, column {fault.column}: {fault.reason}",
        line=fault.line,
        column=fault.column,
        excerpt=f"{fault.excerpt}\n{' ' * fault.mark}^",
    )
