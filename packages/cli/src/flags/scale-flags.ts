import { flag, wholeNumber } from './flag.js';

export const onFlag = flag(
  '--on <url>',
  'a queue that workers on other machines serve: redis://localhost:6379, rediss:// with TLS',
);
export const storeFlag = flag(
  '--store <place>',
  'where shards are kept: a folder that all machines see, or s3://bucket/prefix; default ADVROB_STORE',
);
export const insecureFlag = flag('--insecure', 'lets a queue or a bucket on another machine have no TLS or password');

/** What reaches a queue and a store. */
export const placeFlags = [onFlag, storeFlag, insecureFlag] as const;

/** How an evaluation is computed on other machines; its result does not depend on it. */
export const remoteFlags = [
  ...placeFlags,
  flag('--shard-size <n>', 'with --on: batches of a shard; default 1, more when there would be over 20,000', {
    read: wholeNumber(1),
  }),
] as const;
