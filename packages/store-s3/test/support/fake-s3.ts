import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A service that speaks as much of S3 as the store does, and can misbehave. */
export interface FakeS3 {
  readonly url: string;
  readonly contents: Map<string, Buffer>;
  /** Requests so far, as `PUT /bucket/name`. */
  readonly requests: string[];
  /** Whether conditions are honoured. */
  honours: boolean;
  /** Called before each answer: `die` ends the connection after the work was done, a number is a status instead of it. */
  trouble: (request: string) => 'die' | number | undefined;
  close(): Promise<void>;
}

/** Names of a page of a list: few, so that tests see pages. */
const pageSize = 3;

export async function startFakeS3(): Promise<FakeS3> {
  const contents = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    void answer(fake, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fake: FakeS3 = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ contents, requests: [], honours: true },
    trouble: () => undefined,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return fake;
}

async function answer(fake: FakeS3, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { contents } = fake;
  const url = new URL(request.url!, fake.url);
  const [, bucket, ...parts] = url.pathname.split('/');
  const key = parts.join('/');
  const line = `${request.method} ${url.pathname}`;
  fake.requests.push(line);
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const trouble = fake.trouble(line);
  const say = (status: number, content: Buffer | string = ''): void => {
    if (trouble === 'die') return void response.destroy();
    response.writeHead(status).end(content);
  };
  const fail = (status: number, code: string): void => say(status, `<Error><Code>${code}</Code></Error>`);
  if (typeof trouble === 'number') return fail(trouble, 'Trouble');
  if (!request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 Credential=key/')) return fail(403, 'AccessDenied');
  if (bucket !== 'bucket') return fail(404, 'NoSuchBucket');
  if (request.method === 'GET' && key === '') return say(200, listed(contents, url.searchParams));
  if (request.method === 'GET') return contents.has(key) ? say(200, contents.get(key)) : fail(404, 'NoSuchKey');
  if (request.method === 'DELETE') {
    contents.delete(key);
    return say(204);
  }
  if (request.headers['x-amz-checksum-sha256'] !== createHash('sha256').update(body).digest('base64'))
    return fail(400, 'BadDigest');
  if (fake.honours && request.headers['if-none-match'] === '*' && contents.has(key))
    return fail(412, 'PreconditionFailed');
  contents.set(key, body);
  say(200);
}

function listed(contents: ReadonlyMap<string, Buffer>, query: URLSearchParams): string {
  const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
  const prefix = query.get('prefix') ?? '';
  const names = [...contents.keys()].sort().filter((name) => name.startsWith(prefix) && name > after);
  const page = names.slice(0, pageSize);
  const more = names.length > pageSize ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
  return `<?xml version="1.0"?><ListBucketResult>${more}${page.map((name) => `<Contents><Key>${name}</Key></Contents>`).join('')}</ListBucketResult>`;
}
