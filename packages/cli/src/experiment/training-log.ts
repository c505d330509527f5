import type { LoggedEvent, TrainingEvent } from '@advrob/training';
import { join } from 'node:path';
import { fileStorage, writeAtomically } from '../storage/file-storage.js';

export interface TrainingLog {
  add(event: TrainingEvent): void;
  /** Waits until everything is on disk. @throws what writing failed with */
  done(): Promise<void>;
}

/** Writes `metrics.jsonl` beside the checkpoints: what belongs to the run's history, one JSON object a line. After a resume it starts from the checkpoint's history. */
export function logTraining(folder: string): TrainingLog {
  const storage = fileStorage(folder);
  let pending: Promise<void> = Promise.resolve();
  const encode = (events: readonly LoggedEvent[]): Uint8Array =>
    new TextEncoder().encode(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  return {
    add(event) {
      if (event.type === 'start')
        pending = pending.then(() => writeAtomically(join(folder, 'metrics.jsonl'), encode(event.history)));
      else if (event.type === 'metrics' || event.type === 'validation')
        pending = pending.then(() => storage.append!('metrics.jsonl', encode([event])));
    },
    done: () => pending,
  };
}
