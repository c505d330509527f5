import { storeContract } from '@advrob/scale/testing';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFakeS3, type FakeS3 } from '../test/support/fake-s3.js';
import { bucketAddress, s3Store } from './index.js';

const secret = 's3cr3t-canary-of-the-bucket';
const variables = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: secret, AWS_REGION: 'us-east-1' };
const before = { ...process.env };
beforeAll(() => void Object.assign(process.env, variables));
afterAll(() => void (process.env = before));

let folders = 0;
const url = (): string => `s3://bucket/some/folder-${folders++}`;

describe('a store in a bucket', () => {
  let fake: FakeS3;
  beforeEach(async () => {
    fake = await startFakeS3();
    process.env['AWS_ENDPOINT_URL_S3'] = fake.url;
  });
  afterEach(() => fake.close());

  const open = async () => {
    const place = url();
    return { store: await s3Store({ url: place }), other: await s3Store({ url: `${place}/` }) };
  };
  for (const { name, run } of storeContract(open)) it(name, run);

  it('is refused when its service ignores conditions, is missing, or the keys are wrong', async () => {
    fake.honours = false;
    await expect(s3Store({ url: url() })).rejects.toThrow(/ignores If-None-Match.*\[ADVROB_STORE\]/);
    expect([...fake.contents.keys()]).toEqual([]);
    fake.honours = true;
    await expect(s3Store({ url: 's3://another/x' })).rejects.toThrow(/404 NoSuchBucket.*no such bucket/);
    process.env['AWS_ACCESS_KEY_ID'] = 'wrong';
    const error = await s3Store({ url: url() }).catch((thrown: unknown) => thrown as Error);
    process.env['AWS_ACCESS_KEY_ID'] = 'key';
    expect(error).toMatchObject({
      code: 'ADVROB_STORE',
      message: expect.stringContaining('403 AccessDenied') as string,
    });
    expect(JSON.stringify([error, (error as Error).stack])).not.toContain(secret);
  });

  it('knows its own success when the answer was lost, and waits for a busy server', async () => {
    const store = await s3Store({ url: url() });
    let troubles: ('die' | number)[] = ['die'];
    fake.trouble = (line) => (line.startsWith('PUT') ? troubles.shift() : undefined);
    expect(await store.create('lost/answer', Buffer.from('mine'))).toBe(true);
    troubles = [503, 409];
    expect(await store.create('busy', Buffer.from('mine'))).toBe(true);
    // Another was first, and an answer was lost all the same.
    troubles = ['die'];
    expect(await store.create('lost/answer', Buffer.from('of another'))).toBe(false);
    expect(Buffer.from((await store.get('lost/answer'))!).toString()).toBe('mine');
  });

  it('gives an error that is no refusal when there is no server', async () => {
    const store = await s3Store({ url: url() });
    await fake.close();
    const error = await store.get('a').catch((thrown: unknown) => thrown as { code?: string; message: string });
    expect(error).toMatchObject({
      message: expect.stringMatching(/^s3:\/\/bucket\/some.* does not answer \(/) as string,
    });
    expect((error as { code?: string }).code).toBeUndefined();
    fake = await startFakeS3();
  }, 30_000);

  it('reads addresses', () => {
    const of = (text: string, more = {}, insecure = false) => bucketAddress(text, { ...variables, ...more }, insecure);
    expect(of('s3://my-bucket/a/b', { AWS_REGION: 'eu-west-1' })).toMatchObject({
      ...{ name: 's3://my-bucket/a/b', prefix: 'a/b/' },
      bucketUrl: 'https://my-bucket.s3.eu-west-1.amazonaws.com',
    });
    expect(of('s3://my-bucket').prefix).toBe('');
    expect(of('s3://b-b', { AWS_ENDPOINT_URL_S3: 'https://s3.example/' }).bucketUrl).toBe('https://s3.example/b-b');
    for (const wrong of ['s3://', 's3://B', 's3://bucket/../x', 's3://bucket/a b', 's3://key:secret@bucket/x'])
      expect(() => of(wrong), wrong).toThrow(/expected s3:\/\/bucket\/prefix/);
    expect(() => of('s3://key:secret@bucket')).not.toThrow(/secret/);
    expect(() => bucketAddress('s3://bucket', {})).toThrow('set AWS_ACCESS_KEY_ID');
    const plain = { AWS_ENDPOINT_URL_S3: 'http://s3.example' };
    expect(() => of('s3://bucket', plain)).toThrow(/has no TLS/);
    expect(of('s3://bucket', plain, true).bucketUrl).toBe('http://s3.example/bucket');
  });
});

/** A service that others have written (PyPI: `moto[server]`). CI demands it. */
const command = process.env['ADVROB_MOTO'] ?? 'moto_server';
const hasMoto = spawnSync(command, ['--help']).status === 0;
if (!hasMoto && process.env['ADVROB_S3'] === 'required') throw new Error('moto_server is not installed');
if (!hasMoto) console.warn("SKIPPED: no moto_server here: pip install 'moto[server]'");

describe.runIf(hasMoto)('a store in a bucket of another service', () => {
  let server: ChildProcess;
  beforeAll(async () => {
    const port = await freePort();
    server = spawn(command, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
    const endpoint = `http://127.0.0.1:${port}`;
    while (
      !(await fetch(`${endpoint}/bucket`, { method: 'PUT' }).then(
        ({ ok }) => ok,
        () => false,
      ))
    )
      await new Promise((resolve) => setTimeout(resolve, 100));
    process.env['AWS_ENDPOINT_URL_S3'] = endpoint;
  }, 60_000);
  afterAll(() => void server?.kill('SIGKILL'));

  // It answers in threads that take no locks, so nothing is asked of it at once.
  const checks = storeContract(async () => ({ store: await s3Store({ url: url() }) }));
  for (const { name, run } of checks.filter((check) => !check.name.includes('at once'))) it(name, run, 30_000);
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
