import { AdvrobError, type Classifier } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import { flatRows, unit } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import { probabilitiesError, sampleInputs, sampleOutputs } from './outputs.js';

/**
 * Tests whether a classifier is fit to be attacked on the current backend, with one small forward
 * and backward pass: finite weights, finite scores of the declared shape that are no probabilities,
 * and an input gradient that exists and agrees with finite differences. Frees all it makes; `name`
 * is what messages call the model.
 *
 * @throws AdvrobError `ADVROB_BOUNDS`, `ADVROB_WEIGHTS_NOT_FINITE`, `ADVROB_SHAPE`,
 *   `ADVROB_NOT_FINITE`, `ADVROB_PROBABILITIES`, `ADVROB_GRADIENT_MISSING` (names the missing
 *   kernel), `ADVROB_GRADIENT_WRONG`.
 * @example
 * ```ts
 * await checkClassifier(model);
 * ```
 */
export async function checkClassifier(model: Classifier, name = 'model'): Promise<void> {
  const [low, high] = model.bounds;
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high))
    throw new AdvrobError(
      'ADVROB_BOUNDS',
      `${name}: expected finite bounds [low, high] with low < high, got [${low}, ${high}]`,
    );
  await checkWeights(name, model);
  const { numClasses, areProbabilities } = await sampleOutputs(name, model, (x) => model.logits(x));
  if (numClasses !== model.numClasses)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `${name}: expected scores for the declared ${model.numClasses} classes, got ${numClasses}: correct numClasses`,
    );
  if (areProbabilities) throw probabilitiesError(name, 'its rows of outputs are not negative and sum to 1');
  await checkGradient(name, model);
}

async function checkWeights(name: string, model: Classifier): Promise<void> {
  for (const [weight, variable] of Object.entries({ ...model.weights, ...model.buffers })) {
    const sum = tf.tidy(() => tf.sum(tf.cast(tf.logicalNot(tf.isFinite(variable)), 'int32')));
    const wrong = (await sum.data())[0]!;
    sum.dispose();
    if (wrong > 0)
      throw new AdvrobError(
        'ADVROB_WEIGHTS_NOT_FINITE',
        `${name}: weight '${weight}' has ${wrong} entries that are NaN or infinite: the training that made it diverged; use an earlier checkpoint`,
      );
  }
}

/** How far a slope may be from the difference quotient, relative to the larger of the two. */
const tolerance = 0.05;
/** Below this part of the scores' size for a step across the bounds, both count as zero. */
const negligible = 1e-3;
/**
 * Distances of the two points of a quotient from the input, as parts of the width of the bounds.
 */
const distances = [1e-3, 1e-2];
/**
 * Part of the examples that must agree at one distance: a kink of ReLU may lie between the two
 * points of some.
 */
const quorum = 0.5;

/**
 * Compares the tape's input gradient with differences of the model's scores along two directions: a
 * random one, which finds gradients that are wrongly zero, and the gradient's own, which finds
 * wrong ones.
 *
 * @throws AdvrobError `ADVROB_GRADIENT_MISSING` naming the kernel or gradient that the backend
 *   lacks, `ADVROB_GRADIENT_WRONG` when the two disagree.
 */
async function checkGradient(who: string, model: Classifier): Promise<void> {
  const random = createRandom({ seed: 0 });
  const x = sampleInputs(model);
  const weights = random.normal('check/scores', [1, model.numClasses]);
  const scores = (at: tf.Tensor): tf.Tensor => tf.sum(tf.mul(model.logits(at), weights), 1);
  const made: tf.Tensor[] = [x, weights];
  try {
    const gradient = tapeGradient(who, scores, x);
    made.push(gradient);
    const size = await valuesOf(() => tf.max(tf.abs(scores(x))));
    const probe = random.normal('check/direction', x.shape);
    made.push(probe);
    for (const direction of [probe, gradient])
      await compare(who, model.bounds, scores, { x, gradient, direction, size: size[0]! });
  } finally {
    tf.dispose(made);
  }
}

function tapeGradient(who: string, scores: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor): tf.Tensor {
  try {
    // The tidy frees the forward pass when the backward pass throws.
    return tf.tidy(() => tf.grad((at) => tf.sum(scores(at)))(x));
  } catch (cause) {
    freeFailedTape();
    throw missingGradient(who, cause);
  }
}

/** tfjs frees what the forward pass saved for the backward pass only when that succeeds. */
function freeFailedTape(): void {
  const { state } = tf.engine();
  if (state.gradientDepth > 0 || !state.activeTape) return;
  for (const { saved } of state.activeTape) tf.dispose(saved ?? []);
  state.activeTape = [];
}

/** Puts tfjs' messages about missing kernels and gradients into one that says what to do. */
function missingGradient(who: string, cause: unknown): AdvrobError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const kernel = /Kernel '(\w+)' not registered/.exec(message)?.[1];
  const gradient = /gradient function not found for (\w+)/.exec(message)?.[1];
  const advice =
    kernel !== undefined
      ? `the backend '${tf.getBackend()}' lacks the kernel ${kernel}: choose another backend`
      : gradient !== undefined
        ? `tfjs has no gradient registered for ${gradient}: import '@advrob/core/gradients' first; if that does not help, replace the op in the model`
        : `the backward pass failed: ${message}`;
  return new AdvrobError(
    'ADVROB_GRADIENT_MISSING',
    `${who}: expected a gradient of the scores in the input, but ${advice}`,
    { cause },
  );
}

interface Comparison {
  readonly x: tf.Tensor;
  readonly gradient: tf.Tensor;
  readonly direction: tf.Tensor;
  /** Largest score. */
  readonly size: number;
}

async function compare(
  who: string,
  [low, high]: readonly [number, number],
  scores: (x: tf.Tensor) => tf.Tensor,
  { x, gradient, direction, size }: Comparison,
): Promise<void> {
  const width = high - low;
  const along = unit('l2', direction);
  try {
    const slopes = await valuesOf(() => tf.sum(flatRows(tf.mul(gradient, along)), 1));
    const found: number[][] = [];
    for (const part of distances) {
      const step = part * width;
      const quotients = await valuesOf(() => {
        const at = (sign: number) => scores(tf.add(x, tf.mul(along, sign * step)));
        return tf.div(tf.sub(at(1), at(-1)), 2 * step);
      });
      const agreeing = quotients.filter((quotient, i) => {
        const largest = Math.max(Math.abs(quotient), Math.abs(slopes[i]!));
        return Math.abs(quotient - slopes[i]!) <= tolerance * largest + (negligible * size) / width;
      });
      if (agreeing.length >= quorum * quotients.length) return;
      found.push(quotients);
    }
    throw new AdvrobError(
      'ADVROB_GRADIENT_WRONG',
      `${who}: expected the tape's gradient to agree with differences of the scores, got slopes ${slopes.join(', ')} where the differences give ` +
        `${found[0]!.join(', ')}: look for ops without a useful gradient (round, argMax, values read back inside the model)`,
    );
  } finally {
    along.dispose();
  }
}

/** The values of what `make` makes; frees it. */
async function valuesOf(make: () => tf.Tensor): Promise<number[]> {
  const tensor = tf.tidy(make);
  try {
    return [...(await tensor.data())];
  } finally {
    tensor.dispose();
  }
}
