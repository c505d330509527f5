import '@tensorflow/tfjs-backend-cpu';
import { writeVnnlib } from '@advrob/certification';
import { exportClassifier } from '@advrob/models/onnx';
import { mlp, smallCnn } from '@advrob/models';
import * as tf from '@tensorflow/tfjs-core';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runHere } from '../../test/command-line.js';

let folder = '';
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'advrob-verify-'))));
afterAll(() => rm(folder, { recursive: true }));

it('answers in the words of the competition, and writes them', async () => {
  const model = mlp({ inputShape: [3, 2, 2], hidden: [6], numClasses: 3 })(1);
  await writeFile(join(folder, 'net.onnx'), await exportClassifier(model, { layout: 'NCHW' }));
  const x = tf.randomUniform([1, 3, 2, 2], 0, 1, 'float32', 2);
  const logits = [...(await model.logits(x).data())];
  const label = logits.indexOf(Math.max(...logits));
  const first = await tf.transpose(x, [0, 3, 1, 2]).data();
  const about = { label, classes: 3, bounds: [0, 1] } as const;
  await writeFile(join(folder, 'safe.vnnlib'), writeVnnlib(first, { ...about, epsilon: 1e-4 }));
  await writeFile(join(folder, 'wide.vnnlib'), writeVnnlib(first, { ...about, epsilon: 1 }));
  const files = ['--model', 'net.onnx', '--backend', 'cpu', '--layout', 'NCHW'];

  const safe = await runHere(folder, ['verify', ...files, '--property', 'safe.vnnlib', '--out', 'a/safe.txt']);
  expect([safe.code, safe.stdout, safe.stderr]).toEqual([0, 'unsat\n', '']);
  expect(await readFile(join(folder, 'a/safe.txt'), 'utf8')).toBe('unsat\n');

  const wide = await runHere(folder, ['verify', ...files, '--property', 'wide.vnnlib', '--json']);
  const { result, x: found, y } = JSON.parse(wide.stdout) as { result: string; x: number[]; y: number[] };
  expect(result).toBe('sat');
  expect(Math.max(...y)).toBeGreaterThanOrEqual(y[label]!);
  // The counterexample is in the order of the file: the model gives its scores.
  const again = [...(await model.logits(tf.transpose(tf.tensor(found, [1, 2, 3, 2]), [0, 2, 3, 1])).data())];
  again.forEach((score, k) => expect(Math.abs(score - y[k]!)).toBeLessThan(1e-4));
});

it('refuses a file that it does not read whole, and a network behind a softmax', async () => {
  await writeFile(join(folder, 'odd.vnnlib'), '(declare-const X_0 Real)\n(assert (= X_0 1))\n');
  const odd = await runHere(folder, ['verify', '--model', 'net.onnx', '--property', 'odd.vnnlib', '--backend', 'cpu']);
  expect(odd.code).not.toBe(0);
  expect(odd.stderr).toMatch(/line 2: '=' is not read/);
  const model = smallCnn({ inputShape: [16, 16, 1], channels: [1, 1], hidden: 2 })(0);
  await writeFile(join(folder, 'soft.onnx'), await exportClassifier(model, { outputs: 'probabilities' }));
  const about = { label: 0, classes: 10, bounds: [0, 1], epsilon: 0.1 } as const;
  await writeFile(join(folder, 'soft.vnnlib'), writeVnnlib(new Float32Array(256).fill(0.5), about));
  const soft = await runHere(folder, [
    'verify',
    '--model',
    'soft.onnx',
    '--property',
    'soft.vnnlib',
    '--backend',
    'cpu',
  ]);
  expect(soft.stderr).toMatch(/softmax/);
});
