import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

interface Verdict {
  readonly passed: number;
  readonly problems: string[];
  readonly failures: { readonly name: string }[];
}

const suite = fileURLToPath(new URL('../../packages/backend-onnxruntime/conformance/run.mjs', import.meta.url));

it("tfjs-core's own test suite passes as on the cpu backend, but for half a percent that is excluded by name", async () => {
  const { modes } = await new Promise<{ modes: Verdict[] }>((resolve, reject) => {
    const options = { maxBuffer: 1 << 28 };
    execFile(process.execPath, [suite, '--json', '--mode', 'webgpu'], options, (error, stdout, stderr) => {
      if (stdout === '') reject(new Error(stderr, { cause: error }));
      else resolve(JSON.parse(stdout) as { modes: Verdict[] });
    });
  });
  const [{ passed, problems, failures }] = modes as [Verdict];
  expect(problems).toEqual([]);
  expect(passed).toBeGreaterThan(4000);
  // Two specs that want a second cpu backend.
  expect(failures.map(({ name }) => name).filter((name) => !name.startsWith('Switching cpu backends'))).toEqual([]);
}, 600_000);
