import type { Json } from '@advrob/core';

/** Options in one line: `steps 40, stepSize 0.01`. */
export function settingsText(options: Json): string {
  if (typeof options !== 'object' || options === null) return options === null ? '' : String(options);
  return Object.entries(options)
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ');
}

/** Words in a row: `a, b and c`. */
export function listText(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)!}`;
}
