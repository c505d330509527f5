import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { registerOnnxRuntime } from '../src/index.js';
import '../src/register.js';
import { GraphBuilder } from '../src/onnx/builder.js';

/** Ops of ONNX' own domain for which onnxruntime-node 1.30.0 has WebGPU kernels, as far as graphs here use them. */
const webgpu = new Set([
  ...[
    'Abs',
    'Acos',
    'Acosh',
    'Add',
    'And',
    'ArgMax',
    'ArgMin',
    'Asin',
    'Asinh',
    'Atan',
    'Atanh',
    'AveragePool',
    'Cast',
  ],
  ...['Ceil', 'Clip', 'Concat', 'Conv', 'ConvTranspose', 'Cos', 'Cosh', 'CumSum', 'Div', 'Elu', 'Equal', 'Erf', 'Exp'],
  ...[
    'Expand',
    'Floor',
    'Gather',
    'GatherElements',
    'GatherND',
    'Gemm',
    'Greater',
    'GreaterOrEqual',
    'Identity',
    'Less',
  ],
  ...['LessOrEqual', 'Log', 'MatMul', 'Max', 'MaxPool', 'Min', 'Mul', 'Neg', 'Not', 'Pad', 'Pow', 'Reciprocal'],
  ...[
    'ReduceMax',
    'ReduceMean',
    'ReduceMin',
    'ReduceProd',
    'ReduceSum',
    'Relu',
    'Reshape',
    'ScatterElements',
    'Sigmoid',
  ],
  ...['Sin', 'Sinh', 'Slice', 'Softmax', 'Split', 'Sqrt', 'Sub', 'Tan', 'Tanh', 'Tile', 'TopK', 'Transpose', 'Where'],
]);

const missing = new Set<string>();
const finish = vi.spyOn(GraphBuilder.prototype, 'finish');

beforeAll(async () => {
  await registerOnnxRuntime({ lowering: 'plain' });
  await tf.setBackend('onnxruntime');
});

afterAll(() => finish.mockRestore());

/** The ops of everything that `compute` ran which WebGPU leaves to the CPU. */
async function leftToCpu(compute: () => tf.Tensor[]): Promise<string[]> {
  missing.clear();
  finish.mockClear();
  for (const tensor of tf.tidy(compute)) await tensor.data();
  for (const { value } of finish.mock.results)
    for (const { op, domain, outputs } of (value as ReturnType<GraphBuilder['finish']>).nodes) {
      if (domain !== '' || !webgpu.has(op)) missing.add(domain === '' ? op : `${domain}.${op}`);
      else if (op === 'MaxPool' && outputs.length > 1) missing.add('MaxPool with indices');
    }
  expect(finish).toHaveBeenCalled();
  return [...missing].sort();
}

const normal = (shape: number[]): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', 1);

function loss(x: tf.Tensor, filter: tf.Tensor, dense: tf.Tensor, pool: 'max' | 'avg'): tf.Scalar {
  let h: tf.Tensor = tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same');
  const { mean, variance } = tf.moments(h, [0, 1, 2]);
  h = tf.relu(tf.batchNorm(h, mean, variance, tf.zerosLike(mean), tf.onesLike(mean)));
  h = pool === 'max' ? tf.maxPool(h as tf.Tensor4D, 2, 2, 'valid') : tf.avgPool(h as tf.Tensor4D, 2, 2, 'valid');
  const logits = tf.matMul(tf.reshape(h, [4, -1]) as tf.Tensor2D, dense as tf.Tensor2D);
  return tf.losses.softmaxCrossEntropy(tf.oneHot(tf.tensor1d([0, 1, 2, 3], 'int32'), 10), logits);
}

const network = (): tf.Tensor[] => [normal([4, 8, 8, 3]), normal([3, 3, 3, 16]), normal([256, 10])];

it('an attack step and a training step of a network run on other providers as a whole', async () => {
  expect(
    await leftToCpu(() => {
      const [x, filter, dense] = network() as [tf.Tensor, tf.Tensor, tf.Tensor];
      const [dx, dFilter, dDense] = tf.grads((...at) => loss(at[0]!, at[1]!, at[2]!, 'avg'))([x, filter, dense]);
      const step = tf.add(x, tf.mul(tf.sign(dx!), 0.01));
      return [tf.clipByValue(step, 0, 1), tf.sub(filter, dFilter!), tf.sub(dense, dDense!)];
    }),
  ).toEqual([]);
});

it('max pooling leaves its gradient to the CPU', async () => {
  expect(
    await leftToCpu(() => {
      const [x, filter, dense] = network() as [tf.Tensor, tf.Tensor, tf.Tensor];
      return tf.grads((...at) => loss(at[0]!, at[1]!, at[2]!, 'max'))([x, filter, dense]);
    }),
  ).toEqual(['MaxPool with indices', 'MaxUnpool']);
});

it('projections, sorting and choices run there too', async () => {
  expect(
    await leftToCpu(() => {
      const x = normal([4, 30]);
      const { values, indices } = tf.topk(x, 30);
      const sums = tf.cumsum(values, 1);
      return [
        tf.gather(sums, tf.tensor1d([1, 0], 'int32')),
        tf.where(tf.logicalOr(tf.greater(x, 0), tf.isNaN(x)), x, tf.zerosLike(x)),
        tf.argMax(x, 1),
        tf.max(x, 1),
        tf.step(x),
        tf.scatterND(tf.reshape(indices, [120, 1]), tf.reshape(values, [120]), [30]),
        tf.matMul(normal([2, 3, 4]) as tf.Tensor3D, normal([2, 5, 4]) as tf.Tensor3D, false, true),
        tf.cast(x, 'int32'),
      ];
    }),
  ).toEqual([]);
});

it('remainders, rounding and whole-number products are left to the CPU', async () => {
  expect(
    await leftToCpu(() => {
      const x = normal([3, 3]);
      return [tf.mod(x, 2), tf.round(x)];
    }),
  ).toEqual(['Mod', 'Round']);
});
