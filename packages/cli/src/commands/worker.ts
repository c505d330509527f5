import { AdvrobError } from '@advrob/core';
import type { WorkerEvent } from '@advrob/scale';
import type { Command } from 'commander';
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { pluginFlag } from '../flags/common-flags.js';
import { flag, positive, type Values } from '../flags/flag.js';
import { placeFlags } from '../flags/scale-flags.js';
import { terminalOutput } from '../output/terminal.js';
import { loadRegistry } from '../plugins/load.js';
import { addCommand, type Call } from './command.js';

const flags = [
  ...placeFlags,
  flag('--work <id>', 'the only work that it computes; default: whichever is there'),
  flag('--once', 'ends when nothing is left to do'),
  flag('--data <option=path>', 'where data lie on this machine, e.g. cifar10.directory=/data/cifar; may be repeated', {
    repeated: true,
  }),
  flag('--name <name>', 'how others see it; default: its host and a random part'),
  flag('--stall-after <minutes>', 'without a sign of progress, after which the computing process is ended', {
    read: positive,
    default: 15,
  }),
  flag('--grace <seconds>', 'that the shard at work gets to its end when the worker is stopped', {
    read: positive,
    default: 30,
  }),
  pluginFlag,
] as const;

/** `advrob worker`: computes shards of evaluations that others have started with `--on`. */
export function register(program: Command, call: Call): void {
  addCommand(
    program,
    'worker',
    'compute for evaluations that were started with --on',
    flags,
    (given) => workerCommand(given, call),
    ['worker --on redis://localhost --store /shared/advrob'],
  );
}

async function workerCommand(given: Values<typeof flags>, { signal }: Call): Promise<void> {
  const [{ workOn }, { openEngine, openStore }, { openEvaluation }] = await Promise.all([
    import('@advrob/scale'),
    import('../scale/connect.js'),
    import('../scale/runner.js'),
  ]);
  const output = terminalOutput(true);
  const stop = new AbortController();
  const end = (): void => {
    if (stop.signal.aborted) process.exit(0);
    stop.abort();
    output.line(JSON.stringify({ event: 'stopping' }));
    // The lease ends by itself, and the shard is given to another.
    setTimeout(() => process.exit(0), 1000 * given.grace).unref();
  };
  process.on('SIGTERM', end);
  signal.addEventListener('abort', end);
  const [engine, store] = [await openEngine(given, (texts) => output.warn(texts)), await openStore(given)];
  try {
    const registry = await loadRegistry(given.plugin, {
      say: (line) => output.line(JSON.stringify({ event: 'plugin', message: line })),
    });
    const site = {
      ...{ registry, plugins: given.plugin, data: new Map(given.data.map(parseData)) },
      stallAfter: 60_000 * given.stallAfter,
    };
    const name = given.name ?? `${hostname()}-${randomBytes(3).toString('hex')}`;
    output.line(JSON.stringify({ event: 'ready', worker: name, queue: engine.name, store: store.name }));
    await workOn({
      ...{ engine, store, name, work: given.work, once: given.once, signal: stop.signal },
      open: (work) => openEvaluation(work, store, site),
      onEvent: (event: WorkerEvent) =>
        output.line(JSON.stringify({ time: new Date().toISOString(), worker: name, ...event })),
    });
  } finally {
    process.off('SIGTERM', end);
    await engine.close();
  }
}

function parseData(text: string): [string, string] {
  const [, name, path] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (name === undefined || path === undefined)
    throw new AdvrobError(
      'ADVROB_USAGE',
      `--data: expected dataset.option=path, such as cifar10.directory=/data/cifar, got '${text}'`,
    );
  return [name, path];
}
