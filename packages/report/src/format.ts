import type { Json, Norm } from '@advrob/core';

/** `97.3%`. */
export function percent(rate: number): string {
  return `${(100 * rate).toFixed(1)}%`;
}

/** As {@link percent}, but never rounds to certainty: `>99.9%`. */
export function confidenceText(confidence: number): string {
  return confidence > 0.9995 ? '>99.9%' : percent(confidence);
}

/** `95.2–98.1`, in percent without the sign. */
export function percentRange([low, high]: readonly [number, number]): string {
  return `${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)}`;
}

/** A radius: short decimals as they are, 255ths as fractions. */
export function epsilonText(epsilon: number): string {
  const decimal = String(Number(epsilon.toPrecision(4)));
  if (Math.abs(Number(decimal) - epsilon) < 1e-9 && decimal.length <= 6) return decimal;
  const levels = Math.round(epsilon * 255);
  return Math.abs(levels / 255 - epsilon) < 1e-9 ? `${levels}/255` : decimal;
}

/** A difference of shares in percentage points: `+1.2`. */
export function pointsText(share: number): string {
  const text = (100 * share).toFixed(1);
  if (Number(text) === 0) return '0.0';
  return share > 0 ? `+${text}` : text.replace('-', '−');
}

/** `0.024`, `< 0.001`. */
export function probabilityText(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

const normNames: Readonly<Record<Norm, string>> = { linf: 'L∞', l2: 'L2', l1: 'L1', l0: 'L0' };

export function normText(norm: Norm): string {
  return normNames[norm];
}

/** `12,345`. */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `3 min 20 s`. */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

/** Options in one line: `steps 40, stepSize 0.01`. */
export function settingsText(options: Json): string {
  if (typeof options !== 'object' || options === null) return options === null ? '' : String(options);
  return Object.entries(options)
    .map(([name, value]) => `${name} ${settingText(value)}`)
    .join(', ');
}

/** One value of them; an attack among them as `bim (steps 3)`. */
export function settingText(value: Json): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (!('attack' in value) || typeof value.attack !== 'string') return JSON.stringify(value);
  const inner = settingsText(value.options ?? null);
  return inner === '' ? value.attack : `${value.attack} (${inner})`;
}

/** Words in a row: `a, b and c`. */
export function listText(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)!}`;
}

/** Text in Markdown, in a cell of a table too. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\|<>*_`[\]]/g, (character) => `\\${character}`).replace(/\s+/g, ' ');
}

const latexNames: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '∞': '$\\infty$',
  '–': '--',
  '−': '$-$',
};

/** Text for LaTeX: nothing in it is a command, a comment or mathematics, and it stays in one line. */
export function escapeLatex(text: string): string {
  return text
    .replace(/[&%$#_{}]|[\\~^<>∞–−]/g, (character) => latexNames[character] ?? `\\${character}`)
    .replace(/\s+/g, ' ');
}
