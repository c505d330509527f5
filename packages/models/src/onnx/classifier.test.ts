import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { pgd } from '@advrob/attacks';
import { registerOnnxRuntime } from '@advrob/backend-onnxruntime';
import { createSession } from '@advrob/backend-onnxruntime/session';
import { crossEntropyLoss } from '@advrob/core/losses';
import { readOnnx, type OnnxModel } from '@advrob/onnx';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkClassifier } from '../checks/check-classifier.js';
import { loadOnnxFile } from '../node/onnx-file.js';
import { fromOnnx, onnxClassifier } from './classifier.js';
import { scoresOf } from './ports.js';
import { blackBoxOf, judgeOf } from './runtime.js';

const fixtures = new URL('../../test/fixtures/onnx/', import.meta.url).pathname;

/** What PyTorch computed, for three examples. */
interface Facts {
  readonly inputShape: readonly number[];
  readonly classes: number;
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Less their mean in each row. */
  readonly logits: readonly number[];
  readonly gradient: readonly number[];
}
const factsOf = (name: string) => JSON.parse(readFileSync(`${fixtures}${name}.json`, 'utf8')) as Facts;
const fileOf = (name: string) => readOnnx(readFileSync(`${fixtures}${name}.onnx`));

let before = 0;
beforeEach(() => {
  before = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(before);
});

function expectClose(found: ArrayLike<number>, wanted: readonly number[], relative: number, what: string): void {
  const largest = Math.max(...wanted.map(Math.abs));
  const worst = Math.max(...wanted.map((value, i) => Math.abs(value - found[i]!)));
  expect(found.length, what).toBe(wanted.length);
  expect(worst / largest, what).toBeLessThan(relative);
}

describe.each(['cpu', 'onnxruntime'])('on %s', (backend) => {
  beforeEach(async () => {
    if (!tf.findBackend(backend)) registerOnnxRuntime({ threads: 1 });
    await tf.setBackend(backend);
    before = tf.memory().numTensors;
  });
  afterEach(() => tf.setBackend('cpu').then(() => undefined));

  describe.each(['lenet', 'residual', 'vit', 'upsampled'])('%s as PyTorch exported it', (name) => {
    const { inputShape, classes, ...facts } = factsOf(name);

    it.each(['free', 'one'])("has PyTorch's logits and input gradients, batch %s", async (batch) => {
      const model = await fromOnnx(fileOf(`${name}-${batch}`), { bounds: [0, 1] });
      expect(model.inputShape).toEqual(inputShape);
      expect(model.numClasses).toBe(classes);
      expect(model.onnx.isRowByRow).toBe(false);
      const x = tf.tensor([...facts.x], [3, ...inputShape]);
      const y = tf.tensor1d([...facts.y], 'int32');
      const { logits, gradient } = tf.tidy(() => {
        const raw = model.logits(x);
        const lossOf = (at: tf.Tensor): tf.Tensor =>
          tf.sum(crossEntropyLoss.value(model.logits(at), { y, clean: raw }));
        return { logits: tf.sub(raw, tf.mean(raw, 1, true)), gradient: tf.grad(lossOf)(x) };
      });
      expectClose(await logits.data(), facts.logits, 2e-5, 'logits');
      expectClose(await gradient.data(), facts.gradient, 2e-5, 'gradient');
      tf.dispose([x, y, logits, gradient]);
      model.dispose!();
    });
  });
});

it.each(['lenet', 'residual', 'vit', 'upsampled'])(
  '%s equals ONNX Runtime and passes the check of its gradient',
  async (name) => {
    const model = await loadOnnxFile(`${fixtures}${name}-one.onnx`, { bounds: [0, 1] });
    await checkClassifier(model, name);
    model.dispose!();
  },
);

it.each([
  ['residual-free', '(Conv, opset 11), by 0.'],
  ['vit-free', '(MatMul, opset 13), by 0.50'],
])('names the first node at which %s leaves ONNX Runtime', async (file, operator) => {
  const model = fileOf(file);
  // The import with another weight, deep inside, than the file.
  const [weight, node] = model.nodes
    .filter(({ operator, inputs }) => /Conv|MatMul/.test(operator) && model.initializers.has(inputs[1] ?? ''))
    .map((each) => [each.inputs[1]!, each] as const)
    .at(-3)!;
  const { data, ...rest } = model.initializers.get(weight)!;
  const other = { ...rest, data: Float32Array.from(data, (value) => 1.5 * Number(value)) };
  const changed = { ...model, initializers: new Map([...model.initializers, [weight, other]]) };
  const path = `${fixtures}${file}.onnx`;
  const bytes = new Uint8Array(readFileSync(path));
  const judge = judgeOf(path, file, changed, createSession, () => Promise.resolve(bytes));
  const error = await onnxClassifier(file, changed, { bounds: [0, 1] }, { judge }).catch((each: unknown) => each);
  expect(error).toMatchObject({ code: 'ADVROB_ONNX_MISMATCH' });
  expect((error as Error).message).toContain(`the first node that differs is '${node.name}' ${operator}`);
});

it('asks nothing of operators behind the scores, and takes scores before labels', async () => {
  const model = fileOf('lenet-free');
  const label = { name: 'label', elementType: 'int64', shape: ['n'] };
  const reader = { name: 'reader', operator: 'Unheard', domain: 'other', opset: 1, attributes: new Map() };
  const labelled = {
    ...model,
    nodes: [...model.nodes, { ...reader, inputs: ['scores'], outputs: ['label'] }],
    outputs: [label, ...model.outputs],
  };
  expect(scoresOf('net.onnx', labelled)).toBe('scores');
  const found = await fromOnnx(labelled, { bounds: [0, 1] });
  expect(found.onnx.cut).toBe('softmax');
  found.dispose!();
});

it('tells how the file was read', async () => {
  const model = await fromOnnx(fileOf('lenet-free'), { bounds: [0, 1] });
  expect(model.onnx).toMatchObject({
    producer: 'pytorch 1.13.0',
    opset: 11,
    layout: 'NCHW',
    cut: 'softmax',
    isBlackBox: false,
  });
  model.dispose!();
});

it('cuts off a softmax whose probabilities are rounded to eight bits, in front of the rounding', async () => {
  const { inputShape, x: values, logits, classes } = factsOf('lenet');
  const model = await loadOnnxFile(`${fixtures}lenet-qdq.onnx`, { bounds: [0, 1] });
  expect(model.onnx).toMatchObject({ cut: 'softmax', isQuantized: true });
  const x = tf.tensor([...values], [3, ...inputShape]);
  const found = tf.tidy(() => tf.softmax(model.logits(x)));
  const wanted = tf.tidy(() => tf.softmax(tf.tensor2d([...logits], [3, classes])));
  // Eight bits inside move probabilities by hundredths.
  expectClose(await found.data(), [...(await wanted.data())], 0.05, 'probabilities');
  tf.dispose([x, found, wanted]);
  model.dispose!();
  // Taken as they are, the rounded probabilities do not sum to 1 exactly.
  const whole = fromOnnx({ ...fileOf('lenet-qdq'), nodes: hidden(fileOf('lenet-qdq').nodes) }, { bounds: [0, 1] });
  await expect(whole).rejects.toMatchObject({ code: 'ADVROB_PROBABILITIES' });
});

/** The same with an operator behind the probabilities that hides where they come from. */
function hidden(nodes: OnnxModel['nodes']): OnnxModel['nodes'] {
  const last = nodes.at(-1)!;
  const plain = { domain: '', opset: 11, attributes: new Map() };
  return [
    ...nodes.slice(0, -1),
    { ...last, outputs: ['rounded'] },
    { ...plain, name: 'hiding', operator: 'Relu', inputs: ['rounded'], outputs: last.outputs },
  ];
}

it('refuses logits where a softmax stands', async () => {
  await expect(fromOnnx(fileOf('lenet-free'), { bounds: [0, 1], outputs: 'logits' })).rejects.toMatchObject({
    code: 'ADVROB_PROBABILITIES',
  });
});

it('takes the probabilities of a black box by their logarithm', async () => {
  const { inputShape, x: values, logits } = factsOf('lenet');
  const black = await loadOnnxFile(`${fixtures}lenet-one.onnx`, { bounds: [0, 1], blackBox: true });
  const x = tf.tensor([...values], [3, ...inputShape]);
  const scores = tf.tidy(() => {
    const found = black.logits(x);
    return tf.sub(found, tf.mean(found, 1, true));
  });
  expectClose(await scores.data(), logits, 2e-5, 'scores');
  tf.dispose([x, scores]);
  black.dispose!();
});

it('as a black box has the same labels, and refuses an attack that needs gradients', async () => {
  const { inputShape, x: values } = factsOf('residual');
  const white = await fromOnnx(fileOf('residual-free'), { bounds: [0, 1] });
  const black = await loadOnnxFile(`${fixtures}residual-one.onnx`, { bounds: [0, 1], blackBox: true });
  const x = tf.tensor([...values], [3, ...inputShape]);
  const [a, b] = [white.logits(x), black.logits(x)];
  const y = tf.argMax(a, 1);
  expectClose(await b.data(), [...(await a.data())], 1e-5, 'scores');
  const attacked = pgd({ steps: 2 }).run(black, x, y, { norm: 'linf', epsilon: 0.1 });
  await expect(attacked).rejects.toMatchObject({
    code: 'ADVROB_GRADIENT_MISSING',
    message: expect.stringContaining('residual-one.onnx runs as a black box'),
  });
  tf.dispose([x, y, a, b]);
  white.dispose!();
  black.dispose!();
});

it('takes the probabilities that a ZipMap makes maps of, also to compare them', async () => {
  const model = fileOf('lenet-free');
  const map = { name: 'zip', operator: 'ZipMap', domain: 'ai.onnx.ml', opset: 1, attributes: new Map() };
  const zipped = {
    ...model,
    nodes: [...model.nodes, { ...map, inputs: ['scores'], outputs: ['maps'] }],
    outputs: [{ name: 'maps', elementType: 'sequence', shape: null }],
  };
  const found = await fromOnnx(zipped, { bounds: [0, 1] });
  expect(found.onnx.cut).toBe('softmax');
  found.dispose!();
});

it.each([
  ['none', [['boxes', ['n', 64, 4]]], /none of its outputs 'boxes' .* holds scores/],
  [
    'two',
    [
      ['a', ['n', 5]],
      ['b', ['n', 5]],
    ],
    /several outputs may hold the scores/,
  ],
] as const)('runs no black box that has %s values for scores', async (_, outputs, says) => {
  const ports = outputs.map(([name, shape]) => ({ name, elementType: 'float32', shape }));
  const opened = blackBoxOf(
    `${fixtures}lenet-free.onnx`,
    'net.onnx',
    { ...fileOf('lenet-free'), outputs: ports },
    createSession,
    undefined,
    () => Promise.reject(new Error('not read')),
  );
  await expect(opened).rejects.toMatchObject({ code: 'ADVROB_ONNX_INPUT', message: expect.stringMatching(says) });
});

it('compares a value inside of the graph that is taken for the scores', async () => {
  const path = `${fixtures}lenet-free.onnx`;
  const model = fileOf('lenet-free');
  const inner = model.nodes.at(-1)!.inputs[0]!;
  const open = vi.fn(createSession);
  const bytes = new Uint8Array(readFileSync(path));
  const judge = judgeOf(path, 'net.onnx', model, open, () => Promise.resolve(bytes));
  const found = await onnxClassifier('net.onnx', model, { bounds: [0, 1], output: inner }, { judge });
  expect(open.mock.results.map(({ type }) => type)).toEqual(['return']);
  expect(open.mock.calls[0]![0]).toBeInstanceOf(Uint8Array);
  found.dispose!();
});
