import { surviveMutations } from '@advrob/core/testing';
import { describe, expect, it } from 'vitest';
import { fileBytes } from '../../test/test-files.js';
import { parseMat } from './mat.js';

describe('svhn', () => {
  it('survives 20,000 damaged files', { timeout: 300_000 }, async () => {
    const samples = await Promise.all(['svhn/train_32x32.mat', 'svhn/test_32x32.mat'].map(fileBytes));
    const { accepted, refused } = surviveMutations({
      samples,
      parse: (bytes) => parseMat(bytes, 100_000),
      seed: 1,
      count: 20_000,
      allocated: () => process.memoryUsage().arrayBuffers,
      allowance: (bytes) => 4 * bytes.length + 2 ** 20,
    });
    expect(accepted).toBeGreaterThan(0);
    expect(Object.keys(refused)).toEqual(
      expect.arrayContaining(['ADVROB_DATA_FORMAT', 'ADVROB_DATA_TRUNCATED', 'ADVROB_DATA_CHECKSUM']),
    );
  });
});
