import { parseRecord, withoutTiming } from '@advrob/evaluation';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bin, type Ended } from './command-line.js';

/** A command that runs beside the test. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has said so far. */
  said(): string;
}

/** A folder in which commands run as processes of their own. */
export interface Fleet {
  readonly home: string;
  /** Variables of every command. */
  readonly env: Record<string, string>;
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Running;
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  read(path: string): Promise<string>;
  /** The record of a folder without times, as it would be in a folder `single`. */
  recordOf(folder: string): Promise<unknown>;
  /** Ends what runs still. */
  close(): Promise<void>;
}

export async function openFleet(): Promise<Fleet> {
  const home = await mkdtemp(join(tmpdir(), 'advrob-fleet-'));
  const all = new Set<Running>();
  const fleet: Fleet = {
    home,
    env: {},
    start(args, more = {}) {
      const child = spawn(process.execPath, [bin, ...args], {
        cwd: home,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...fleet.env, ...more },
      });
      const said = { stdout: '', stderr: '' };
      child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
      const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, ...said })));
      const running = { process: child, ended, said: () => said.stdout + said.stderr };
      all.add(running);
      void ended.then(() => all.delete(running));
      return running;
    },
    run: (args, more) => fleet.start(args, more).ended,
    read: (path) => readFile(join(home, path), 'utf8'),
    async recordOf(folder) {
      const text = (await fleet.read(`${folder}/record.json`)).replaceAll(`--out ${folder}`, '--out single');
      const record = parseRecord(text.replaceAll(`"out": "${folder}"`, '"out": "single"'));
      return JSON.parse(JSON.stringify(withoutTiming(record)));
    },
    async close() {
      for (const { process: child } of all) {
        child.kill('SIGCONT');
        child.kill('SIGKILL');
      }
      await Promise.all([...all].map(({ ended }) => ended));
      await rm(home, { recursive: true, force: true });
    },
  };
  return fleet;
}

const points = ['--dataset', 'subspace', '--set', 'subspace.size=4', '--set', 'subspace.complement=2'];

/** Trains a small net in the folder `net`, whose evaluation takes milliseconds. */
export async function trainNet(fleet: Fleet): Promise<void> {
  const net = ['--set', 'mlp.hidden=[8]', '--set', 'mlp.inputShape=[4]', '--set', 'mlp.numClasses=2'];
  const train = [...points, '--architecture', 'mlp', ...net, '--set', 'mlp.bounds=[-20,20]', '--steps', '20'];
  const { code, stderr } = await fleet.run([
    'train',
    '--backend',
    'cpu',
    ...train,
    '--learning-rate',
    '0.05',
    '--out',
    'net',
  ]);
  if (code !== 0) throw new Error(stderr);
}

/** An evaluation of that net. */
export function evaluationOf(batchSize: number, steps: number, more: readonly string[] = []): string[] {
  return [
    ...[
      'evaluate',
      '--backend',
      'cpu',
      '--threads',
      '1',
      '--model',
      'net',
      ...points,
      '--batch-size',
      String(batchSize),
    ],
    ...['--attack', 'pgd', '--set', `pgd.steps=${steps}`, '--set', 'pgd.stepSize=0.1', '--epsilon', '0.5,3', ...more],
  ];
}
