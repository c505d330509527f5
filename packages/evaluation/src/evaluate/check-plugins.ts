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

/** Evaluations that run now, and how often that number has changed: tensors of others are no fault. */
let running = 0;
let changes = 0;

/** What looks after the tensors of one evaluation, which must say when it ends. */
export interface KeptTensors {
  /**
   * Called before a batch of one run of the evaluation; what it returns, after it, when all that is
   * the evaluation's own is freed. @throws AdvrobError `ADVROB_ATTACK` when every one of several
   * batches left some, and no other evaluation ran beside it.
   */
  watch(run: number, name: string): () => void;
  end(): void;
}

/** Counts batches in which an evaluation left tensors behind. */
export function keptTensors(): KeptTensors {
  const keeping = new Map<number, number>();
  running++;
  changes++;
  return {
    watch(run, name) {
      const [before, since] = [tf.memory().numTensors, changes];
      return () => {
        if (running > 1 || changes !== since) return;
        const more = tf.memory().numTensors - before;
        const batches = more > 0 ? (keeping.get(run) ?? 0) + 1 : 0;
        keeping.set(run, batches);
        if (batches >= mostKeeping)
          throw new AdvrobError(
            'ADVROB_ATTACK',
            `${name} left ${more} tensors behind in each of ${batches} batches, until memory is full: dispose what it keeps`,
          );
      };
    },
    end() {
      running--;
      changes++;
    },
  };
}
