import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const child = fileURLToPath(new URL('child.mjs', import.meta.url));
const limitMs = 300_000;

/**
 * Runs the bundled suite in one mode in a process of its own and returns its result.
 * @throws when the process ends without one: with the end of its output
 */
export async function runMode(bundle, mode, grep = '') {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  const resultFile = join(folder, 'result.json');
  const running = spawn(process.execPath, [child, bundle, resultFile], {
    env: { ...process.env, CONFORMANCE_MODE: mode, CONFORMANCE_GREP: grep },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [running.stdout, running.stderr]) {
    stream.on('data', (chunk) => (output = (output + chunk).slice(-4000)));
  }
  const [code, signal] = await once(running, 'close');
  try {
    return JSON.parse(await readFile(resultFile, 'utf8'));
  } catch (cause) {
    const end = signal === null ? `exit code ${code}` : `signal ${signal} (the limit is ${limitMs / 1000} s)`;
    throw new Error(`The suite in mode '${mode}' ended without a result, with ${end}. It said:\n${output}`, { cause });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
