import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { factorAt, scheduleSchema, type Schedule } from './schedule.js';

const fixtures = JSON.parse(
  readFileSync(new URL('../../../tooling/oracle/training/fixtures/schedules.json', import.meta.url), 'utf8'),
) as { schedule: Schedule; factors: number[] }[];

const unit = fc.constantFrom('epochs' as const, 'steps' as const, 'run' as const);
const share = fc.double({ min: 0, max: 1, noNaN: true });
const length = fc.double({ min: 0.01, max: 100, noNaN: true });
const flat: fc.Arbitrary<Schedule> = fc.oneof(
  fc.constant({ name: 'constant' as const }),
  fc.record({ name: fc.constant('step' as const), at: fc.array(length), factor: fc.constant(0.5), unit }),
  fc.record({ name: fc.constant('cosine' as const), length, floor: share, unit }),
  fc.record({ name: fc.constant('smoothed-ramp' as const), length, from: share, unit }),
  fc.record({ name: fc.constant('cyclic' as const), up: length, down: length, floor: share, unit }),
);
const schedules = fc.oneof(
  flat,
  fc.record({ name: fc.constant('warm-up' as const), length, from: share, then: flat, unit }),
);

describe('factorAt', () => {
  it.each(fixtures)("follows PyTorch's $schedule.name: $schedule", ({ schedule, factors }) => {
    expect(factors).toHaveLength(60);
    factors.forEach((factor, step) =>
      expect(factorAt(schedule, { step, steps: 60, stepsPerEpoch: 10 })).toBeCloseTo(factor, 12),
    );
  });

  it('stays between 0 and 1 and is the same after the schema has filled in defaults', () => {
    fc.assert(
      fc.property(schedules, fc.nat(200), fc.integer({ min: 1, max: 40 }), (schedule, step, stepsPerEpoch) => {
        const time = { step, steps: 200, stepsPerEpoch };
        const factor = factorAt(schedule, time);
        expect(factor).toBeGreaterThanOrEqual(0);
        expect(factor).toBeLessThanOrEqual(1 + 1e-12);
        expect(factorAt(scheduleSchema.parse(schedule), time)).toBe(factor);
      }),
    );
  });

  it('keeps the floor after a cosine and the full rate after a warm-up', () => {
    const time = { step: 90, steps: 100, stepsPerEpoch: 10 };
    expect(factorAt({ name: 'cosine', length: 5, floor: 0.1 }, time)).toBeCloseTo(0.1, 12);
    expect(factorAt({ name: 'warm-up', length: 5 }, time)).toBe(1);
  });

  it('makes the ramp of certified training, with the constants of its code', () => {
    // From step 10 to 50: the middle is step 20; a = 1 / ((50 - 20) 4 t + (20 - 10) t), t = (20 - 10)^3.
    const a = 1 / (30 * 4 * 1000 + 10 * 1000);
    const at = (step: number): number =>
      factorAt({ name: 'smoothed-ramp', from: 1, length: 4 }, { step, steps: 100, stepsPerEpoch: 10 });
    expect([0, 10, 50, 99].map(at)).toEqual([0, 0, 1, 1]);
    expect(at(15)).toBeCloseTo(a * 5 ** 4, 12);
    expect(at(20)).toBeCloseTo(a * 10 ** 4, 12);
    expect(at(35)).toBeCloseTo(a * (10 ** 4 + 4 * 1000 * 15), 12);
  });

  it.each([
    { name: 'cosinus' },
    { name: 'step', at: [-1] },
    { name: 'step', at: [1], facotr: 2 },
    { name: 'cyclic', up: 0, down: 1 },
    { name: 'warm-up', length: 1, then: { name: 'step' } },
  ])('is refused by the schema: %j', (schedule) => {
    expect(scheduleSchema.safeParse(schedule).success).toBe(false);
  });
});
