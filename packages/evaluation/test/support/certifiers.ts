import { defineCertifier, type Classifier, type Verdict } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';

/** Distance of points to the boundary of a linear model of two classes, negative where it is wrong: the margin over the dual norm. */
async function distances(model: Classifier, x: tf.Tensor, y: tf.Tensor, norm: string): Promise<number[]> {
  const logits = tf.tidy(() => model.logits(x));
  const [scores, labels, weights] = [await logits.data(), await y.data(), await model.weights['weight']!.data()];
  logits.dispose();
  const slopes = Array.from({ length: weights.length / 2 }, (_, i) => weights[2 * i]! - weights[2 * i + 1]!);
  const dual = norm === 'linf' ? slopes.reduce((sum, value) => sum + Math.abs(value), 0) : Math.hypot(...slopes);
  return Array.from(labels, (label, i) => (scores[2 * i + label]! - scores[2 * i + 1 - label]!) / dual);
}

const statement = { kind: 'deterministic', of: 'model', rounding: 'none', text: 'Of the linear model.' } as const;

/** Exact for linear models of two classes, radii and all; `claim` times the truth. */
export const exactRadii = defineCertifier({
  name: 'exact-radii',
  summary: 'Margin over the dual norm.',
  norms: ['linf', 'l2'],
  radii: true,
  options: z.strictObject({ claim: z.number().default(1) }),
  statement: () => statement,
  async certify({ model, x, y, threat, ids }, { claim }) {
    const found = (await distances(model, x, y, threat.norm)).map((distance) => distance * claim);
    return {
      verdicts: found.map((distance): Verdict => (distance >= threat.epsilon ? 'certified' : 'open')),
      prediction: Int32Array.from(await y.data()),
      radius: Float64Array.from(found, (distance) => Math.max(0, distance)),
      margin: null,
      counterexamples: null,
      passes: new Float64Array(ids.length).fill(1),
    };
  },
});

/** Answers for one epsilon, with points across the boundary where there are any; `lie` gives others. */
export const exactVerdicts = defineCertifier({
  name: 'exact-verdicts',
  summary: 'Certifies or falsifies.',
  norms: ['linf'],
  options: z.strictObject({ lie: z.boolean().default(false) }),
  statement: () => statement,
  async certify({ model, x, y, threat, ids }, { lie }) {
    const found = await distances(model, x, y, threat.norm);
    const labels = Array.from(await y.data());
    // Class 1 lies where the inputs are larger.
    const signs = tf.tensor2d(labels.map((label) => [label === 1 ? -1 : 1]));
    const counterexamples = tf.tidy(() => (lie ? tf.clone(x) : tf.add(x, tf.mul(signs, threat.epsilon))));
    signs.dispose();
    return {
      verdicts: found.map((distance): Verdict => (distance > threat.epsilon ? 'certified' : 'falsified')),
      prediction: Int32Array.from(labels),
      radius: null,
      margin: null,
      counterexamples,
      passes: new Float64Array(ids.length).fill(2),
    };
  },
});

/** Says of a classifier made of the model what is true of the model, half as far. */
export const vote = defineCertifier({
  name: 'vote',
  summary: 'A probabilistic certifier.',
  norms: ['linf'],
  radii: true,
  options: z.strictObject({ alpha: z.number().default(0.001) }),
  statement: (_, { alpha }) => ({ kind: 'probabilistic', alpha, of: 'smoothed', rounding: 'none', text: 'Of a vote.' }),
  async certify({ model, x, y, threat, ids, seed }) {
    const found = await distances(model, x, y, threat.norm);
    const labels = await y.data();
    return {
      verdicts: found.map((distance): Verdict =>
        distance < 0 ? 'falsified' : distance / 2 >= threat.epsilon ? 'certified' : 'open',
      ),
      prediction: Int32Array.from(found, (distance, i) => (distance < 0 ? 1 - labels[i]! : labels[i]!)),
      radius: Float64Array.from(found, (distance) => Math.abs(distance) / 2),
      margin: null,
      counterexamples: null,
      passes: Float64Array.from(ids, (id) => id + seed),
    };
  },
});
