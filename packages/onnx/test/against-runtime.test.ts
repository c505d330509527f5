import '@tensorflow/tfjs-backend-cpu';
import { createSession } from '@advrob/backend-onnxruntime/session';
import '@advrob/core/gradients';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Writer } from '../src/export/writer.js';
import { createOnnxGraph, readOnnx } from '../src/index.js';

// Operators that the suite of Debian is too old for, or has in their plainest form only.

beforeAll(() => tf.setBackend('cpu').then(() => undefined));
afterAll(() => tf.setBackend('cpu').then(() => undefined));

interface Operation {
  readonly operator: string;
  readonly domain?: string;
  readonly opset?: number;
  readonly inputs: readonly (readonly number[] | null)[];
  readonly outputs?: number;
  /** Of the inputs. Default 5. */
  readonly seed?: number;
  readonly attributes?: Readonly<Record<string, number | string | { readonly float: number } | readonly number[]>>;
  /** Values that inputs are, where random ones will not do: float (1), bool (9) or int32 (6) constants. */
  readonly fixed?: Readonly<Record<number, { readonly type: 1 | 6 | 9; readonly data: readonly number[] }>>;
}

const constantBytes = (type: 1 | 6 | 9, data: readonly number[]): Uint8Array =>
  type === 9
    ? Uint8Array.from(data)
    : new Uint8Array((type === 1 ? Float32Array.from(data) : Int32Array.from(data)).buffer);

/** Weights. */
const weights = (count: number): { readonly type: 1; readonly data: readonly number[] } => ({
  type: 1,
  data: Array.from({ length: count }, (_, i) => Math.sin(1.7 * i + 1) + 0.2),
});

/** A model of one node, whose inputs are the model's. */
function modelOf({ operator, domain = '', opset = 23, inputs, outputs = 1, attributes = {}, fixed = {} }: Operation) {
  const port = (writer: Writer, name: string, dims: readonly number[] | undefined): Writer =>
    writer.text(1, name).message(2, (type) =>
      type.message(1, (tensor) => {
        tensor.integer(1, 1);
        if (dims)
          tensor.message(2, (shape) => dims.forEach((side) => shape.message(1, (each) => each.integer(1, side))));
      }),
    );
  const writer = new Writer().integer(1, 10);
  writer.message(7, (graph) => {
    graph.message(1, (node) => {
      inputs.forEach((dims, i) => node.text(1, dims ? `x${i}` : ''));
      for (let i = 0; i < outputs; i++) node.text(2, `y${i}`);
      node.text(4, operator).text(7, domain);
      for (const [name, value] of Object.entries(attributes))
        node.message(5, (each) => {
          each.text(1, name);
          if (typeof value === 'number') each.integer(3, value).integer(20, 2);
          else if (typeof value === 'string') each.text(4, value).integer(20, 3);
          else if (!('float' in value)) {
            for (const item of value) each.integer(8, item);
            each.integer(20, 7);
          } else each.float(2, value.float).integer(20, 1);
        });
    });
    graph.text(2, 'one');
    inputs.forEach((dims, i) => {
      const constant = fixed[i];
      if (!dims) return;
      if (!constant) return void graph.message(11, (each) => port(each, `x${i}`, dims));
      graph.message(5, (tensor) => {
        for (const side of dims) tensor.integer(1, side);
        tensor.integer(2, constant.type).text(8, `x${i}`).raw(9, constantBytes(constant.type, constant.data));
      });
    });
    for (let i = 0; i < outputs; i++) graph.message(12, (each) => port(each, `y${i}`, undefined));
  });
  writer.message(8, (each) => each.text(1, '').integer(2, opset));
  if (domain !== '') writer.message(8, (each) => each.text(1, domain).integer(2, 1));
  return writer.finish().slice();
}

const float = (value: number) => ({ float: value });
const lstm = { hidden_size: 2, direction: 'bidirectional' };

const operations: Readonly<Record<string, Operation>> = {
  'attention, causal': {
    operator: 'Attention',
    inputs: [
      [2, 2, 3, 4],
      [2, 2, 5, 4],
      [2, 2, 5, 3],
    ],
    attributes: { is_causal: 1 },
  },
  'attention, grouped heads in one axis, soft cap, added mask': {
    ...{
      operator: 'Attention',
      inputs: [
        [2, 3, 8],
        [2, 5, 4],
        [2, 5, 6],
        [3, 5],
      ],
    },
    attributes: { q_num_heads: 4, kv_num_heads: 2, softcap: float(1.5), scale: float(0.7) },
  },
  'attention, a mask of truths': {
    ...{
      operator: 'Attention',
      inputs: [
        [1, 1, 2, 2],
        [1, 1, 3, 2],
        [1, 1, 3, 2],
        [2, 3],
      ],
    },
    fixed: { 3: { type: 9, data: [1, 0, 1, 0, 1, 1] } },
  },
  'attention with a past, causal': {
    ...{ operator: 'Attention', inputs: [[1, 2, 2, 3], [1, 2, 2, 3], [1, 2, 2, 3], null, [1, 2, 3, 3], [1, 2, 3, 3]] },
    ...{ attributes: { is_causal: 1 }, outputs: 3 },
  },
  'attention of ONNX Runtime': {
    ...{ operator: 'Attention', domain: 'com.microsoft', opset: 17, inputs: [[2, 3, 4], [4, 12], [12]] },
    attributes: { num_heads: 2 },
  },
  'attention of ONNX Runtime, one direction': {
    ...{ operator: 'Attention', domain: 'com.microsoft', opset: 17, inputs: [[2, 3, 4], [4, 12], [12]] },
    attributes: { num_heads: 2, unidirectional: 1 },
  },
  'attention of many heads of ONNX Runtime, bias, keys that do not count': {
    ...{ operator: 'MultiHeadAttention', domain: 'com.microsoft', opset: 17, attributes: { num_heads: 2 } },
    inputs: [[2, 3, 4], [2, 5, 4], [2, 5, 4], [12], [2, 5]],
    fixed: { 4: { type: 6, data: [1, 1, 1, 0, 0, 1, 1, 1, 1, 0] } },
  },
  'LSTM, both ways, peepholes, sequences that end': {
    ...{ operator: 'LSTM', opset: 17, outputs: 3, attributes: lstm },
    inputs: [[4, 3, 2], [2, 8, 2], [2, 8, 2], [2, 16], [3], [2, 3, 2], [2, 3, 2], [2, 6]],
    fixed: { 4: { type: 6, data: [4, 2, 3] } },
  },
  'GRU, reverse, reset before the product, sequences that end': {
    ...{ operator: 'GRU', opset: 17, outputs: 2, attributes: { hidden_size: 2, direction: 'reverse' } },
    inputs: [[4, 3, 2], [1, 6, 2], [1, 6, 2], [1, 12], [3]],
    fixed: { 4: { type: 6, data: [1, 4, 2] } },
  },
  'GRU, both ways, reset behind the product, clipped': {
    ...{
      operator: 'GRU',
      opset: 17,
      outputs: 2,
      inputs: [
        [3, 2, 2],
        [2, 6, 2],
        [2, 6, 2],
        [2, 12],
      ],
    },
    attributes: { hidden_size: 2, direction: 'bidirectional', linear_before_reset: 1, clip: float(0.8) },
  },
  'RNN, both ways': {
    operator: 'RNN',
    opset: 17,
    outputs: 2,
    attributes: lstm,
    inputs: [
      [3, 2, 2],
      [2, 2, 2],
      [2, 2, 2],
      [2, 4],
    ],
  },
  'a transposed convolution of volumes in groups': {
    ...{
      operator: 'ConvTranspose',
      opset: 17,
      inputs: [[1, 4, 2, 3, 2], [4, 1, 2, 2, 2], [2]],
      attributes: { group: 2 },
    },
  },
  'cubic sampling': {
    ...{
      operator: 'GridSample',
      opset: 17,
      inputs: [
        [1, 2, 4, 5],
        [1, 3, 2, 2],
      ],
    },
    attributes: { mode: 'bicubic', padding_mode: 'zeros', align_corners: 1 },
  },
  'cubic sampling, mirrored': {
    ...{
      operator: 'GridSample',
      opset: 17,
      inputs: [
        [1, 2, 4, 5],
        [1, 3, 2, 2],
      ],
    },
    attributes: { mode: 'bicubic', padding_mode: 'reflection', align_corners: 0 },
  },
  // Places that stay between the middles of pixels, where slopes change.
  'linear sampling, mirrored': {
    ...{
      operator: 'GridSample',
      seed: 20,
      opset: 17,
      inputs: [
        [1, 2, 4, 5],
        [1, 2, 1, 2],
      ],
    },
    attributes: { mode: 'bilinear', padding_mode: 'reflection', align_corners: 1 },
  },
};

/** Operators whose other operands are weights have gradients of their own. */
const ofWeights: Readonly<Record<string, Operation>> = {
  'a convolution by weights': {
    ...{ operator: 'Conv', opset: 17, inputs: [[2, 2, 5, 4], [3, 2, 3, 2], [3]] },
    ...{ fixed: { 1: weights(36), 2: weights(3) }, attributes: { pads: [1, 0, 2, 1], strides: [2, 1] } },
  },
  'a dilated convolution by weights': {
    ...{ operator: 'Conv', opset: 17, inputs: [[1, 2, 6, 6], [2, 2, 2, 2], [2]] },
    ...{ fixed: { 1: weights(16), 2: weights(2) }, attributes: { dilations: [2, 3] } },
  },
  'a convolution in groups by weights': {
    ...{ operator: 'Conv', opset: 17, inputs: [[2, 4, 4, 4], [6, 2, 3, 3], [6]] },
    ...{ fixed: { 1: weights(108), 2: weights(6) }, attributes: { group: 2, pads: [1, 1, 1, 1], strides: [2, 2] } },
  },
  'a convolution of a line by weights': {
    ...{ operator: 'Conv', opset: 17, inputs: [[2, 3, 7], [2, 3, 3], [2]] },
    fixed: { 1: weights(18), 2: weights(2) },
  },
  'a convolution by weights with a bias out of the data': {
    ...{ operator: 'Conv', opset: 17, inputs: [[1, 2, 4, 4], [3, 2, 3, 3], [3]] },
    fixed: { 1: weights(54) },
  },
  'Gemm by turned weights, scaled': {
    ...{ operator: 'Gemm', opset: 17, inputs: [[3, 4], [2, 4], [2]], fixed: { 1: weights(8), 2: weights(2) } },
    attributes: { transB: 1, alpha: float(0.5), beta: float(2) },
  },
  'Gemm of turned rows by weights': {
    ...{ operator: 'Gemm', opset: 17, inputs: [[4, 3], [4, 2], [2]], fixed: { 1: weights(8), 2: weights(2) } },
    attributes: { transA: 1 },
  },
  'MatMul by weights': {
    ...{ operator: 'MatMul', opset: 17, fixed: { 1: weights(8) } },
    inputs: [
      [2, 3, 4],
      [4, 2],
    ],
  },
  ...Object.fromEntries(
    ['Add', 'Sub', 'Mul', 'Div'].flatMap((operator) => [
      [
        `${operator} of weights`,
        {
          operator,
          opset: 17,
          inputs: [
            [2, 3, 2],
            [3, 1],
          ],
          fixed: { 1: weights(3) },
        },
      ],
      [
        `${operator} from weights`,
        {
          operator,
          opset: 17,
          inputs: [
            [3, 1],
            [2, 3, 2],
          ],
          fixed: { 0: weights(3) },
        },
      ],
      [
        `${operator} of larger weights`,
        {
          operator,
          opset: 17,
          inputs: [
            [2, 1],
            [2, 3],
          ],
          fixed: { 1: weights(6) },
        },
      ],
    ]),
  ),
  'batch norm': {
    ...{ operator: 'BatchNormalization', opset: 17, inputs: [[2, 3, 2, 2], [3], [3], [3], [3]] },
    fixed: { 1: weights(3), 2: weights(3), 3: weights(3), 4: { type: 1, data: [0.5, 1, 2] } },
  },
  'an average': {
    ...{ operator: 'AveragePool', opset: 17, inputs: [[1, 2, 5, 5]] },
    attributes: { kernel_shape: [2, 3], strides: [2, 1] },
  },
  'an average with its padding': {
    ...{ operator: 'AveragePool', opset: 17, inputs: [[1, 2, 5, 5]] },
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 1 },
  },
  'an average without its padding, rounded up': {
    ...{ operator: 'AveragePool', opset: 17, inputs: [[1, 2, 6, 6]] },
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 0, 0], ceil_mode: 1 },
  },
  'a convolution that ONNX Runtime fused with a sum and an activation': {
    ...{ operator: 'FusedConv', domain: 'com.microsoft', opset: 17, attributes: { activation: 'Tanh' } },
    ...{ inputs: [[1, 2, 4, 4], [4, 2, 3, 3], [4], [1, 4, 2, 2]], fixed: { 1: weights(72), 2: weights(4) } },
  },
  'a Gemm that ONNX Runtime fused with an activation': {
    ...{ operator: 'FusedGemm', domain: 'com.microsoft', opset: 17, inputs: [[2, 3], [3, 4], [4]] },
    attributes: { activation: 'LeakyRelu', activation_alpha: float(0.3) },
  },
};

describe.each(Object.entries({ ...operations, ...ofWeights }))('%s', (_name, operation) => {
  it('is what ONNX Runtime computes, and its gradient is that of differences', async () => {
    const bytes = modelOf(operation);
    const graph = createOnnxGraph(readOnnx(bytes));
    const before = tf.memory().numTensors;
    const names = graph.model.inputs.map(({ name }) => name);
    const values = graph.model.inputs.map(({ shape }, i) =>
      tf.randomNormal(shape as number[], 0, 0.6, 'float32', (operation.seed ?? 5) + i),
    );
    const run = (at: readonly tf.Tensor[]): tf.Tensor[] =>
      graph.run(Object.fromEntries(names.map((name, i) => [name, at[i]!])));
    const found = tf.tidy(() => run(values));
    const session = createSession(bytes);
    const feeds = await Promise.all(
      values.map(
        async (each, i) => [names[i]!, { type: 'float32', dims: each.shape, data: await each.data() }] as const,
      ),
    );
    const wanted = session.run(Object.fromEntries(feeds) as Parameters<typeof session.run>[0]);
    session.dispose();
    for (const [i, { name }] of graph.model.outputs.entries()) {
      expect(found[i]!.shape).toEqual([...wanted[name]!.dims]);
      const data = await found[i]!.data();
      (wanted[name]!.data as Float32Array).forEach((value, at) =>
        expect(Math.abs(data[at]! - value)).toBeLessThan(5e-6 * Math.max(1, Math.abs(value))),
      );
    }
    const score = (...at: tf.Tensor[]): tf.Scalar =>
      tf.addN(
        run(at).map((each) => tf.sum(tf.mul(each, tf.reshape(tf.cos(tf.range(0, each.size)), each.shape)))),
      ) as tf.Scalar;
    const step = 1e-2;
    const [slope, quotient] = tf.tidy(() => {
      const directions = values.map((each, i) => tf.sign(tf.randomNormal(each.shape, 0, 1, 'float32', 50 + i)));
      const moved = (by: number): tf.Scalar =>
        score(...values.map((each, i) => tf.add(each, tf.mul(directions[i]!, by))));
      const gradients = tf.grads(score)(values);
      const along = tf.addN(gradients.map((each, i) => tf.sum(tf.mul(each, directions[i]!))));
      const near = tf.mul(tf.sub(moved(step), moved(-step)), 8);
      return [along, tf.div(tf.sub(near, tf.sub(moved(2 * step), moved(-2 * step))), 12 * step)];
    });
    const [a, b] = [(await slope.data())[0]!, (await quotient.data())[0]!];
    expect(Math.abs(a - b)).toBeLessThan(3e-3 * Math.max(1, Math.abs(b)));
    tf.dispose([...values, ...found, slope, quotient]);
    graph.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

// By squares: tfjs has no second gradient of what saves its result, such as tanh.
it('has gradients of gradients where weights are constants', async () => {
  const { operator, inputs, fixed } = ofWeights['a convolution by weights']!;
  const graph = createOnnxGraph(readOnnx(modelOf({ operator, inputs, ...(fixed && { fixed }), opset: 17 })));
  const x = tf.randomNormal(inputs[0] as number[], 0, 0.6, 'float32', 3);
  const [second, change] = tf.tidy(() => {
    const score = (at: tf.Tensor): tf.Tensor => tf.sum(tf.square(graph.run({ x0: at })[0]!));
    const steepness = (at: tf.Tensor): tf.Tensor => tf.sum(tf.square(tf.grad(score)(at)));
    const direction = tf.sign(tf.randomNormal(x.shape, 0, 1, 'float32', 4));
    const moved = (by: number): tf.Tensor => steepness(tf.add(x, tf.mul(direction, by)));
    const quotient = tf.div(tf.sub(moved(1e-2), moved(-1e-2)), 2e-2);
    return [tf.sum(tf.mul(tf.grad(steepness)(x), direction)), quotient];
  });
  const [a, b] = [(await second.data())[0]!, (await change.data())[0]!];
  expect(Math.abs(b)).toBeGreaterThan(0.1);
  expect(Math.abs(a - b)).toBeLessThan(2e-2 * Math.abs(b));
  tf.dispose([x, second, change]);
  graph.dispose();
});

it('gives a tensor of its own where an output is an input', () => {
  const graph = createOnnxGraph(readOnnx(modelOf({ operator: 'Identity', inputs: [[2]], opset: 17 })));
  const x = tf.tensor1d([1, 2]);
  const [y] = graph.run({ x0: x });
  y!.dispose();
  expect(x.isDisposed).toBe(false);
  x.dispose();
  graph.dispose();
});
