// What a run leaves in its folder, and what of it must be the same, bit for bit, however often the run was killed.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { clearTimeout, setTimeout } from 'node:timers';
import { parseRecord, withoutTiming } from '../../packages/evaluation/dist/index.js';

const bin = new URL('../../packages/cli/dist/bin.js', import.meta.url).pathname;

/** Runs the command; with `killAfter` it is ended by SIGKILL after so many milliseconds. */
export function advrob(cwd, args, killAfter) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [bin, ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += chunk));
    const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
    child.on('close', (code) => (clearTimeout(timer), resolve({ code, stderr })));
  });
}

/** All files of a folder, by their paths in it. */
export function filesOf(folder) {
  return readdirSync(folder, { recursive: true }).filter((file) => statSync(join(folder, file)).isFile());
}

/** What must be equal: everything but times, and pages that show them. */
export function contentOf(folder) {
  const content = {};
  for (const file of filesOf(folder).sort()) {
    const bytes = readFileSync(join(folder, file));
    if (/^report\.|tfevents|^figures\/|(evaluation|checks|analysis)\.jsonl$/.test(file)) content[file] = 'there';
    else if (file === 'record.json') content[file] = { ...withoutTiming(parseRecord(bytes.toString())), command: '' };
    else content[file] = createHash('sha256').update(bytes).digest('hex');
  }
  return JSON.stringify(content);
}
