// What pages that are made out of the code share.
import { resolveConfig, format } from 'prettier';
import { join } from 'node:path';
import { root } from '../fresh/prepare.mjs';

/** A page as prettier leaves it, so that the check of the format has nothing to say. */
export async function inPrettier(text: string): Promise<string> {
  const page = join(root, 'docs/page.md');
  return format(text, { ...(await resolveConfig(page)), filepath: page });
}

/** Text as it may stand in a cell of a table. */
export function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replace(/\s+/g, ' ').replaceAll('*', '\\*');
}

/** Words with their addresses as links. */
export function linked(text: string): string {
  return text.replace(/https?:\/\/[^\s,]+/g, (address) => `<${address}>`);
}

/** A JSON Schema type in a few words, e.g. `integer >= 1` or `'a' | 'b'`. */
export function typeOf(property: Readonly<Record<string, unknown>>): string {
  if (typeof property['advrob'] === 'string') return property['advrob'];
  if (Array.isArray(property['enum'])) return property['enum'].map((value) => JSON.stringify(value)).join(' | ');
  const alternatives = property['anyOf'] ?? property['oneOf'];
  if (Array.isArray(alternatives))
    return alternatives.map((each) => typeOf(each as Record<string, unknown>)).join(' | ');
  if ('const' in property) return JSON.stringify(property['const']);
  const limits = [
    ['minimum', '>='],
    ['exclusiveMinimum', '>'],
    ['maximum', '<='],
    ['exclusiveMaximum', '<'],
  ].flatMap(([key, sign]) => {
    const limit = property[key!];
    return typeof limit === 'number' && Math.abs(limit) < Number.MAX_SAFE_INTEGER ? [`${sign} ${limit}`] : [];
  });
  return [String(property['type'] ?? 'any'), ...limits].join(' ');
}
