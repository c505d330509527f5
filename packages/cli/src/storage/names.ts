import { randomBytes } from 'node:crypto';

/**
 * A name beside a file for what is written before it takes its place. Two containers may share
 * process ids and host names, so it is random.
 */
export function temporaryName(path: string): string {
  return `${path}.${randomBytes(8).toString('hex')}.tmp`;
}

/** Whether a file is what a killed run left of one that it wrote. */
export function isTemporary(path: string): boolean {
  return /\.[0-9a-f]{16}\.tmp$/.test(path);
}
