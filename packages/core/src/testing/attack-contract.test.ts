import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { defineAttack } from '../attack.js';
import type { Attack, Scope } from '../contract/index.js';
import { attackContract } from './attack-contract.js';
import type { AttackContractOptions } from './attack/situation.js';

type Perturb = (scope: Scope<'scores'>) => Promise<tf.Tensor | void>;

/**
 * A black-box attack of two steps, right unless told otherwise: it keeps the better of random
 * points.
 */
const search: Perturb = async (scope) => {
  const start = scope.threat.randomStart(scope.x, scope.rng);
  const { adv } = await scope.iterate({ adv: start }, 2, ({ adv }, { model, x, threat, rng, lossOf, offer }) => {
    const logits = model.logits(adv);
    offer(adv, logits);
    const other = threat.randomStart(x, rng);
    const isBetter = tf.greater(lossOf(model.logits(other)), lossOf(logits));
    return { adv: tf.where(tf.reshape(isBetter, [-1, 1, 1, 1]), other, adv) };
  });
  return adv;
};

function attackWith(perturb: Perturb, budget: 'fixed' | 'minimal' = 'fixed'): Attack {
  return defineAttack({
    name: 'search',
    summary: 'The better of a few random points.',
    knowledge: 'scores',
    norms: ['linf'],
    budget,
    options: z.strictObject({}),
    perturb,
  })();
}

async function failuresOf(attack: Attack | Perturb, options: AttackContractOptions = {}): Promise<string[]> {
  const failures: string[] = [];
  for (const { name, run } of attackContract(typeof attack === 'function' ? attackWith(attack) : attack, options))
    await run().catch((error: unknown) => failures.push(`${name}: ${(error as Error).message}`));
  return failures;
}

// From here on some draws fool an example and others do not, so that runs differ in what they
// return.
let calls = 20;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('attackContract', () => {
  it('passes an attack that is right', async () => {
    expect(await failuresOf(search, { differsBySeed: true })).toEqual([]);
  });

  it('passes an attack for the smallest distance', async () => {
    expect(await failuresOf(attackWith(search, 'minimal'), { differsBySeed: true })).toEqual([]);
  });

  it.each<[string, Perturb, RegExp]>([
    [
      'leaves the ball',
      async ({ x }) => tf.clipByValue(tf.add(x, tf.randomUniform(x.shape, -2, 2, 'float32', 1)), -1, 3),
      /outside of epsilon|further than epsilon/,
    ],
    [
      'shares its noise between the examples of a batch',
      async ({ x, threat }) => threat.project(tf.add(x, tf.randomUniform(x.shape, -1, 1, 'float32', 1)), x),
      /in a batch of 1/,
    ],
    [
      'draws without the seed',
      // Other draws at every call, as without a seed, but the same in every run of this test.
      async ({ x, threat }) => threat.project(tf.add(x, tf.randomUniform(x.shape, -1, 1, 'float32', ++calls)), x),
      /same bits/,
    ],
    [
      'keeps a tensor',
      async (scope) => {
        tf.keep(tf.clone(scope.x));
        return search(scope);
      },
      /tensors? (is|are) left/,
    ],
    [
      'takes a gradient that it may not take',
      async ({ x, model, lossOf, threat }) => {
        const gradient = tf.grad((at: tf.Tensor) => tf.sum(lossOf(model.logits(at))))(x);
        return threat.project(tf.add(x, threat.steepestAscent(gradient)), x);
      },
      /recorded for a gradient/,
    ],
    [
      'ignores the loss that it is given',
      async ({ x, rng, threat, model, offer }) => {
        const adv = threat.randomStart(x, rng);
        offer(adv, model.logits(adv));
        return adv;
      },
      /given a loss and never asked/,
    ],
    ['makes NaN', async ({ x }) => tf.fill(x.shape, NaN), /NaN/],
    ['gives up', async ({ x }) => x, /did not move/],
  ])('fails an attack that %s', async (_, perturb, expected) => {
    expect((await failuresOf(perturb, { differsBySeed: true })).join('\n')).toMatch(expected);
  });

  it('fails an attack that is weaker than demanded', async () => {
    expect((await failuresOf(search, { reach: 0.9 })).join('\n')).toMatch('was not fooled');
  });

  // The momentum of MI-FGSM with each gradient over its own length, or with a whole batch over one:
  // on a linear model both walk the same way.
  it.each([
    ['each example', true],
    ['the batch', false],
  ])('sees on a curved model whether %s has a length of its own', async (_, isOwn) => {
    const attack = defineAttack({
      name: 'momentum',
      summary: 'Signs of accumulated gradients.',
      knowledge: 'gradients',
      norms: ['linf'],
      budget: 'fixed',
      random: false,
      options: z.strictObject({}),
      async perturb(scope) {
        const start = { adv: scope.x, momentum: tf.zerosLike(scope.x) };
        const { adv } = await scope.iterate(start, 4, ({ adv, momentum }, { model, x, threat, lossOf, offer }) => {
          const { gradient, logits } = model.gradient(adv, lossOf);
          offer(adv, logits);
          const length = tf.sum(tf.abs(gradient), isOwn ? [1, 2, 3] : undefined, true);
          const next = tf.add(momentum, tf.div(gradient, tf.maximum(length, 1e-12)));
          const step = tf.mul(tf.sign(next), threat.epsilon / 2);
          return { adv: threat.project(tf.add(adv, step), x), momentum: next };
        });
        return adv;
      },
    })();
    const failures = await failuresOf(attack);
    if (isOwn) expect(failures).toEqual([]);
    else expect(failures).toEqual([expect.stringMatching(/on a curved model: .*of a curved model in a batch of/)]);
  });
});
