import type { Classifier } from '@advrob/core';
import { AdvrobError } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** What {@link bpda} needs to know of a preprocessing. */
export interface BpdaOptions {
  /**
   * What happens to inputs [n, ...inputShape] before the model sees them. Any tensor code; it is
   * never differentiated.
   */
  preprocess(x: Tensor): Tensor;
  /**
   * A differentiable stand-in with outputs of the same shape, whose derivative is used instead,
   * such as a soft staircase for a quantiser. Default the identity, for a preprocessing that keeps
   * its inputs nearly as they are.
   */
  approximation?(x: Tensor): Tensor;
  /** Shape of one raw input. Default that of the model. */
  readonly inputShape?: readonly number[];
  /** Smallest and largest raw input value. Default those of the model. */
  readonly bounds?: readonly [number, number];
}

/**
 * BPDA, the backward pass differentiable approximation (Athalye et al. 2018, Obfuscated Gradients
 * Give a False Sense of Security, https://arxiv.org/abs/1802.00420, section 4.1): `model` behind a
 * preprocessing that hides gradients (a quantiser, JPEG, a filter). Forward it is exactly
 * `model.logits(preprocess(x))`, by which success is judged; backward the derivative of the
 * preprocessing is that of `approximation`, or 1. Where it also draws at random, attack with `eot`.
 * The weights stay the model's.
 *
 * @throws AdvrobError `ADVROB_SHAPE`, when `preprocess` and its stand-in differ in shape.
 * @example
 * ```ts
 * const defended = bpda(model, { preprocess: (x) => tf.div(tf.round(tf.mul(x, 7)), 7) });
 * const result = await pgd().run(defended, x, y, { norm: 'linf', epsilon: 0.1 });
 * ```
 */
export function bpda(model: Classifier, options: BpdaOptions): Classifier {
  const { inputShape = model.inputShape, bounds = model.bounds } = options;
  const preprocessed = (x: Tensor): Tensor => passedThrough(x, options);
  return {
    inputShape,
    bounds,
    numClasses: model.numClasses,
    weights: model.weights,
    ...(model.buffers && { buffers: model.buffers }),
    logits: (x, how) => tf.tidy(() => model.logits(preprocessed(x), how)),
    ...(model.features && {
      features: (x, how) => tf.tidy(() => model.features!(preprocessed(x), how)),
    }),
    ...(model.head && { head: (features) => model.head!(features) }),
  };
}

/** The values of `preprocess` with the derivative of its approximation. */
function passedThrough(x: Tensor, { preprocess, approximation }: BpdaOptions): Tensor {
  const values = preprocess(x);
  const standIn = approximation ? approximation(x) : x;
  if (values.shape.join() !== standIn.shape.join())
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `bpda: preprocess gives [${values.shape.join(', ')}] but ${approximation ? 'approximation' : 'the identity, which stands for its derivative,'} ` +
        `gives [${standIn.shape.join(', ')}]: pass an approximation with outputs of the same shape`,
    );
  const exchanged = tf.customGrad(() => ({
    value: tf.clone(values),
    gradFunc: (upstream: Tensor) => upstream,
  }));
  return exchanged(standIn);
}
