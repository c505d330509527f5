import { AdvrobError } from '@advrob/core';
import { folderStore, type ArtefactStore, type EngineConnection } from '@advrob/scale';
import { locate } from '../plugins/locate.js';

/** What reaches a queue and a store. */
export interface Places {
  readonly on?: string | undefined;
  readonly store?: string | undefined;
  readonly insecure?: boolean | undefined;
}

/** Connects to the queue that `--on` or `ADVROB_ON` names. */
export async function openEngine(
  { on = process.env['ADVROB_ON'], insecure }: Places,
  warn: (texts: readonly string[]) => void,
): Promise<EngineConnection> {
  if (on === undefined || on === '')
    throw new AdvrobError(
      'ADVROB_USAGE',
      '--on: say where the queue is, such as redis://localhost:6379, here or in ADVROB_ON',
    );
  const { connectBullmq } = await optional<typeof import('@advrob/scale-bullmq')>(
    '@advrob/scale-bullmq',
    'a queue on Redis',
  );
  return connectBullmq({
    url: on,
    insecure,
    onWarning: (message) => warn([message]),
    ...timesHere(),
  });
}

/** Times of leases and retries, which tests make shorter. */
function timesHere(): { lease?: number; backoff?: number } {
  const { ADVROB_LEASE: lease, ADVROB_BACKOFF: backoff } = process.env;
  return { ...(lease && { lease: Number(lease) }), ...(backoff && { backoff: Number(backoff) }) };
}

/** Opens the store that `--store` or `ADVROB_STORE` names: a folder, or `s3://bucket/prefix`. */
export async function openStore({ store = process.env['ADVROB_STORE'], insecure }: Places): Promise<ArtefactStore> {
  if (store === undefined || store === '')
    throw new AdvrobError(
      'ADVROB_USAGE',
      '--store: say where shards are kept, a folder that all machines see or s3://bucket/prefix, here or in ADVROB_STORE',
    );
  if (!/^[a-z0-9+.-]+:\/\//i.test(store)) return folderStore(store);
  if (!store.startsWith('s3://'))
    throw new AdvrobError(
      'ADVROB_USAGE',
      `--store: expected a folder or s3://bucket/prefix, got '${store.split('://')[0]}://…'`,
    );
  const { s3Store } = await optional<typeof import('@advrob/store-s3')>('@advrob/store-s3', 'a store in a bucket');
  return s3Store({ url: store, insecure });
}

/** A package that a user installs beside the command. */
async function optional<T>(name: string, what: string): Promise<T> {
  try {
    return (await import(locate(name, process.cwd()))) as T;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new AdvrobError(
      'ADVROB_USAGE',
      `${what} needs the package ${name}, which is not installed in this folder: npm install ${name}`,
      { cause },
    );
  }
}
