import * as tf from '@tensorflow/tfjs-core';

/** Weights of a small conv net: 3x3 convolution of 2 filters, ReLU, max pool 2, dense 3. */
export function convNet() {
  const values = (shape: number[], from: number): Float32Array =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(1.7 * i + from));
  const weights: Record<string, { shape: number[]; values: Float32Array }> = {
    filter: { shape: [3, 3, 1, 2], values: values([3, 3, 1, 2], 0) },
    'conv/bias': { shape: [2], values: values([2], 1) },
    kernel: { shape: [8, 3], values: values([8, 3], 2) },
    'dense/bias': { shape: [3], values: values([3], 3) },
  };
  const logits = (x: tf.Tensor): tf.Tensor => {
    const at = (name: string) => tf.tensor(weights[name]!.values, weights[name]!.shape);
    const conv = tf.add(tf.conv2d(x as tf.Tensor4D, at('filter') as tf.Tensor4D, 1, 'valid'), at('conv/bias'));
    const pooled = tf.maxPool(tf.relu(conv) as tf.Tensor4D, 2, 2, 'valid');
    return tf.add(tf.matMul(tf.reshape(pooled, [-1, 8]), at('kernel')), at('dense/bias'));
  };
  return { weights, logits };
}

const float = { T: { type: 'DT_FLOAT' } };
const windows = { padding: { s: 'VkFMSUQ=' }, data_format: { s: 'TkhXQw==' } }; // VALID, NHWC
const list = (...i: number[]) => ({ list: { i: i.map(String) } });

/** What the converter writes for that net, with a softmax at its end: model.json and one shard. */
export function graphFiles(change: (json: Record<string, unknown>) => void = () => undefined): Map<string, Uint8Array> {
  const { weights } = convNet();
  const constant = (name: string) => ({ name, op: 'Const', attr: { dtype: { type: 'DT_FLOAT' } } });
  const shape = { shape: { dim: [{ size: '-1' }, { size: '6' }, { size: '6' }, { size: '1' }] } };
  const node = [
    ...Object.keys(weights).map(constant),
    { name: 'sizes', op: 'Const', attr: { dtype: { type: 'DT_INT32' } } },
    { name: 'x', op: 'Placeholder', attr: { dtype: { type: 'DT_FLOAT' }, shape } },
    {
      name: 'conv',
      op: 'Conv2D',
      input: ['x', 'filter'],
      attr: { ...float, ...windows, strides: list(1, 1, 1, 1), dilations: list(1, 1, 1, 1), explicit_paddings: list() },
    },
    { name: 'conv/add', op: 'BiasAdd', input: ['conv', 'conv/bias'], attr: float },
    { name: 'relu', op: 'Relu', input: ['conv/add'], attr: float },
    {
      name: 'pool',
      op: 'MaxPool',
      input: ['relu'],
      attr: { ...float, ...windows, ksize: list(1, 2, 2, 1), strides: list(1, 2, 2, 1) },
    },
    { name: 'flat', op: 'Reshape', input: ['pool', 'sizes'], attr: float },
    { name: 'dense', op: 'MatMul', input: ['flat', 'kernel'], attr: float },
    { name: 'logits', op: 'BiasAdd', input: ['dense', 'dense/bias'], attr: float },
    { name: 'softmax', op: 'Softmax', input: ['logits'], attr: float },
    { name: 'Identity', op: 'Identity', input: ['softmax'], attr: float },
  ];
  const specs = [
    ...Object.entries(weights).map(([name, { shape: sides }]) => ({ name, shape: sides, dtype: 'float32' })),
    { name: 'sizes', shape: [2], dtype: 'int32' },
  ];
  const json = {
    format: 'graph-model',
    modelTopology: { node, versions: { producer: 1 } },
    weightsManifest: [{ paths: ['group1-shard1of1.bin'], weights: specs }],
  };
  change(json);
  const parts = [...Object.values(weights).map(({ values }) => values), Int32Array.of(-1, 8)];
  const shard = Buffer.concat(parts.map((part) => new Uint8Array(part.buffer)));
  return new Map([
    ['model.json', new TextEncoder().encode(JSON.stringify(json))],
    ['group1-shard1of1.bin', new Uint8Array(shard)],
  ]);
}
