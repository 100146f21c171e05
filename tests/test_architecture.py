"""The shape of the program: imports go one way, modules are small, IRIs are made in one place."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Final

import pytest

from making import REPOSITORY
from pfocr_rdf.build.errands import MODULES

PACKAGE: Final = REPOSITORY / "src" / "pfocr_rdf"
#: A module may import from those before it; ``records`` and ``build`` are packages.
ORDER: Final = (
    *(
        "errors",
        "resources",
        "collector",
        "interrupting",
        "recurring",
        "possessive",
        "composing",
        "cores",
        "iris",
        "equivalents",
        "spellings",
    ),
    *("records", "vocabulary", "mapping", "shared"),
    *(
        "ontology",
        "jsonld",
        "ranges",
        "tally",
        "listing",
        "dumps",
        "mappings",
        "partitions",
        "dataset",
    ),
    *("flushing", "forks", "pruned", "release_ids", "releases", "contents", "gone"),
    *("search", "build", "verify", "compare"),
    *(
        "parameters",
        "queries",
        "diagnosis",
        "xml_text",
        "rows",
        "tabular",
        "results",
    ),
    *("peers", "resending", "remote", "describe", "enrichment", "crate", "publish"),
    *("push", "web"),
    *("commands", "cli", "__main__"),
)
#: What only some modules may import: nothing else knows YAML, another endpoint or a terminal.
LIBRARY_TO_USERS: Final = {
    "aiohttp": {"resending", "push", "web"},
    "yaml": {"records"},
    "frontmatter": {"records"},
    "sssom_pydantic": {"mappings"},
    "deflate": {"dumps"},
    "distributed": {"build"},
    "orjson": {"jsonld", "web"},
    "sqlite3": {"search", "build", "gone"},
    "rdflib": {"web"},  # a query's algebra, where it is federated
    "SPARQLWrapper": {"remote"},
    "starlette": {"web"},
    "typer": {"commands", "cli"},
    "uvicorn": {"web"},
    "rich": {"commands", "tabular"},
}
#: Classes that gather while data go by; all other dataclasses are values.
COLLECTORS: Final = {
    *(
        "Clause",
        "DumpWriter",
        "Exchange",
        "Fields",
        "MappingCounts",
        "Notes",
        "Report",
        "Shared",
        "Summary",
        "Ranges",
        "Tally",
    ),
    *("Running", "Ticket", "Row", "_Group", "_Select", "_Triple"),
}
#: Strings that look like an IRI and are none that is made: module, text.
NO_IRIS: Final = {
    ("records/embedded.py", "https://schema.org/"),  # what stands in every record
    ("remote.py", "an endpoint's address is http://… or https://…, without a password"),
}
MODULE_LINES: Final = 400
FUNCTION_LINES: Final = 60

#: Fails where a file breaks it.
Rule = Callable[[Path], None]
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def unit_of(path: Path) -> str:
    """The module, or the package that it is in."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path: Path) -> Sequence[ast.AST]:
    """All nodes of a module; to walk through it for each test takes as long as to parse it."""
    return tuple(ast.walk(parsed(path)))


def imported(path: Path) -> Iterator[str]:
    """The full name of everything that a module imports, wherever in it."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def file_of(name: str) -> Path:
    """The module that a full name is one of, or names something in."""
    parts = name.split(".")[1:]
    while not (PACKAGE.joinpath(*parts).with_suffix(".py")).is_file():
        if (PACKAGE.joinpath(*parts) / "__init__.py").is_file():
            return PACKAGE.joinpath(*parts) / "__init__.py"
        parts.pop()
    return PACKAGE.joinpath(*parts).with_suffix(".py")


def docstrings(path: Path) -> set[ast.AST]:
    """The nodes of all docstrings, and of texts that stand alone."""
    return {n.value for n in nodes(path) if isinstance(n, ast.Expr)}


def public(body: list[ast.stmt]) -> Iterator[Definition]:
    """Public classes, functions and methods, but for the magic ones."""
    for node in body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body)


def dataclasses_of(path: Path) -> Iterator[tuple[ast.ClassDef, set[str]]]:
    """Dataclasses and what they are declared with."""
    for node in nodes(path):
        for decorator in node.decorator_list if isinstance(node, ast.ClassDef) else ():
            assert isinstance(node, ast.ClassDef)
            call = decorator if isinstance(decorator, ast.Call) else None
            called = call.func if call else decorator
            if isinstance(called, ast.Name) and called.id == "dataclass":
                keywords = call.keywords if call else []
                yield node, {k.arg or "" for k in keywords if ast.unparse(k.value) == "True"}


def of_each(paths: Callable[[], list[Path]]) -> Callable[[Rule], Callable[[], None]]:
    """A rule for files as one test, which names all that break it.

    A test for each file would take longer to begin than to run.
    """

    def decorated(rule: Rule) -> Callable[[], None]:
        def test() -> None:
            broken = []
            for path in paths():
                try:
                    rule(path)
                except AssertionError as error:
                    broken.append(f"{path.relative_to(REPOSITORY)}: {error}")
            assert not broken, "\n".join(broken)

        test.__name__ = rule.__name__
        return test

    return decorated


def test_the_order_names_every_module_once() -> None:
    assert len(set(ORDER)) == len(ORDER)
    assert {unit_of(path) for path in sources()} == {*ORDER, "__init__"}


@of_each(sources)
def test_imports_go_one_way(path: Path) -> None:
    unit = unit_of(path)
    before = ORDER[: ORDER.index(unit)] if unit in ORDER else ()
    for name in imported(path):
        package, _, inner = name.partition(".")
        target = inner.partition(".")[0]
        if package == "pfocr_rdf" and target not in {unit, "__version__"}:
            assert target in before, f"{name_of(path)} imports {target}"


@pytest.mark.parametrize(
    "package",
    [
        *("records", "mappings", "search", "build", "commands"),
        *("web", "web.pages", "web.federation", "web.backend"),
    ],
)
def test_imports_inside_a_package_make_no_circle(package: str) -> None:
    folder = PACKAGE.joinpath(*package.split("."))
    inner = f"pfocr_rdf.{package}."
    graph: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*.py")):
        unit = path.relative_to(folder).parts[0].removesuffix(".py")
        found = (n.removeprefix(inner) for n in imported(path) if n.startswith(inner))
        targets = {name.partition(".")[0] for name in found}
        # What is no module is a name that the package itself exports.
        known = {t if any(folder.glob(f"{t}*")) else "__init__" for t in targets}
        graph[unit] = graph.get(unit, set()) | known - {unit}
    TopologicalSorter(graph).prepare()


@of_each(sources)
def test_only_those_who_need_a_library_import_it(path: Path) -> None:
    for name in imported(path):
        users = LIBRARY_TO_USERS.get(name.partition(".")[0])
        assert users is None or unit_of(path) in users, name


@of_each(sources)
def test_a_module_is_no_longer_than_can_be_read_at_once(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MODULE_LINES


@of_each(sources)
def test_a_function_fits_a_screen(path: Path) -> None:
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= FUNCTION_LINES, f"{node.name} has {length} lines"


def test_the_table_of_contributing_has_every_module_in_the_order_of_imports() -> None:
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| ((?:`\w+(?:\.py|/)`(?:, )?)+) \|", text.partition("\n### ")[0])
    named = [name for row in rows for name in re.findall(r"`(\w+)", row)]
    assert tuple(named[named.index(ORDER[0]) :]) == ORDER


@of_each(sources)
def test_iris_are_made_in_one_place(path: Path) -> None:
    if name_of(path) in {"iris.py", "equivalents.py"}:
        return
    aside = docstrings(path)
    for node in nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in aside:
            is_iri = re.search("https?://", node.value)
            assert not is_iri or (name_of(path), node.value) in NO_IRIS, node.value


def test_every_exception_to_the_rule_of_iris_is_still_needed() -> None:
    for name, text in NO_IRIS:
        assert text in (PACKAGE / name).read_text(encoding="utf-8")


@of_each(lambda: [*sources(), *sorted((REPOSITORY / "tests").rglob("*.py"))])
def test_a_silenced_type_error_says_which(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if "ignore" not in text:
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            assert not re.search(r"type:\s*ignore(?!\[)", token.string), token.line


@of_each(sources)
def test_nothing_is_printed_but_by_the_command_line(path: Path) -> None:
    for node in nodes(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "print", f"line {node.lineno}"


@of_each(sources)
def test_everything_public_is_documented(path: Path) -> None:
    tree = parsed(path)
    assert ast.get_docstring(tree)
    for node in public(tree.body):
        assert ast.get_docstring(node), node.name


@of_each(sources)
def test_values_are_frozen_and_slotted(path: Path) -> None:
    for node, declared in dataclasses_of(path):
        assert "slots" in declared, node.name
        assert ("frozen" in declared) != (node.name in COLLECTORS), node.name


def test_every_collector_is_still_there() -> None:
    found = {node.name for path in sources() for node, _ in dataclasses_of(path)}
    assert found >= COLLECTORS


def test_git_ignores_no_source_file() -> None:
    if not (REPOSITORY / ".git").exists():
        pytest.skip("not a checkout")
    files = "\n".join(str(path) for path in [*sources(), *(REPOSITORY / "tests").rglob("*.py")])
    done = subprocess.run(
        ["git", "check-ignore", "--stdin"],
        input=files,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        check=False,
    )
    assert done.stdout == ""


def test_all_that_maps_a_batch_is_compared_before_a_part_is_taken_over() -> None:
    waiting, seen = [PACKAGE / "build" / "batches.py"], set[Path]()
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += [file_of(name) for name in imported(path) if name.startswith("pfocr_rdf.")]
    found = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in seen}
    # How a process ends decides no byte.
    assert found == {*MODULES, "forks"}
