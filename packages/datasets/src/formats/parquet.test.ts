import { surviveMutationsAsync } from '@advrob/core/testing';
import { describe, expect, it } from 'vitest';
import { fileBytes } from '../../test/test-files.js';
import { readParquet } from './parquet.js';

describe('parquet', () => {
  it('survives 5,000 damaged files', { timeout: 300_000 }, async () => {
    const limit = 1e6;
    const { accepted, refused } = await surviveMutationsAsync({
      samples: [await fileBytes('hugging-face.parquet')],
      parse: (bytes) => readParquet(bytes, { image: 'image', label: 'label' }, limit),
      seed: 3,
      count: 5000,
      allocated: () => process.memoryUsage().arrayBuffers,
      allowance: (bytes) => 4 * bytes.length + 2 * limit,
    });
    expect(accepted).toBeGreaterThan(0);
    const allowed = ['ADVROB_DATA_FORMAT', 'ADVROB_DATA_MISSING', 'ADVROB_DATA_TOO_LARGE', 'ADVROB_LABEL'];
    expect(Object.keys(refused).filter((code) => !allowed.includes(code))).toEqual([]);
    expect(Object.keys(refused)).toEqual(expect.arrayContaining(allowed.slice(0, 2)));
  });
});
