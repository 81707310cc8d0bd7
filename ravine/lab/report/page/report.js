// Puts the figures into the page, with legends, choices of axes and tables of their data.

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function svgElement(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const hidden = new Map();  // of each group, the series that a reader has switched off
const figures = [];        // what redraws each

function isHidden(group, series) {
  return hidden.get(group)?.has(series) ?? false;
}

/// The series that a figure has rows of.
function seriesOf(figure) {
  return [...new Set(figure.rows.map(row => row[0]))].sort(d3.ascending);
}

/// Switching off the last of those that a figure shows shows all again.
function toggle(group, series, present) {
  const off = hidden.get(group) ?? new Set();
  hidden.set(group, off);
  if (!off.delete(series)) off.add(series);
  if (present.every(s => off.has(s))) off.clear();
  for (const figure of figures) if (figure.group === group) figure.redraw();
}

/// Dims the other series of the group in all its figures; null dims none.
function pickOut(group, series) {
  for (const figure of figures) {
    if (figure.group !== group) continue;
    figure.node.classList.toggle("picked", series !== null);
    for (const mark of figure.node.querySelectorAll("svg [class^='s']"))
      mark.classList.toggle("dim", series !== null && !mark.classList.contains(classOf(series)));
  }
}

function keySvg(series, layout) {
  const mark = svgElement("path", { d: d3.symbol(d3[`symbol${symbol(series)[0].toUpperCase()}${symbol(series).slice(1)}`], 42)(),
    transform: "translate(14 7)", fill: colour(series) });
  const line = svgElement("line", { x1: 0, x2: 28, y1: 7, y2: 7, stroke: colour(series), "stroke-width": 2,
    "stroke-dasharray": dash(series) });
  return svgElement("svg", { width: 28, height: 14, "aria-hidden": "true" }, ...(layout === "curves" ? [line, mark] : [mark]));
}

function legend(figure) {
  const list = element("div", { class: "legend", role: "group", "aria-label": "Show or hide" });
  const present = seriesOf(figure);
  present.forEach(series => {
    const name = figure.series[series];
    const button = element("button", { type: "button", "aria-pressed": String(!isHidden(figure.group, series)),
      title: "Show or hide" }, keySvg(series, figure.layout), element("span", {}, name));
    button.addEventListener("click", () => toggle(figure.group, series, present));
    for (const event of ["pointerenter", "focus"]) button.addEventListener(event, () => pickOut(figure.group, series));
    for (const event of ["pointerleave", "blur"]) button.addEventListener(event, () => pickOut(figure.group, null));
    list.append(button);
  });
  return list;
}

/// Buttons of which one is pressed.
function choice(label, options, chosen, choose) {
  const group = element("div", { class: "choice", role: "group", "aria-label": label }, element("span", {}, label));
  for (const [value, text] of options) {
    const button = element("button", { type: "button", "aria-pressed": String(value === chosen) }, text);
    button.addEventListener("click", () => {
      for (const other of group.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
      choose(value);
    });
    group.append(button);
  }
  return group;
}

function csvCell(value) {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function cellsOf(figure, row) {
  return [figure.series[row[0]], ...row.slice(1)];
}

function csvOf(figure) {
  const lines = [["series", ...figure.columns.map(c => c.name)]];
  for (const row of figure.rows) lines.push(cellsOf(figure, row));
  return lines.map(line => line.map(csvCell).join(",") + "\n").join("");
}

/// The rows as a table, filled when it is opened, and as a file.
function dataOf(figure) {
  const details = element("details", { class: "data" }, element("summary", {}, "Data of this figure"));
  details.addEventListener("toggle", () => {
    if (!details.open || details.childElementCount > 1) return;
    const link = element("a", { download: `${figure.id}.csv`,
      href: "data:text/csv;charset=utf-8," + encodeURIComponent(csvOf(figure)) }, "Download CSV");
    const most = 500, shown = figure.rows.slice(0, most);
    const head = element("tr", {}, ...["", ...figure.columns.map(c => c.label || c.name)].map(
      text => element("th", { scope: "col" }, text)));
    const body = shown.map(row => element("tr", {}, element("th", { scope: "row" }, figure.series[row[0]] ?? ""),
      ...figure.columns.map((c, i) => element("td", { class: "number" }, valueText(row[i + 1], c.unit)))));
    const note = figure.rows.length > most ? ` The first ${most} of ${figure.rows.length} rows:` : "";
    details.append(element("p", {}, link, note),
      element("div", { class: "table", tabindex: 0, role: "region", "aria-label": `Data of ${figure.title}` },
        element("table", {}, element("thead", {}, head), element("tbody", {}, ...body))));
  });
  return details;
}

function mount(figure) {
  const node = document.getElementById("figure-" + figure.id);
  const drawing = node.querySelector(".drawing");
  const view = { x: figure.x[0], yScale: figure.yScale, shows: series => !isHidden(figure.group, series) };
  const controls = element("div", { class: "controls" });
  const columnLabel = name => figure.columns.find(c => c.name === name).label.split(/ \(|,/)[0];
  const redraw = () => {
    const width = Math.floor(drawing.clientWidth);
    if (width < 40) return;
    const svg = draw[figure.layout](figure, view, width);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", `${figure.title}. ${figure.description}`);
    drawing.replaceChildren(svg);
    const buttons = node.querySelectorAll(".legend button");
    seriesOf(figure).forEach((series, i) => buttons[i]?.setAttribute("aria-pressed", String(view.shows(series))));
  };
  if (figure.layout === "curves") {
    if (figure.x.length > 1)
      controls.append(choice("Over", figure.x.map(name => [name, columnLabel(name)]), view.x,
        name => { view.x = name; redraw(); }));
    if (figure.rows.some(row => row.some((v, i) => i > 0 && v > 0)) && figure.yUnit !== "share")
      controls.append(choice("Scale", [["linear", "linear"], ["log", "log"]], view.yScale,
        scale => { view.yScale = scale; redraw(); }));
  }
  drawing.before(...(controls.childElementCount > 0 ? [controls] : []));
  if (figure.layout !== "strips" && figure.series.length > 1) drawing.before(legend(figure));
  node.append(dataOf(figure));
  figures.push({ group: figure.group, node, redraw });
  let drawn = 0;
  new ResizeObserver(([entry]) => {
    const width = Math.floor(entry.contentRect.width);
    if (width === drawn) return;
    drawn = width;
    requestAnimationFrame(redraw);  // not within the observer, which would see its own change
  }).observe(drawing);
}

for (const figure of JSON.parse(document.getElementById("report-data").textContent).figures) mount(figure);
