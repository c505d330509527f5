import type { Json } from '@advrob/core';

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
