import type { Json, RunStorage } from '@advrob/core';
import * as z from 'zod';
import type { Fingerprint } from './fingerprint.js';
import { notKept, openJournal } from './journal.js';

const memoLine = z.strictObject({ key: z.string(), value: z.json() });

/** Computes a part once: a later session takes it from the journal. */
export type Memo = <T extends Json>(key: string, compute: () => Promise<T>) => Promise<T>;

/**
 * A memo that survives a kill at any moment when there is a storage.
 *
 * @param name - Of the file.
 * @throws AdvrobError `ADVROB_EVALUATION_MISMATCH` when the file belongs to other work.
 */
export async function openMemo(storage: RunStorage | undefined, name: string, fingerprint: Fingerprint): Promise<Memo> {
  const journal = storage
    ? await openJournal(storage, { name, schema: memoLine, fingerprint })
    : notKept<z.infer<typeof memoLine>>();
  const known = new Map<string, Json>(journal.lines.map(({ key, value }) => [key, value]));
  return async <T extends Json>(key: string, compute: () => Promise<T>): Promise<T> => {
    const found = known.get(key);
    if (found !== undefined) return found as T;
    const value = await compute();
    await journal.add({ key, value: value as z.infer<typeof memoLine>['value'] });
    known.set(key, value);
    return value;
  };
}
