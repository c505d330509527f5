import type { Attributes } from './value.js';

/** The op and its attributes as one short text, equal exactly when both are equal. */
export function keyOf(op: string, attributes: Attributes): string {
  let key = op;
  for (const name in attributes) {
    const attribute = attributes[name];
    key += `|${name}=${Object.is(attribute, -0) ? '-0' : String(attribute)}`;
  }
  return key;
}
