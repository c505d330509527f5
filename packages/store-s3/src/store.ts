import { AdvrobError } from '@advrob/core';
import { checkedName, type ArtefactStore } from '@advrob/scale';
import { AwsClient } from 'aws4fetch';
import { XMLParser } from 'fast-xml-parser';
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { bucketAddress, type BucketAddress } from './address.js';

/** How a bucket is reached. */
export interface S3Options {
  /** `s3://bucket/prefix`; see {@link bucketAddress}. */
  readonly url: string;
  /** Lets a service on another machine have no TLS. Default false. */
  readonly insecure?: boolean | undefined;
}

/** Milliseconds for one request. */
const patience = 60_000;
/** A request that fails for want of a server is made so often, first at once. */
const tries = 4;

/**
 * A store in a bucket of S3, or of a service that speaks it. Content is created by `PUT` with
 * `If-None-Match: *`, which the service must honour: it is asked to prove that.
 *
 * @throws AdvrobError `ADVROB_STORE` when the bucket cannot be used, or its service would let two
 *   machines both be the first.
 * @example
 * ```ts
 * import { s3Store } from '@advrob/store-s3';
 * const store = await s3Store({ url: 's3://bucket/advrob' });
 * ```
 */
export async function s3Store(options: S3Options): Promise<ArtefactStore> {
  const address = bucketAddress(options.url, process.env, options.insecure);
  const store = storeAt(address);
  const probe = `probe/${randomBytes(12).toString('hex')}`;
  const bytes = new TextEncoder().encode('advrob asks whether this can be created twice');
  const made = [await store.create(probe, bytes), await store.create(probe, bytes)];
  await store.remove(probe);
  if (made[0] === true && made[1] === false) return store;
  throw new AdvrobError(
    'ADVROB_STORE',
    `${address.name}: its service ignores If-None-Match, so two machines could both be the first to publish a shard: take another service, or a folder`,
  );
}

function storeAt(address: BucketAddress): ArtefactStore {
  const client = new AwsClient({ ...address.credentials, service: 's3', retries: 0 });
  const urlOf = (name: string): string => `${address.bucketUrl}/${address.prefix}${checkedName(name)}`;
  const ask = (url: string, init?: RequestInit, expected: readonly number[] = [200]) =>
    asked(client, address, url, init, expected);
  return {
    name: address.name,
    async get(name) {
      const { status, bytes } = await ask(urlOf(name), {}, [200, 404]);
      return status === 200 ? bytes : undefined;
    },
    async create(name, bytes) {
      const headers = {
        'if-none-match': '*',
        'content-type': 'application/octet-stream',
        'x-amz-checksum-sha256': createHash('sha256').update(bytes).digest('base64'),
      };
      const body = Buffer.from(bytes);
      const { status, wasUnsure } = await ask(urlOf(name), { method: 'PUT', headers, body }, [200, 201, 412]);
      if (status !== 412) return true;
      if (!wasUnsure) return false;
      // An answer was lost: what is there may be our own.
      const there = await ask(urlOf(name), {}, [200, 404]);
      return there.status === 200 && Buffer.compare(there.bytes, body) === 0;
    },
    async *list(folder, after) {
      yield* list(ask, address, `${address.prefix}${checkedName(folder)}/`, after);
    },
    async remove(name) {
      await ask(urlOf(name), { method: 'DELETE' }, [200, 202, 204, 404]);
    },
  };
}

interface Answer {
  readonly status: number;
  readonly bytes: Uint8Array;
  /** Whether a request before this one may have been carried out without an answer. */
  readonly wasUnsure: boolean;
}

type Ask = (url: string, init?: RequestInit, expected?: readonly number[]) => Promise<Answer>;

const xml = new XMLParser({ parseTagValue: false, processEntities: false, isArray: (name) => name === 'Contents' });

/** What is used of an answer to a request for a list. */
interface Listed {
  readonly ListBucketResult?: {
    readonly Contents?: readonly { readonly Key?: string }[];
    readonly NextContinuationToken?: string;
  };
}

async function* list(
  ask: Ask,
  { bucketUrl, prefix }: BucketAddress,
  inside: string,
  after?: string,
): AsyncIterable<string> {
  let token: string | undefined;
  do {
    const query = new URLSearchParams({ 'list-type': '2', prefix: inside });
    if (after !== undefined) query.set('start-after', `${prefix}${checkedName(after)}`);
    if (token !== undefined) query.set('continuation-token', token);
    const { bytes } = await ask(`${bucketUrl}?${query}`);
    const { ListBucketResult: found } = xml.parse(Buffer.from(bytes)) as Listed;
    if (found === undefined) throw new AdvrobError('ADVROB_STORE', `${bucketUrl} gave something else than a list`);
    for (const { Key: key } of found.Contents ?? []) if (key?.startsWith(inside)) yield key.slice(prefix.length);
    token = found.NextContinuationToken;
  } while (token !== undefined && token !== '');
}

/** Makes a request, again where there was no server, or one that was busy. */
async function asked(
  client: AwsClient,
  { name }: BucketAddress,
  url: string,
  init: RequestInit = {},
  expected: readonly number[],
): Promise<Answer> {
  let wasUnsure = false;
  let said = '';
  for (let attempt = 0; attempt < tries; attempt++) {
    if (attempt > 0) await wait(100 * 3 ** attempt * (0.5 + Math.random() / 2));
    try {
      const answer = await client.fetch(url, { ...init, signal: AbortSignal.timeout(patience) });
      const bytes = new Uint8Array(await answer.arrayBuffer());
      const code = codeIn(bytes);
      if (expected.includes(answer.status) && code !== 'NoSuchBucket')
        return { status: answer.status, bytes, wasUnsure };
      said = `${answer.status}${code === '' ? '' : ` ${code}`}`;
      const isBusy = answer.status >= 500 || [408, 409, 429].includes(answer.status);
      if (!isBusy) throw refused(name, said);
      if (answer.status >= 500) wasUnsure = true;
    } catch (error) {
      if (error instanceof AdvrobError) throw error;
      wasUnsure = true;
      const { cause } = error as Error;
      said = cause instanceof Error && cause.message !== '' ? cause.message : (error as Error).message;
    }
  }
  throw new Error(`${name} does not answer (${said})`);
}

/** The code of an error of S3. */
function codeIn(bytes: Uint8Array): string {
  return /<Error>[^]*?<Code>(\w+)<\/Code>/.exec(Buffer.from(bytes.subarray(0, 2000)).toString())?.[1] ?? '';
}

function refused(name: string, said: string): AdvrobError {
  const advice = said.includes('NoSuchBucket')
    ? 'there is no such bucket'
    : said.startsWith('403') || said.startsWith('401')
      ? 'look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, and at what they may do there'
      : 'look at AWS_ENDPOINT_URL_S3 and AWS_REGION';
  return new AdvrobError('ADVROB_STORE', `${name} refuses (${said}): ${advice}`);
}
