import { expect, it } from 'vitest';
import { loadRuntime, type NativeSession, type Runtime } from './binding.js';
import { probeRefusal, runInto } from './results.js';

/** A runtime whose sessions do `run`. */
function imitation(run: NativeSession['run']): Runtime {
  return {
    createSession: () => ({ loadModel: () => undefined, run, dispose: () => undefined }),
    tensor: (type, data, dims) => ({ type, data, dims }),
    providers: ['cpu'],
  };
}

it('finds that the installed ONNX Runtime computes all results before it refuses a list', () => {
  expect(probeRefusal(loadRuntime())).toMatch(/non tensor/i);
});

it('leaves results to be copied where a list is accepted, or refused before anything is computed', () => {
  expect(probeRefusal(imitation(() => ({})))).toBeNull();
  const refuses = imitation(() => {
    throw new Error('no lists');
  });
  expect(probeRefusal(refuses)).toBeNull();
});

it('tells the refusal from failures', () => {
  const session = (message: string): NativeSession =>
    imitation(() => {
      throw new Error(message);
    }).createSession();
  expect(() => runInto(session('no lists'), {}, {}, 'list', 'no lists')).not.toThrow();
  expect(() => runInto(session('out of memory'), {}, {}, 'list', 'no lists')).toThrow('out of memory');
  expect(() => runInto(session('no lists'), {}, {}, null, 'no lists')).toThrow('no lists');
});
