import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { OnnxRuntimeSetupError, registerOnnxRuntime } from './index.js';
import { loadRuntime } from './runtime/binding.js';
import { checkProvider } from './runtime/probe.js';
import { resolveOptions } from './options.js';

describe('execution providers', () => {
  it('names what this build has when the asked one is missing', () => {
    expect(() => registerOnnxRuntime({ executionProvider: 'coreml' })).toThrow(
      /'coreml' is not part of this onnxruntime-node; it has cpu, /,
    );
  });

  it('says what was looked for when the provider does not start', () => {
    const working = loadRuntime();
    const broken = {
      ...working,
      createSession: () => {
        throw new Error('no adapter');
      },
    };
    const options = resolveOptions({ executionProvider: 'webgpu' }, 1);
    expect(() => checkProvider(broken, options)).toThrow(OnnxRuntimeSetupError);
    expect(() => checkProvider(broken, options)).toThrow(/looked for a GPU that Dawn can open: .* said: no adapter/);
  });
});

it('names the kernel that got a disposed tensor', async () => {
  registerOnnxRuntime();
  await tf.setBackend('onnxruntime');
  const x = tf.tensor1d([1, 2, 3]);
  x.dispose();
  expect(() => tf.exp(x)).toThrow(/Kernel Exp, input \[3\]: the tensor is disposed/);
});
