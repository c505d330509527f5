import { AdvrobError, type Registry } from '@advrob/core';
import { openBatches, type BatchReport, type OpenBatches } from '@advrob/evaluation/shards';
import type { Progress } from '@advrob/core';
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
  // Ctrl-C goes to all processes of a terminal: the parent says what becomes of this one.
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.exit(0));
  let batches: OpenBatches | undefined;
  process.on('message', (message: ToJob) => {
    const work =
      message.type === 'open' ? open(message).then((opened) => (batches = opened)) : compute(batches!, message);
    work.then(
      () => tell({ type: message.type === 'open' ? 'ready' : 'finished' }),
      (thrown: unknown) => {
        const error = explain(thrown);
        const code = error instanceof AdvrobError ? error.code : null;
        tell({ type: 'failed', code, message: messageOf(error) });
      },
    );
  });
}

/** An error of ours in its words, any other with its stack. */
function messageOf(error: unknown): string {
  if (error instanceof AdvrobError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Says something to the parent; one that is gone hears nothing. */
function tell(message: FromJob): void {
  if (process.connected) process.send!(message, undefined, undefined, () => undefined);
}

async function open({ args, folder, fingerprint }: Extract<ToJob, { type: 'open' }>): Promise<OpenBatches> {
  const given = readFlags(evaluationFlags, args);
  const registry: Registry = await loadRegistry(given.plugin, { say: () => undefined });
  await selectBackend(given.backend, { threads: given.threads });
  const { options } = await prepareEvaluation(given, registry);
  return openBatches({ ...options, storage: fileStorage(folder) }, fingerprint);
}

async function compute(batches: OpenBatches, { place, done }: Extract<ToJob, { type: 'compute' }>): Promise<void> {
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
