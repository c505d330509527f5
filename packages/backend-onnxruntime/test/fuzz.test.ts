import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const command = fileURLToPath(new URL('../fuzz/run.mjs', import.meta.url));

interface Outcome {
  passed: number;
  failed: number;
  failures: { seed: number; failure: string }[];
}

/** Runs the command as a user does; with failures it still prints its JSON, with exit code 1. */
function fuzz(...options: string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [command, '--json', ...options], { maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      if (stdout === '') reject(new Error(stderr, { cause: error }));
      else resolve(JSON.parse(stdout) as Outcome);
    });
  });
}

describe('random programs', () => {
  it.each([
    ['normal', '1000'],
    ['flush', '300'],
    ['hoist', '300'],
    ['plain', '300'],
  ])(
    'agree with cpu in mode %s',
    async (mode, programs) => {
      const { failures, passed } = await fuzz('--mode', mode, '--programs', programs, '--seed', '1');
      expect(failures).toEqual([]);
      expect(passed).toBe(Number(programs));
    },
    300_000,
  );
});
