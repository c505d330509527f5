import { AdvrobError } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Command } from 'commander';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { backends, selectBackend, type BackendName } from '../backend/select.js';
import { selfTest, type SelfTest } from '../backend/self-test.js';
import { jsonFlag } from '../flags/common-flags.js';
import { table, terminalOutput } from '../output/terminal.js';
import { addCommand, type Call } from './command.js';

/**
 * `advrob doctor`: backends with a self-test each, versions, several copies of tfjs. Fails where
 * the default backend does not work.
 */
export function register(program: Command, { fail }: Call): void {
  addCommand(
    program,
    'doctor',
    'backends found, a self-test of each, versions, several copies of tfjs',
    [jsonFlag],
    async (given) => {
      if (!(await doctor(given.json))) fail();
    },
    ['doctor'],
  );
}

interface BackendReport {
  readonly name: BackendName;
  readonly state: 'works' | 'not installed' | 'fails';
  readonly note: string;
  readonly test?: SelfTest;
}

async function doctor(json: boolean | undefined): Promise<boolean> {
  const reports: BackendReport[] = [];
  for (const name of Object.keys(backends) as BackendName[]) reports.push(await examine(name));
  const choice = await selectBackend();
  const copies = tfjsCopies();
  const versions = [...new Set(copies.map(({ version }) => version))];
  const result = {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 2 ** 30),
    backend: choice,
    backends: reports,
    tfjsCore: { version: tf.version_core, copies },
  };
  terminalOutput(json).result(result, () =>
    [
      `node ${result.node} on ${result.platform}, ${result.cores} cores, ${result.memoryGB} GiB, ${result.cpu}`,
      '',
      table([
        ['backend', 'state', 'conv + gradient', 'matmul', 'note'],
        ...reports.map(({ name, state, test, note }) => [
          name,
          state,
          test ? `${test.convMs.toFixed(1)} ms` : '–',
          test ? `${test.matMulMs.toFixed(1)} ms` : '–',
          isShort(note) ? note : 'see below',
        ]),
      ]),
      '',
      ...reports.filter(({ note }) => !isShort(note)).flatMap(({ name, note }) => [`${name}: ${note}`, '']),
      `In use: ${choice.name} (${choice.why}).`,
      `tfjs-core ${tf.version_core}${copies.length > 1 ? `; ${copies.length} copies: ${copies.map((copy) => copy.path).join(', ')}` : ''}`,
      ...(versions.length > 1
        ? [
            `WARNING: several versions of tfjs-core (${versions.join(', ')}) in one program are untested: npm dedupe @tensorflow/tfjs-core`,
          ]
        : []),
    ].join('\n'),
  );
  return reports.some(({ name, state }) => name === choice.name && state === 'works');
}

/** Whether a note fits beside the other columns. */
function isShort(note: string): boolean {
  return note.length <= 50;
}

async function examine(name: BackendName): Promise<BackendReport> {
  try {
    await selectBackend(name);
    const test = await selfTest();
    if (test.missingGradients.length > 0)
      return {
        name,
        state: 'works',
        test,
        note: `no training, nor attacks by gradients, of models that need ${test.missingGradients.join(', ')}`,
      };
    return { name, state: 'works', test, note: test.note };
  } catch (error) {
    const missing = error instanceof AdvrobError && error.message.includes('is not installed');
    return {
      name,
      state: missing ? 'not installed' : 'fails',
      note: missing ? `npm install ${backends[name]}` : (error as Error).message,
    };
  }
}

/** The copies of tfjs-core that this command, its packages and the current folder would load. */
function tfjsCopies(): { path: string; version: string }[] {
  const from = [import.meta.url, join(process.cwd(), 'package.json')];
  const found = new Map<string, string>();
  for (const place of from)
    for (const start of [
      '@tensorflow/tfjs-core',
      '@tensorflow/tfjs-layers',
      '@advrob/core',
      '@advrob/attacks',
      '@advrob/models',
    ]) {
      try {
        const entry = createRequire(place).resolve(start);
        const core = createRequire(realpathSync(entry)).resolve('@tensorflow/tfjs-core/package.json');
        const real = realpathSync(core);
        if (existsSync(real))
          found.set(dirname(real), (JSON.parse(readFileSync(real, 'utf8')) as { version: string }).version);
      } catch {
        // Not installed from there: nothing to compare.
      }
    }
  return [...found].map(([path, version]) => ({ path, version }));
}
