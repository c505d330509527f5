import { AdvrobError, type Attack, type Classifier, type Dataset, type Extras, type Threat } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * Who perturbs the examples. The seed stays, so that a random start is the same at all weights:
 * otherwise every ratio grows as the steps shrink.
 */
export interface Adversary {
  readonly attack: Attack;
  readonly threat: Threat;
  /** Default 0. */
  readonly seed?: number;
}

/** Fixed batches of examples. `dispose` frees them. */
export interface ProbeExamples {
  readonly batches: readonly { readonly x: Tensor; readonly y: Tensor; readonly ids: Int32Array }[];
  readonly count: number;
  /** Values of one input, d. */
  readonly size: number;
  dispose(): void;
}

/**
 * The first `count` examples, in batches.
 *
 * @throws AdvrobError `ADVROB_DATASET` for data that do not fit the model or are empty.
 */
export async function probeExamples<E extends Extras>(
  who: string,
  model: Classifier,
  data: Dataset<E>,
  { count = 128, batchSize = 128 }: { readonly count?: number; readonly batchSize?: number } = {},
): Promise<ProbeExamples> {
  const taken = data.take(count);
  if (taken.length === 0 || model.inputShape.join() !== data.inputShape.join() || model.numClasses !== data.numClasses)
    throw new AdvrobError(
      'ADVROB_DATASET',
      `${who}: the model takes [${model.inputShape.join(', ')}] and has ${model.numClasses} classes, but data set '${data.name}' has ${data.length} examples of [${data.inputShape.join(', ')}] and ${data.numClasses} classes`,
    );
  const batches: { x: Tensor; y: Tensor; ids: Int32Array }[] = [];
  for await (const { x, y, ids, extras } of taken.batches({ size: batchSize })) {
    tf.dispose(extras);
    batches.push({ x, y, ids });
  }
  return {
    batches,
    count: taken.length,
    size: data.inputShape.reduce((product, extent) => product * extent, 1),
    dispose: () => tf.dispose(batches.flatMap(({ x, y }) => [x, y])),
  };
}

/**
 * The examples as the adversary leaves them at the model's weights now, batch by batch; clean
 * copies without one. The tensors are the caller's.
 */
export async function attacked(
  model: Classifier,
  { batches }: ProbeExamples,
  adversary?: Adversary,
): Promise<Tensor[]> {
  const found: Tensor[] = [];
  try {
    for (const { x, y, ids } of batches) {
      const { attack, threat, seed = 0 } = adversary ?? {};
      found.push(attack && threat ? await attack.maximize(model, x, y, threat, { seed, ids }) : tf.clone(x));
    }
    return found;
  } catch (error) {
    tf.dispose(found);
    throw error;
  }
}
