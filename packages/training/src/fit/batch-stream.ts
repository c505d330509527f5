import { AdvrobError, type Batch, type Dataset, type Extras } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Settings } from './settings.js';

/** The batches of a run by their number, pass after pass. */
export interface BatchStream<E extends Extras> {
  /**
   * Cheapest when asked in order; any other number starts the iteration anew at that place. The
   * batch is the caller's to dispose.
   */
  batchAt(number: number): Promise<Batch<E>>;
  close(): Promise<void>;
}

/**
 * The order of a pass depends on the seed and the number of the pass alone, so that a place in it
 * can be found again.
 */
export function openBatches<E extends Extras>(data: Dataset<E>, settings: Settings): BatchStream<E> {
  const { batchSize: size, dropLast, seed, batchesPerEpoch, replays } = settings;
  let iterator: AsyncIterator<Batch<E>> | undefined;
  let next = -1;

  const close = async (): Promise<void> => {
    const open = iterator;
    iterator = undefined;
    await open?.return?.();
  };
  const stream: BatchStream<E> = {
    close,
    async batchAt(number) {
      const epoch = Math.floor(number / batchesPerEpoch);
      const position = number % batchesPerEpoch;
      if (number !== next || position === 0 || !iterator) {
        await close();
        const batches = data.batches({ size, seed, epoch, from: position * size, dropLast });
        iterator = batches[Symbol.asyncIterator]();
      }
      next = number + 1;
      const { done, value } = await iterator.next();
      if (!done) return value;
      throw new AdvrobError(
        'ADVROB_DATASET',
        `data set '${data.name}' ended after ${position} of ${batchesPerEpoch} batches of pass ${epoch}: its length says ${data.length} examples`,
      );
    },
  };
  return replays === 1 ? stream : rememberLast(stream);
}

/** The same batches, the last of which can be asked for again at no cost. */
function rememberLast<E extends Extras>({ batchAt, close }: BatchStream<E>): BatchStream<E> {
  let last: { readonly number: number; readonly batch: Batch<E> } | undefined;
  const forget = (): void => {
    if (last) tf.dispose([last.batch.x, last.batch.y, last.batch.extras]);
    last = undefined;
  };
  return {
    async batchAt(number) {
      if (last?.number !== number) {
        forget();
        last = { number, batch: await batchAt(number) };
      }
      const { x, y, ids, extras } = last.batch;
      const copies = Object.entries<tf.Tensor>(extras).map(([name, tensor]) => [name, tf.clone(tensor)]);
      return { x: tf.clone(x), y: tf.clone(y), ids, extras: Object.fromEntries(copies) as E };
    },
    async close() {
      forget();
      await close();
    },
  };
}
