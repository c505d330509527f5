import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { define, offTape, type Call } from '../run/operators.js';
import { broadcastTo } from '../run/order.js';
import { deviceValue, dimsOf, type Value } from '../run/value.js';

// Attention as one operator. Queries, keys and values are [batch, heads, length, width of a head].

/** What is added to a score that must not count: exp of it is 0, and it is finite for the gradients. */
const least = -3.4e38;

/** [batch, length, heads * width] as [batch, heads, length, width]. */
function heads(x: Tensor, count: number): Tensor {
  if (x.rank === 4) return x;
  const [batch, length, width] = x.shape as [number, number, number];
  return tf.transpose(tf.reshape(x, [batch, length, count, width / count]), [0, 2, 1, 3]);
}

function joined(x: Tensor): Tensor {
  const [batch, count, length, width] = x.shape as [number, number, number, number];
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, length, count * width]);
}

/** Each head as often as queries share it. */
function repeated(x: Tensor, times: number): Tensor {
  if (times === 1) return x;
  const [batch, count, length, width] = x.shape as [number, number, number, number];
  const wide = broadcastTo(tf.reshape(x, [batch, count, 1, length, width]), [batch, count, times, length, width]);
  return tf.reshape(wide, [batch, count * times, length, width]);
}

function transposedProduct(a: Tensor, b: Tensor, isTurned: boolean): Tensor {
  const [batch, count] = a.shape as [number, number];
  const flat = (x: Tensor): tf.Tensor3D => tf.reshape(x, [batch * count, x.shape[2]!, x.shape[3]!]);
  const found = tf.matMul(flat(a), flat(b), false, isTurned);
  return tf.reshape(found, [batch, count, found.shape[1]!, found.shape[2]!]);
}

/** Softmax over the keys; a row in which none counts is zero. */
function shares(scores: Tensor, isOut: Tensor | undefined): Tensor {
  const all = tf.softmax(scores);
  return isOut ? tf.mul(all, tf.sub(1, isOut)) : all;
}

/** Zeros and ones of [..., queries, keys], 1 where a key must not count; off the tape. */
function maskedBy(isIn: () => Tensor): Tensor {
  return offTape(() => tf.sub(1, tf.cast(isIn(), 'float32')));
}

/** Query i, which stands at `i + offset` among the keys, sees none behind itself. */
function causal(queries: number, keys: number, offset: Tensor | number): Tensor {
  return maskedBy(() => {
    const [row, column] = [tf.reshape(tf.range(0, queries), [queries, 1]), tf.reshape(tf.range(0, keys), [1, keys])];
    return tf.greaterEqual(tf.add(row, offset), column);
  });
}

function either(a: Tensor | undefined, b: Tensor | undefined): Tensor | undefined {
  return a && b ? tf.maximum(a, b) : (a ?? b);
}

/** Scores with a large negative number where a key does not count. */
function without(scores: Tensor, isOut: Tensor | undefined): Tensor {
  if (!isOut) return scores;
  // What is masked passes no gradient, whatever it was.
  return tf.add(tf.mul(scores, tf.sub(1, isOut)), tf.mul(isOut, least));
}

define('Attention', (call) => {
  const isFlat = dimsOf(call.input(0)).length === 3;
  const [queryHeads, keyHeads] = [call.number('q_num_heads', 1), call.number('kv_num_heads', 1)];
  const q = heads(call.tensor(0), queryHeads);
  const [newKeys, newValues] = [heads(call.tensor(1), keyHeads), heads(call.tensor(2), keyHeads)];
  const keys = call.has(4) ? tf.concat([call.tensor(4), newKeys], 2) : newKeys;
  const values = call.has(5) ? tf.concat([call.tensor(5), newValues], 2) : newValues;
  const [, count, queries, width] = q.shape as [number, number, number, number];
  const length = keys.shape[2]!;
  const times = count / keys.shape[1]!;
  const scale = Math.sqrt(call.number('scale', 1 / Math.sqrt(width)));
  const product = transposedProduct(tf.mul(q, scale), tf.mul(repeated(keys, times), scale), true);
  const { added, isOut: given } = maskOf(call, length);
  let isOut = given;
  const filled = call.has(6) ? tf.reshape(call.tensor(6), [-1, 1, 1, 1]) : undefined;
  if (filled)
    isOut = either(
      isOut,
      maskedBy(() => tf.less(tf.reshape(tf.range(0, length), [1, 1, 1, length]), filled)),
    );
  if (call.number('is_causal', 0) === 1) {
    const offset = filled ? offTape(() => tf.sub(tf.cast(filled, 'float32'), queries)) : length - newKeys.shape[2]!;
    isOut = either(isOut, causal(queries, length, offset));
  }
  if (isOut) isOut = broadcastTo(isOut, product.shape);
  const softcap = call.number('softcap', 0);
  const capped = softcap > 0 ? tf.mul(tf.tanh(tf.div(product, softcap)), softcap) : product;
  const scores = without(added ? tf.add(capped, added) : capped, isOut);
  // Softcap comes before the mask, as in ONNX Runtime and the suite of the standard.
  const share = shares(scores, isOut);
  const found = transposedProduct(share, repeated(values, times), false);
  const type = call.input(0).type;
  const said = [product, capped, scores, share][call.number('qk_matmul_output_mode', 0)]!;
  return [isFlat ? joined(found) : found, keys, values, said].map((each): Value => deviceValue(type, each));
});

/** The mask of a node: numbers that are added, or keys that do not count. It may end before the keys. */
function maskOf(call: Call, length: number): { added?: Tensor; isOut?: Tensor } {
  if (!call.has(3)) return {};
  const mask = call.tensor(3);
  const missing = length - mask.shape.at(-1)!;
  const pads = mask.shape.map((_, i): [number, number] => [0, i === mask.rank - 1 ? missing : 0]);
  const wide = (x: Tensor, value: number): Tensor => (missing > 0 ? tf.pad(x, pads, value) : x);
  if (mask.dtype === 'bool')
    return {
      isOut: wide(
        maskedBy(() => mask),
        1,
      ),
    };
  // Minus infinity times 0 would be no number.
  const isOut = offTape(() => tf.cast(tf.lessEqual(mask, least), 'float32'));
  return {
    added: wide(tf.mul(tf.where(tf.cast(isOut, 'bool'), tf.zerosLike(mask), mask), 1), 0),
    isOut: wide(isOut, 1),
  };
}

/** Attention of ONNX Runtime over all heads; an additive bias, and keys that do not count. */
function microsoft(call: Call, q: Tensor, k: Tensor, v: Tensor, bias: number, padding: number): Tensor {
  const [, , queries, width] = q.shape as [number, number, number, number];
  const length = k.shape[2]!;
  const given = call.number('scale', 0);
  const scale = given === 0 ? 1 / Math.sqrt(width) : given;
  let scores = tf.mul(transposedProduct(q, k, true), scale);
  if (call.has(bias)) scores = tf.add(scores, call.tensor(bias));
  let isOut: Tensor | undefined;
  if (call.has(padding)) {
    const mask = call.tensor(padding);
    const [batch] = q.shape;
    if (mask.rank !== 2 || mask.shape[0] !== batch || mask.shape[1] !== length)
      return call.unsupported(`a mask of shape [${mask.shape.join()}]`);
    isOut = maskedBy(() => tf.notEqual(tf.reshape(mask, [batch, 1, 1, length]), 0));
  }
  if (call.number('unidirectional', 0) === 1) isOut = either(isOut, causal(queries, length, length - queries));
  const full = isOut && broadcastTo(isOut, scores.shape);
  return joined(transposedProduct(shares(without(scores, full), full), v, false));
}

define('com.microsoft:Attention', (call) => {
  for (const i of [4, 6]) if (call.has(i)) return call.unsupported('attention that remembers earlier calls');
  if (call.number('do_rotary', 0) === 1) return call.unsupported('attention with rotary positions');
  const count = call.number('num_heads', 1);
  const x = call.tensor(0);
  const weights = call.tensor(1);
  const flat = tf.matMul(tf.reshape(x, [-1, x.shape[2]!]) as tf.Tensor2D, weights as tf.Tensor2D);
  const biased = call.has(2) ? tf.add(flat, call.tensor(2)) : flat;
  const sizes = call.list('qkv_hidden_sizes') ?? Array<number>(3).fill(weights.shape[1]! / 3);
  const all = tf.reshape(biased, [x.shape[0]!, x.shape[1]!, -1]);
  const [q, k, v] = tf.split(all, [...sizes], 2).map((part) => heads(part, count)) as [Tensor, Tensor, Tensor];
  return deviceValue(call.input(0).type, microsoft(call, q, k, v, 5, 3));
});

define('com.microsoft:MultiHeadAttention', (call) => {
  for (const i of [6, 7]) if (call.has(i)) return call.unsupported('attention that remembers earlier calls');
  if (!call.has(1) || !call.has(2)) return call.unsupported('queries, keys and values in one');
  const count = call.number('num_heads', 1);
  const parts = [0, 1, 2].map((i) => call.tensor(i));
  const widths = parts.map((part) => (part.rank === 3 ? part.shape[2]! : count * part.shape[3]!));
  const biases = call.has(3) ? tf.split(call.tensor(3), widths) : undefined;
  const [q, k, v] = parts.map((part, i) =>
    heads(biases && part.rank === 3 ? tf.add(part, biases[i]!) : part, count),
  ) as [Tensor, Tensor, Tensor];
  return deviceValue(call.input(0).type, microsoft(call, q, k, v, 5, 4));
});
