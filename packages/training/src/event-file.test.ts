import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { crc32c, encodeEvents, eventFileHeader, scalarsOf, type ScalarEvent } from './event-file.js';

/** What TensorBoard itself writes; see tooling/oracle/training/event_file.py. */
const fixture = JSON.parse(
  readFileSync(new URL('../../../tooling/oracle/training/fixtures/event-file.json', import.meta.url), 'utf8'),
) as { headerTime: number; events: ScalarEvent[]; hex: string };

it('has the checksums of RFC 3720, appendix B.4', () => {
  const bytes = (value: number) => new Uint8Array(32).fill(value);
  expect(crc32c(bytes(0))).toBe(0x8a9136aa);
  expect(crc32c(bytes(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
});

describe('an event file', () => {
  it('is what TensorBoard writes, byte for byte', () => {
    const bytes = [...eventFileHeader(fixture.headerTime), ...encodeEvents(fixture.events)];
    expect(bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')).toBe(fixture.hex);
  });

  it('can be appended to, event by event, and leaves out events without numbers', () => {
    const pieces = fixture.events.flatMap((event) => [...encodeEvents([event])]);
    expect(pieces).toEqual([...encodeEvents(fixture.events)]);
    expect(encodeEvents([{ wallTime: 1, step: 1, scalars: {} }])).toHaveLength(0);
  });

  it('tags what a run logs', () => {
    const metrics = {
      type: 'metrics',
      step: 50,
      epoch: 0.5,
      rate: 0.1,
      epsilon: 0.3,
      loss: { total: 1, kl: 0.5 },
      gradientNorm: { mean: 2, max: 3 },
    } as const;
    expect(scalarsOf(metrics)).toEqual({
      'train/loss/total': 1,
      'train/loss/kl': 0.5,
      'train/gradientNorm/mean': 2,
      'train/gradientNorm/max': 3,
      'train/rate': 0.1,
      'train/epoch': 0.5,
      'train/epsilon': 0.3,
    });
    const validation = {
      type: 'validation',
      step: 100,
      epoch: 1,
      weights: 'averaged',
      score: 0.4,
      metrics: { accuracy: 0.9 },
      isBest: false,
      behindBest: 0.1,
    } as const;
    expect(scalarsOf(validation)).toEqual({
      'validation/averaged/accuracy': 0.9,
      'validation/averaged/score': 0.4,
      'validation/averaged/behindBest': 0.1,
    });
  });
});
