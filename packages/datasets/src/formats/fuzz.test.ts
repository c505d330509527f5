import { surviveMutations } from '@advrob/core/testing';
import type { Survival } from '@advrob/core/testing';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { idxFile, planarFile } from '../../test/example-files.js';
import { fileBytes } from '../../test/test-files.js';
import { idxDataset } from '../from/idx.js';
import { parseCifar10, parseCifar100 } from './cifar.js';
import { gunzip } from './gzip.js';
import { parseIdx } from './idx.js';
import { parseNpy } from './npy.js';

const seed = Number(process.env['ADVROB_FUZZ_SEED'] ?? 37_022_702);
const count = 20_000;
const unpackedLimit = 4096;
/** What small objects cost whatever the file's size. */
const fixedCost = 1024;
/** Node cuts small buffers out of pools of 8 kB, which it allocates when the last one is used up. */
const bufferPools = 32 * 1024;

const idxSamples = [
  idxFile(
    [2, 3, 4],
    Array.from({ length: 24 }, (_, i) => i * 9),
  ),
  idxFile([7], [0, 1, 2, 3, 4, 5, 6]),
  idxFile([3], [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0], 0x0c),
  idxFile([2], [0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0], 0x0e),
];
const labels = idxFile([2], [0, 1]);
const gzipped = [Buffer.from(idxSamples[0]!), Buffer.alloc(500, 'advrob'), Buffer.alloc(unpackedLimit)].map(
  (content) => new Uint8Array(gzipSync(content)),
);

interface Target {
  readonly samples: readonly Uint8Array[];
  parse(bytes: Uint8Array): unknown;
  readonly fixed: number;
  /** Codes that damage must be able to cause. */
  readonly codes: readonly string[];
}
const targets: Readonly<Record<string, Target>> = {
  parseIdx: {
    samples: idxSamples,
    parse: (bytes) => parseIdx(bytes),
    fixed: fixedCost,
    codes: ['ADVROB_DATA_FORMAT', 'ADVROB_DATA_TRUNCATED', 'ADVROB_DATA_OVERSIZED'],
  },
  idxDataset: {
    samples: [labels, idxFile([2], [0, 0, 0, 1], 0x0b)],
    parse: (bytes) => idxDataset({ name: 'fuzz', images: idxSamples[0]!, labels: bytes, numClasses: 2 }),
    fixed: fixedCost,
    codes: ['ADVROB_DATA_FORMAT', 'ADVROB_DATA_TRUNCATED', 'ADVROB_DATA_OVERSIZED', 'ADVROB_LABEL'],
  },
  parseNpy: {
    samples: await Promise.all(['fortran.npy', 'big-endian.npy', 'bool.npy'].map(fileBytes)),
    parse: (bytes) => parseNpy(bytes),
    fixed: 4 * fixedCost,
    codes: ['ADVROB_DATA_FORMAT', 'ADVROB_DATA_TRUNCATED', 'ADVROB_DATA_OVERSIZED'],
  },
  gunzip: {
    samples: gzipped,
    parse: (bytes) => gunzip(bytes, unpackedLimit),
    // Blocks up to the limit, and all of them once more in one piece.
    fixed: bufferPools + 2 * unpackedLimit,
    codes: ['ADVROB_DATA_GZIP'],
  },
  parseCifar10: {
    samples: [planarFile(1, () => [3]), planarFile(2, (record) => [record])],
    parse: (bytes) => parseCifar10(bytes),
    fixed: fixedCost,
    codes: ['ADVROB_DATA_TRUNCATED', 'ADVROB_LABEL'],
  },
  parseCifar100: {
    samples: [planarFile(1, () => [3, 30]), planarFile(2, (record) => [record, 99])],
    parse: (bytes) => parseCifar100(bytes),
    fixed: fixedCost,
    codes: ['ADVROB_DATA_TRUNCATED', 'ADVROB_LABEL'],
  },
};

describe(`20,000 damaged files, seed ${seed} (ADVROB_FUZZ_SEED draws others)`, () => {
  it.each(Object.entries(targets))('%s survives', (name, { samples, parse, fixed, codes }) => {
    for (const sample of samples) expect(parse(sample)).toBeDefined();
    const { accepted, refused }: Survival = surviveMutations({
      samples,
      parse,
      seed,
      count,
      allocated: () => process.memoryUsage().arrayBuffers,
      allowance: (bytes) => 4 * bytes.length + fixed,
    });
    console.log(`${name}, seed ${seed}: ${accepted} accepted, refused ${JSON.stringify(refused)}`);
    expect(accepted).toBeGreaterThan(0);
    expect(Object.keys(refused)).toEqual(expect.arrayContaining([...codes]));
  });
});
