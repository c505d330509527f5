import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle, discard } from '../conformance/bundle.mjs';

let program = '';
const folder = mkdtempSync(join(tmpdir(), 'determinism-'));
const file = (name: string): string => join(folder, name);

function run(
  from: number,
  to: number,
  input: string,
  output: string,
  manner: string,
  options: object = {},
): Float32Array {
  const args = [program, String(from), String(to), input, file(output), manner, JSON.stringify(options)];
  execFileSync(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const bytes = readFileSync(file(output));
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

const bits = (values: Float32Array): Buffer => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

/** Numbers of the state that are not the same, bit for bit. */
function differences(a: Float32Array, b: Float32Array): number {
  return a.reduce((count, value, index) => count + Number(!Object.is(value, b[index])), Number(a.length !== b.length));
}

beforeAll(async () => {
  program = await bundle(fileURLToPath(new URL('determinism/program.ts', import.meta.url)), 'determinism');
});

afterAll(() => {
  if (program !== '') discard(program); // the bundle may have failed
  rmSync(folder, { recursive: true });
});

describe('with deterministic: true, at two threads,', () => {
  let whole: Float32Array;
  beforeAll(() => {
    whole = run(0, 50, '-', 'whole', 'plain');
  });

  it('training moves the weights', () => {
    const start = run(0, 0, '-', 'start', 'plain');
    expect(whole.every(Number.isFinite)).toBe(true);
    expect(differences(start, whole)).toBeGreaterThan(whole.length * 0.9);
  });

  it('50 training steps in one process equal 20 and 30 in two, bit for bit', () => {
    run(0, 20, '-', 'part', 'plain');
    const resumed = run(20, 50, file('part'), 'resumed', 'plain');
    expect(differences(whole, resumed)).toBe(0);
    expect(bits(resumed).equals(bits(whole))).toBe(true);
  });

  it('reads and flushes at changing places change no bit', () => {
    const noisy = run(0, 50, '-', 'noisy', 'noisy');
    expect(differences(whole, noisy)).toBe(0);
  });

  it('keeping forms of filters or not changes no bit', () => {
    const never = run(0, 10, '-', 'never', 'plain', { hoistAfter: 1e9 });
    expect(differences(run(0, 10, '-', 'always', 'plain', { hoistAfter: 0 }), never)).toBe(0);
  });

  it('computing what is pending every 150 ops changes no bit', () => {
    const often = run(0, 10, '-', 'often', 'noisy', { maxPendingNodes: 150 });
    expect(differences(run(0, 10, '-', 'seldom', 'plain'), often)).toBe(0);
  });

  // The gradient of batch normalisation takes factors out of sums, which needs the ops of one gradient together.
  it('computing every op by itself changes no bit where nothing is normalised', () => {
    const single = run(0, 10, '-', 'single', 'unnormalized', { flushEveryKernel: true });
    expect(differences(run(0, 10, '-', 'together', 'unnormalized'), single)).toBe(0);
  });
});
