import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';

/** Threads of kept sessions: each has one less than there are cores. */
const keptThreads = 1800;
const keptSessions = Math.max(64, Math.floor(keptThreads / Math.max(1, availableParallelism() - 1)));

/** Models from which on all sessions are kept: the suite has a few that take seconds to load. */
const largeBytes = 32 * 1024;

/**
 * Makes backends share the sessions of equal models with equal options: a session is a function of them, and most of what the modes
 * compile is the same. The backend compiles, loads and drops as ever; what is dropped here is dropped late.
 */
export function shareSessions(runtime) {
  const create = runtime.createSession;
  /** Sessions by options and model, the least recently used first. */
  const kept = new Map();
  const dropUnused = () => {
    for (const [key, { session, users, isLarge }] of kept) {
      if (kept.size <= keptSessions) return;
      if (users > 0 || isLarge) continue;
      session.dispose();
      kept.delete(key);
    }
  };
  runtime.createSession = () => {
    let shared;
    return {
      loadModel(buffer, byteOffset, byteLength, options) {
        const bytes = new Uint8Array(buffer, byteOffset, byteLength);
        const key = `${JSON.stringify(options)} ${createHash('sha256').update(bytes).digest('hex')}`;
        shared = kept.get(key);
        if (!shared) {
          const session = create();
          session.loadModel(buffer, byteOffset, byteLength, options);
          shared = { session, users: 0, isLarge: byteLength > largeBytes };
        }
        shared.users++;
        kept.delete(key);
        kept.set(key, shared);
        dropUnused();
      },
      run: (feeds, fetches, options) => shared.session.run(feeds, fetches, options),
      dispose() {
        shared.users--;
        shared = undefined;
      },
    };
  };
}
