// The answer to a query as a chart: a plugin of YASR besides its table, which has every number.
"use strict";

// A query states how its answer is drawn in a line `# chart: bar label value`.
const CHART_LINE = /^[ \t]*#[ \t]*chart:[ \t]*(bar|line)[ \t]+\??(\w+)[ \t]+\??(\w+)[ \t]*$/m;
const XSD = "http://www.w3.org/2001/XMLSchema#";
const NUMBERS = new Set(
  ["integer", "decimal", "double", "float", "nonNegativeInteger", "int", "long"].map((n) => XSD + n),
);
const TIMES = new Set(["gYear", "gYearMonth", "date", "dateTime"].map((n) => XSD + n));
// Most rows that are drawn; the table has the others.
const MOST_ROWS = 200;
const ROW = 22;
const HEIGHT = 320;
const SVG = "http://www.w3.org/2000/svg";
let charts = 0;

function wishedChart(query) {
  const found = CHART_LINE.exec(query);
  return found && { kind: found[1], label: found[2], value: found[3] };
}

function inWords(column) {
  return column.replaceAll("_", " ");
}

function spoken(number) {
  if (Math.abs(number) >= 1e21) return String(number);
  return number.toLocaleString("en", { maximumFractionDigits: 6 });
}

// The columns that can be drawn: as values, which are numbers, and as labels of the values.
function columnsOf(variables, rows) {
  const values = [];
  const labels = [];
  for (const name of variables) {
    const cells = rows.map((row) => row[name]).filter(Boolean);
    if (cells.length === 0) continue;
    const numeric = cells.every((c) => NUMBERS.has(c.datatype) && Number.isFinite(Number(c.value)));
    if (numeric) values.push(name);
    // The best labels first: a time, a text, a number, then an IRI, which tells readers least.
    const time = cells.every((c) => TIMES.has(c.datatype));
    const rank = time ? 0 : numeric ? 2 : cells[0].type === "uri" ? 3 : 1;
    labels.push({ name, rank, time });
  }
  labels.sort((one, other) => one.rank - other.rank);
  return { values, labels };
}

// An axis: its range, round numbers as its ticks, and the position of a number from 0 to 1. The
// range includes zero if asked to.
function scaleOf(numbers, steps, zero) {
  let low = Math.min(...numbers);
  let high = Math.max(...numbers);
  if (zero) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
  if (low === high) high = low + 1;
  // Computed with halves: the difference of two very large numbers may exceed the largest number.
  const span = high / 2 - low / 2;
  const at = (number) => (span > 0 ? (number / 2 - low / 2) / span : 0);
  const rough = (span / steps) * 2;
  const power = 10 ** Math.floor(Math.log10(rough));
  const whole = numbers.every(Number.isInteger);
  let step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  if (whole) step = Math.max(1, Math.round(step));
  const ticks = [];
  const first = Math.ceil(low / step);
  // Beyond 2 ** 53 adding 1 to a number may not change it, so the loop counts from 0.
  for (let count = 0; count <= steps + 1; count += 1) {
    const exact = (first + count) * step;
    const round = Number(exact.toPrecision(12));
    const tick = Math.abs(round - exact) < step / 1000 ? round : exact;
    if (tick >= low && tick <= high && tick !== ticks.at(-1)) ticks.push(tick);
  }
  return { low, high, ticks, at };
}

function drawn(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

let pen;
function widthOf(text) {
  pen ??= document.createElement("canvas").getContext("2d");
  pen.font = "13px system-ui, sans-serif";
  return pen.measureText(text).width;
}

function fitted(text, width) {
  if (widthOf(text) <= width) return text;
  const letters = [...text];
  while (letters.length > 1 && widthOf(`${letters.join("")}…`) > width) letters.pop();
  return `${letters.join("").trimEnd()}…`;
}

// The colours set here are for the downloaded file; on the page the style sheet overrides them.
function sheetOf(width, height, title, description) {
  const id = `chart-${(charts += 1)}`;
  const svg = drawn("svg", {
    xmlns: SVG,
    role: "img",
    "aria-labelledby": `${id}-title ${id}-says`,
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    fill: "#1a2124",
    "font-family": "system-ui, sans-serif",
    "font-size": 13,
  });
  svg.append(
    drawn("title", { id: `${id}-title` }, title),
    drawn("desc", { id: `${id}-says` }, description),
  );
  return svg;
}

function drawBars(points, width, title, description) {
  const svg = sheetOf(width, points.length * ROW + 4, title, description);
  const scale = scaleOf(points.map((point) => point.value), 5, true);
  const said = points.map((point) => spoken(point.value));
  const left = Math.min(width * 0.4, Math.max(...points.map((p) => widthOf(p.label))) + 4);
  const room = Math.max(20, width - left - Math.max(...said.map(widthOf)) - 18);
  const zero = left + 8 + scale.at(0) * room;
  points.forEach((point, row) => {
    const end = left + 8 + scale.at(point.value) * room;
    const group = drawn("g", {});
    const middle = row * ROW + ROW / 2 + 2;
    group.append(
      drawn("title", {}, `${point.label}: ${said[row]}`),
      drawn("text", { x: left, y: middle + 4, "text-anchor": "end" }, fitted(point.label, left)),
      drawn("rect", {
        class: "bar",
        x: Math.min(zero, end),
        y: middle - 7,
        width: Math.max(1, Math.abs(end - zero)),
        height: 14,
        fill: "#14606e",
      }),
      drawn("text", { class: "said", x: Math.max(zero, end) + 5, y: middle + 4 }, said[row]),
    );
    svg.append(group);
  });
  return svg;
}

// Points with their horizontal positions: by the number if every label is one, else in their order.
function across(points) {
  const numbers = points.map((point) => Number.parseFloat(point.label));
  const numeric = points.every((p, at) => Number.isFinite(numbers[at]) && !/[^\d.eE+-]/.test(p.label));
  if (!numeric) {
    const last = Math.max(1, points.length - 1);
    const every = Math.ceil(points.length / 8);
    const ticks = points.flatMap((p, at) => (at % every ? [] : [{ at: at / last, text: p.label }]));
    return { points: points.map((point, at) => ({ ...point, across: at / last })), ticks };
  }
  const scale = scaleOf(numbers, 8, false);
  const placed = points.map((point, at) => ({ ...point, across: scale.at(numbers[at]) }));
  placed.sort((one, other) => one.across - other.across);
  // No separators between thousands: the numbers may be years.
  return { points: placed, ticks: scale.ticks.map((n) => ({ at: scale.at(n), text: String(n) })) };
}

function drawLine(given, width, title, description) {
  const svg = sheetOf(width, HEIGHT, title, description);
  const { points, ticks } = across(given);
  const scale = scaleOf(points.map((point) => point.value), 5, true);
  const left = Math.max(0, ...scale.ticks.map((tick) => widthOf(spoken(tick)))) + 10;
  const [right, top, bottom] = [width - 24, 10, HEIGHT - 30];
  const x = (point) => left + 8 + point.across * (right - left - 8);
  const y = (number) => bottom - scale.at(number) * (bottom - top);
  for (const tick of scale.ticks) {
    svg.append(
      drawn("line", { class: "grid", x1: left, x2: right, y1: y(tick), y2: y(tick), stroke: "#d5dbdb" }),
      drawn("text", { class: "said", x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, spoken(tick)),
    );
  }
  const room = (right - left) / Math.max(1, ticks.length);
  for (const tick of ticks) {
    const place = { class: "said", x: x({ across: tick.at }), y: HEIGHT - 8, "text-anchor": "middle" };
    svg.append(drawn("text", place, fitted(tick.text, Math.max(30, room))));
  }
  const path = points.map((point) => `${x(point).toFixed(1)},${y(point.value).toFixed(1)}`).join(" ");
  svg.append(
    drawn("polyline", { class: "line", points: path, fill: "none", stroke: "#14606e", "stroke-width": 2 }),
  );
  for (const point of points) {
    const mark = drawn("circle", { class: "bar", cx: x(point), cy: y(point.value), r: 3.5, fill: "#14606e" });
    mark.append(drawn("title", {}, `${point.label}: ${spoken(point.value)}`));
    svg.append(mark);
  }
  return svg;
}

function selectOf(words, choices, chosen, change) {
  const label = document.createElement("label");
  const select = document.createElement("select");
  for (const [value, text] of choices) select.append(new Option(text, value, false, value === chosen));
  select.addEventListener("change", () => change(select.value));
  label.append(words, " ", select);
  return label;
}

// The plugin class for YASR; wish() returns the chart that the query asks for, or null.
function chartPlugin(wish) {
  return class Chart {
    priority = 1;
    label = "Chart";

    constructor(yasr) {
      this.yasr = yasr;
    }

    rows() {
      return (this.yasr.results?.getBindings() || []).slice(0, MOST_ROWS);
    }

    canHandleResults() {
      const { values, labels } = columnsOf(this.yasr.results?.getVariables() || [], this.rows());
      return values.some((value) => labels.some((label) => label.name !== value));
    }

    getIcon() {
      const icon = drawn("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" });
      for (const [x, y] of [[1, 8], [6, 2], [11, 5]]) {
        icon.append(drawn("rect", { x, y, width: 4, height: 14 - y }));
      }
      return icon;
    }

    // Choose the columns to draw for a new answer, until the reader chooses others.
    choose(columns) {
      if (this.results === this.yasr.results) return;
      this.results = this.yasr.results;
      const wished = wish();
      const fits = wished && columns.values.includes(wished.value);
      if (fits && columns.labels.some((label) => label.name === wished.label)) {
        this.chosen = { ...wished };
        return;
      }
      // Most queries have their counts in the last column.
      const value = columns.values.findLast((name) => columns.labels.some((l) => l.name !== name));
      const label = columns.labels.find((one) => one.name !== value);
      this.chosen = { kind: label.time ? "line" : "bar", label: label.name, value };
    }

    labelOf(cell) {
      if (!cell) return "(none)";
      if (cell.type !== "uri") return cell.value;
      const prefixes = Object.entries(this.yasr.getPrefixes());
      const known = prefixes.find(([, iri]) => cell.value.startsWith(iri));
      return known ? `${known[0]}:${cell.value.slice(known[1].length)}` : cell.value;
    }

    draw() {
      const rows = this.rows();
      const columns = columnsOf(this.yasr.results.getVariables(), rows);
      this.choose(columns);
      const { chosen } = this;
      const change = (key) => (value) => {
        this.chosen[key] = value;
        this.drawInto(sheet, note, rows);
      };
      const controls = document.createElement("p");
      controls.className = "actions chosen";
      controls.append(
        selectOf("Draw", columns.values.map((n) => [n, inWords(n)]), chosen.value, change("value")),
        selectOf("by", columns.labels.map((l) => [l.name, inWords(l.name)]), chosen.label, change("label")),
        selectOf("as", [["bar", "bars"], ["line", "a line"]], chosen.kind, change("kind")),
      );
      const sheet = document.createElement("div");
      sheet.className = "chart";
      const note = document.createElement("p");
      note.className = "faint";
      this.destroy();
      this.yasr.resultsEl.append(controls, sheet, note);
      this.watch = new ResizeObserver(() => {
        if (sheet.clientWidth !== this.width) this.drawInto(sheet, note, rows);
      });
      this.watch.observe(sheet);
      this.drawInto(sheet, note, rows);
    }

    drawInto(sheet, note, rows) {
      const { kind, label, value } = this.chosen;
      this.width = sheet.clientWidth;
      const points = rows
        .filter((row) => row[value] && (kind === "bar" || row[label]))
        .map((row) => ({ label: this.labelOf(row[label]), value: Number(row[value].value) }));
      if (points.length === 0) {
        sheet.replaceChildren();
        note.textContent = "No row has both.";
        return;
      }
      const title = `${inWords(value)} by ${inWords(label)}`;
      const best = points.reduce((one, other) => (other.value > one.value ? other : one));
      const says = `${points.length} ${kind === "bar" ? "bars" : "points"}; the greatest is ` +
        `${best.label} with ${spoken(best.value)}. The table has every number.`;
      const draw = kind === "bar" ? drawBars : drawLine;
      this.svg = draw(points, Math.max(240, this.width), title, says);
      sheet.replaceChildren(this.svg);
      const all = this.yasr.results.getBindings().length;
      note.textContent = rows.length < all ? `The first ${rows.length} of ${spoken(all)} rows.` : "";
    }

    download(name) {
      return {
        contentType: "image/svg+xml",
        getData: () => new XMLSerializer().serializeToString(this.svg),
        filename: `${name || "chart"}.svg`,
        title: "Download the chart",
      };
    }

    destroy() {
      this.watch?.disconnect();
    }
  };
}
