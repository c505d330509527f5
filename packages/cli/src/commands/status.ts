import { AdvrobError } from '@advrob/core';
import type { EngineConnection, EngineStatus, WorkCard } from '@advrob/scale';
import type { Command } from 'commander';
import { jsonFlag } from '../flags/common-flags.js';
import { flag } from '../flags/flag.js';
import { insecureFlag, onFlag } from '../flags/scale-flags.js';
import type { Places } from '../scale/connect.js';
import { percent } from '../output/progress.js';
import { terminalOutput } from '../output/terminal.js';
import { addCommand } from './command.js';

const queueFlags = [onFlag, insecureFlag, jsonFlag] as const;
const retryFlags = [...queueFlags, flag('--only <shard>', 'this one; may be repeated', { repeated: true })] as const;

/** `advrob status`, `advrob retry` and `advrob cancel`: what a queue has, from any machine. */
export function register(program: Command): void {
  addCommand(
    program,
    'status [work]',
    'say what a queue has: works, workers, shards that failed',
    queueFlags,
    async (id, given) => {
      const output = terminalOutput(given.json);
      await withEngine(given, output.warn, async (engine) => {
        const cards = (await engine.works()).filter((card) => id === undefined || card.id === id);
        if (id !== undefined && cards.length === 0) throw unknownWork(engine, id);
        const found = await Promise.all(cards.map(async (card) => ({ ...card, ...(await engine.status(card.id)) })));
        output.result(found, () =>
          found.length === 0 ? `no work at ${engine.name}` : found.map(statusText).join('\n\n'),
        );
      });
    },
    ['status --on redis://localhost'],
  );
  addCommand(
    program,
    'retry <work>',
    'offer shards that failed at every attempt again',
    retryFlags,
    async (id, given) => {
      const output = terminalOutput(given.json);
      const work = checkedId(id);
      const only = given.only.length > 0 ? given.only.map(checkedShard) : undefined;
      await withEngine(given, output.warn, async (engine) => {
        const retried = await engine.retry(work, only);
        output.result(
          { work: id, retried },
          () => `${retried} ${retried === 1 ? 'shard is' : 'shards are'} offered again`,
        );
      });
    },
    ['retry 3f2a90c15be84d6f9a71c0de52b86e14 --on redis://localhost'],
  );
  addCommand(
    program,
    'cancel <work>',
    'take a work back from a queue; what is finished stays in the store',
    queueFlags,
    async (id, given) => {
      const output = terminalOutput(given.json);
      const work = checkedId(id);
      await withEngine(given, output.warn, async (engine) => {
        await engine.cancel(work);
        output.result(
          { work: id, cancelled: true },
          () => `${id} is cancelled; started again, the evaluation goes on from what is finished`,
        );
      });
    },
    ['cancel 3f2a90c15be84d6f9a71c0de52b86e14 --on redis://localhost'],
  );
}

async function withEngine(
  given: Places,
  warn: (texts: readonly string[]) => void,
  use: (engine: EngineConnection) => Promise<void>,
): Promise<void> {
  const { openEngine } = await import('../scale/connect.js');
  const engine = await openEngine(given, warn);
  await use(engine).finally(() => engine.close());
}

function checkedShard(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new AdvrobError('ADVROB_USAGE', `--only: expected the number of a shard, got '${text}'`);
}

function checkedId(id: string): string {
  if (/^[0-9a-f]{32}$/.test(id)) return id;
  throw new AdvrobError(
    'ADVROB_USAGE',
    `expected the id of a work, 32 hex digits as advrob status says it, got '${id}'`,
  );
}

function unknownWork({ name }: EngineConnection, id: string): AdvrobError {
  return new AdvrobError('ADVROB_USAGE', `no work ${id} at ${name}: advrob status lists what is there`);
}

function statusText({ id, title, waiting, delayed, active, dead }: WorkCard & EngineStatus): string {
  return [
    `${id}  ${title}`,
    `  ${waiting} waiting, ${active.length} at work, ${delayed} to retry, ${dead.length} dead`,
    ...active.map(({ shard, worker, share }) => `  shard ${shard}: ${percent(share)} by ${worker}`),
    ...dead.map(
      (one) =>
        `  dead: shard ${one.shard}: ${one.reason.split('\n')[0]} (${one.attempts} attempts, the last by ${one.worker})`,
    ),
  ].join('\n');
}
