import { AdvrobError, type AttackResult, type Batch, type Dataset, type ErrorCode } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Whether a tensor that a plugin gave is one, still there, and of this shape.
 *
 * @throws AdvrobError `code`, naming `what`.
 */
export function checkTensor(what: string, value: unknown, shape: readonly number[], code: ErrorCode): void {
  if (!(value instanceof tf.Tensor)) throw new AdvrobError(code, `${what}: expected a tensor, got ${typeof value}`);
  if (value.isDisposed)
    throw new AdvrobError(code, `${what}: expected a tensor, got one that was disposed: keep it until it is returned`);
  if (value.shape.join() !== shape.join())
    throw new AdvrobError(code, `${what}: expected the shape [${shape.join(', ')}], got [${value.shape.join(', ')}]`);
}

/** @throws AdvrobError `ADVROB_DATASET` for a batch that is not what the data set promises. */
export function checkBatch({ x, y, ids }: Batch, { name, inputShape }: Dataset): void {
  const count = ids.length;
  if (count === 0) throw new AdvrobError('ADVROB_DATASET', `data set '${name}' gave a batch without examples`);
  checkTensor(`data set '${name}', x of a batch of ${count} ids`, x, [count, ...inputShape], 'ADVROB_DATASET');
  checkTensor(`data set '${name}', y of a batch of ${count} ids`, y, [count], 'ADVROB_DATASET');
}

/** @throws AdvrobError `ADVROB_ATTACK` for a result that does not tell of each of the rows of `x`. */
export function checkResult(name: string, x: tf.Tensor, result: AttackResult, isMinimal: boolean): void {
  checkTensor(`attack '${name}', its adversarial examples`, result.adversarial, x.shape, 'ADVROB_ATTACK');
  const rows = x.shape[0]!;
  const lists = [
    'success',
    'prediction',
    'fooledBy',
    'distance',
    'queries',
    ...(isMinimal ? ['closest'] : []),
  ] as const;
  for (const list of lists) {
    const { length } = { ...(result as unknown as Record<string, ArrayLike<unknown> | undefined>) }[list] ?? {};
    if (length !== rows)
      throw new AdvrobError('ADVROB_ATTACK', `attack '${name}': expected '${list}' of ${rows} examples, got ${length}`);
  }
}

/** In so many batches one after the other a plugin may keep tensors: caches are made once. */
const mostKeeping = 3;

/**
 * Counts batches in which one run of the evaluation left tensors behind.
 *
 * @returns Called before a batch; what it returns, after it, when all that is the evaluation's own
 *   is freed. @throws AdvrobError `ADVROB_ATTACK` when every one of several batches left some.
 */
export function keptTensors(): (run: number, name: string) => () => void {
  const keeping = new Map<number, number>();
  return (run, name) => {
    const before = tf.memory().numTensors;
    return () => {
      const more = tf.memory().numTensors - before;
      const batches = more > 0 ? (keeping.get(run) ?? 0) + 1 : 0;
      keeping.set(run, batches);
      if (batches >= mostKeeping)
        throw new AdvrobError(
          'ADVROB_ATTACK',
          `${name} left ${more} tensors behind in each of ${batches} batches, until memory is full: dispose what it keeps`,
        );
    };
  };
}
