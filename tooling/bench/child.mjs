import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * A process that stays alive and answers one JSON line per JSON line (see peers/serve.mjs), so that its start is not measured.
 * `ask(request)` resolves with the answer and rejects when the process ends; `close()` ends it.
 */
export function startChild(command, args, { cwd, env = {} } = {}) {
  const running = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  running.stderr.on('data', (chunk) => (errors = (errors + chunk).slice(-3000)));
  running.stdin.on('error', () => undefined); // the exit below tells what happened
  const waiting = [];
  createInterface({ input: running.stdout }).on('line', (line) => waiting.shift()?.resolve(JSON.parse(line)));
  const fail = (reason) => {
    const error = new Error(`${command} ${args.join(' ')} ended: ${reason}\n${errors}`);
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  running.on('error', (error) => fail(error.message));
  running.on('close', (code, signal) => fail(signal ?? `exit code ${code}`));
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        running.stdin.write(`${JSON.stringify(request)}\n`);
      }),
    close: () => running.stdin.end(),
  };
}
