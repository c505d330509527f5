import { AdvrobError } from '@advrob/core';
import type { Command } from 'commander';
import { openJobs } from '../evaluation/jobs.js';
import { runEvaluation, runShard } from '../evaluation/run.js';
import { parseShard, shardFolder, writeShardFile } from '../evaluation/shards.js';
import { modelName } from '../experiment/load-model.js';
import { workIn } from '../experiment/record.js';
import { divisionFlags, evaluationFlags } from '../flags/evaluation-flags.js';
import type { Values } from '../flags/flag.js';
import { recordText } from '../output/record-text.js';
import { terminalOutput } from '../output/terminal.js';
import { addCommand, commandLineOf, defaultFolder, ready, readFlags, withoutFlags, type Call } from './command.js';

const flags = [...evaluationFlags, ...divisionFlags] as const;

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

async function evaluateCommand({ shard, jobs, ...asked }: Values<typeof flags>, { args, signal }: Call): Promise<void> {
  const share = shard === undefined ? undefined : parseShard(shard);
  const out = asked.out ?? defaultFolder(modelName(asked.model), withoutFlags(args, divisionFlags));
  const folder = share ? shardFolder(out, share) : out;
  await workIn(folder, terminalOutput(asked.json), async () => {
    // What is computed, and what the record says, is that of a single run of as many threads.
    const single = withoutFlags(args, divisionFlags);
    if (jobs > 1 && asked.threads === undefined) single.push('--threads', '1');
    const own = single.slice(1);
    const given = jobs > 1 ? readFlags(evaluationFlags, own) : asked;
    const { registry, output, backend } = await ready(given);
    if (jobs > 1 && ['gpu', 'cuda', 'node-gpu'].includes(backend.name))
      throw new AdvrobError(
        'ADVROB_USAGE',
        `--jobs: several processes on one device take turns: leave it out with backend ${backend.name}`,
      );
    const hands = jobs > 1 ? openJobs({ count: jobs, args: own, folder, output }) : undefined;
    try {
      const run = { given, folder, registry, output, signal, hands };
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
      hands?.close();
    }
  });
}
