import { createRequire } from 'node:module';
import { backendFolder } from './tfjs-backends.mjs';

/**
 * Times the native calls of ONNX Runtime from outside the backend: what a step spends elsewhere is recording, lookup and hand-over.
 * Returns a function that gives { nativeMs, sessions, sessionMs } since its last call.
 */
export function watchNativeTime() {
  const { binding } = createRequire(`${backendFolder}package.json`)('onnxruntime-node/dist/binding');
  let spent = { nativeMs: 0, sessions: 0, sessionMs: 0 };
  const timed = (name, count) => {
    const prototype = binding.InferenceSession.prototype;
    const original = prototype[name];
    prototype[name] = function (...args) {
      const start = performance.now();
      try {
        return original.apply(this, args);
      } finally {
        count(performance.now() - start);
      }
    };
  };
  timed('run', (ms) => (spent.nativeMs += ms));
  timed('loadModel', (ms) => {
    spent.sessions++;
    spent.sessionMs += ms;
  });
  return () => {
    const answer = spent;
    spent = { nativeMs: 0, sessions: 0, sessionMs: 0 };
    return answer;
  };
}
