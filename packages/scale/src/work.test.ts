import { surviveMutations } from '@advrob/core/testing';
import { describe, expect, it } from 'vitest';
import {
  checkContract,
  contractHere,
  decodeShard,
  encodeShard,
  parseWork,
  workId,
  workText,
  type Work,
} from './index.js';

const work: Work = {
  format: 'advrob-work',
  version: 1,
  kind: 'evaluation',
  title: 'net',
  subject: { args: ['--attack', 'pgd'], model: 'net' },
  artefacts: [{ name: 'weights.safetensors', sha256: 'ab'.repeat(32), bytes: 12 }],
  contract: contractHere({ backend: { name: 'cpu' }, config: { versions: { '@advrob/core': '0.1.0' } } }),
  shards: 30,
  size: 1,
};
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a work', () => {
  it('is known by its content, whatever the order of its keys', () => {
    const turned = Object.fromEntries(Object.entries(work).reverse()) as unknown as Work;
    expect(workText(turned)).toBe(workText(work));
    expect(workId(turned)).toBe(workId(work));
    expect(parseWork(encode(workText(work)), workId(work))).toEqual(work);
    expect(workId({ ...work, shards: 31 })).not.toBe(workId(work));
    // The SHA-256 of its JSON with sorted keys, as any other program finds it.
    expect(workId({ ...work, contract: { node: '20', platform: 'linux x64', identity: {} } })).toBe(
      '133323780613fe71f6fc6dfa1ebbbb0d',
    );
  });

  it('is refused when it is no JSON, has another id, is too large, too deep, or has keys that it should not have', () => {
    const id = workId(work);
    const refused = (text: string, how: string, of = id): void =>
      expect(() => parseWork(encode(text), of)).toThrow(
        new RegExp(`the work ${of} cannot be read: ${how}.*\\[ADVROB_WORK\\]`, 's'),
      );
    refused('{', 'it is no JSON');
    refused(workText({ ...work, title: 'other' }), 'its content has another id');
    refused(workText({ ...work, title: 'x'.repeat(300) }), '.*title');
    refused(JSON.stringify({ ...work, run: 'rm' }), '.*run');
    refused(workText({ ...work, shards: 1e9 }), '.*shards');
    refused(workText({ ...work, artefacts: [{ name: '../up', sha256: 'ab'.repeat(32), bytes: 1 }] }), '.*artefacts');
    refused(' '.repeat(1_000_001), 'it takes 1000001 bytes');
    refused(`${'['.repeat(400_000)}${']'.repeat(400_000)}`, 'its values lie more than 32 deep');
    refused(`{"subject":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`, 'its values lie more than 32 deep');
  });

  it('that was damaged or forged is refused in our words, whatever was done to it', () => {
    // Who forges a work gives it the id of what it is then.
    const parse = (bytes: Uint8Array): Work => parseWork(bytes, forgedId(bytes));
    const { refused, accepted } = surviveMutations({
      samples: [encode(workText(work))],
      parse,
      seed: 1,
      count: 2000,
    });
    expect(Object.keys(refused)).toEqual(['ADVROB_WORK']);
    // Other text in places where any text may stand.
    expect(accepted).toBeLessThan(600);
  }, 60_000);
});

function forgedId(bytes: Uint8Array): string {
  try {
    return workId(JSON.parse(new TextDecoder().decode(bytes)) as Work);
  } catch {
    return workId(work);
  }
}

describe('a contract', () => {
  it('names everything that differs, with both values', () => {
    const wanted = { ...work.contract, node: '18', platform: 'darwin arm64' };
    expect(() => checkContract(wanted, { config: { versions: { '@advrob/core': '0.2.0' } } })).toThrow(
      /node was "?18"?, is "?\d+"?; platform was "?darwin arm64"?, is .*; config\.versions\.@advrob\/core was "0\.1\.0", is "0\.2\.0".*\[ADVROB_CONTRACT\]/,
    );
    expect(() => checkContract(work.contract, { backend: { name: 'cpu' } })).not.toThrow();
    expect(() => checkContract(work.contract, { threads: 2 })).toThrow('threads was null, is 2');
  });
});

describe('a shard', () => {
  const about = {
    format: 'advrob-shard',
    version: 1,
    ...{ work: workId(work), index: 3, outcome: 'cd'.repeat(32) },
    ...{ seconds: 1.5, worker: 'w', cpu: 'c', counts: { examples: 20 } },
  } as const;
  const bytes = encodeShard(about, encode('line 1\nline 2\n'));

  it('comes back as it was', () => {
    const { header, body } = decodeShard(bytes, workId(work), 3);
    expect(header).toEqual(about);
    expect(new TextDecoder().decode(body)).toBe('line 1\nline 2\n');
  });

  it('is refused with any one byte changed, any part cut off, and as another one', () => {
    for (let place = 0; place < bytes.length; place++) {
      const changed = bytes.slice();
      changed[place]! ^= 1;
      expect(() => decodeShard(changed, workId(work), 3), `byte ${place}`).toThrow('ADVROB_FILE_DAMAGED');
      expect(() => decodeShard(bytes.slice(0, place), workId(work), 3)).toThrow('ADVROB_FILE_DAMAGED');
    }
    expect(() => decodeShard(bytes, workId(work), 4)).toThrow('ADVROB_FILE_DAMAGED');
    expect(() => decodeShard(bytes, '0'.repeat(32), 3)).toThrow('ADVROB_FILE_DAMAGED');
  });
});
