import type { Json } from '@advrob/core';

/** Settings as JSON, for records and comparisons: attacks by name and options, functions by name, binary arrays as lists. */
export function describeValue(value: unknown): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'function') return `function ${value.name}`;
  if (Array.isArray(value)) return value.map(describeValue);
  if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array, describeValue);
  if (typeof value !== 'object') return String(value);
  if ('definition' in value && 'options' in value && 'name' in value)
    return { attack: String(value.name), options: describeValue(value.options) };
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .map(([key, part]) => [key, describeValue(part)]),
  );
}
