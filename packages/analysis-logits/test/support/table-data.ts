import type { Batch, BatchOptions, Dataset, Extras, NoExtras } from '@advrob/core';
import { permutation } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

export interface Table {
  /** Row-major. */
  readonly x: ArrayLike<number>;
  readonly inputs: number;
  readonly labels: readonly number[];
  readonly classes: number;
  /** Default [inputs]. */
  readonly inputShape?: readonly number[];
  readonly bounds?: readonly [number, number];
}

/** A data set out of numbers. */
export function tableData(table: Table): Dataset {
  return dataset<NoExtras>(
    table,
    Int32Array.from(table.labels, (_, i) => i),
    {},
  );
}

function dataset<E extends Extras>(table: Table, ids: Int32Array, extras: E): Dataset<E> {
  const { x, inputs, labels, classes, inputShape = [inputs], bounds = [0, 1] } = table;
  const rowOf = (id: number): number[] => Array.from({ length: inputs }, (_, i) => x[id * inputs + i]!);
  return {
    name: 'table',
    length: ids.length,
    inputShape,
    numClasses: classes,
    bounds,
    hash: `table-${Array.from(x).join()}-${ids.join()}`,
    async *batches({ size, seed, epoch = 0, from = 0, dropLast = false }: BatchOptions): AsyncGenerator<Batch<E>> {
      const order = seed === undefined ? Int32Array.from(ids.keys()) : permutation(seed, 'order', ids.length, epoch);
      for (let start = from; start < ids.length; start += size) {
        const chosen = order.slice(start, start + size);
        if (dropLast && chosen.length < size) return;
        const rows = Array.from(chosen, (position) => ids[position]!);
        const index = tf.tensor1d(chosen, 'int32');
        const picked = Object.entries<Tensor>(extras).map(([name, all]) => [name, tf.gather(all, index)]);
        index.dispose();
        yield {
          x: tf.tensor(rows.flatMap(rowOf), [rows.length, ...inputShape], 'float32'),
          y: tf.tensor1d(
            rows.map((id) => labels[id]!),
            'int32',
          ),
          ids: Int32Array.from(rows),
          extras: Object.fromEntries(picked) as E,
        };
      }
    },
    subset: (positions) =>
      dataset(
        table,
        positions.map((position) => ids[position]!),
        extras,
      ),
    take: (count) => dataset(table, ids.slice(0, count), extras),
    withExtras: (more) => dataset(table, ids, { ...extras, ...more }),
  };
}
