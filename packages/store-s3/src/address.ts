import { AdvrobError } from '@advrob/core';

type Variables = Readonly<Record<string, string | undefined>>;

/** A place in a bucket, and how to reach it. */
export interface BucketAddress {
  /** `s3://bucket/prefix` */
  readonly name: string;
  /** The URL of the bucket, without a slash at its end. */
  readonly bucketUrl: string;
  /** Before every name: empty, or with a slash at its end. */
  readonly prefix: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
    readonly region: string;
  };
}

/** Hosts that nothing leaves this machine for. */
const local = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Reads `s3://bucket/prefix`. Everything else comes from AWS's own variables: `AWS_ACCESS_KEY_ID`,
 * `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`, and for services that are not AWS
 * `AWS_ENDPOINT_URL_S3`, whose buckets are then parts of the path.
 *
 * @param insecure - Lets a service on another machine have no TLS.
 * @throws AdvrobError `ADVROB_STORE` for another URL, without credentials, or for one that is not safe.
 */
export function bucketAddress(text: string, variables: Variables = process.env, insecure = false): BucketAddress {
  const [, bucket, path = ''] =
    /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)\/?$/.exec(text) ?? [];
  if (bucket === undefined)
    throw new AdvrobError(
      'ADVROB_STORE',
      `the store: expected s3://bucket/prefix, got ${JSON.stringify(text.replace(/\/\/[^/]*@/, '//'))}`,
    );
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = variables;
  if (!accessKeyId || !secretAccessKey)
    throw new AdvrobError('ADVROB_STORE', `s3://${bucket}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`);
  const region = variables['AWS_REGION'] || variables['AWS_DEFAULT_REGION'] || 'us-east-1';
  const endpoint = variables['AWS_ENDPOINT_URL_S3'] || variables['AWS_ENDPOINT_URL'];
  return {
    name: `s3://${bucket}${path}`,
    bucketUrl: endpoint
      ? `${checkedEndpoint(endpoint, insecure)}/${bucket}`
      : `https://${bucket}.s3.${region}.amazonaws.com`,
    prefix: path === '' ? '' : `${path.slice(1)}/`,
    credentials: { accessKeyId, secretAccessKey, region, ...(sessionToken && { sessionToken }) },
  };
}

function checkedEndpoint(text: string, insecure: boolean): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new AdvrobError('ADVROB_STORE', 'AWS_ENDPOINT_URL_S3: expected a URL such as https://s3.example', { cause });
  }
  if (url.protocol !== 'https:' && !local.includes(url.hostname) && !insecure)
    throw new AdvrobError(
      'ADVROB_STORE',
      `AWS_ENDPOINT_URL_S3: ${url.origin} is on another machine and has no TLS: make it https, or say --insecure on a network that you trust`,
    );
  return `${url.origin}${url.pathname.replace(/\/$/, '')}`;
}
