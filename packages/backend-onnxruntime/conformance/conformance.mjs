import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { bundle, discard } from './bundle.mjs';
import { judge } from './verdict.mjs';

const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const limitMsPerMode = 300_000;

/** Runs tfjs-core's suite on cpu and then, in another process, in every asked mode; yields one verdict per mode as it comes. */
export async function* conformance(modes, grep = '') {
  const suite = await bundle(file('suite.mjs'), 'conformance');
  try {
    const [cpu] = await all(run(suite, ['cpu'], grep));
    if (modes.includes('cpu')) yield judge(cpu, cpu);
    const subjects = modes.filter((mode) => mode !== 'cpu');
    if (subjects.length === 0) return;
    for await (const result of run(suite, subjects, grep)) yield judge(cpu, result);
  } finally {
    discard(suite);
  }
}

async function all(results) {
  const list = [];
  for await (const result of results) list.push(result);
  return list;
}

/**
 * Runs the bundled suite in some modes in one process of its own and yields the result of each.
 * @throws when the process ends with fewer results: with the end of its output
 */
async function* run(suite, modes, grep) {
  const child = spawn(process.execPath, [file('child.mjs'), suite, ...modes], {
    env: { ...process.env, CONFORMANCE_GREP: grep },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    timeout: limitMsPerMode * modes.length,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => (output = (output + chunk).slice(-4000)));
  }
  const waiting = [];
  let wake = () => undefined;
  let end;
  child.on('message', (result) => {
    waiting.push(result);
    wake();
  });
  void Promise.all([once(child, 'close'), once(child, 'disconnect')]).then(([[code, signal]]) => {
    end = signal === null ? `exit code ${code}` : `signal ${signal} (the limit is ${limitMsPerMode / 1000} s a mode)`;
    wake();
  });
  try {
    for (const mode of modes) {
      while (waiting.length === 0) {
        if (end !== undefined)
          throw new Error(`The suite in mode '${mode}' ended without a result, with ${end}. It said:\n${output}`);
        await new Promise((resolve) => (wake = resolve));
      }
      yield waiting.shift();
    }
  } finally {
    child.kill('SIGKILL');
  }
}
