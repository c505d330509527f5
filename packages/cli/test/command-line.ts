import { spawn } from 'node:child_process';
import { vi } from 'vitest';

/** The built command: `pnpm build` first, as `npm test` does. */
export const bin = new URL('../dist/bin.js', import.meta.url).pathname;

export interface Ended {
  /** Null when it was killed. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the command in a process of its own; with `killAfter`, SIGKILL ends it after so many
 * milliseconds.
 */
export function runCommandLine(folder: string, args: readonly string[], killAfter?: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

/**
 * Runs the command in this process, from its sources: where a check needs no process of its own,
 * whose start takes seconds. Commands in one test file share the backend, so nothing that is
 * killed, or that looks at what is loaded, belongs here.
 */
export async function runHere(folder: string, args: readonly string[]): Promise<Ended> {
  // Only the tests that call it wait for all sources.
  const { main } = await import('../src/index.js');
  const before = process.cwd();
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      said[name] += String(text);
      return true;
    }),
  );
  process.chdir(folder);
  try {
    const code = await main(args);
    return { code, ...said };
  } finally {
    process.chdir(before);
    for (const spy of spies) spy.mockRestore();
  }
}

/**
 * What is left of standard error without the lines of progress, which begin with one of `names`,
 * and without the backend's word that a slow machine compiles slowly.
 */
export function complaintsIn(stderr: string, names: readonly string[]): string {
  return stderr
    .split('\n')
    .filter((line) => !names.some((name) => line.startsWith(name)))
    .filter((line) => !/onnxruntime backend: \d+ graphs were compiled|^\(Use `node --trace-warnings/.test(line))
    .join('\n')
    .trim();
}
