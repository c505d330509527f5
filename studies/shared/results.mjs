// Results as Markdown, put into a page between two comments, so that its text is written by hand
// and its numbers by a command.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';

/** A table of text cells. */
export function markdownTable(header, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/**
 * Replaces what stands between `<!-- results: name -->` and `<!-- end of name -->` in a file, or
 * appends it. `from`: another first mark, in a page that is no study's.
 */
export async function writeResults(file, name, text, from = `<!-- results: ${name} -->`) {
  const to = `<!-- end of ${name} -->`;
  const block = `${from}\n\n${text}\n\n${to}`;
  const old = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const [start, end] = [old.indexOf(from), old.indexOf(to)];
  const page = start < 0 || end < 0 ? `${old}\n${block}\n` : old.slice(0, start) + block + old.slice(end + to.length);
  writeFileSync(file, await format(page, { ...(await resolveConfig(file)), parser: 'markdown' }));
}

/**
 * Two-sided 97.5% quantiles of Student's t by degrees of freedom, for 95% intervals of few seeds.
 */
const quantiles = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean and 95% interval of the mean of values, one per seed (two to ten). */
export function intervalOf(values) {
  const centre = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
  const half = quantiles[values.length - 2] * Math.sqrt(variance / values.length);
  return { mean: centre, low: centre - half, high: centre + half };
}

/** The same of differences between two arms that share their seeds. */
export function pairedInterval(arm, baseline) {
  return intervalOf(arm.map((value, seed) => value - baseline[seed]));
}

/**
 * Geometric mean and 95% interval of arm / baseline over seeds that they share; undefined unless
 * all values are above 0.
 */
export function ratioInterval(arm, baseline) {
  if (![...arm, ...baseline].every((value) => value > 0)) return undefined;
  const logs = intervalOf(arm.map((value, seed) => Math.log(value / baseline[seed])));
  return Object.fromEntries(Object.entries(logs).map(([name, value]) => [name, Math.exp(value)]));
}

export function formatInterval(interval, digits = 3) {
  if (!interval) return 'not above 0';
  const { mean: centre, low, high } = interval;
  return `${centre.toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
}
