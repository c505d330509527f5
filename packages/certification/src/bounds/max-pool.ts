import type { LayerNode } from '@advrob/models/layer-graph';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { sumOfRows } from './rounding.js';

type MaxPool = LayerNode & { readonly op: 'maxPool' };

/** Lines around the values of a max pooling: of each window one input below, and an input or a number above. */
export interface PoolLines {
  /** The same on this machine. */
  readonly values: {
    readonly takes: readonly {
      readonly window: Int32Array;
      readonly below: Float32Array;
      readonly above: Float32Array;
    }[];
    readonly most: Float32Array;
  };
  /** For each input and each of the windows that may hold it: which, and whether it stands for it. */
  readonly takes: readonly {
    /** Pixel of the output [pixels of the input], int32. */
    readonly window: Tensor;
    /** 1 where the input is the line below, and above, [n, size of the input]. */
    readonly below: Tensor;
    readonly above: Tensor;
  }[];
  /** The number above a window [n, size of the output], 0 where there is an input. */
  readonly most: Tensor;
}

/**
 * A window is at least its input with the largest lower end; where that is at least every other
 * upper end, the window is this input, and else at most its largest upper end (Zhang et al. 2018,
 * https://arxiv.org/abs/1811.00866). Windows may overlap.
 */
export function poolLines(
  node: MaxPool,
  [h, w, c]: readonly number[],
  low: Float32Array,
  high: Float32Array,
  count: number,
): PoolLines {
  const [oh, ow] = node.shape as [number, number];
  const [kh, kw] = node.size;
  const [sh, sw] = node.strides;
  const [top, , left] = node.pads;
  const inputs = h! * w! * c!;
  const outputs = oh * ow * c!;
  const most = new Float32Array(count * outputs);
  const best = new Int32Array(count * outputs);
  const isInput = new Uint8Array(count * outputs);
  for (let n = 0; n < count; n++)
    for (let o = 0; o < outputs; o++) {
      const [oy, ox, channel] = [Math.floor(o / (ow * c!)), Math.floor(o / c!) % ow, o % c!];
      let [chosen, bottom, first, second] = [-1, -Infinity, -Infinity, -Infinity];
      let holder = -1;
      for (let y = Math.max(0, oy * sh - top); y < Math.min(h!, oy * sh - top + kh); y++)
        for (let x = Math.max(0, ox * sw - left); x < Math.min(w!, ox * sw - left + kw); x++) {
          const i = (y * w! + x) * c! + channel;
          const [l, u] = [low[n * inputs + i]!, high[n * inputs + i]!];
          if (chosen === -1 || l > bottom) [chosen, bottom] = [i, l];
          if (u > first) [first, second, holder] = [u, first, i];
          else if (u > second) second = u;
        }
      const others = holder === chosen ? second : first;
      const at = n * outputs + o;
      best[at] = chosen;
      isInput[at] = bottom >= others ? 1 : 0;
      most[at] = isInput[at] ? 0 : first;
    }
  const takes: PoolLines['values']['takes'][number][] = [];
  for (let i = 0; i < Math.ceil(kh / sh); i++)
    for (let j = 0; j < Math.ceil(kw / sw); j++) {
      const window = new Int32Array(h! * w!);
      const [below, above] = [new Float32Array(count * inputs), new Float32Array(count * inputs)];
      for (let pixel = 0; pixel < h! * w!; pixel++) {
        const oy = Math.floor((Math.floor(pixel / w!) + top) / sh) - i;
        const ox = Math.floor(((pixel % w!) + left) / sw) - j;
        if (oy < 0 || oy >= oh || ox < 0 || ox >= ow) continue;
        window[pixel] = oy * ow + ox;
        for (let n = 0; n < count; n++)
          for (let channel = 0; channel < c!; channel++) {
            const [from, to] = [pixel * c! + channel, n * outputs + window[pixel]! * c! + channel];
            if (best[to] !== from) continue;
            below[n * inputs + from] = 1;
            above[n * inputs + from] = isInput[to]!;
          }
      }
      takes.push({ window, below, above });
    }
  return {
    values: { takes, most },
    takes: takes.map(({ window, below, above }) => ({
      window: tf.tensor1d(window, 'int32'),
      below: tf.tensor2d(below, [count, inputs]),
      above: tf.tensor2d(above, [count, inputs]),
    })),
    most: tf.tensor2d(most, [count, outputs]),
  };
}

/** Coefficients [n, rows, inputs] and constants [n, rows] of a lower bound, from coefficients of the windows. */
export function throughPool(node: MaxPool, [h, w, c]: readonly number[], a: Tensor, { takes, most }: PoolLines) {
  const [n, rows] = a.shape as [number, number];
  const [oh, ow] = node.shape as [number, number];
  const positive = tf.relu(a);
  const negative = tf.sub(a, positive);
  const taken = (part: Tensor, window: Tensor, mask: Tensor): Tensor => {
    const pixels = tf.gather(tf.reshape(part, [n * rows, oh * ow, c!]), window, 1);
    return tf.mul(tf.reshape(pixels, [n, rows, h! * w! * c!]), tf.expandDims(mask, 1));
  };
  const parts = takes.flatMap(({ window, below, above }) => [
    taken(positive, window, below),
    taken(negative, window, above),
  ]);
  return {
    coefficients: parts.reduce((sum, part) => tf.add(sum, part)),
    constant: sumOfRows(tf.mul(negative, tf.expandDims(most, 1))),
  };
}

/** Whether a tighter interval of an input may change its window's lines. */
export function contested(
  node: MaxPool,
  shape: readonly number[],
  low: Float32Array,
  high: Float32Array,
  at: number,
): Set<number> {
  const [h, w, c] = shape as [number, number, number];
  const [oh, ow] = node.shape as [number, number];
  const found = new Set<number>();
  for (let o = 0; o < oh * ow * c; o++) {
    const [oy, ox, channel] = [Math.floor(o / (ow * c)), Math.floor(o / c) % ow, o % c];
    const [y0, x0] = [oy * node.strides[0] - node.pads[0], ox * node.strides[1] - node.pads[2]];
    const inside: number[] = [];
    for (let y = Math.max(0, y0); y < Math.min(h, y0 + node.size[0]); y++)
      for (let x = Math.max(0, x0); x < Math.min(w, x0 + node.size[1]); x++) inside.push((y * w + x) * c + channel);
    const bottom = Math.max(...inside.map((i) => low[at + i]!));
    const reaching = inside.filter((i) => high[at + i]! > bottom);
    if (reaching.length > 1) for (const i of reaching) found.add(i);
  }
  return found;
}
