import type { Progress, Registry } from '@advrob/core';
import { openBatches, type BatchReport, type OpenBatches } from '@advrob/evaluation/shards';
import { serveParent } from '@advrob/scale';
import { selectBackend } from '../backend/select.js';
import { readFlags } from '../commands/command.js';
import { evaluationFlags } from '../flags/evaluation-flags.js';
import { explain } from '../output/errors.js';
import { loadRegistry } from '../plugins/load.js';
import { fileStorage } from '../storage/files.js';
import type { FromJob, ToJob } from './messages.js';
import { prepareEvaluation } from './prepare.js';

/** Steps are told so often (milliseconds), all of them. */
const every = 200;

/** Serves the parent of this process until it closes the channel, or is gone. */
export function serveJob(): void {
  let batches: OpenBatches | undefined;
  serveParent<ToJob, FromJob>(async (message, tell) => {
    if (message.type === 'open') batches = await open(message);
    else await compute(batches!, message, tell);
  }, explain);
}

async function open({ args, folder, fingerprint }: Extract<ToJob, { type: 'open' }>): Promise<OpenBatches> {
  const given = readFlags(evaluationFlags, args);
  const registry: Registry = await loadRegistry(given.plugin, { say: () => undefined });
  await selectBackend(given.backend, { threads: given.threads });
  const { options } = await prepareEvaluation(given, registry);
  return openBatches({ ...options, storage: fileStorage(folder) }, fingerprint);
}

async function compute(
  batches: OpenBatches,
  { place, done }: Extract<ToJob, { type: 'compute' }>,
  tell: (told: FromJob) => void,
): Promise<void> {
  let steps: Progress[] = [];
  let last = performance.now();
  const tellSteps = (): void => {
    if (steps.length > 0) tell({ type: 'steps', steps });
    steps = [];
    last = performance.now();
  };
  const report: BatchReport = {
    begin: (run, examples) => tell({ type: 'begin', run, examples }),
    step(progress) {
      steps.push(progress);
      if (performance.now() - last > every) tellSteps();
    },
    async keep(line) {
      tellSteps();
      tell({ type: 'piece', line });
    },
  };
  await batches.compute(place, done, report);
}
