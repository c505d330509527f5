import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const command = fileURLToPath(new URL('../fuzz/run.mjs', import.meta.url));

interface Outcome {
  passed: number;
  failed: number;
  failures: { seed: number; failure: string; ops: string[] }[];
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

describe('the fuzzer itself', () => {
  it('agrees with cpu about an imitation without faults', async () => {
    expect(await fuzz('--fault', 'none', '--programs', '600', '--seed', '1')).toMatchObject({ passed: 600, failed: 0 });
  }, 300_000);

  it.each([
    ['relu of NaN is 0', 'relu'],
    ['step of 0 is 1', undefined],
    ['max pooling sends gradients to every maximum', 'maxPool'],
    ['tanh is rough', 'tanh'],
    ['matrix products of 33 columns lose the last one', undefined],
    ['sums of nothing are 1', 'sum'],
    ['argmax takes the last maximum', 'argMax'],
    ['convolutions of 16 channels are off by one', undefined],
  ])(
    'finds that %s',
    async (fault, op) => {
      const { failures } = await fuzz('--fault', fault, '--programs', '3000', '--seed', '1', '--stop-after', '1');
      expect(failures.length).toBeGreaterThan(0);
      if (op !== undefined) expect(failures[0]?.ops).toContain(op);
    },
    300_000,
  );
});
