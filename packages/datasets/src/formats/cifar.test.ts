import { describe, expect, it } from 'vitest';
import { fixedCost, survivesDamage } from '../../test/damaged.js';
import { planarFile } from '../../test/example-files.js';
import { parseCifar10, parseCifar100 } from './cifar.js';

const ten = planarFile(3, (record) => [record + 7]);
const hundred = planarFile(2, (record) => [19 - record, 99 - record]);

describe('CIFAR files', () => {
  it('turns planes into pixels', () => {
    const { images, labels } = parseCifar10(ten);
    expect(Array.from(labels)).toEqual([7, 8, 9]);
    for (const [record, row, column, channel] of [
      [0, 0, 0, 0],
      [1, 0, 1, 2],
      [2, 31, 31, 1],
      [1, 17, 4, 2],
    ] as const)
      expect(images[((record * 32 + row) * 32 + column) * 3 + channel]).toBe(
        ten[record * 3073 + 1 + channel * 1024 + row * 32 + column],
      );
  });

  it('reads both label columns of CIFAR-100', () => {
    const { coarse, fine, images } = parseCifar100(hundred);
    expect([Array.from(coarse), Array.from(fine)]).toEqual([
      [19, 18],
      [99, 98],
    ]);
    expect(images[3072 + 1]).toBe(hundred[3074 + 2 + 1024]);
  });

  it.each([
    ['an empty file', () => parseCifar10(new Uint8Array()), 'ADVROB_DATA_TRUNCATED'],
    ['a record cut short', () => parseCifar10(ten.subarray(0, -1)), 'ADVROB_DATA_TRUNCATED'],
    ['a byte too many', () => parseCifar100(Uint8Array.of(...hundred, 0)), 'ADVROB_DATA_TRUNCATED'],
    ['CIFAR-100 taken for CIFAR-10', () => parseCifar10(hundred), 'ADVROB_DATA_TRUNCATED'],
    ['label 10', () => parseCifar10(planarFile(2, (record) => [9 + record])), 'ADVROB_LABEL'],
    ['coarse label 20', () => parseCifar100(planarFile(1, () => [20, 0])), 'ADVROB_LABEL'],
    ['fine label 100', () => parseCifar100(planarFile(1, () => [0, 100])), 'ADVROB_LABEL'],
  ])('refuses %s', (_, parse, code) => {
    expect(parse).toThrow(expect.objectContaining({ code }));
  });
});

survivesDamage('parseCifar10', {
  samples: [planarFile(1, () => [3]), planarFile(2, (record) => [record])],
  parse: (bytes) => parseCifar10(bytes),
  fixed: fixedCost,
  codes: ['ADVROB_DATA_TRUNCATED', 'ADVROB_LABEL'],
});

survivesDamage('parseCifar100', {
  samples: [planarFile(1, () => [3, 30]), planarFile(2, (record) => [record, 99])],
  parse: (bytes) => parseCifar100(bytes),
  fixed: fixedCost,
  codes: ['ADVROB_DATA_TRUNCATED', 'ADVROB_LABEL'],
});
