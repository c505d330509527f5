import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const command = fileURLToPath(new URL('../conformance/run.mjs', import.meta.url));

/** Runs the command as a user does and returns its JSON; a mode that fails still prints it, with exit code 1. */
function conformance(mode: string): Promise<{ modes: { passed: number; problems: string[] }[] }> {
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: 1 << 28 };
    execFile(process.execPath, [command, '--json', '--mode', mode], options, (error, stdout, stderr) => {
      if (stdout === '') reject(new Error(stderr, { cause: error }));
      else resolve(JSON.parse(stdout));
    });
  });
}

describe("tfjs-core's own test suite on this backend", () => {
  it.each(['normal', 'flush', 'hoist', 'plain'])(
    'passes in mode %s what cpu passes, but for half a percent, without float32 fallbacks of native kernels',
    async (mode) => {
      const [verdict] = (await conformance(mode)).modes;
      expect(verdict?.problems).toEqual([]);
      expect(verdict?.passed).toBeGreaterThan(4000);
    },
    300_000,
  );
});
