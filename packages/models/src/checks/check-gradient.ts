import { AdvrobError, type Classifier } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import { flatRows, signOf } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import { findWrongOp, layerOfOp, type FoundOp } from './find-wrong-op.js';

/** How slopes along the gradient compare with differences of the scores. */
export interface GradientCheck {
  /** Slopes that agree with the differences. */
  readonly agreeing: number;
  /** Slopes that do not, although the differences agree with one another. */
  readonly disagreeing: number;
  /** Where the differences say nothing: kinks, rounding, or scores that do not move. */
  readonly unclear: number;
}

/**
 * Distances of the two points of a difference from the input, in each value, as parts of the width
 * of the bounds. Small ones see what lies between the kinks of ReLU, large ones what float32
 * rounding or a staircase hides from these.
 */
const distances = [1e-5, 4e-5, 1.6e-4, 6.4e-4, 2.5e-3, 1e-2, 4e-2, 0.1];
/** How far a slope may be from a difference, relative to the larger of the two. */
const tolerance = 0.1;
/** A difference is clear when its neighbours are no further from it than this part. */
const clear = 0.05;
/** What the sum of scores may carry of float32 rounding, relative to their magnitude. */
const rounding = 2 ** -21;
/** As much of a picture stays when it is brought inside the bounds, so that steps do not leave them. */
const contrast = 0.7;
const jitter = 0.05;

/**
 * Compares the tape's input gradient with central differences of a random sum of the scores along
 * two directions: random signs, which find gradients that are wrongly zero, and the signs of the
 * gradient, which find wrong ones. Inputs are moved off ties and kinks, on which pictures with an
 * even background lie.
 *
 * @param x [n, ...inputShape], stays the caller's.
 * @throws AdvrobError `ADVROB_GRADIENT_MISSING` naming the kernel or gradient that the backend
 *   lacks, `ADVROB_GRADIENT_WRONG` when most of what can be told disagrees.
 */
export async function checkGradient(who: string, model: Classifier, x: tf.Tensor): Promise<GradientCheck> {
  const [low, high] = model.bounds;
  const random = createRandom({ seed: 0 });
  const points = tf.tidy(() => {
    const middle = (low + high) / 2;
    const noise = random.uniform('check/jitter', x.shape, -jitter * (high - low), jitter * (high - low));
    return tf.add(tf.add(tf.mul(tf.sub(x, middle), contrast), middle), noise);
  });
  const weights = random.normal('check/scores', [x.shape[0]!, model.numClasses]);
  const made: tf.Tensor[] = [points, weights];
  const weighted = (at: tf.Tensor): tf.Tensor => tf.tidy(() => tf.mul(model.logits(at), weights));
  const scores = (at: tf.Tensor): tf.Tensor => tf.tidy(() => tf.sum(weighted(at), 1));
  const counts = { agrees: 0, disagrees: 0, unclear: 0 };
  let example = '';
  try {
    const gradient = await tapeGradient(who, model, scores, points);
    made.push(gradient);
    const noise = (await valuesOf(() => tf.sum(tf.abs(weighted(points)), 1))).map((size) => rounding * size);
    const probe = tf.tidy(() => signOf(random.normal('check/direction', x.shape)));
    const along = tf.tidy(() => signOf(tf.where(tf.isFinite(gradient), gradient, tf.zerosLike(gradient))));
    made.push(probe, along);
    for (const direction of [probe, along]) {
      const slopes = await valuesOf(() => tf.sum(flatRows(tf.mul(gradient, direction)), 1));
      const quotients: number[][] = [];
      const found = (row: number): number[] => quotients.map((each) => each[row]!);
      const errors = (row: number, count: number): number[] =>
        distances.slice(0, count).map((distance) => noise[row]! / (distance * (high - low)));
      for (const distance of distances) {
        quotients.push(await differences(scores, points, direction, distance * (high - low)));
        // What agrees with a difference between two others does so whatever larger distances say.
        const count = quotients.length - 1;
        if (slopes.every((slope, row) => compareSlope(slope, found(row), errors(row, count)) === 'agrees')) break;
      }
      const own = { agrees: 0, disagrees: 0, unclear: 0 };
      slopes.forEach((slope, row) => {
        const verdict = compareSlope(slope, found(row), errors(row, quotients.length));
        own[verdict]++;
        if (verdict === 'disagrees')
          example ||= `a slope of ${slope.toPrecision(3)} where differences give ${found(row)
            .map((each) => each.toPrecision(3))
            .join(', ')} over growing distances`;
      });
      for (const verdict of ['agrees', 'disagrees', 'unclear'] as const) counts[verdict] += own[verdict];
      // One row alone may stand where the scores bend.
      if (
        own.disagrees > own.agrees &&
        own.disagrees > slopes.length / 4 &&
        own.disagrees >= Math.min(2, slopes.length)
      )
        throw await wrongGradient(who, model, points, counts, example);
    }
    return { agreeing: counts.agrees, disagreeing: counts.disagrees, unclear: counts.unclear };
  } finally {
    tf.dispose(made);
  }
}

/**
 * Whether a slope agrees with differences over growing distances. A difference speaks when it
 * agrees with its neighbours and stands above rounding.
 *
 * @param errors What rounding may add to each difference. Fewer of them: the other differences are
 *   neighbours alone.
 */
export function compareSlope(
  slope: number,
  quotients: readonly number[],
  errors: readonly number[],
): 'agrees' | 'disagrees' | 'unclear' {
  let speaks = false;
  for (const [i, rounded] of errors.entries()) {
    const quotient = quotients[i]!;
    const around = [quotients[i - 1], quotients[i + 1]].filter((each) => each !== undefined);
    const error = Math.max(...around.map((each) => Math.abs(quotient - each))) + rounded;
    if (!Number.isFinite(error)) continue;
    if (!Number.isFinite(slope)) return 'disagrees';
    const largest = Math.max(Math.abs(slope), Math.abs(quotient));
    if (Math.abs(quotient - slope) <= tolerance * largest && error <= largest / 2) return 'agrees';
    if (error <= clear * largest) speaks = true;
  }
  return speaks ? 'disagrees' : 'unclear';
}

async function differences(
  scores: (x: tf.Tensor) => tf.Tensor,
  points: tf.Tensor,
  direction: tf.Tensor,
  step: number,
): Promise<number[]> {
  const at = async (sign: number): Promise<number[]> =>
    valuesOf(() => scores(tf.add(points, tf.mul(direction, sign * step))));
  const [above, below] = [await at(1), await at(-1)];
  return above.map((value, i) => (value - below[i]!) / (2 * step));
}

async function wrongGradient(
  who: string,
  model: Classifier,
  points: tf.Tensor,
  { agrees, disagrees }: Readonly<Record<'agrees' | 'disagrees', number>>,
  example: string,
): Promise<AdvrobError> {
  const found = await findWrongOp(model, points);
  return new AdvrobError(
    'ADVROB_GRADIENT_WRONG',
    `${who}: expected the gradient of the scores to agree with their differences, but ${disagrees} of ${agrees + disagrees} slopes do not, e.g. ${example}. ` +
      `${adviceOn(found)}; attacks that follow this gradient report robustness that is not there`,
  );
}

function adviceOn(found: FoundOp | undefined): string {
  if (found === undefined)
    return 'No single op is at fault: look for ops without a useful gradient, and for gradients of your own';
  const { name, layer, what } = found;
  const place = layer === undefined ? '' : ` of layer ${layer}`;
  if (what === 'cut')
    return 'No op leads from the input to the scores: the model reads values back (dataSync, data, array) and makes new tensors of them; use tfjs ops';
  if (what === 'flat')
    return `The op ${name}${place} has no useful gradient: replace it, or attack through a smooth stand-in (BPDA)`;
  return `The gradient of the op ${name}${place} is wrong on the backend '${tf.getBackend()}': choose another backend, or replace the op`;
}

async function tapeGradient(
  who: string,
  model: Classifier,
  scores: (x: tf.Tensor) => tf.Tensor,
  x: tf.Tensor,
): Promise<tf.Tensor> {
  try {
    // The tidy frees the forward pass when the backward pass throws.
    return tf.tidy(() => tf.grad((at) => tf.sum(scores(at)))(x));
  } catch (cause) {
    freeFailedTape();
    const message = cause instanceof Error ? cause.message : String(cause);
    // What tfjs says when no op on the tape has the input in it.
    if (message.includes('Cannot compute gradient of y=f(x) with respect to x')) return tf.zerosLike(x);
    throw await missingGradient(who, model, x, message, cause);
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
async function missingGradient(
  who: string,
  model: Classifier,
  x: tf.Tensor,
  message: string,
  cause: unknown,
): Promise<AdvrobError> {
  const kernel = /Kernel '(\w+)' not registered/.exec(message)?.[1];
  const gradient = /gradient function not found for (\w+)/.exec(message)?.[1];
  const layer = gradient === undefined ? undefined : layerOfOp(model, x, gradient);
  const place = layer === undefined ? '' : ` (layer ${layer})`;
  const advice =
    kernel !== undefined
      ? `the backend '${tf.getBackend()}' lacks the kernel ${kernel}: choose another backend`
      : gradient !== undefined
        ? `tfjs has no gradient registered for ${gradient}${place}: import '@advrob/core/gradients' first; if that does not help, replace the op in the model`
        : `the backward pass failed: ${message}`;
  return new AdvrobError(
    'ADVROB_GRADIENT_MISSING',
    `${who}: expected a gradient of the scores in the input, but ${advice}`,
    { cause },
  );
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
