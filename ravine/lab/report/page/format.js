// Numbers as a person reads them.

const minus = text => text.replace("-", "\u2212");

function power(exponent) {
  return "10" + String(exponent).replace(/[-\d]/g, c => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[+c]));
}

/// Four significant digits; integers whole, with thin spaces between thousands.
function numberText(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e12)
    return minus(size < 1e4 ? String(value) : String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f"));
  if (size < 1e-3 || size >= 1e6) {
    const [digits, exponent] = value.toExponential(3).split("e");
    return minus(String(+digits)) + "\u202f×\u202f" + power(+exponent);
  }
  return minus(String(+value.toPrecision(4)));
}

function valueText(value, unit) {
  if (value === null) return "–";
  return unit === "share" ? minus((100 * value).toFixed(2)) + "\u202f%" : numberText(value);
}

/// Short text beside an axis.
function tickText(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e4 && size < 1e9) return minus(d3.format("~s")(value));
  if (size < 1e-3 || size >= 1e9) {
    const exponent = Math.floor(Math.log10(size) + 1e-9), digits = +(value / 10 ** exponent).toPrecision(3);
    return minus(digits === 1 ? power(exponent) : `${digits}×${power(exponent)}`);
  }
  return minus(String(+value.toPrecision(6)));
}

/// Ticks of a logarithmic axis: powers of ten, and 2 and 5 times these where there are few.
function logTicks([low, high], most) {
  const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
  const powers = d3.range(first, last + 1);
  if (powers.length > 2) {
    const step = Math.ceil(powers.length / most);
    return powers.filter(p => (p - first) % step === 0).map(p => 10 ** p);
  }
  const fine = d3.range(first - 1, last + 1).flatMap(p => [1, 2, 5].map(m => m * 10 ** p));
  const inside = fine.filter(v => v >= low * 0.999 && v <= high * 1.001);
  return inside.length > 2 ? inside : d3.ticks(low, high, Math.min(4, most));
}
