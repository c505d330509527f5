import { spawn } from 'node:child_process';

/** The built command: `pnpm build` first, as `npm test` does. */
export const bin = new URL('../dist/bin.js', import.meta.url).pathname;

export interface Ended {
  /** Null when it was killed. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command in a process of its own; with `killAfter`, SIGKILL ends it after so many milliseconds. */
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

/** What is left of standard error without the lines of progress, which begin with one of `names`, and without the backend's word that a slow machine compiles slowly. */
export function complaintsIn(stderr: string, names: readonly string[]): string {
  return stderr
    .split('\n')
    .filter((line) => !names.some((name) => line.startsWith(name)))
    .filter((line) => !/onnxruntime backend: \d+ graphs were compiled|^\(Use `node --trace-warnings/.test(line))
    .join('\n')
    .trim();
}
