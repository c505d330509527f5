import { beforeAll, describe, expect, it } from 'vitest';
import { command } from './command.js';

interface Verdict {
  mode: string;
  passed: number;
  problems: string[];
}

describe("tfjs-core's own test suite on this backend", () => {
  let verdicts: Verdict[];
  beforeAll(async () => {
    verdicts = (await command<{ modes: Verdict[] }>('conformance/run.mjs')).modes;
  }, 1_200_000);

  it.each(['normal', 'flush', 'hoist', 'plain'])(
    'passes in mode %s what cpu passes, but for half a percent, without float32 fallbacks of native kernels',
    (mode) => {
      const verdict = verdicts.find((each) => each.mode === mode);
      expect(verdict?.problems).toEqual([]);
      expect(verdict?.passed).toBeGreaterThan(4000);
    },
  );
});
