import { describe, expect, it } from 'vitest';
import { AdvrobError } from '../errors.js';
import { mutate } from './mutate.js';
import { surviveMutations, surviveMutationsAsync } from './survive-mutations.js';

const sample = Uint8Array.from({ length: 200 }, (_, i) => i);

describe('mutate', () => {
  it('gives the same file for the same seed and index, and leaves the original alone', () => {
    const before = sample.slice();
    const once = Array.from({ length: 200 }, (_, index) => mutate(sample, 5, index));
    expect(Array.from({ length: 200 }, (_, index) => mutate(sample, 5, index))).toEqual(once);
    expect(Array.from({ length: 200 }, (_, index) => mutate(sample, 6, index))).not.toEqual(once);
    expect(sample).toEqual(before);
    const buffer = Buffer.from(sample);
    expect(Array.from({ length: 200 }, (_, index) => mutate(buffer, 5, index))).toEqual(once);
    expect(Uint8Array.from(buffer)).toEqual(before);
  });

  it('damages nearly every file, in length and in content', () => {
    const files = Array.from({ length: 1000 }, (_, index) => mutate(sample, 0, index));
    expect(files.filter((file) => Buffer.compare(file, sample) !== 0).length).toBeGreaterThan(900);
    expect(files.some((file) => file.length < 20)).toBe(true);
    expect(files.some((file) => file.length > 250)).toBe(true);
    expect(files.some((file) => file.length === 200 && file[3] === 0xff)).toBe(true);
  });

  it('takes an empty file', () => {
    for (let index = 0; index < 200; index++) expect(mutate(new Uint8Array(), 0, index).length).toBeLessThan(100);
  });
});

describe('surviveMutations', () => {
  const run = (parse: (bytes: Uint8Array) => unknown, more = {}) =>
    surviveMutations({ samples: [sample], parse, seed: 0, count: 300, ...more });

  it('counts what was accepted and refused', () => {
    const { accepted, refused } = run((bytes) => {
      if (bytes.length !== 200) throw new AdvrobError('ADVROB_DATA_TRUNCATED', 'short');
      return bytes;
    });
    expect(accepted).toBeGreaterThan(0);
    expect(accepted + refused['ADVROB_DATA_TRUNCATED']!).toBe(300);
  });

  it('fails on a crash, naming seed and index', () => {
    expect(() =>
      run((bytes) => {
        if (bytes.length !== 200) throw new RangeError('Invalid array length');
        return bytes;
      }),
    ).toThrow(/seed 0, index \d+.*Invalid array length/);
  });

  it('fails on too much time and on too much memory', () => {
    expect(() => run((bytes) => bytes, { timeLimit: -1 })).toThrow(/took/);
    let held = 0;
    expect(() => run((bytes) => ((held += 5 * bytes.length + 1), bytes), { allocated: () => held })).toThrow(
      /allocated \d+ bytes/,
    );
  });
});

describe('surviveMutationsAsync', () => {
  const run = (parse: (bytes: Uint8Array) => Promise<unknown>, more = {}) =>
    surviveMutationsAsync({ samples: [sample], parse, seed: 0, count: 100, ...more });

  it('counts what was accepted and refused', async () => {
    const { accepted, refused } = await run(async (bytes) => {
      if (bytes.length !== 200) throw new AdvrobError('ADVROB_DATA_TRUNCATED', 'short');
      return bytes;
    });
    expect(accepted).toBeGreaterThan(0);
    expect(accepted + refused['ADVROB_DATA_TRUNCATED']!).toBe(100);
  });

  it('fails on a crash, on a result that is none, on too much time and on too much memory', async () => {
    const crash = async () => {
      throw new RangeError('Invalid array length');
    };
    await expect(run(crash)).rejects.toThrow(/seed 0, index 0.*Invalid array length/);
    await expect(run(async () => undefined)).rejects.toThrow(/got undefined/);
    await expect(run(async (bytes) => bytes, { timeLimit: -1 })).rejects.toThrow(/took/);
    let held = 0;
    const greedy = async (bytes: Uint8Array) => ((held += 5 * bytes.length + 1), bytes);
    await expect(run(greedy, { allocated: () => held })).rejects.toThrow(/allocated/);
  });
});
