import { createRequire } from 'node:module';
import { backendFolder } from './tfjs-backends.mjs';

/**
 * Times the native calls of ONNX Runtime from outside the backend: what a step spends elsewhere is recording, lookup and hand-over.
 * Returns a function that gives { nativeMs, sessions, sessionMs } since its last call.
 */
export function watchNativeTime() {
  const { binding } = createRequire(`${backendFolder}package.json`)('onnxruntime-node/dist/binding');
  let spent = { nativeMs: 0, sessions: 0, sessionMs: 0 };
  const timed = (session, name, count) => {
    const value = (...args) => {
      const start = performance.now();
      try {
        return session.constructor.prototype[name].apply(session, args);
      } finally {
        count(performance.now() - start);
      }
    };
    Object.defineProperty(session, name, { value }); // the prototype's own methods cannot be replaced
  };
  binding.InferenceSession = new Proxy(binding.InferenceSession, {
    construct(Session, args) {
      const session = new Session(...args);
      timed(session, 'run', (ms) => (spent.nativeMs += ms));
      timed(session, 'loadModel', (ms) => {
        spent.sessions++;
        spent.sessionMs += ms;
      });
      return session;
    },
  });
  return () => {
    const answer = spent;
    spent = { nativeMs: 0, sessions: 0, sessionMs: 0 };
    return answer;
  };
}
