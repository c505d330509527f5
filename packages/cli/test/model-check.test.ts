import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { parseRecord } from '@advrob/evaluation';
import { saveLayersModelFolder } from '@advrob/models/node';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runHere } from './command-line.js';

let folder = '';
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'advrob-check-'));
  const kernelInitializer = tfl.initializers.glorotUniform({ seed: 1 });
  const model = tfl.sequential({
    layers: [
      tfl.layers.averagePooling2d({ inputShape: [28, 28, 1], poolSize: 4 }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 8, kernelInitializer }),
      tfl.layers.activation({ activation: 'elu', name: 'bent' }),
      tfl.layers.dense({ units: 10, kernelInitializer }),
    ],
  });
  await saveLayersModelFolder(model, join(folder, 'model'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const common = ['--backend', 'cpu', '--take', '16', '--json'];
const attack = ['--model', 'model', '--attack', 'fgsm', '--epsilon', '0.1', ...common];
const recordOf = async (out: string) => parseRecord(await readFile(join(folder, out, 'record.json'), 'utf8'));

describe('a model whose gradient is wrong', () => {
  const elu = tf.getGradient('Elu')!;
  beforeAll(() => tf.registerGradient({ ...elu, gradFunc: (dy) => ({ x: () => tf.mul(dy as tf.Tensor, -2) }) }));
  afterAll(() => tf.registerGradient(elu));

  it('stops every command that reports something of it, naming the op and the layer', async () => {
    for (const command of [
      ['evaluate', ...attack],
      ['attack', ...attack],
      ['analyze', 'logit-statistics', '--model', 'model', '--epsilon', '0.1', ...common],
    ]) {
      const { code, stderr } = await runHere(folder, [...command, '--out', 'stopped']);
      expect(code).toBe(1);
      expect(stderr).toMatch(/op Elu of layer 'bent' \(Activation\).*--model-check warn.*ADVROB_GRADIENT_WRONG/s);
    }
  });

  it('goes on when told to, and the record and the page say so', async () => {
    const { code, stderr } = await runHere(folder, ['evaluate', ...attack, '--model-check', 'warn', '--out', 'warned']);
    expect(code, stderr).toBe(0);
    const [check] = (await recordOf('warned')).checks;
    expect(check).toMatchObject({ name: 'gradient-differences', model: 'model', severity: 'serious' });
    expect(check!.meaning).toContain("layer 'bent'");
    expect(await readFile(join(folder, 'warned/report.html'), 'utf8')).toContain('Told to go on');
    const { warnings } = await recordOf('warned');
    expect(warnings[0]).toMatchObject({
      model: 'model',
      message: expect.stringMatching(/disagrees.*'bent'/) as string,
    });
    expect(stderr).toContain(`warning: model: ${warnings[0]!.message}`);
    expect(await readFile(join(folder, 'warned/report.md'), 'utf8')).toContain('**Warning: model: its gradient');
  });

  it('stops nothing where no attack follows the gradient', async () => {
    const blind = ['--attack', 'square', '--epsilon', '0.1', '--set', 'queries=2', ...common, '--out', 'blind'];
    const { code, stderr } = await runHere(folder, ['evaluate', '--model', 'model', ...blind]);
    expect(code, stderr).toBe(0);
    const { checks, warnings } = await recordOf('blind');
    expect(checks[0]!.severity).toBe('serious');
    expect(warnings.filter(({ message }) => message.includes('gradient'))).toEqual([]);
  });
});

describe('a sound model', () => {
  it('is recorded as checked by evaluate, attack, train and analyze', async () => {
    const train = ['--architecture', 'mlp', '--set', 'mlp.hidden=[4]', '--steps', '1', '--batch-size', '8', ...common];
    const commands = {
      evaluate: ['evaluate', ...attack],
      attack: ['attack', ...attack],
      train: ['train', ...train],
      analyze: ['analyze', 'logit-statistics', '--model', 'model', '--epsilon', '0.1', ...common],
    };
    for (const [name, command] of Object.entries(commands)) {
      const { code, stdout, stderr } = await runHere(folder, [...command, '--out', name]);
      expect(code, stderr).toBe(0);
      const told = JSON.parse(stdout) as { checks?: object[]; modelCheck?: object };
      expect(told.modelCheck ?? told.checks![0]).toMatchObject({ name: 'gradient-differences', severity: 'none' });
    }
  });
});
