import type { Norm } from '@advrob/core';
import type { Measured } from './protocol.js';
import { normWords, percent } from './results.js';

/** A model's measurement and what to call it. */
export interface Course extends Measured {
  readonly title: string;
}

const [width, height] = [720, 320];
const frame = { left: 46, right: 20, top: 14, bottom: 44 };
const colours = ['var(--left)', 'var(--right)'];

/** Robust accuracy over the budget, with its 95% intervals as bands. */
export function curveSvg(courses: readonly Course[], norm: Norm, epsilon: number): string {
  const largest = Math.max(...courses.flatMap(({ points }) => points.map((point) => point.epsilon)), 1e-9);
  const x = (value: number): number => frame.left + (value / largest) * (width - frame.left - frame.right);
  const y = (rate: number): number => frame.top + (1 - rate) * (height - frame.top - frame.bottom);
  const at = (value: number, rate: number): string => `${x(value).toFixed(1)},${y(rate).toFixed(1)}`;
  const rules = [0, 0.25, 0.5, 0.75, 1].map(
    (rate) =>
      `<line x1="${frame.left}" x2="${width - frame.right}" y1="${y(rate)}" y2="${y(rate)}" stroke="var(--line)"/><text x="${frame.left - 8}" y="${y(rate) + 4}" text-anchor="end">${rate * 100}%</text>`,
  );
  const ticks = (courses[0]?.points ?? [])
    .filter(({ epsilon: each }) => Math.abs((each / largest) * 6 - Math.round((each / largest) * 6)) < 1e-6)
    .map(
      ({ epsilon: each }) =>
        `<text x="${x(each)}" y="${height - frame.bottom + 20}" text-anchor="middle">${short(each)}</text>`,
    );
  const lines = courses.map(({ points, side }) => {
    const band = [
      ...points.map((point) => at(point.epsilon, point.high)),
      ...[...points].reverse().map((point) => at(point.epsilon, point.low)),
    ];
    const marks = points.map((point) =>
      side === 0
        ? `<circle cx="${x(point.epsilon)}" cy="${y(point.rate)}" r="4.5" fill="${colours[0]}"/>`
        : `<rect x="${x(point.epsilon) - 4}" y="${y(point.rate) - 4}" width="8" height="8" fill="${colours[1]}"/>`,
    );
    return `<polygon points="${band.join(' ')}" fill="${colours[side]}" opacity=".13"/><polyline points="${points.map((point) => at(point.epsilon, point.rate)).join(' ')}" fill="none" stroke="${colours[side]}" stroke-width="2.5"/>${marks.join('')}`;
  });
  const here = `<line x1="${x(epsilon)}" x2="${x(epsilon)}" y1="${frame.top}" y2="${y(0)}" stroke="var(--edge)" stroke-dasharray="4 4"/>`;
  const words = courses.map(
    ({ title, points }) =>
      `${title}: ${points.map((point) => `${percent(point.rate)} at ${short(point.epsilon)}`).join(', ')}`,
  );
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Robust accuracy over the budget. ${escaped(words.join('. '))}">${rules.join('')}${ticks.join('')}${here}${lines.join('')}<text x="${(width + frame.left) / 2}" y="${height - 4}" text-anchor="middle">budget ε in ${normWords[norm]}</text></svg>`;
}

/** Names of the courses with their marks, and the numbers behind them. */
export function courseTable(courses: readonly Course[], norm: Norm): string {
  const [first] = courses;
  if (!first) return '';
  const head = `<tr><th scope="col">ε in ${normWords[norm]}</th>${courses.map(({ title }) => `<th scope="col">${escaped(title)} (95% interval)</th>`).join('')}</tr>`;
  const rows = first.points.map(({ epsilon }, i) => {
    const cells = courses.map(({ points }) => {
      const { rate, low, high } = points[i]!;
      return `<td>${percent(rate)} (${percent(low)} to ${percent(high)})</td>`;
    });
    return `<tr><th scope="row">${short(epsilon)}</th>${cells.join('')}</tr>`;
  });
  return `<table><thead>${head}</thead><tbody>${rows.join('')}</tbody></table>`;
}

export function legend(courses: readonly Course[]): string {
  const mark = (side: number): string =>
    side === 0
      ? `<circle cx="7" cy="7" r="5" fill="${colours[0]}"/>`
      : `<rect x="2" y="2" width="10" height="10" fill="${colours[1]}"/>`;
  const names = courses.map(
    ({ side, title }) =>
      `<span><svg viewBox="0 0 14 14" aria-hidden="true">${mark(side)}</svg> ${escaped(title)}</span>`,
  );
  return `<figcaption>${names.join('')}</figcaption>`;
}

const short = (value: number): string => String(Number(value.toPrecision(3)));
const escaped = (text: string): string => text.replace(/[&<>"]/g, (each) => `&#${each.charCodeAt(0)};`);
