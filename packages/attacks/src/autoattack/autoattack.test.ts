import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import type { Attack, Norm } from '@advrob/core';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { contractOf } from '../../test/contract/contract.js';
import { isAsStrongAs } from '../../test/support/hundred-examples.js';
import { fixture, smoothNet, type SmoothWeights } from '../../test/support/smooth-net.js';
import { apgdCe } from '../apgd/apgd-ce.js';
import { apgdT } from '../apgd/apgd-t.js';
import { fabT } from '../fab/fab-t.js';
import { pgd } from '../pgd.js';
import { square } from '../square/square.js';
import { autoattack } from './autoattack.js';
import { memberLog } from './log.js';
import { memberNames } from './members.js';
import { compose, screenSteps } from './versions.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

contractOf(autoattack, {
  rows: [
    { attack: autoattack({ steps: 3, queries: 4 }), reach: 0.95, restarts: false, maximizes: false, excess: 0.02 },
    {
      attack: autoattack({ version: 'plus', steps: 3, queries: 3 }),
      reach: 0.9,
      restarts: false,
      maximizes: false,
      norms: ['linf'],
      inputShape: [20],
    },
  ],
  eot: null,
});

/** The options that matter, as AutoAttack's code has them. */
function brief({ name, options }: Attack, restarts: number): string {
  const { steps, queries, targets, eot, start, largeBalls, rescaleSchedule } = options as Record<string, unknown>;
  const parts: Record<string, unknown> = {
    targets,
    eot: eot === 1 ? undefined : eot,
    largeBalls: largeBalls || undefined,
  };
  const shown = Object.entries(parts).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key} ${String(value)}`],
  );
  if (start === 'random') shown.push('random start');
  if (rescaleSchedule === true) shown.push('rescaled');
  return [`${name} x${restarts}, ${String(steps ?? queries)}`, ...shown].join(', ');
}

describe('composition', () => {
  const standard = ['apgd-ce x1, 100', 'apgd-t x1, 100, targets 9', 'fab-t x1, 100, targets 9', 'square x1, 5000'];
  it.each<[Parameters<typeof compose>[0], Norm, string[]]>([
    ['standard', 'linf', standard],
    ['standard', 'l2', standard],
    [
      'standard',
      'l1',
      ['apgd-ce x5, 100, largeBalls true', 'apgd-t x1, 100, targets 5, largeBalls true', ...standard.slice(2)],
    ],
    [
      'plus',
      'linf',
      [
        'apgd-ce x5, 100',
        'apgd-dlr x5, 100',
        'fab x1, 100',
        'fab x4, 100, random start',
        'square x1, 5000',
        'apgd-t x1, 100, targets 9',
        'fab-t x1, 100, targets 9',
      ],
    ],
    ['rand', 'l2', ['apgd-ce x1, 100, eot 20', 'apgd-dlr x1, 100, eot 20']],
    ['screen', 'l2', ['apgd-ce x1, 80', 'apgd-t x1, 80, targets 2']],
  ])('%s in %s', (version, norm, expected) => {
    expect(compose(version, norm).map(({ attack, restarts }) => brief(attack, restarts))).toEqual(expected);
  });

  it('custom takes the list, with the restarts of the defaults', () => {
    const members = compose('custom', 'linf', ['square', 'apgd-dlr']);
    expect(members.map(({ attack, restarts }) => brief(attack, restarts))).toEqual([
      'square x1, 5000',
      'apgd-dlr x5, 100',
    ]);
  });

  it('wants a list for custom and for nothing else', () => {
    expect(() => autoattack({ version: 'custom' })).toThrow(/attacks: expected for version 'custom'.*ADVROB_OPTION/s);
    expect(() => autoattack({ attacks: ['square'] })).toThrow('ADVROB_OPTION');
    expect(() => autoattack({ version: 'custom', attacks: ['pgd' as 'square'] })).toThrow('ADVROB_OPTION');
  });
});

describe('the version screen', () => {
  it('makes less than a tenth of the passes of standard, and records its iterations', () => {
    const { options, definition } = autoattack({ version: 'screen' });
    const passes = definition.members!(options, 'linf').map(({ attack }) => {
      const { steps, targets = 1 } = attack.options as { steps: number; targets?: number };
      return 2 * (steps + 1) * targets;
    });
    // APGD-CE, APGD-T and FAB-T on nine targets, and Square.
    const standard = 202 + 9 * 202 + 9 * 300 + 5001;
    expect(passes.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(standard / 10);
    expect(options).toMatchObject({ steps: screenSteps });
    expect(autoattack().options).toMatchObject({ steps: 100 });
    expect(autoattack({ version: 'screen', steps: 7 }).options).toMatchObject({ steps: 7 });
  });

  it('says that it is an upper bound, and no other does', () => {
    const caveatOf = ({ definition, options }: Attack) => definition.caveat?.(options);
    expect(caveatOf(autoattack({ version: 'screen' }))).toMatch(/^is an upper bound/);
    expect(caveatOf(autoattack())).toBeUndefined();
    expect(caveatOf(autoattack({ version: 'custom', attacks: ['square'] }))).toBeUndefined();
  });
});

describe.each(['linf', 'l2', 'l1'] as const)('on a smooth network in %s', (norm) => {
  const { weights } = fixture<{ weights: SmoothWeights }>('gradient-steps.json');
  const epsilon = { linf: 0.03, l2: 0.25, l1: 1 }[norm];
  const effort = { steps: 15, queries: 40 };

  it('fools what any member fools, and the log adds up', async () => {
    const model = smoothNet(weights);
    const x = tf.randomUniform([12, 6, 6, 2], 0, 1, 'float32', 3);
    const y = tf.argMax(model.logits(x), 1);
    const whole = await autoattack(effort).run(model, x, y, { norm, epsilon });
    expect(whole.success.some((hit) => hit === 0)).toBe(true);
    expect(whole.success.some((hit) => hit === 1)).toBe(true);
    for (const member of [apgdCe({ steps: 15 }), apgdT({ steps: 15 }), fabT({ steps: 15 }), square({ queries: 40 })]) {
      const alone = await member.run(model, x, y, { norm, epsilon });
      alone.success.forEach((hit, i) =>
        expect(whole.success[i], `${member.name}, example ${i}`).toBeGreaterThanOrEqual(hit),
      );
    }
    const log = memberLog(whole, ['apgd-ce', 'apgd-t', 'fab-t', 'square']);
    expect(log.map(({ attack }) => attack)).toEqual(['clean', 'apgd-ce', 'apgd-t', 'fab-t', 'square']);
    expect(log.at(-1)!.robustAccuracy).toBeCloseTo(whole.robustAccuracy);
    expect(log.reduce((sum, { found }) => sum + found, 0)).toBe(whole.success.filter(Boolean).length);
  });
});

describe('each member', () => {
  it.each(memberNames)('%s is run under its own name, on what is left', async (name) => {
    const model = linearClassifier({
      weights: [
        [0, 1, 0.5, -1],
        [0, 1, -0.5, 1],
      ],
      bias: [0, -1, 0.2, 0.1],
    });
    const x = tf.tensor2d([
      [0.55, 0.55],
      [0.9, 0.9],
    ]);
    const y = tf.argMax(model.logits(x), 1);
    const attack = autoattack({ version: 'custom', attacks: [name], steps: 20, queries: 50, restarts: 1 });
    const { fooledBy } = await attack.run(model, x, y, { norm: 'linf', epsilon: 0.3 });
    expect(fooledBy[0] ?? name).toBe(name);
  });
});

describe.each([2, 3, 4])('with %d classes', (classes) => {
  it.each(['standard', 'plus', 'rand', 'screen'] as const)('%s finds what a linear model allows', async (version) => {
    // Class k wins where input k is largest: distance to the boundary is half of the lead.
    const weights = Array.from({ length: classes }, (_, i) =>
      Array.from({ length: classes }, (_, k) => Number(i === k)),
    );
    const model = linearClassifier({ weights, bias: new Array<number>(classes).fill(0) });
    const row = (lead: number): number[] => Array.from({ length: classes }, (_, i) => (i === 1 ? 0.5 + lead : 0.5));
    const x = tf.tensor2d([row(0.1), row(0.35)]);
    const y = tf.tensor1d([1, 1], 'int32');
    const result = await autoattack({ version, steps: 10, queries: 20 }).run(model, x, y, {
      norm: 'linf',
      epsilon: 0.1,
    });
    expect([...result.success]).toEqual([1, 0]);
  });
});

isAsStrongAs([['AutoAttack', autoattack({ steps: 5, queries: 20 }), pgd({ steps: 60 }), 'linf']]);
