import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import '@advrob/core/gradients';
import type { Attack, Norm } from '@advrob/core';
import { linearClassifier } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import * as attacks from '../src/attacks.js';
import { backends, onBackend, type Backend } from './contract/backends.js';

type Factory = ((options: object) => Attack) & { readonly definition: Attack['definition'] };

/** Slopes of the lead of class 1 over the label 0. */
const slopes = [1, -2, 0.5, 0.25, -0.75, 1.5];
/** The distance to the boundary, and the length of the slopes in the dual norm. */
const distance = { linf: 0.1, l2: 0.2, l1: 0.2, l0: 1 } as const;
/** In L0 a value moves by half of the width, from the middle to a bound. */
const steepest = { linf: 6, l2: Math.hypot(...slopes), l1: 2, l0: 0.5 * 2 } as const;

/**
 * A linear model, and an example in the middle of the bounds: the label leads by `lead`, and the
 * boundary lies at `distance`, in L0 a little nearer. The label falls as class 1 rises, so that the
 * gradients of all losses are parallel; class 2 follows class 1.
 */
function confident(norm: Norm, lead: number) {
  const scale = (norm === 'l0' ? 1.2 : 1) * (lead / (distance[norm] * steepest[norm]));
  const middle = slopes.reduce((sum, slope) => sum + 0.5 * scale * slope, 0);
  return linearClassifier({
    weights: slopes.map((slope) => [-0.75 * scale * slope, 0.25 * scale * slope, 0.25 * scale * slope]),
    bias: [0.75 * middle + lead, -0.25 * middle, -0.25 * middle - lead],
  });
}

/** Fewer steps where the defaults take hundreds, and what is not the method's default. */
const few: Readonly<Record<string, readonly object[]>> = {
  'apgd-ce': [{ steps: 20 }],
  'apgd-dlr': [{ steps: 20 }],
  'apgd-t': [{ steps: 20 }],
  cw: [{ steps: 60, searches: 6 }],
  ead: [{ steps: 60, searches: 6 }],
  fab: [{ steps: 5 }],
  'fab-t': [{ steps: 5 }],
  fmn: [{ steps: 30 }],
  jsma: [{ share: 0.5 }],
  langevin: [{}, { sampler: 'laplace', noise: 0 }],
  pgd: [{ steps: 10 }, { steps: 10, optimizer: 'adam', start: 'zero' }],
  'sigma-zero': [{ steps: 50 }],
};

/** Attacks of first order but for ensembles and surrogates, whose members are all here. */
const firstOrder = (Object.values(attacks) as unknown as Factory[]).filter(
  ({ definition: { name, knowledge } }) => knowledge === 'gradients' && name !== 'autoattack',
);
const rows = firstOrder.flatMap((factory) =>
  (few[factory.definition.name] ?? [{}]).flatMap((options) =>
    factory.definition.norms
      // Adam spreads its steps over all values, which is weak in L1.
      .filter((norm) => norm !== 'l1' || !('optimizer' in options))
      .map((norm) => [factory.definition.name, norm, options, factory] as const),
  ),
);

async function isFooled(factory: Factory, options: object, norm: Norm, lead: number): Promise<boolean> {
  const model = confident(norm, lead);
  const x = tf.fill([1, slopes.length], 0.5);
  const y = tf.tensor1d([0], 'int32');
  const epsilon = norm === 'l0' ? 2 : (norm === 'l1' ? 2.4 : 2) * distance[norm];
  const result = await factory(options).run(model, x, y, { norm, epsilon });
  tf.dispose([x, y, result.adversarial]);
  model.dispose();
  return Boolean(result.success[0]);
}

describe.each([...backends, 'wasm'] as Backend[])('on %s', (backend) => {
  onBackend(backend);

  it.each(rows)('%s in %s leaves the middle of a confident class %o', async (_, norm, options, factory) => {
    // At 104 the gradient of cross-entropy is below the smallest float32; random starts may lead there.
    const { random, budget } = factory.definition;
    const far = random === false || budget === 'minimal' || 'optimizer' in options ? [80, 100] : [];
    const leads = backend === 'cpu' ? [10, 45, 60, ...far] : [60];
    const fooled = [];
    for (const lead of leads) if (await isFooled(factory, options, norm, lead)) fooled.push(lead);
    expect(fooled).toEqual(leads);
  });
});
