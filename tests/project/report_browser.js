// Looks at the report that it runs in, clicks through it, and hands a list of what is wrong to its last argument.

const done = arguments[arguments.length - 1];
const problems = [];
const expect = (holds, problem) => holds || problems.push(problem);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
/// When a change of size has been seen, and drawn by the frame after that; and events of this moment have been heard.
async function drawn() {
  for (let frame = 0; frame < 4; ++frame) await new Promise(requestAnimationFrame);
  await new Promise(resolve => setTimeout(resolve));
}

function luminance(colour) {
  const [r, g, b] = colour.match(/[\d.]+/g).map(Number).map(c => c / 255)
    .map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/// WCAG 2's contrast ratio.
function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

function resolved(variable) {
  const probe = document.body.appendChild(document.createElement("span"));
  probe.style.color = `var(${variable})`;
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

function overlap(a, b) {
  return Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
}

function inspectFigure(figure) {
  const name = figure.querySelector("h3").textContent;
  const svg = figure.querySelector(".drawing > svg");
  if (!svg) return problems.push(`${name}: not drawn`);
  expect(svg.getAttribute("role") === "img" && svg.getAttribute("aria-label")?.length > 20, `${name}: no description`);
  expect(all("[class^=s] path, [class^=s] rect, path[class^=s], g[class^=s] circle, line", svg).length > 0, `${name}: no marks`);
  expect(!/NaN|undefined|Infinity/.test(svg.outerHTML), `${name}: a number is missing`);
  const frame = svg.getBoundingClientRect();
  const texts = all("text", svg).filter(t => t.textContent.trim() && t.childElementCount === 0);
  const boxes = texts.map(t => t.getBoundingClientRect());
  for (const [i, box] of boxes.entries()) {
    expect(box.left > frame.left - 3 && box.right < frame.right + 3, `${name}: '${texts[i].textContent}' leaves the figure`);
    for (let j = 0; j < i; ++j)
      expect(!overlap(box, boxes[j]), `${name}: '${texts[i].textContent}' lies over '${texts[j].textContent}'`);
  }
}

function inspectPage() {
  expect(document.documentElement.lang === "en", "no language");
  expect(document.documentElement.scrollWidth <= innerWidth, `the page is ${document.documentElement.scrollWidth} pixels wide`);
  expect(performance.getEntriesByType("resource").length === 0, "something was loaded");
  expect(all("img:not(.picture > img), iframe, object, embed, link").length === 0, "a text became an element");
  for (const img of all(".picture > img"))
    expect(img.naturalWidth > 100 && img.alt.length > 10, "a picture is not shown, or has no description");
  const levels = all("h1, h2, h3").map(h => Number(h.tagName[1]));
  expect(levels[0] === 1 && levels.every((level, i) => i === 0 || level <= levels[i - 1] + 1), "a heading is skipped");
  expect(new Set(all("[id]").map(e => e.id)).size === all("[id]").length, "an id stands twice");
  const page = getComputedStyle(document.body).backgroundColor;
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  expect((luminance(page) < 0.05) === isDark, "the page does not follow the colour scheme");
  for (const [variable, least] of [["--text", 7], ["--quiet", 4.5], ["--link", 4.5]])
    expect(contrast(resolved(variable), page) >= least, `${variable} stands out too little`);
  for (let s = 0; s < 8; ++s)
    expect(contrast(resolved(`--s${s}`), page) >= 3, `colour ${s} stands out too little`);
  expect(all("figure").length >= 4, "there are few figures");
  all("figure:not(.picture)").forEach(inspectFigure);
}

async function inspectControls() {
  const figure = all("figure").find(f => f.querySelectorAll(".legend button").length > 1);
  if (!figure && all(".picture").length > 0) return;  // a page of pictures alone
  const shown = () => all(".drawing .s1", figure).length;
  const button = figure.querySelectorAll(".legend button")[1];
  const before = shown();
  button.focus();
  expect(figure.querySelector(".dim") !== null, "the focused series is not picked out");
  button.click();
  expect(before > 0 && shown() === 0 && button.getAttribute("aria-pressed") === "false", "a series cannot be hidden");
  button.click();
  expect(shown() === before, "a series does not come back");
  button.blur();

  const svg = () => figure.querySelector(".drawing > svg").outerHTML;
  for (const choice of all(".choice button[aria-pressed=false]", figure)) {
    const was = svg();
    choice.click();
    expect(svg() !== was && choice.getAttribute("aria-pressed") === "true", `'${choice.textContent}' does nothing`);
  }
  for (const details of all("details.data")) details.open = true;
  await drawn();
  for (const details of all("details.data")) {
    expect(all("tbody tr", details).length > 0, "a figure's table of data is empty");
    expect(details.querySelector("a[download]").href.startsWith("data:text/csv"), "a figure's data cannot be had");
  }
  expect(document.documentElement.scrollWidth <= innerWidth, "an open table widens the page");
}

drawn().then(async () => {
  inspectPage();
  await inspectControls();
  done(problems);
}, error => done([String(error)])).catch(error => done([String(error)]));
