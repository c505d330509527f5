import { AdvrobError } from '@advrob/core';
import type { FinishedPiece } from '@advrob/evaluation/shards';
import {
  checkContract,
  LostChild,
  type ArtefactStore,
  type Child,
  type OpenRunner,
  type ShardContent,
  type ShardProgress,
  type Work,
} from '@advrob/scale';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { computeBatch, startJob } from '../evaluation/jobs.js';
import type { FromJob, ToJob } from '../evaluation/messages.js';
import { storedName } from './hands.js';
import { argsOf, type WorkerSite } from './subject.js';

/** How many times a process that is lost while it opens a work is started again. */
const mostStarts = 3;

/**
 * Computes the shards of an evaluation in a process of its own, which is started again when it is
 * lost.
 *
 * @param stallAfter - Milliseconds without a sign of progress after which it is ended.
 * @throws AdvrobError `ADVROB_CONTRACT` when this machine gives other bits, `ADVROB_WORK` when the
 *   evaluation cannot be computed here.
 */
export async function openEvaluation(
  work: Work,
  store: ArtefactStore,
  site: WorkerSite & { readonly stallAfter: number },
): Promise<OpenRunner> {
  checkContract(work.contract);
  const folder = await mkdtemp(join(tmpdir(), 'advrob-worker-'));
  const removed = (): Promise<void> => rm(folder, { recursive: true, force: true });
  let child: Child<ToJob, FromJob> | undefined;
  const runs = (work.contract.identity as { readonly attacks: readonly unknown[] }).attacks.length + 1;
  const data = work.contract.identity['data'] as { readonly length: number };
  const batches = Math.ceil(data.length / (work.contract.identity['batchSize'] as number));
  try {
    const args = await argsOf(work, store, site, folder);
    const opened = async (): Promise<Child<ToJob, FromJob>> => {
      if (child?.isAlive) return child;
      const started = startJob();
      child = started;
      const { stallAfter } = site;
      await started.ask({ type: 'open', args, folder, fingerprint: work.contract.identity }, { stallAfter });
      return started;
    };
    await openedAtLast(opened);
    return {
      async run(index, { signal, onProgress }) {
        const places = Array.from({ length: work.size }, (_, i) => index * work.size + i).filter(
          (place) => place < batches,
        );
        const progress = createShare(runs * places.length, onProgress);
        const pieces: FinishedPiece[] = [];
        const process = await opened();
        await rm(join(folder, 'adversarial'), { recursive: true, force: true });
        for (const place of places)
          await computeBatch(
            process,
            { place, done: [] },
            {
              begin: () => undefined,
              step: ({ step, steps }) => progress.step(step / Math.max(1, steps)),
              async keep(line) {
                pieces.push(line);
                progress.piece();
              },
            },
            { signal, stallAfter: site.stallAfter },
          ).catch((error: unknown) => {
            // One that was told to stop is at work still.
            if (signal.aborted) process.kill();
            throw error instanceof LostChild ? new LostChild(`the computing process ${error.message}`) : error;
          });
        return contentOf(pieces, await savedIn(folder));
      },
      close() {
        child?.kill();
        void removed();
      },
    };
  } catch (error) {
    child?.kill();
    await removed();
    throw misfit(error);
  }
}

async function openedAtLast(opened: () => Promise<unknown>): Promise<void> {
  for (let starts = 1; ; starts++) {
    try {
      await opened();
      return;
    } catch (error) {
      if (!(error instanceof LostChild) || starts === mostStarts) throw error;
    }
  }
}

/** An error of opening as a worker says it. */
function misfit(error: unknown): unknown {
  if (error instanceof LostChild)
    return new AdvrobError(
      'ADVROB_WORK',
      `the computing process ${error.message} while it opened the work, ${mostStarts} times: is there memory for the model and the data?`,
    );
  if (!(error instanceof AdvrobError) || error.code === 'ADVROB_CONTRACT' || error.code === 'ADVROB_WORK') return error;
  const message = error.message.replace(/ \[ADVROB_\w+\]$/, '');
  if (error.code !== 'ADVROB_EVALUATION_MISMATCH')
    return new AdvrobError('ADVROB_WORK', `the work cannot be computed here: ${message}`, { cause: error });
  const differences = message.replace(/^the process that computes was told of another evaluation: /, '');
  return new AdvrobError(
    'ADVROB_CONTRACT',
    `this worker would give other bits than the work was planned with: ${differences}. Start workers with the versions, plugins and data of the one that planned it, on machines of one kind (in Kubernetes: a node selector)`,
    { cause: error },
  );
}

/** The share of a shard that is done: pieces, and steps within one. */
function createShare(
  total: number,
  onProgress: (progress: ShardProgress) => void,
): { piece(): void; step(share: number): void } {
  let done = 0;
  return {
    piece: () => onProgress({ share: ++done / total }),
    step: (share) => onProgress({ share: Math.min(1, (done + Math.min(1, share)) / total) }),
  };
}

function contentOf(pieces: readonly FinishedPiece[], files: NonNullable<ShardContent['files']>): ShardContent {
  const textOf = (lines: readonly FinishedPiece[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const outcome = createHash('sha256').update(textOf(pieces.map((line) => ({ ...line, seconds: 0 }))));
  for (const { name, bytes } of files) outcome.update(`${name}\n`).update(bytes);
  return {
    body: Buffer.from(textOf(pieces)),
    outcome: outcome.digest('hex'),
    seconds: pieces.reduce((sum, { seconds }) => sum + seconds, 0),
    counts: {
      examples: pieces.reduce((sum, line) => sum + (line.type === 'clean' ? line.outcome.ids.length : 0), 0),
    },
    files,
  };
}

/** The adversarial examples that a shard has left. */
async function savedIn(folder: string): Promise<{ name: string; bytes: Uint8Array }[]> {
  const entries = await readdir(join(folder, 'adversarial'), { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    paths.sort().map(async (path) => ({
      name: storedName(relative(folder, path).split(sep).join('/')),
      bytes: await readFile(path),
    })),
  );
}
