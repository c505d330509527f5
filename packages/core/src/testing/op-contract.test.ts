import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import '../gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { undifferentiable } from '../gradients/missing.js';
import { kernelsOfOpContract, opContract, smallNumberContract } from './op-contract.js';

const checks = opContract();
/** Values of the cpu backend by name. */
const expected = new Map<string, number[]>();

describe.each(['cpu', 'wasm'])('on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
    await tf.ready();
  });
  afterAll(() => tf.setBackend('cpu'));

  it.each(checks.map((check) => [check.name, check] as const))('%s', async (name, { measure }) => {
    const found = await measure();
    if (backend === 'cpu') expected.set(name, found);
    else expected.get(name)!.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 4));
  });

  it.each(smallNumberContract().map(({ name, run }) => [name, run] as const))('small numbers: %s', (_name, run) =>
    run(),
  );
});

describe('the table', () => {
  const registry = (name: string): string[] => [
    ...(globalThis as unknown as { _tfGlobals: Map<string, Map<string, unknown>> })._tfGlobals.get(name)!.keys(),
  ];
  const elsewhere: Readonly<Record<string, string>> = {
    ComplexAbs: 'never reached: what makes complex numbers has no gradient',
    fusedConv2d__op: 'rows of Conv2D',
    fusedDepthwiseConv2d__op: 'rows of DepthwiseConv2dNative',
  };

  it('has a row for every gradient that is registered', () => {
    const without = registry('gradRegistry').filter(
      (name) => !kernelsOfOpContract.has(name) && !undifferentiable.includes(name) && !(name in elsewhere),
    );
    expect(without, 'add rows to core/src/testing/op').toEqual([]);
  });

  it('knows every kernel: it has a gradient, or an error that says that it has none, or no inputs', () => {
    const constants = ['Fill', 'LinSpace', 'Range'];
    const kernels = registry('kernelRegistry').map((key) => key.slice(key.indexOf('_') + 1));
    const without = kernels.filter((name) => tf.getGradient(name) === undefined && !constants.includes(name));
    expect(without).toEqual([]);
  });
});
