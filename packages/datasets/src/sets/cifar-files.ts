import { AdvrobError } from '@advrob/core';
import { join } from 'node:path';
import { listFolder } from '../files/find-file.js';

/**
 * The paths of `names` in a folder.
 *
 * @param remedy What to do when some are missing.
 * @throws AdvrobError `ADVROB_DATA_MISSING` that names the missing ones and those that are there.
 */
export async function requireFiles(directory: string, names: readonly string[], remedy: string): Promise<string[]> {
  const present = await listFolder(directory);
  const missing = names.filter((name) => !present.includes(name));
  if (missing.length > 0) {
    const found = present.filter((name) => name.endsWith('.bin')).join(', ') || 'no .bin file';
    throw new AdvrobError(
      'ADVROB_DATA_MISSING',
      `expected ${names.join(', ')} in ${directory}; missing: ${missing.join(', ')}; found: ${found}. ${remedy}`,
    );
  }
  return names.map((name) => join(directory, name));
}

/** Byte arrays one after another. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
