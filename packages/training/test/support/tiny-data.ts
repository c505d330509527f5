import type { Batch, BatchOptions, Dataset, Extras, NoExtras } from '@advrob/core';
import { permutation, createRandom } from '@advrob/core/random';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Classes that a small network can tell apart: the label is the largest of the first `classes` inputs. */
export function tinyData({ length = 24, inputs = 4, classes = 3, seed = 3 } = {}): Dataset {
  const hash = `tiny-${seed}-${length}`;
  const noise = createRandom({ seed }).uniform('data', [length, inputs], 0, 1);
  const values = noise.dataSync<'float32'>().slice();
  noise.dispose();
  const labels = Int32Array.from({ length }, (_, row) => {
    const scores = Array.from(values.subarray(row * inputs, row * inputs + classes));
    return scores.indexOf(Math.max(...scores));
  });
  return dataset<NoExtras>({ values, labels, inputs, classes, hash }, Int32Array.from(labels.keys()), {});
}

interface Source {
  readonly values: Float32Array;
  readonly labels: Int32Array;
  readonly inputs: number;
  readonly classes: number;
  readonly hash: string;
}

function dataset<E extends Extras>(source: Source, ids: Int32Array, extras: E): Dataset<E> {
  const { values, labels, inputs, classes, hash } = source;
  return {
    name: 'tiny',
    length: ids.length,
    inputShape: [inputs],
    numClasses: classes,
    bounds: [0, 1],
    hash,
    async *batches({ size, seed, epoch = 0, from = 0, dropLast = false }: BatchOptions): AsyncGenerator<Batch<E>> {
      const order = seed === undefined ? Int32Array.from(ids.keys()) : permutation(seed, 'order', ids.length, epoch);
      for (let start = from; start < ids.length; start += size) {
        const chosen = order.slice(start, start + size);
        if (dropLast && chosen.length < size) return;
        const rows = Array.from(chosen, (position) => ids[position]!);
        const x = Float32Array.from(rows.flatMap((id) => Array.from(values.subarray(id * inputs, (id + 1) * inputs))));
        const index = tf.tensor1d(chosen, 'int32');
        const picked = Object.entries<Tensor>(extras).map(([name, all]) => [name, tf.gather(all, index)]);
        index.dispose();
        yield {
          x: tf.tensor2d(x, [rows.length, inputs]),
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
        source,
        positions.map((position) => ids[position]!),
        extras,
      ),
    take: (count) => dataset(source, ids.slice(0, count), extras),
    withExtras: (more) => dataset(source, ids, { ...extras, ...more }),
  };
}
