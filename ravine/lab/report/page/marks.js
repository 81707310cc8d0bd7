// Marks of figures, made with Observable Plot. A series has a colour, a dash pattern and a symbol of its own.

const symbols = ["circle", "square", "triangle", "diamond", "star", "cross", "wye", "hexagon"];
const dashes = ["none", "7 3", "2 3", "10 3 2 3", "14 4", "5 2 1 2 1 2", "1 2", "9 5"];
const colour = series => `var(--s${series % 8})`;
const symbol = series => symbols[(series + Math.floor(series / 8)) % 8];
const dash = series => dashes[(series + Math.floor(series / 8)) % 8];
const classOf = series => `s${series}`;

/// Accessors of a figure's rows, as they stand on an axis: shares in percent.
function columnOf(figure, name) {
  const index = figure.columns.findIndex(c => c.name === name);
  const factor = figure.columns[index].unit === "share" ? 100 : 1;
  return { index: index + 1, of: row => (row[index + 1] === null ? null : factor * row[index + 1]) };
}

/// The rows of one series that have all columns of a mark, and for a logarithmic axis positive ones.
function rowsOf(figure, series, columns, isPositive = () => true) {
  return figure.rows.filter(
    row => (series === null || row[0] === series) &&
      columns.every(c => row[c.index] !== null && isPositive(c.of(row))));
}

/// Every `count`-th row has a symbol, so that a curve is known in the middle too; the last always has.
function symbolRows(rows) {
  const every = Math.max(1, Math.ceil(rows.length / 5));
  return rows.filter((_, i) => (rows.length - 1 - i) % every === 0);
}

/// The Plot marks of `mark` for one series. `x` is the column of the chosen axis.
function seriesMarks(figure, mark, series, x, yIsLog) {
  const columns = mark.columns.map(name => columnOf(figure, name));
  const positive = value => !yIsLog || value > 0;
  const style = { className: classOf(series) };
  const fill = { ...style, fill: colour(series) }, stroke = { ...style, stroke: colour(series) };
  switch (mark.kind) {
    case "band": {
      const rows = rowsOf(figure, series, [x, ...columns], positive);
      return [Plot.areaY(rows, { ...fill, fillOpacity: 0.15, x: x.of, y1: columns[0].of, y2: columns[1].of })];
    }
    case "line":
    case "steps": {
      const rows = rowsOf(figure, series, [x, ...columns], positive);
      const curve = mark.kind === "steps" ? "step-after" : "linear";
      return [
        Plot.line(rows, { ...stroke, x: x.of, y: columns[0].of, strokeWidth: 1.8, strokeDasharray: dash(series),
          strokeLinecap: "butt", curve }),
        Plot.dot(mark.kind === "steps" ? rows.slice(-1) : symbolRows(rows),
          { ...fill, x: x.of, y: columns[0].of, symbol: symbol(series), r: 3.5 }),
      ];
    }
    case "dot":
      return [Plot.dot(rowsOf(figure, series, [x, ...columns], positive),
        { ...stroke, x: x.of, y: columns[0].of, symbol: symbol(series), r: 2.5, strokeOpacity: 0.6 })];
    case "ring":
      return [Plot.dot(rowsOf(figure, series, [x, ...columns], positive),
        { ...stroke, x: x.of, y: columns[0].of, r: 8, strokeWidth: 2 })];
    case "cross":
      return [Plot.dot(rowsOf(figure, series, [x, ...columns]),
        { ...stroke, x: x.of, frameAnchor: "bottom", symbol: "times", r: 4, dy: -6, strokeWidth: 2,
          dx: 5 * (series - (figure.series.length - 1) / 2) })];
    case "points":
      return [Plot.dot(rowsOf(figure, series, columns),
        { ...fill, stroke: "var(--surface)", strokeWidth: 0.75, x: columns[0].of, y: columns[1].of,
          symbol: symbol(series), r: 2.6 })];
    case "cells":  // opaque and half a pixel over the row below, or rounding would leave a line between two rows
      return [Plot.rect(rowsOf(figure, series, columns),
        { ...style, fill: `color-mix(in srgb, ${colour(series)} 28%, var(--surface))`, insetBottom: -0.5,
          x1: columns[0].of, x2: columns[1].of, y1: columns[2].of, y2: columns[3].of,
          shapeRendering: "crispEdges" })];
  }
  return [];
}

/// What a point says of itself: its series, then every column that it has.
function tipText(figure, row) {
  const lines = [figure.series[row[0]]];
  figure.columns.forEach((column, i) => {
    if (row[i + 1] === null || column.label === "") return;
    const category = figure.xCategories.length > 0 && column.name === figure.x[0];
    lines.push(`${column.label}: ${category ? figure.xCategories[row[i + 1]] : valueText(row[i + 1], column.unit)}`);
  });
  return lines.join("\n");
}

function tip(figure, rows, x, y) {
  return Plot.tip(rows, Plot.pointer({ x, y, title: row => tipText(figure, row), maxRadius: 30, fill: "var(--raised)",
    stroke: "var(--rule)", textPadding: 9, lineWidth: 22, fontSize: 12 }));
}
