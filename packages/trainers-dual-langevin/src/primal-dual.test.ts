import { AdvrobError, type Objective } from '@advrob/core';
import { meanCrossEntropy } from '@advrob/core/losses';
import { alp, clp, fit, sgd } from '@advrob/training';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectNoLeaks } from '../../training/test/support/cpu.js';
import { fixtureData, fixtureModel } from '../../training/test/support/fixture.js';
import { signAttack } from '../../training/test/support/sign-attack.js';
import { tinyData } from '../../training/test/support/tiny-data.js';
import { tinyModel, valuesOf } from '../../training/test/support/tiny-model.js';
import { expectClose, freshPairs, gradientOf } from '../test/support/gradient-of.js';
import { cvarPd } from './cvar-pd.js';
import { dalePdReverse } from './dale-pd-reverse.js';
import { dalePd } from './dale-pd.js';
import { dale } from './dale.js';
import { klDaleMultiPd } from './kl-dale-multi-pd.js';
import { klDalePd } from './kl-dale-pd.js';
import { primalDual } from './primal-dual.js';

expectNoLeaks();

const opened = { inputShape: [4], numClasses: 3, batchSize: 6 };
const valueOf = (objective: Objective): number => (objective.state!['nu'] as Variable).dataSync()[0]!;

/** A problem whose constrained loss takes the given values, one after the other. */
function scripted(losses: readonly number[]) {
  let at = 0;
  return {
    prepare: async ({ x }: { x: Tensor }) => ({ x }),
    losses: () => ({ minimised: tf.scalar(2), constrained: tf.scalar(losses[at++]!) }),
  };
}

/** The dual variable after each of the losses. */
function dualPath(losses: readonly number[], options: Parameters<typeof primalDual>[1]): number[] {
  const objective = primalDual(scripted(losses), options);
  objective.open!(opened);
  const path = losses.map(() => {
    tf.tidy(() => {
      const { total, terms } = objective.loss({} as never, {} as never, {});
      objective.afterGradient!({ ...terms, total }, {});
    });
    return valueOf(objective);
  });
  objective.dispose!();
  return path;
}

describe('the dual variable', () => {
  it('moves by the step times the violation, and stops at 0', () => {
    const path = dualPath([0.5, 0.1, 0, 0, 0.9], { rho: 0.3, dualStep: 2, nu: 0.5 });
    // 0.5 + 0.4; 0.9 - 0.4; 0.5 - 0.6 cut; stays; + 1.2.
    [0.9, 0.5, 0, 0, 1.2].forEach((value, i) => expect(path[i]).toBeCloseTo(value, 6));
  });

  it('stops at maxNu', () => {
    const path = dualPath([5, 5, 0.1], { rho: 0.2, dualStep: 1, nu: 0.5, maxNu: 3 });
    [3, 3, 2.9].forEach((value, i) => expect(path[i]).toBeCloseTo(value, 6));
  });

  it('is the projected ascent of any sequence of losses, never below 0', () => {
    const loss = fc.float({ min: 0, max: 20, noNaN: true });
    const settings = fc.record({
      rho: fc.float({ min: 0, max: 5, noNaN: true }),
      dualStep: fc.float({ min: 0, max: 3, noNaN: true }),
      nu: fc.float({ min: 0, max: 4, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(loss, { minLength: 1, maxLength: 12 }), settings, (losses, options) => {
        let nu = options.nu;
        const path = dualPath(losses, options);
        for (const [i, each] of losses.entries()) {
          nu = Math.max(0, nu + options.dualStep * (each - options.rho));
          expect(path[i]).toBeGreaterThanOrEqual(0);
          expect(Math.abs(path[i]! - nu)).toBeLessThan(1e-3);
        }
      }),
      { numRuns: 60, seed: 4 },
    );
  });

  it('is what it starts with before a run opens, and is logged as the step used it', async () => {
    const objective = primalDual(scripted([0.4, 0.4]), { rho: 0.1, dualStep: 1, nu: 0.7 });
    const closed = tf.tidy(() => objective.loss({} as never, {} as never, {}).total.dataSync()[0]);
    expect(closed).toBeCloseTo(2 + 0.7 * 0.4, 6);
    objective.open!(opened);
    const terms = tf.tidy(() => {
      const { total, terms } = objective.loss({} as never, {} as never, {});
      objective.afterGradient!({ ...terms, total }, {});
      return { nu: terms!['nu']!.dataSync()[0], slack: terms!['slack']!.dataSync()[0] };
    });
    expect(terms.nu).toBeCloseTo(0.7, 6);
    expect(terms.slack).toBeCloseTo(-0.3, 6);
    expect(valueOf(objective)).toBeCloseTo(1, 6);
    objective.dispose!();
  });
});

/**
 * Three steps of training by hand on the data of the fixture, with the closed form of the dual
 * step.
 */
it('moves by the clean loss from before the step of the weights', async () => {
  const [rho, dualStep, rate] = [0.9, 0.7, 0.5];
  const objective = dalePd({ rho, dualStep });
  const model = fixtureModel();
  const before: number[] = [];
  const watched: Objective = {
    ...(objective as unknown as Objective),
    async prepare(batch, context) {
      const loss = tf.tidy(() => meanCrossEntropy(context.model.logits(batch.x), batch.y));
      before.push((await loss.data())[0]!);
      loss.dispose();
      return objective.prepare(batch, context);
    },
  };
  const { history } = await fit({
    model,
    data: fixtureData(),
    objective: watched,
    attack: signAttack(),
    threat: { norm: 'linf', epsilon: 0.1 },
    optimizer: sgd(),
    learningRate: rate,
    batchSize: 8,
    steps: 3,
    logEvery: 1,
  });
  let nu = 1;
  for (const [step, event] of history.entries()) {
    if (event.type !== 'metrics') throw new Error('no metrics');
    expect(event.loss['nu']).toBeCloseTo(nu, 5);
    expect(event.loss['slack']).toBeCloseTo(rho - before[step]!, 5);
    nu = Math.max(0, nu + dualStep * (before[step]! - rho));
  }
  expect(valueOf(watched)).toBeCloseTo(nu, 5);
  expect(new Set(before).size).toBe(3);
  objective.dispose!();
  model.dispose!();
});

describe('a rho that cannot be met', () => {
  const run = { data: tinyData(), attack: signAttack(), threat: { norm: 'linf', epsilon: 0.3 }, batchSize: 8 } as const;

  it('leaves nu growing and the slack below 0, with finite weights', async () => {
    const model = tinyModel();
    const objective = dalePdReverse({ rho: 0, dualStep: 0.1 });
    const { history } = await fit({ ...run, model, objective, epochs: 20, learningRate: 0.01, logEvery: 1 });
    const logged = history.flatMap((event) => (event.type === 'metrics' ? [event.loss] : []));
    expect(logged.every(({ slack }) => slack! < 0)).toBe(true);
    logged.slice(1).forEach(({ nu }, i) => expect(nu).toBeGreaterThan(logged[i]!['nu']!));
    for (const value of Object.values(await valuesOf(model)).flat()) expect(value).toSatisfy(Number.isFinite);
    objective.dispose!();
    model.dispose!();
  });

  it('with a wild dual step ends by the guards, at the last sound weights and the nu of that step', async () => {
    const model = tinyModel();
    const objective = dalePd({ rho: 0, dualStep: 1e36 });
    const failed = fit({ ...run, model, objective, epochs: 40, learningRate: 1, logEvery: 1 });
    await expect(failed).rejects.toMatchObject({ code: 'ADVROB_TRAINING_DIVERGED' });
    for (const value of Object.values(await valuesOf(model)).flat()) expect(value).toSatisfy(Number.isFinite);
    expect(valueOf(objective as unknown as Objective)).toSatisfy(Number.isFinite);
    objective.dispose!();
    model.dispose!();
  });

  it('with maxNu becomes training with that fixed weight', async () => {
    const [model, twin] = [tinyModel(), tinyModel()];
    const objective = dalePd({ rho: 0, dualStep: 100, nu: 2, maxNu: 2 });
    const common = { ...run, epochs: 3, learningRate: 0.1 };
    await fit({ ...common, model, objective });
    await fit({ ...common, model: twin, objective: dale({ nu: 2 }) });
    expect(await valuesOf(model)).toEqual(await valuesOf(twin));
    objective.dispose!();
    for (const each of [model, twin]) each.dispose!();
  });
});

describe('refuses', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['a negative weight', () => dale({ nu: -0.1 }), /objective 'dale'.*nu/],
    ['a negative rho', () => dalePd({ rho: -1 }), /objective 'dale-pd'.*rho/],
    ['a negative dual step', () => dalePdReverse({ dualStep: -0.1 }), /dualStep/],
    ['a dual step that is no number', () => klDalePd({ dualStep: Number.NaN }), /dualStep/],
    ['an infinite rho', () => klDalePd({ rho: Infinity }), /rho/],
    ['a start above the ceiling', () => dalePd({ nu: 3, maxNu: 2 }), /nu: starts at 3, above maxNu 2/],
    ['a ceiling of 0', () => dalePd({ maxNu: 0 }), /maxNu/],
    ['more samples than steps', () => klDaleMultiPd({ samples: 4, steps: 3 }), /samples: 4 .* 3 steps/],
    ['a share above 1', () => cvarPd({ beta: 2 }), /beta/],
    ['an unknown option', () => dalePd({ roh: 1 } as never), /did you mean rho/],
    ['bad options of the wrapper', () => primalDual(scripted([]), { rho: -1 }), /primalDual: rho/],
  ])('%s', (_, make, message) => {
    expect(make).toThrowError(AdvrobError);
    expect(make).toThrowError(
      expect.objectContaining({ code: 'ADVROB_OPTION', message: expect.stringMatching(message) }),
    );
  });

  it('a negative radius, an attack that is missing and a norm without signs', async () => {
    const model = tinyModel();
    const run = { model, data: tinyData(), batchSize: 8, steps: 1 };
    const objective = dalePd();
    const attack = signAttack();
    await expect(fit({ ...run, objective, attack, threat: { norm: 'linf', epsilon: -0.1 } })).rejects.toMatchObject({
      code: 'ADVROB_THREAT',
    });
    await expect(fit({ ...run, objective, threat: { norm: 'linf', epsilon: 0.1 } })).rejects.toMatchObject({
      code: 'ADVROB_ATTACK_MISSING',
    });
    const multi = klDaleMultiPd();
    await expect(fit({ ...run, objective: multi, threat: { norm: 'l2', epsilon: 0.1 } })).rejects.toMatchObject({
      code: 'ADVROB_NORM',
    });
    objective.dispose!();
    multi.dispose!();
    model.dispose!();
  });
});

describe('the primal-dual problem with a fixed weight', () => {
  const site = freshPairs();

  it.each(['alp', 'clp'] as const)('with the pairing of logits as the robust loss is %s', (method) => {
    const prepare = async () => site.values;
    const pairing = primalDual<typeof site.values>(
      {
        prepare,
        losses: ({ x, adversarial, y }, net) => {
          const [clean, moved] = [net.logits(x), net.logits(adversarial)];
          return {
            minimised: tf.mean(tf.norm(tf.sub(moved, clean), 2, 1)),
            constrained: meanCrossEntropy(method === 'alp' ? moved : clean, y),
          };
        },
      },
      { nu: 1, dualStep: 0 },
    );
    const wanted = (method === 'alp' ? alp() : clp()) as unknown as Objective;
    expectClose(
      gradientOf(pairing as unknown as Objective, site.model, site.values),
      gradientOf(wanted, site.model, site.values),
      1,
    );
  });
});
