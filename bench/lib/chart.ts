// Charts as SVG text: no dependency, a light background, readable on any page.

/** One line of a chart. */
export interface Series {
  readonly name: string;
  /** `[x, y]`, in order of x. */
  readonly points: readonly (readonly [number, number])[];
  /** For what is a bound and was not measured at each point. */
  readonly dashed?: boolean;
}

/** A chart of lines over a logarithmic x. */
export interface LineChart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** Whether y is logarithmic too; else it begins at 0. */
  readonly logY?: boolean;
  readonly series: readonly Series[];
}

/** One row of a chart of times. */
export interface Row {
  readonly label: string;
  /** Smallest and median. */
  readonly min: number;
  readonly median: number;
  /** Written beside the dot. */
  readonly note: string;
}

const COLOURS = ['#1d4ed8', '#c2410c', '#15803d', '#7e22ce'];
const INK = '#1f2937';
const GREY = '#6b7280';
const WIDTH = 760;

/**
 * @param chart - What to draw.
 * @returns SVG.
 */
export function lineChart({ title, x, y, logY = false, series }: LineChart): string {
  const box = { left: 78, right: WIDTH - 24, top: 76, bottom: 372 };
  const all = series.flatMap(({ points }) => points);
  const across = logScale(
    all.map(([value]) => value),
    box.left + 12,
    box.right - 12,
  );
  const values = all.map(([, value]) => value);
  const up = logY ? logScale(values, box.bottom - 8, box.top + 8) : linearScale(values, box.bottom, box.top);
  const xTicks = apart(
    [...new Set(all.map(([value]) => value))].sort((a, b) => a - b),
    across,
  );
  const parts = [
    ...up.ticks.map((tick) => line(box.left, up.at(tick), box.right, up.at(tick), '#e5e7eb')),
    ...up.ticks.map((tick) => text(box.left - 8, up.at(tick) + 4, short(tick), { anchor: 'end' })),
    ...xTicks.map((tick) => text(across.at(tick), box.bottom + 18, Number.isInteger(tick) ? `${tick}` : short(tick), { anchor: 'middle' })),
    line(box.left, box.bottom, box.right, box.bottom, GREY),
    text((box.left + box.right) / 2, box.bottom + 40, x, { anchor: 'middle' }),
    `<text transform="translate(20 ${(box.top + box.bottom) / 2}) rotate(-90)" text-anchor="middle" fill="${INK}">${escaped(y)}</text>`,
  ];
  for (const [i, { name, points, dashed }] of series.entries()) {
    const colour = dashed === true ? GREY : (COLOURS[i % COLOURS.length] ?? INK);
    const path = points.map(([px, py], at) => `${at === 0 ? 'M' : 'L'}${round(across.at(px))} ${round(up.at(py))}`).join('');
    const dash = dashed === true ? ' stroke-dasharray="6 5"' : '';
    parts.push(`<path d="${path}" fill="none" stroke="${colour}" stroke-width="2.2"${dash}/>`);
    if (dashed !== true) {
      parts.push(...points.map(([px, py]) => dot(across.at(px), up.at(py), colour)));
    }
    const legend = box.left + (i * (box.right - box.left)) / Math.max(3, series.length);
    parts.push(`<path d="M${legend} 52h26" stroke="${colour}" stroke-width="2.2"${dash}/>`, text(legend + 33, 56, name));
  }
  return document(title, box.bottom + 56, parts);
}

/**
 * Times, one row each, on a logarithmic axis: a dot at the median, a line from the smallest.
 *
 * @param title - Above it.
 * @param unit - Of the axis.
 * @param rows - From top to bottom.
 * @returns SVG.
 */
export function dotChart(title: string, unit: string, rows: readonly Row[]): string {
  const box = { left: 330, right: WIDTH - 110, top: 56, bottom: 64 + 30 * rows.length };
  const scale = logScale(
    rows.flatMap(({ min, median }) => [min, median]),
    box.left + 12,
    box.right,
  );
  const parts = [
    ...scale.ticks.map((tick) => line(scale.at(tick), box.top, scale.at(tick), box.bottom, '#e5e7eb')),
    ...scale.ticks.map((tick) => text(scale.at(tick), box.bottom + 18, short(tick), { anchor: 'middle' })),
    text((box.left + box.right) / 2, box.bottom + 40, unit, { anchor: 'middle' }),
  ];
  for (const [i, { label, min, median, note }] of rows.entries()) {
    const y = box.top + 19 + 30 * i;
    const colour = COLOURS[label.startsWith('innate') ? 0 : 1] ?? INK;
    parts.push(text(box.left - 8, y + 4, label, { anchor: 'end' }));
    parts.push(`<path d="M${round(scale.at(min))} ${y}H${round(scale.at(median))}" stroke="${colour}" stroke-width="2.2"/>`);
    parts.push(dot(scale.at(median), y, colour), text(scale.at(median) + 10, y + 4, note));
  }
  return document(title, box.bottom + 56, parts);
}

interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

/** Those values whose labels do not run into the one before. */
function apart(values: readonly number[], scale: Scale): number[] {
  const kept: number[] = [];
  for (const value of values) {
    if (scale.at(value) - scale.at(kept.at(-1) ?? 0) > 44) {
      kept.push(value);
    }
  }
  return kept;
}

function logScale(values: readonly number[], from: number, to: number): Scale {
  const [low, high] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))];
  const at = (value: number): number => from + ((Math.log(value) - low) / (high - low || 1)) * (to - from);
  const ticks: number[] = [];
  for (let power = Math.floor(low / Math.LN10); power <= Math.ceil(high / Math.LN10); power += 1) {
    ticks.push(...[1, 2, 5].map((digit) => digit * 10 ** power));
  }
  return { at, ticks: ticks.filter((tick) => Math.log(tick) >= low - 0.02 && Math.log(tick) <= high + 0.02) };
}

function linearScale(values: readonly number[], from: number, to: number): Scale {
  const most = 1.08 * Math.max(...values);
  const step = [1, 2, 5, 10].map((digit) => digit * 10 ** Math.floor(Math.log10(most / 6))).find((size) => most / size <= 7) ?? most;
  const ticks = Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
  return { ticks, at: (value) => from + (value / most) * (to - from) };
}

function document(title: string, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(20, 28, title, { bold: true }),
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function text(x: number, y: number, content: string, { anchor = 'start', bold = false } = {}): string {
  const weight = bold ? ' font-size="16" font-weight="600"' : '';
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="${INK}"${weight}>${escaped(content)}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string): string {
  return `<path d="M${round(x1)} ${round(y1)}L${round(x2)} ${round(y2)}" stroke="${colour}"/>`;
}

function dot(x: number, y: number, colour: string): string {
  return `<circle cx="${round(x)}" cy="${round(y)}" r="4" fill="${colour}"/>`;
}

function short(value: number): string {
  return value >= 10_000 ? `${Number((value / 1000).toPrecision(3))}k` : `${Number(value.toPrecision(3))}`;
}

function round(value: number): string {
  return `${Math.round(10 * value) / 10}`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('`', '');
}
