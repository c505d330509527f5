import * as tf from '@tensorflow/tfjs-core';
import '@advrob/backend-onnxruntime/register';
await tf.setBackend('onnxruntime');
const n = 2,
  h = 6,
  w = 5,
  c = 1;
const f = tf.randomNormal([3, 3, c, 4], 0, 1, 'float32', 1);
async function attempt(name, body) {
  try {
    const r = tf.tidy(body);
    await r.data();
    console.log(name, 'ok', r.shape);
  } catch (e) {
    console.log(name, 'FAILED', e.message.slice(0, 300));
  }
}
const conv = (x) => tf.sum(tf.relu(tf.conv2d(x, f, 1, 'same')), [1, 2, 3]);
const x = tf.randomUniform([n, h, w, c], 0, 1, 'float32', 1);
await attempt('mask', () => {
  const top = tf.tensor1d([1, 2]);
  const start = tf.reshape(top, [-1, 1, 1, 1]);
  const place = tf.reshape(tf.range(0, h, 1, 'float32'), [1, -1, 1, 1]);
  const rows = tf.logicalAnd(tf.greaterEqual(place, start), tf.less(place, tf.add(start, 3)));
  return tf.cast(rows, 'float32');
});
await attempt('mask into conv', () => {
  const top = tf.tensor1d([1, 2]);
  const start = tf.reshape(top, [-1, 1, 1, 1]);
  const place = tf.reshape(tf.range(0, h, 1, 'float32'), [1, -1, 1, 1]);
  const rows = tf.logicalAnd(tf.greaterEqual(place, start), tf.less(place, tf.add(start, 3)));
  const placew = tf.reshape(tf.range(0, w, 1, 'float32'), [1, 1, -1, 1]);
  const cols = tf.logicalAnd(tf.greaterEqual(placew, start), tf.less(placew, tf.add(start, 3)));
  return conv(tf.add(x, tf.cast(tf.logicalAnd(rows, cols), 'float32')));
});
await attempt('signs into conv', () => {
  const s = tf.randomUniform([n, 1, 1, c], -1, 1, 'float32', 1);
  return conv(tf.add(x, tf.mul(tf.sign(s), 0.3)));
});
await attempt('stripes into conv', () => {
  const s = tf.tensor4d(new Float32Array(n * w * c).fill(0.5), [n, 1, w, c]);
  return conv(tf.add(x, tf.mul(tf.sign(s), 0.3)));
});
await attempt('stripes reshaped into conv', () => {
  const s = tf.tensor4d(
    new Float32Array(n * w * c).fill(0.5).map((v, i) => v + i),
    [n, 1, w, c],
  );
  return conv(tf.reshape(tf.add(tf.reshape(x, [n, h, w, c]), tf.mul(tf.sign(s), 0.3)), [n, h, w, c]));
});
await attempt('mask*sign', () => {
  const top = tf.floor(tf.tensor1d([1.2, 2.3]));
  const start = tf.reshape(top, [-1, 1, 1, 1]);
  const place = tf.reshape(tf.range(0, h, 1, 'float32'), [1, -1, 1, 1]);
  const rows = tf.logicalAnd(tf.greaterEqual(place, start), tf.less(place, tf.add(start, 3)));
  const placew = tf.reshape(tf.range(0, w, 1, 'float32'), [1, 1, -1, 1]);
  const cols = tf.logicalAnd(tf.greaterEqual(placew, start), tf.less(placew, tf.add(start, 3)));
  const mask = tf.cast(tf.logicalAnd(rows, cols), 'float32');
  const s = tf.tensor4d(
    new Float32Array(n * c).fill(0.5).map((v, i) => v + i),
    [n, 1, 1, c],
  );
  const signs = tf.sub(tf.mul(tf.cast(tf.greaterEqual(s, 0), 'float32'), 2), 1);
  const change = tf.mul(tf.mul(mask, signs), 0.6);
  return conv(tf.clipByValue(tf.minimum(tf.maximum(tf.add(x, change), tf.sub(x, 0.3)), tf.add(x, 0.3)), 0, 1));
});
