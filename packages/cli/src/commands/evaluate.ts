import { AdvrobError, type Registry } from '@advrob/core';
import type { Command } from 'commander';
import type { openJobs } from '../evaluation/jobs.js';
import { runEvaluation, runShard } from '../evaluation/run.js';
import { parseShard, shardFolder, writeShardFile } from '../evaluation/shards.js';
import { modelName } from '../experiment/load-model.js';
import { workIn } from '../experiment/record.js';
import { divisionFlags, evaluationFlags, type EvaluationFlags } from '../flags/evaluation-flags.js';
import type { Values } from '../flags/flag.js';
import { remoteFlags } from '../flags/scale-flags.js';
import { recordText } from '../output/record-text.js';
import { terminalOutput, type Output } from '../output/terminal.js';
import { addCommand, commandLineOf, defaultFolder, ready, readFlags, withoutFlags, type Call } from './command.js';

const divided = [...divisionFlags, ...remoteFlags] as const;
const flags = [...evaluationFlags, ...divided] as const;

/**
 * `advrob evaluate`: any model, on any data set, under any attacks; writes record.json and
 * examples.jsonl, or with `--shard` a part to be merged.
 */
export function register(program: Command, call: Call): void {
  addCommand(
    program,
    'evaluate',
    'measure clean and robust accuracy of any model',
    flags,
    (given) => evaluateCommand(given, call),
    [
      'evaluate --model net.onnx --attack pgd --epsilon 8/255 \\\n    --dataset image-folder --set image-folder.directory=pictures',
      'evaluate --model net.keras --attack autoattack --epsilon 0.3 \\\n    --take 200 --jobs 2 --out runs/net',
    ],
  );
}

async function evaluateCommand(
  { shard, jobs, on, store, insecure, shardSize, ...asked }: Values<typeof flags>,
  { args, signal }: Call,
): Promise<void> {
  if (on !== undefined && (shard !== undefined || jobs > 1))
    throw new AdvrobError(
      'ADVROB_USAGE',
      '--on: workers share the batches out themselves: leave --shard and --jobs out',
    );
  if (on === undefined && (store !== undefined || shardSize !== undefined || insecure !== undefined))
    throw new AdvrobError(
      'ADVROB_USAGE',
      '--store, --shard-size and --insecure go with --on, the queue that workers serve',
    );
  const share = shard === undefined ? undefined : parseShard(shard);
  const out = asked.out ?? defaultFolder(modelName(asked.model), withoutFlags(args, divided));
  const folder = share ? shardFolder(out, share) : out;
  await workIn(folder, terminalOutput(asked.json), async () => {
    // What is computed, and what the record says, is that of a single run of as many threads.
    const single = withoutFlags(args, divided);
    const isElsewhere = jobs > 1 || on !== undefined;
    if (isElsewhere && asked.threads === undefined) single.push('--threads', '1');
    const own = single.slice(1);
    const given = isElsewhere ? readFlags(evaluationFlags, own) : asked;
    const { registry, output, backend } = await ready(given);
    if (jobs > 1 && ['gpu', 'cuda', 'node-gpu'].includes(backend.name))
      throw new AdvrobError(
        'ADVROB_USAGE',
        `--jobs: several processes on one device take turns: leave it out with backend ${backend.name}`,
      );
    const elsewhere = { args: own, given, folder, registry, backend: backend.name, output, signal };
    const remote = on === undefined ? undefined : await openRemote(elsewhere, { on, store, insecure, shardSize });
    const jobHands = jobs > 1 ? await openJobHands({ count: jobs, args: own, folder, output }) : undefined;
    try {
      const run = { given, folder, registry, output, signal, hands: remote?.hands ?? jobHands, follow: remote?.follow };
      if (share) {
        await writeShardFile({ folder, share, args: own });
        const { batches, total } = await runShard(run, share);
        const result = { shard: share, folder, batches, total };
        output.result(
          result,
          () =>
            `${folder}: shard ${share.index}/${share.count}, ${batches} of ${total} batches. When all are there: advrob merge ${out} --out ${out}`,
        );
        return;
      }
      const record = await runEvaluation({ ...run, command: commandLineOf(single) });
      output.result(record, () =>
        [...recordText(record), `${folder}: record.json, examples.jsonl, report.html`].join('\n\n'),
      );
    } finally {
      jobHands?.close();
      await remote?.close();
    }
  });
}

/** Processes of this machine; what starts them is read only where they are asked for. */
async function openJobHands(options: Parameters<typeof openJobs>[0]): Promise<ReturnType<typeof openJobs>> {
  const { openJobs: open } = await import('../evaluation/jobs.js');
  return open(options);
}

/** Workers on other machines. */
async function openRemote(
  single: {
    readonly args: readonly string[];
    readonly given: EvaluationFlags;
    readonly folder: string;
    readonly registry: Registry;
    readonly backend: string;
    readonly output: Output;
    readonly signal: AbortSignal;
  },
  { shardSize, ...places }: Values<typeof remoteFlags>,
) {
  const [{ openEngine, openStore }, { planSubject }, { remoteHands }] = await Promise.all([
    import('../scale/connect.js'),
    import('../scale/subject.js'),
    import('../scale/hands.js'),
  ]);
  const { args, given, registry, folder, output, signal, backend } = single;
  // A worker may have another default.
  const named = given.backend === undefined ? [...args, '--backend', backend] : args;
  const planned = await planSubject(named, given, registry);
  const store = await openStore(places);
  const engine = await openEngine(places, (texts) => output.warn(texts));
  const title = modelName(given.model);
  return {
    ...remoteHands({ engine, store, planned, title, folder, shardSize, output, signal }),
    close: () => engine.close(),
  };
}
