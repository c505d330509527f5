import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { loadModelFile } from '@advrob/models/node';
import { expect, it } from 'vitest';
import { checkModel } from './model-check.js';

const fixtures = new URL('../../../models/test/fixtures/onnx/', import.meta.url).pathname;

it('warns in the record that gradients of a quantised file are estimates, unless none are taken', async () => {
  const model = await loadModelFile(`${fixtures}lenet-qdq.onnx`);
  const check = await checkModel('lenet', model, undefined, 'stop');
  expect(check).toMatchObject({ severity: 'warning', question: expect.stringMatching(/straight through/) as string });
  expect(check.meaning).toContain('square');
  model.dispose!();
  const blackBox = await loadModelFile(`${fixtures}lenet-qdq.onnx`, { onnx: { blackBox: true } });
  expect((await checkModel('lenet', blackBox, undefined, 'warn')).severity).toBe('untested');
  blackBox.dispose!();
});
