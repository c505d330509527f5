import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Runs a command of this package as a user does and returns its JSON; when it finds faults it prints that too, with exit code 1. */
export function command<T>(path: string, ...options: string[]): Promise<T> {
  const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [file, '--json', ...options], { maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      if (stdout === '') reject(new Error(stderr, { cause: error }));
      else resolve(JSON.parse(stdout) as T);
    });
  });
}

/** What the fuzzer prints. */
export interface FuzzOutcome {
  subjects: {
    name: string;
    passed: number;
    failed: number;
    failures: { seed: number; failure: string; ops: string[] }[];
  }[];
}
