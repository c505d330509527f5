import { describe, it } from 'vitest';
import { memoryEngine, type MemoryConnection } from './index.js';
import { engineContract } from './testing.js';

describe('memory engine', () => {
  const times = { lease: 150, backoff: 60, attempts: 3 };
  const engine = memoryEngine(times);
  const checks = engineContract({
    ...times,
    connect: async () => engine.connect(),
    abandon: async (connection) => (connection as MemoryConnection).abandon(),
    empty: async () => engine.empty(),
  });
  for (const { name, run } of checks) it(name, run);
});
