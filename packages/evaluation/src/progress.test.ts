import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTracker, expectedOf, type EvaluationProgress } from './progress.js';

let now = 0;
beforeEach(() => {
  now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => 1000 * now);
});
afterEach(() => vi.restoreAllMocks());

interface Attack {
  /** As its options say. */
  readonly says: number | undefined;
  readonly takes: number;
  readonly secondsPerStep: number;
}

/** An evaluation whose times are known; what it tells, with the truth beside it. */
function follow(batches: number, attacks: readonly Attack[]) {
  const told: { at: number; state: EvaluationProgress }[] = [];
  const size = 100;
  const tracker = createTracker({
    runs: attacks.map(({ says }, i) => ({
      label: `${i}`,
      norm: 'linf',
      epsilon: 0.1,
      expected: says === undefined ? undefined : { steps: says, cost: 1 },
    })),
    total: batches * size,
    earlier: [],
    standing: () => ({ done: 0, robust: 0 }),
    report: (state) => told.push({ at: now, state }),
  });
  for (let batch = 0; batch < batches; batch++) {
    const clean = tracker.begin(-1, size);
    now += 0.4;
    clean.end();
    attacks.forEach(({ takes, secondsPerStep }, run) => {
      const work = tracker.begin(run, size);
      for (let step = 0; step < takes; step++) {
        now += secondsPerStep;
        work.step({ attack: 'a', step: step + 1, steps: takes, rows: size });
      }
      work.end();
      tracker.report(run);
    });
  }
  return told.map(({ at, state }) => ({ ...state, at, truth: now - at, share: at / now }));
}

describe('time left', () => {
  it.each<[string, number, Attack[]]>([
    ['one batch, one attack', 1, [{ says: 40, takes: 40, secondsPerStep: 1 }]],
    [
      'four batches, a fast and a slow attack',
      4,
      [
        { says: undefined, takes: 1, secondsPerStep: 1 },
        { says: 100, takes: 100, secondsPerStep: 1 },
      ],
    ],
    [
      'one batch, a slow attack before a fast one',
      1,
      [
        { says: 40, takes: 40, secondsPerStep: 1 },
        { says: 10, takes: 10, secondsPerStep: 1.4 },
      ],
    ],
    [
      'an attack that does not say its steps, from its second batch on',
      8,
      [{ says: undefined, takes: 300, secondsPerStep: 0.1 }],
    ],
  ])('is right within a factor of 1.5 from a quarter on: %s', (_, batches, attacks) => {
    const told = follow(batches, attacks);
    const late = told.filter(({ share }) => share >= 0.25 && share < 0.99);
    expect(late.length).toBeGreaterThan(5);
    for (const { secondsLeft, truth } of late) {
      expect(secondsLeft! / truth).toBeLessThan(1.5);
      expect(secondsLeft! / truth).toBeGreaterThan(1 / 1.5);
    }
    const fractions = told.map(({ fraction }) => fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(told.at(-1)).toMatchObject({ fraction: 1, secondsLeft: 0 });
    expect(told.slice(0, -1).every(({ fraction }) => fraction < 1)).toBe(true);
    for (const { fraction, share } of late) expect(Math.abs(fraction - share)).toBeLessThan(0.2);
  });

  it('moves inside of a batch, is told from the start, and is not known before something is', () => {
    const told = follow(1, [{ says: undefined, takes: 50, secondsPerStep: 1 }]);
    expect(told[0]).toMatchObject({ at: 0, phase: 'clean', fraction: 0 });
    expect(told[0]).not.toHaveProperty('secondsLeft');
    const steps = follow(1, [{ says: 50, takes: 50, secondsPerStep: 1 }]).filter(({ step }) => step !== undefined);
    expect(new Set(steps.map(({ fraction }) => fraction)).size).toBe(50);
    expect(steps.every(({ secondsLeft }) => secondsLeft !== undefined && secondsLeft > 0.5)).toBe(true);
    // Nothing says how long the only attack takes, and nothing is said.
    expect(told.filter(({ step }) => step !== undefined).every((state) => !('secondsLeft' in state))).toBe(true);
  });

  it('counts steps that were more than the options say', () => {
    const told = follow(2, [{ says: 10, takes: 40, secondsPerStep: 1 }]);
    const second = told.filter(({ at, share }) => at > 41 && share < 0.99);
    for (const { secondsLeft, truth } of second) expect(Math.abs(secondsLeft! / truth - 1)).toBeLessThan(0.3);
  });
});

it.each([30, 900])(
  'an ensemble in one batch, a step taking as long as %i rows by itself: each member counts, on the rows that are left',
  (fixed) => {
    const told: { at: number; state: EvaluationProgress }[] = [];
    const members = [
      { attack: 'apgd-ce', steps: 100, cost: 1 },
      { attack: 'apgd-t', steps: 900, cost: 1 },
      { attack: 'square', steps: 5000, cost: 1 / 3 },
    ];
    const tracker = createTracker({
      runs: [{ label: 'autoattack', norm: 'linf', epsilon: 0.1, expected: { steps: 2667, cost: 1, members } }],
      total: 300,
      earlier: [],
      standing: () => ({ done: 0, robust: 0 }),
      report: (state) => told.push({ at: now, state }),
    });
    tracker.begin(-1, 300).end();
    const work = tracker.begin(0, 300);
    for (const { attack, steps, cost } of members)
      for (let step = 0; step < steps; step++) {
        // Most examples fall early.
        const rows = attack === 'apgd-ce' ? Math.max(100, 300 - 10 * step) : 100;
        now += (cost * (rows + fixed)) / (300 + fixed);
        const loop = attack === 'square' ? 5000 : 100;
        work.step({ attack, step: (step % loop) + 1, steps: loop, rows });
      }
    const end = now;
    work.end();
    for (const { at, state } of told.filter((one) => one.at > end / 4 && one.at < 0.97 * end)) {
      expect(Math.abs(state.fraction - at / end), `at ${at}`).toBeLessThan(0.1);
      expect(state.secondsLeft! / (end - at)).toBeGreaterThan(1 / 1.5);
      expect(state.secondsLeft! / (end - at)).toBeLessThan(1.5);
    }
    // 100 steps of which 20 were on more than 100 rows; a step without rows takes a tenth of one with all.
    tracker.report(0);
    const { made } = told.at(-1)!.state;
    expect(made.whole).toBeCloseTo(300 * (100 + 900 + 5000 / 3), 6);
    expect(made.work / (300 * end)).toBeCloseTo(1, 2);
    const members2 = [{ attack: { name: 'fab-t', options: { steps: 10, targets: 3 } } }, { attack: { name: 'x' } }];
    expect(expectedOf({ definition: { members: () => members2 as never } })).toEqual({
      steps: 50,
      cost: 1,
      members: [
        { attack: 'fab-t', steps: 30, cost: 1 },
        { attack: 'x', steps: 20, cost: 1 },
      ],
    });
  },
);

it('options say how many steps or queries an attack takes', () => {
  expect(expectedOf({ options: { steps: 10 } }, 3)).toEqual({ steps: 30, cost: 1 });
  expect(expectedOf({ options: { queries: 900 } })).toEqual({ steps: 900, cost: 1 / 3 });
  for (const options of [undefined, null, {}, { steps: 0 }]) expect(expectedOf({ options })).toBeUndefined();
});
