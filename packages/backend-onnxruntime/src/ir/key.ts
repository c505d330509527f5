import type { Attributes, NumericType, Shape } from './value.js';

/**
 * One short text for an op, its attributes and its result's type and shape. With equal keys and
 * equal inputs, two nodes compute the same; the shape is part of it, so that no attribute list can
 * be incomplete.
 */
export function keyOf(op: string, attributes: Attributes, shape: Shape, dtype: NumericType): string {
  let key = op;
  for (const name in attributes) {
    const attribute = attributes[name];
    key += `|${name}=${Object.is(attribute, -0) ? '-0' : String(attribute)}`;
  }
  return `${key}:${dtype[0]}${shape.join()}`;
}
