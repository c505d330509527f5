import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { OnnxError } from '../errors.js';
import { isFloat } from '../format/element-types.js';
import { broadcastDims } from '../run/host.js';
import { byConstants } from '../run/by-constants.js';
import { define, onDevice, type Call } from '../run/operators.js';
import { broadcastTo } from '../run/order.js';
import { deviceValue, dimsOf, inOrder, sizeOf, type Value } from '../run/value.js';
import { fusedActivation } from './unary.js';

// Products of matrices.

/** A factor whose last two axes lie swapped is read so instead of being turned. */
function factor(call: Call, value: Value): { tensor: Tensor; isTurned: boolean; dims: number[] } {
  const dims = dimsOf(value);
  const rank = dims.length;
  if (value.kind === 'device' && rank >= 2) {
    const turned = [...inOrder(rank - 2), rank - 1, rank - 2];
    if (value.order.every((axis, place) => axis === turned[place]))
      return { tensor: value.tensor, isTurned: true, dims };
  }
  return { tensor: call.tensorOf(value), isTurned: false, dims };
}

/** NumPy's matmul; whole numbers are multiplied as floats. */
export function matMul(call: Call, a: Value, b: Value): Tensor {
  const [x, y] = [factor(call, a), factor(call, b)];
  if (b.isConstant && y.dims.length === 2 && x.dims.length >= 2 && !x.isTurned && x.tensor.dtype === 'float32')
    return rowsTimes(x.tensor, x.dims, y);
  if (x.dims.length === 1 || y.dims.length === 1) {
    const left = x.dims.length === 1 ? tf.reshape(x.tensor, [1, -1]) : x.tensor;
    const right = y.dims.length === 1 ? tf.reshape(y.tensor, [-1, 1]) : y.tensor;
    const [m, n] = [x.dims.length === 1 ? [1, ...x.dims] : x.dims, y.dims.length === 1 ? [...y.dims, 1] : y.dims];
    const found = multiplied(left, x.isTurned, m, right, y.isTurned, n);
    const dims = found.shape.filter((_, axis) =>
      axis === found.rank - 1 ? y.dims.length > 1 : axis === found.rank - 2 ? x.dims.length > 1 : true,
    );
    return tf.reshape(found, dims);
  }
  return multiplied(x.tensor, x.isTurned, x.dims, y.tensor, y.isTurned, y.dims);
}

/** Rows times a constant matrix. */
function rowsTimes(
  x: Tensor,
  dims: readonly number[],
  { tensor, isTurned, dims: other }: ReturnType<typeof factor>,
): Tensor {
  checkFit(dims, other);
  const flat = dims.length === 2 ? x : tf.reshape(x, [-1, dims.at(-1)!]);
  const found = byConstants(
    flat,
    (z) => tf.matMul(z, tensor, false, isTurned),
    (dy) => tf.matMul(dy, tensor, false, !isTurned),
  );
  return dims.length === 2 ? found : tf.reshape(found, [...dims.slice(0, -1), other[1]!]);
}

function checkFit(a: readonly number[], b: readonly number[]): void {
  if (b.at(-2) !== a.at(-1)) throw new OnnxError('ADVROB_ONNX_INPUT', `[${a.join()}] times [${b.join()}]`);
}

function multiplied(
  a: Tensor,
  isATurned: boolean,
  aDims: readonly number[],
  b: Tensor,
  isBTurned: boolean,
  bDims: readonly number[],
): Tensor {
  const isWhole = a.dtype !== 'float32';
  const [x, y] = isWhole ? [tf.cast(a, 'float32'), tf.cast(b, 'float32')] : [a, b];
  const found = floatProduct(x, isATurned, aDims, y, isBTurned, bDims);
  return isWhole ? tf.cast(found, 'int32') : found;
}

function floatProduct(
  a: Tensor,
  isATurned: boolean,
  aDims: readonly number[],
  b: Tensor,
  isBTurned: boolean,
  bDims: readonly number[],
): Tensor {
  const [rows, inner, columns] = [aDims.at(-2)!, aDims.at(-1)!, bDims.at(-1)!];
  checkFit(aDims, bDims);
  // One matrix for all rows: fold them.
  if (bDims.length === 2 && !isATurned) {
    const flat = tf.reshape(a, [-1, inner]) as tf.Tensor2D;
    return tf.reshape(tf.matMul(flat, b as tf.Tensor2D, false, isBTurned), [...aDims.slice(0, -1), columns]);
  }
  const batch = broadcastDims(aDims.slice(0, -2), bDims.slice(0, -2));
  const stack = (tensor: Tensor, dims: readonly number[]): tf.Tensor3D => {
    const full = [...Array<number>(batch.length + 2 - dims.length).fill(1), ...tensor.shape];
    const wide = broadcastTo(tf.reshape(tensor, full), [...batch, ...tensor.shape.slice(-2)]);
    const [height, width] = tensor.shape.slice(-2) as [number, number];
    return tf.reshape(wide, [sizeOf(batch), height, width]);
  };
  const found = tf.matMul(stack(a, aDims), stack(b, bDims), isATurned, isBTurned);
  return tf.reshape(found, [...batch, rows, columns]);
}

define('MatMul', (call) => deviceValue(call.input(0).type, matMul(call, call.input(0), call.input(1))));

define('com.microsoft:FusedMatMul', (call) => {
  const turned = (value: Value, isTurned: boolean): Value => {
    const rank = dimsOf(value).length;
    if (!isTurned || rank < 2) return value;
    const device = onDevice(call, value);
    const swap = (axis: number): number => (axis === rank - 1 ? rank - 2 : axis === rank - 2 ? rank - 1 : axis);
    return { ...device, order: device.order.map(swap) };
  };
  const found = matMul(
    call,
    turned(call.input(0), call.number('transA', 0) === 1),
    turned(call.input(1), call.number('transB', 0) === 1),
  );
  return deviceValue(call.input(0).type, tf.mul(found, call.number('alpha', 1)));
});

define(['Gemm', 'com.microsoft:FusedGemm'], (call) => {
  const isWhole = !isFloat(call.input(0).type);
  const floats = (x: Tensor): Tensor => (isWhole ? tf.cast(x, 'float32') : x);
  const [a, b] = [floats(call.tensor(0)), floats(call.tensor(1))];
  const [alpha, beta] = [call.number('alpha', 1), call.number('beta', 1)];
  const [isATurned, isBTurned] = [call.number('transA', 0) === 1, call.number('transB', 0) === 1];
  const c = call.has(2) && beta !== 0 ? floats(call.tensor(2)) : undefined;
  const scaled = (x: Tensor): Tensor => (alpha === 1 ? x : tf.mul(x, alpha));
  const value = (x: Tensor): Tensor => {
    const product = scaled(tf.matMul(x, b, isATurned, isBTurned));
    return c ? tf.add(product, beta === 1 ? c : tf.mul(c, beta)) : product;
  };
  const isConstant = call.input(1).isConstant && (!c || call.input(2).isConstant) && !isATurned && !isWhole;
  const found = isConstant ? byConstants(a, value, (dy) => scaled(tf.matMul(dy, b, false, !isBTurned))) : value(a);
  const fused = fusedActivation(call, found, [call.number('activation_alpha', 0), call.number('activation_beta', 0)]);
  return deviceValue(call.input(0).type, isWhole ? tf.cast(fused, 'int32') : fused);
});

define('Einsum', (call) => {
  const values = call.inputs.map((_, i) => call.input(i));
  const found = einsum(
    call.text('equation', ''),
    values.map((each) => call.tensorOf(each)),
  );
  return deviceValue(values[0]!.type, found);
});

/** Sums of products over letters, two operands at a time. */
export function einsum(equation: string, tensors: readonly Tensor[]): Tensor {
  const [left = '', right] = equation.replaceAll(' ', '').split('->');
  const terms = left.split(',').map((term, i) => lettersOf(term, tensors[i]!.rank));
  const used = terms.flat();
  const output =
    right === undefined
      ? [
          ...[...new Set(used.filter((letter) => letter.length > 1))].sort(),
          ...[...new Set(used)]
            .filter((letter) => letter.length === 1 && used.filter((each) => each === letter).length === 1)
            .sort(),
        ]
      : lettersOf(right, undefined, [...new Set(used.filter((letter) => letter.length > 1))].sort());
  let [letters, tensor] = diagonal(terms[0]!, tensors[0]!);
  for (let i = 1; i < terms.length; i++) {
    const [others, other] = diagonal(terms[i]!, tensors[i]!);
    const later = new Set([...output, ...terms.slice(i + 1).flat()]);
    [letters, tensor] = contracted(letters, tensor, others, other, later);
  }
  const gone = inOrder(letters.length).filter((axis) => !output.includes(letters[axis]!));
  const summed = gone.length > 0 ? tf.sum(tensor, gone) : tensor;
  const rest = letters.filter((letter) => output.includes(letter));
  const axes = output.map((letter) => rest.indexOf(letter));
  return axes.length > 1 ? tf.transpose(summed, axes) : summed;
}

/** Letters of a term; those that an ellipsis stands for are numbered from the right. */
function lettersOf(term: string, rank: number | undefined, dots: readonly string[] = []): string[] {
  const [before = '', after] = term.split('...');
  if (after === undefined) return [...before];
  const count = rank === undefined ? dots.length : rank - before.length - after.length;
  const names = rank === undefined ? dots : inOrder(count).map((i) => `.${String(1000 - (count - i))}`);
  return [...before, ...names, ...after];
}

/** The values where letters that come twice agree. */
function diagonal(letters: readonly string[], tensor: Tensor): [string[], Tensor] {
  const twice = letters.findIndex((letter, i) => letters.indexOf(letter) < i);
  if (twice === -1) return [[...letters], tensor];
  const first = letters.indexOf(letters[twice]!);
  const side = tensor.shape[first]!;
  const shape = tensor.shape.map((_, axis) => (axis === first || axis === twice ? side : 1));
  const kept = tf.sum(tf.mul(tensor, tf.reshape(tf.eye(side), shape)), twice);
  return diagonal(
    letters.filter((_, axis) => axis !== twice),
    kept,
  );
}

/** One product of two operands, summed over the letters that nobody needs later. */
function contracted(
  a: readonly string[],
  x: Tensor,
  b: readonly string[],
  y: Tensor,
  later: ReadonlySet<string>,
): [string[], Tensor] {
  const side = (letter: string): number => {
    const sides = [x.shape[a.indexOf(letter)] ?? 1, y.shape[b.indexOf(letter)] ?? 1];
    return sides[0] === 1 ? sides[1]! : sides[0]!;
  };
  const shared = a.filter((letter) => b.includes(letter));
  const batch = shared.filter((letter) => later.has(letter));
  const inner = shared.filter((letter) => !later.has(letter));
  const rows = a.filter((letter) => !b.includes(letter));
  const columns = b.filter((letter) => !a.includes(letter));
  const size = (letters: readonly string[]): number => sizeOf(letters.map(side));
  const ordered = (letters: readonly string[], tensor: Tensor, wanted: readonly string[]): Tensor => {
    const turned = tf.transpose(
      tensor,
      wanted.map((letter) => letters.indexOf(letter)),
    );
    return broadcastTo(
      turned,
      wanted.map((letter) => (shared.includes(letter) ? side(letter) : tensor.shape[letters.indexOf(letter)]!)),
    );
  };
  const left = tf.reshape(ordered(a, x, [...batch, ...rows, ...inner]), [size(batch), size(rows), size(inner)]);
  const right = tf.reshape(ordered(b, y, [...batch, ...inner, ...columns]), [size(batch), size(inner), size(columns)]);
  const letters = [...batch, ...rows, ...columns];
  return [letters, tf.reshape(tf.matMul(left, right), letters.map(side))];
}
