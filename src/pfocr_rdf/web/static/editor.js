// The query editor. Without this script the page is a form that sends the same query.
"use strict";

const LONGEST_ADDRESS = 8000;
// Format → suffix of its files, where that is not its name.
const SUFFIXES = { turtle: "ttl", ntriples: "nt" };

// The address of our page about an IRI, or null. A rest that begins with a slash is no address:
// after the slash of the root it would name another host.
function localAddress(pages, iri) {
  for (const [start, address] of Object.entries(pages)) {
    if (!iri.startsWith(start)) continue;
    const rest = iri.slice(start.length);
    return /^[\t\n\r]*[\\/]/.test(rest) ? null : address + rest;
  }
  return null;
}

function linkPages(pages, element) {
  for (const link of element.querySelectorAll("a[href]:not([data-seen])")) {
    link.dataset.seen = "yes";
    const address = localAddress(pages, link.getAttribute("href"));
    if (address === null) continue;
    link.href = address;
    link.removeAttribute("target");
  }
}

// The server reports errors as problem documents: https://www.rfc-editor.org/rfc/rfc9457
async function showProblem(error) {
  let problem;
  try {
    problem = JSON.parse(error.text);
  } catch {
    return undefined;
  }
  const box = document.createElement("div");
  box.className = "notice";
  const title = document.createElement("p");
  const strong = document.createElement("strong");
  strong.textContent = problem.title || "The query could not be answered";
  title.append(strong);
  box.append(title);
  for (const text of [problem.detail, problem.excerpt]) {
    if (!text) continue;
    const part = document.createElement(text === problem.excerpt ? "pre" : "p");
    if (part.tagName === "PRE") part.tabIndex = 0;
    part.textContent = text;
    box.append(part);
  }
  const listed = [problem.allowed, problem.available].find(Array.isArray);
  if (listed) {
    const list = document.createElement("ul");
    list.append(...listed.map((one) => {
      const item = document.createElement("li");
      item.append(code(one));
      return item;
    }));
    box.append(list);
  }
  if (/^https?:/.test(problem.type)) {
    const help = document.createElement("a");
    help.href = problem.type;
    help.textContent = "What this means, and what to do";
    box.append(help);
  }
  return box;
}

// What screen readers announce of an answer: its size, or why there is none, not the whole table.
function tellAnswer(told, answer) {
  const refusal = answer.querySelector(".yasr_results .notice strong");
  const said = (refusal ?? answer.querySelector(".yasr_response_chip"))?.textContent ?? "";
  if (told.textContent !== said) told.textContent = said;
}

// Explain an empty answer from its header X-Pfocr-Absent: terms of the query that the release does
// not have, and what it has instead; counts where there are none yet; what functions cannot read;
// graphs; and properties that a thing of the query cannot have. X-Pfocr-Unbound explains blank cells.
function showAbsent(place, headers, prefixes) {
  let lacking = false;
  const terms = listed(headers?.get("x-pfocr-absent"));
  const blanks = listed(headers?.get("x-pfocr-unbound")).map(whyBlank);
  const reasons = document.createElement("p");
  reasons.append("Nothing was found");
  const list = document.createElement("ul");
  for (const [term, told] of terms) {
    const reason = whyNowhere(term, told);
    if (reason) {
      reasons.append(reasons.childElementCount ? "; " : ": ", ...reason);
      continue;
    }
    const item = document.createElement("li");
    if (told.at) {
      item.append(...whyApart(term, told, prefixes));
      list.append(item);
      continue;
    }
    lacking = true;
    if (told.relative) item.append(code(`<${decodeURIComponent(told.relative)}>`), ", which stands for ");
    item.append(code(asWritten(term)));
    if (told.of) item.append(" as ", code(told.of));
    if (told.instead) item.append(", but");
    if (told.instead && told.instead !== term) item.append(" ", code(asWritten(told.instead)));
    if (told["instead-of"]) item.append(" as ", code(asWritten(told["instead-of"])));
    list.append(item);
  }
  if (lacking) reasons.append(", and the release does not have");
  place.replaceChildren(...blanks, ...(terms.length ? [reasons, list] : []));
  place.hidden = place.childElementCount === 0;
}

// The terms of such a header, each with its parameters.
function listed(header) {
  const terms = [...(header ?? "").matchAll(/<([^>]*)>((?:; [a-z-]+="[^"]*")*)/g)];
  return terms.map(([, term, facts]) => [
    term,
    Object.fromEntries(
      [...facts.matchAll(/; ([a-z-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    ),
  ]);
}

// Explain a variable that never has a value.
function whyBlank([variable, told]) {
  const reason = document.createElement("p");
  reason.append(code(decodeURIComponent(variable)), " has no value");
  if (told.within === "SELECT") reason.append(" outside the subquery, which does not select it");
  else if (told.within) reason.append(" outside ", code(told.within));
  else reason.append(": no pattern of the query has it");
  if (told.instead) reason.append("; ", code(decodeURIComponent(told.instead)), " may be meant");
  return reason;
}

// Explain a count where there is none yet, what a function cannot read, what no text meets, and what
// is looked for in the wrong graphs.
function whyNowhere(term, told) {
  if (told.of === "HAVING") {
    const [variable, expression] = [term, told.instead].map(decodeURIComponent);
    return [code(variable), " has no value in HAVING, write ", code(expression), " there"];
  }
  if (told.of === "FILTER") {
    return ["FILTER sees one row at a time, write ", code(decodeURIComponent(told.instead))];
  }
  if (told.of === "STR") {
    const [variable, read] = [term, told.instead].map(decodeURIComponent);
    return [code(variable), " is no text, write ", code(read), " in the function"];
  }
  if (told.of === "CASE" || told.of === "LANG") {
    const [condition, meant] = [term, told.instead ?? ""].map(decodeURIComponent);
    const advice = meant ? ["write ", code(meant)] : ["the texts have no language: leave it out"];
    return [code(condition), " never holds, ", ...advice];
  }
  if (told.of === "TEXT") {
    const [condition, meant] = [term, told.instead ?? ""].map(decodeURIComponent);
    if (!meant) return ["no text meets ", code(condition)];
    return [code(condition), " tells capitals from small letters, write ", code(meant)];
  }
  if (told.of === "GRAPH" && told.instead) {
    return [code(term), " is no graph of the release, write ", code(told.instead)];
  }
  const without = "in the default graph, without FROM and GRAPH";
  if (told.of === "GRAPH") return [code(term), ` is no graph of the release: its records are ${without}`];
  return told.graph === "DEFAULT" ? [code(term), ` is only ${without}`] : null;
}

// Explain a property that a thing of the query cannot have, with the prefixes of the endpoint.
function whyApart(lacks, told, prefixes) {
  const short = (term) => {
    const iri = term.replace(/^<(.*)>$/, "$1");
    const [prefix, space] = prefixes.find(([, space]) => iri.startsWith(space)) ?? [];
    return code(space ? `${prefix}:${iri.slice(space.length)}` : term);
  };
  if (told.graph) return [short(lacks), " is only in named graphs: write ", code(`GRAPH <${told.graph}> { … }`)];
  const list = (terms) => terms.split(" ").flatMap((one, at) => [at ? ", " : " ", short(one)]);
  let said = [" has no ", short(lacks)];
  if (told.beside) said = [" needs ", short(told.beside), " and ", short(lacks), ", but nothing has both"];
  if (told.via) {
    const what = told.has || told.instead ? " needs " : " needs to be a ";
    said = [what, short(lacks), ", but ", short(told.via), " leads to", ...list(told.to)];
  }
  if (told.instead) said.push("; use ", short(told.instead));
  else if (told.has) said.push("; ", short(lacks), " belongs to", ...list(told.has));
  return [short(asWritten(told.at)), ...said];
}

// Values, variables and property paths are percent-encoded as a whole in the header; IRIs are not.
function asWritten(term) {
  return /^%(22|3C|3F|5B)/.test(term) ? decodeURIComponent(term) : term;
}

function code(text) {
  const element = document.createElement("code");
  element.textContent = text;
  return element;
}

// The endpoint knows the project's prefixes, so the editor must not ask for their declarations.
function knowPrefixes(Yasqe, prefixes) {
  const make = Yasqe.modes.sparql11;
  Yasqe.defineMode("sparql11", (...options) => {
    const mode = make(...options);
    return { ...mode, startState: () => ({ ...mode.startState(), prefixes: { ...prefixes } }) };
  });
}

// Offer only the formats for this kind of query; all of them while the kind is not known yet.
function offerFormats(select, kind) {
  for (const option of select.options) {
    const fits = !kind || option.dataset.for.split(" ").includes(kind);
    option.hidden = option.disabled = !fits;
  }
  for (const group of select.querySelectorAll("optgroup")) {
    group.hidden = [...group.children].every((option) => option.hidden);
  }
  if (select.selectedOptions[0]?.disabled) select.querySelector("option:enabled").selected = true;
}

// Download the answer as a file; errors are shown in the page, where the query can be corrected.
async function fetchFile(endpoint, query, format, refused) {
  refused.hidden = true;
  let response;
  try {
    response = await fetch(endpoint, { method: "POST", body: new URLSearchParams({ query, format }) });
    if (response.ok) {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await response.blob());
      link.download = `answer.${SUFFIXES[format] ?? format}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      return;
    }
    const box = await showProblem({ text: await response.text() });
    refused.replaceChildren(box ?? `The server answers ${response.status}.`);
  } catch {
    refused.replaceChildren("The server did not answer, or broke off: try again.");
  }
  refused.hidden = false;
}

// Name the parts of the table for which YASR gives screen readers no name.
function nameParts(answer) {
  answer.querySelector("select.tableSizer")?.setAttribute("aria-label", "Rows on a page");
  const corner = answer.querySelector("thead th:first-child");
  if (corner && !corner.textContent.trim()) {
    const name = document.createElement("span");
    name.className = "hidden";
    name.textContent = "Row";
    corner.append(name);
  }
}

// Complete our prefixes, classes and properties instead of those of services elsewhere.
function complete(Yasqe, vocabulary) {
  const prefixes = Object.entries(vocabulary.prefixes).map(([name, iri]) => `${name}: <${iri}>`);
  const own = { class: vocabulary.classes, property: vocabulary.properties, prefixes };
  for (const [name, found] of Object.entries(own)) {
    const completer = { ...Yasqe.Autocompleters[name], get: () => found, bulk: true };
    completer.persistenceId = null;
    Yasqe.registerAutocompleter(completer, false);
  }
}

// The editor cannot handle the two line separators of Unicode; SPARQL also accepts them escaped:
// https://www.w3.org/TR/sparql11-query/#codepointEscape
function spelt(query) {
  return query.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

// Make the table search and sort its cells as plain text: else it would parse them as HTML, and
// load any pictures in it.
function keepText(Yasr) {
  const plain = (value) => value.value.replace(/[&<>]/g, " ");
  const isCell = (value) => typeof value === "object" && value !== null;
  class Table extends Yasr.plugins.table {
    getColumns() {
      return super.getColumns().map((column) => ({
        ...column,
        render: (value, type, ...others) =>
          isCell(value) && (!type || type === "filter" || type === "sort")
            ? plain(value)
            : column.render(value, type, ...others),
      }));
    }
  }
  Yasr.registerPlugin("table", Table);
}

// A field above the examples that shows only those with all the words typed in it.
function offerFilter(listed) {
  const field = document.createElement("input");
  field.type = "search";
  field.placeholder = "Find an example";
  field.setAttribute("aria-label", field.placeholder);
  const said = (one) => `${one.textContent} ${one.querySelector("[title]")?.title}`.toLowerCase();
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/);
    for (const list of listed.querySelectorAll("ul")) {
      for (const one of list.children) one.hidden = !words.every((word) => said(one).includes(word));
      const left = [...list.children].some((one) => !one.hidden);
      list.hidden = list.previousElementSibling.hidden = !left;
    }
  });
  listed.before(field);
}

async function loaded(address) {
  try {
    const response = await fetch(address);
    if (response.ok) return await response.json();
  } catch {
    // The editor works without the vocabulary.
  }
  return { prefixes: {}, classes: [], properties: [], pages: {} };
}

async function start(form, place) {
  const vocabulary = await loaded(place.dataset.vocabulary);
  const { Yasqe, Yasr } = Yasgui;
  const text = document.getElementById("query");
  const answer = document.getElementById("answer");
  const permalink = document.getElementById("permalink");
  const run = document.getElementById("run");
  const refused = document.getElementById("refused");
  const absent = document.getElementById("absent");
  const told = document.getElementById("told");
  const endpoint = new URL(place.dataset.endpoint, location.href).href;
  const linkTo = (query) => `${endpoint}?query=${encodeURIComponent(query)}`;

  // The first match is taken, so the longest come first: taxon:9606, not obo:NCBITaxon_9606.
  const prefixes = Object.entries(vocabulary.prefixes).sort(
    ([, one], [, other]) => other.length - one.length,
  );
  let wished = null;
  knowPrefixes(Yasqe, vocabulary.prefixes);
  complete(Yasqe, vocabulary);
  keepText(Yasr);
  Yasr.registerPlugin("chart", chartPlugin(() => wished));
  const keys = document.getElementById("keys");
  place.hidden = run.hidden = permalink.hidden = keys.hidden = false;
  const yasqe = new Yasqe(place, {
    value: spelt(text.value),
    persistenceId: null,
    consumeShareLink: null,
    createShareableLink: null,
    showQueryButton: false,
    editorHeight: getComputedStyle(text).height,
    lineWrapping: true,
    screenReaderLabel: "Query",
    requestConfig: { endpoint, method: "POST", acceptHeaderGraph: "text/turtle" },
  });
  text.hidden = true;
  // A query longer than the editor can be scrolled with the keyboard alone.
  const scrolled = yasqe.getScrollerElement();
  scrolled.setAttribute("role", "group");
  scrolled.setAttribute("aria-label", "The whole query");
  const letScroll = () => {
    scrolled.tabIndex = scrolled.scrollHeight > scrolled.clientHeight ? 0 : -1;
  };
  yasqe.on("update", letScroll);
  new ResizeObserver(letScroll).observe(scrolled);
  // Tab leaves the editor, as it does any other field; for open completions it keeps its meaning.
  yasqe.addKeyMap({ Tab: false, "Shift-Tab": false }, true);
  const yasr = new Yasr(answer, {
    persistenceId: null,
    prefixes: Object.fromEntries(prefixes),
    pluginOrder: ["table", "chart", "response"],
    defaultPlugin: "table",
    errorRenderers: [showProblem],
    getDownloadFileName: () => "answer",
  });
  const finishAnswer = () => {
    linkPages(vocabulary.pages, answer);
    nameParts(answer);
    tellAnswer(told, answer);
  };
  new MutationObserver(finishAnswer).observe(answer, { childList: true, subtree: true });

  // Readers who chose another view keep it for as long as the query asks for the same chart.
  const preferChart = (wish) => {
    const same = JSON.stringify(wish) === JSON.stringify(wished);
    wished = wish;
    if (same) return;
    if (wish) yasr.selectPlugin("chart");
    else if (yasr.getSelectedPluginName() === "chart") yasr.selectPlugin("table");
  };
  yasqe.on("beforeChange", (_, change) => {
    const lines = change.text.map(spelt);
    if (lines.join() !== change.text.join()) change.update?.(null, null, lines);
  });
  const follow = () => {
    text.value = yasqe.getValue();
    permalink.href = linkTo(text.value);
    offerFormats(form.elements.format, yasqe.getQueryType());
    refused.hidden = true;
  };
  yasqe.on("change", follow);
  follow();
  yasqe.on("query", () => {
    run.textContent = "Stop";
    told.textContent = "";
    answer.setAttribute("aria-busy", "true");
    if (permalink.href.length < LONGEST_ADDRESS) history.replaceState(null, "", permalink.href);
    preferChart(wishedChart(yasqe.getValue()));
  });
  const finish = () => {
    run.textContent = "Run";
    answer.removeAttribute("aria-busy");
  };
  yasqe.on("queryAbort", finish);
  yasqe.on("queryResponse", (_, response, duration) => {
    finish();
    answer.hidden = false;
    showAbsent(absent, response.headers, prefixes);
    yasr.setResponse(response, duration);
    answer.scrollIntoView({ block: "nearest" });
  });
  // Errors are handled by the event; the promise only repeats them.
  const ask = () => yasqe.query().catch(() => undefined);
  run.addEventListener("click", () => {
    if (run.textContent === "Stop") yasqe.abortQuery();
    else ask();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button[type=submit]");
    button.disabled = true;
    await fetchFile(endpoint, yasqe.getValue(), form.elements.format.value, refused);
    button.disabled = false;
  });
  if (place.dataset.run) ask();
}

const gallery = document.querySelector(".gallery .listed");
if (gallery) offerFilter(gallery);
const form = document.getElementById("query-form");
const place = document.getElementById("editor");
if (form && place && typeof Yasgui !== "undefined") start(form, place);
