// Figures: each layout of one, from its rows to an SVG.

const axisStyle = { fontSize: "12px", fontFamily: "inherit", background: "none", overflow: "visible" };

/// [smallest, largest] of the values of some columns, a little wider. Shares stay within 0 and 100.
function domainOf(rows, columns, isLog, isShare) {
  const values = rows.flatMap(row => columns.map(c => c.of(row))).filter(v => v !== null && (!isLog || v > 0));
  let [low, high] = d3.extent(values);
  if (low === undefined) return isLog ? [1, 10] : [0, 1];
  if (isLog) return low === high ? [low / 2, high * 2] : [low * (low / high) ** 0.03, high * (high / low) ** 0.03];
  const margin = low === high ? Math.abs(low) * 0.1 || 1 : (high - low) * 0.04;
  [low, high] = [low - margin, high + margin];
  return isShare ? [Math.max(low, 0), Math.min(high, 100.5)] : [low, high];
}

function linearTicks([low, high], count) {
  return d3.ticks(low, high, count);
}

/// The options of a scale, with ticks that have room.
function scaleOptions(domain, isLog, label, count) {
  return { type: isLog ? "log" : "linear", domain, label, grid: true, tickFormat: tickText, tickSize: 0,
    ticks: isLog ? logTicks(domain, count) : linearTicks(domain, count) };
}

/// A mark in place of the axis that Plot makes of a logarithmic scale, which lacks the labels of some ticks.
function logAxis(scale, axis) {
  const { ticks, label, labelAnchor } = scale;
  return scale.type === "log" ? [axis(ticks, { text: tickText, tickSize: 0, label, labelAnchor })] : [];
}

/// Room for the labels of a vertical axis.
function marginFor(scale) {
  return 12 + 7 * d3.max(scale.ticks.map(tickText), text => text.length);
}

const labelOf = column => column.label + (column.unit === "share" ? " (%)" : "");

function drawCurves(figure, view, width) {
  const visible = row => view.shows(row[0]);
  const shown = { ...figure, rows: figure.rows.filter(visible) };
  const x = columnOf(figure, view.x), yIsLog = view.yScale === "log";
  const onAxis = figure.marks.filter(m => m.kind !== "cross");
  const yColumns = [...new Set(onAxis.flatMap(m => m.columns))].map(name => columnOf(figure, name));
  const rules = figure.rules.map(r => ({ ...r, y: r.y * (figure.yUnit === "share" ? 100 : 1) }));
  const domain = domainOf(shown.rows, yColumns, yIsLog, figure.yUnit === "share");
  if (!yIsLog || rules.every(r => r.y > 0))
    for (const { y } of rules) domain.splice(0, 2, Math.min(domain[0], y), Math.max(domain[1], y));
  const xLabel = labelOf(figure.columns[x.index - 1]) + " →";
  const categories = figure.xCategories;
  const xScale = categories.length > 0
    ? { type: "point", domain: d3.range(categories.length), tickFormat: i => categories[i], label: xLabel, tickSize: 0 }
    : { ...scaleOptions(domainOf(shown.rows, [x], figure.xScale === "log", false), figure.xScale === "log", xLabel,
        width < 480 ? 4 : 7), grid: false };
  const lines = figure.marks.find(m => ["line", "steps", "dot"].includes(m.kind));
  const yOfTip = columnOf(figure, lines.columns[0]);
  const marks = [Plot.ruleY([domain[0]], { stroke: "var(--rule)" })];
  const heightOf = y => yIsLog ? Math.log(y / domain[0]) / Math.log(domain[1] / domain[0])
                               : (y - domain[0]) / (domain[1] - domain[0]);
  for (const { y, label } of rules)  // at the top a label stands below its line: above is the axis's own
    marks.push(
      Plot.ruleY([y], { stroke: "var(--quiet)", strokeDasharray: "3 3" }),
      Plot.text([label], { y, frameAnchor: "left", textAnchor: "start", dy: heightOf(y) > 0.9 ? 9 : -7, dx: 3,
        fill: "var(--quiet)" }));
  for (const mark of figure.marks)
    for (const series of d3.range(figure.series.length))
      if (view.shows(series)) marks.push(...seriesMarks(shown, mark, series, x, yIsLog));
  const tipRows = rowsOf(shown, null, [x, yOfTip], v => !yIsLog || v > 0 || figure.columns[0].name === "");
  const yScale = scaleOptions(domain, yIsLog, "↑ " + figure.yLabel + (figure.yUnit === "share" ? " (%)" : ""), 5);
  marks.unshift(...logAxis(xScale, Plot.axisX), ...logAxis(yScale, Plot.axisY));
  marks.push(tip(figure, tipRows, x.of, yOfTip.of));
  return Plot.plot({ width, height: Math.round(Math.max(230, Math.min(360, width * 0.56))), style: axisStyle,
    marginLeft: marginFor(yScale), marginRight: 14, marginTop: 26, marginBottom: 40, x: xScale, y: yScale, marks });
}

/// A row a series: a dot a seed, a tick at the mean; the name above them, the note at the end.
function drawStrips(figure, view, width) {
  const order = d3.range(figure.series.length).filter(series => view.shows(series));
  const place = new Map(order.map((series, i) => [series, i]));
  const rows = figure.rows.filter(row => place.has(row[0]));
  const [value, mean] = figure.x.map(name => columnOf(figure, name));
  const isLog = view.yScale === "log", column = figure.columns[value.index - 1];
  const domain = domainOf(rows, [value, mean], isLog, column.unit === "share");
  const spread = row => place.get(row[0]) + 0.14 + (((row[1] ?? 0) * 0.618034) % 1) * 0.24;
  const marks = [
    Plot.ruleY(d3.range(order.length), { y: i => i + 0.5, stroke: "var(--rule)" }),
    Plot.text(order, { y: s => place.get(s) - 0.26, frameAnchor: "left", textAnchor: "start", text: s => figure.series[s],
      fontWeight: 600, fill: "currentColor", lineWidth: Math.max(8, (width - 175) / 12), textOverflow: "ellipsis-end" }),
    Plot.text(order, { y: s => place.get(s) - 0.26, frameAnchor: "right", textAnchor: "end",
      text: s => figure.notes[s] ?? "", fill: "var(--quiet)", fontVariant: "tabular-nums" }),
  ];
  for (const series of order) {
    const style = { className: classOf(series), stroke: colour(series) };
    marks.push(
      Plot.tickX(rowsOf({ ...figure, rows }, series, [mean]), { ...style, x: mean.of, y1: 0, strokeWidth: 0 }),
      Plot.ruleX(rowsOf({ ...figure, rows }, series, [mean]),
        { ...style, x: mean.of, y1: place.get(series) + 0.02, y2: place.get(series) + 0.5, strokeWidth: 3 }),
      Plot.dot(rowsOf({ ...figure, rows }, series, [value]),
        { ...style, x: value.of, y: spread, symbol: symbol(series), r: 4, strokeWidth: 1.5, fill: colour(series),
          fillOpacity: 0.35 }));
  }
  const xScale = { ...scaleOptions(domain, isLog, labelOf(column) + " →", width < 480 ? 4 : 7), labelAnchor: "right" };
  marks.unshift(...logAxis(xScale, Plot.axisX));
  marks.push(tip(figure, rowsOf({ ...figure, rows }, null, [value]), value.of, spread));
  return Plot.plot({ width, height: 54 + 58 * order.length, style: axisStyle, marginLeft: 10, marginRight: 14,
    marginTop: 8, marginBottom: 40,
    x: xScale,
    y: { axis: null, domain: [-0.5, Math.max(order.length, 1) - 0.5], reverse: true }, marks });
}

/// A plane: regions below, examples above them.
function drawMap(figure, view, width) {
  const marks = [];
  for (const mark of figure.marks)
    for (const series of d3.range(figure.series.length))
      if (view.shows(series) || mark.kind === "cells") marks.push(...seriesMarks(figure, mark, series, null, false));
  const cells = figure.marks.find(m => m.kind === "cells").columns.map(name => columnOf(figure, name));
  const x = domainEnds(figure, cells[0], cells[1]), y = domainEnds(figure, cells[2], cells[3]);
  const inner = width - 36 - 6, height = Math.min(inner * (y[1] - y[0]) / (x[1] - x[0]), 1.3 * inner);
  return Plot.plot({ width, height: Math.round(height + 18 + 34), style: axisStyle, marginLeft: 36, marginRight: 6,
    marginTop: 18, marginBottom: 34,
    x: { ...scaleOptions(x, false, "x0 →", 4), grid: false }, y: { ...scaleOptions(y, false, "↑ x1", 4), grid: false },
    marks });
}

function domainEnds(figure, low, high) {
  return [d3.min(figure.rows, low.of), d3.max(figure.rows, high.of)];
}

const draw = { curves: drawCurves, strips: drawStrips, map: drawMap };
