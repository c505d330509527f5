import { encodeEvents, eventFileHeader, scalarsOf, type LoggedEvent, type TrainingEvent } from '@advrob/training';
import { join } from 'node:path';
import { fileStorage, writeAtomically } from '../storage/file-storage.js';

export interface TrainingLog {
  add(event: TrainingEvent): void;
  /** Waits until everything is on disk. @throws what writing failed with */
  done(): Promise<void>;
}

/** A file that training is logged to: how it begins, and what an event adds. */
interface LogFile {
  readonly name: string;
  readonly header: Uint8Array;
  encode(events: readonly LoggedEvent[]): Uint8Array;
}

const jsonLines: LogFile = {
  name: 'metrics.jsonl',
  header: new Uint8Array(),
  encode: (events) => new TextEncoder().encode(events.map((event) => `${JSON.stringify(event)}\n`).join('')),
};

/** TensorBoard finds files by `tfevents` in their names. After a resume, earlier events get the time of the resume. */
function eventFile(): LogFile {
  const now = (): number => Date.now() / 1000;
  return {
    name: 'events.out.tfevents.0.advrob',
    header: eventFileHeader(now()),
    encode: (events) =>
      encodeEvents(events.map((event) => ({ wallTime: now(), step: event.step, scalars: scalarsOf(event) }))),
  };
}

/**
 * Writes `metrics.jsonl` beside the checkpoints: what belongs to the run's history, one JSON object a line; and a TensorBoard event file when asked for. After
 * a resume both start from the checkpoint's history.
 */
export function logTraining(folder: string, { tensorboard = false } = {}): TrainingLog {
  const storage = fileStorage(folder);
  const files = tensorboard ? [jsonLines, eventFile()] : [jsonLines];
  let pending: Promise<void> = Promise.resolve();
  const start = async (history: readonly LoggedEvent[]): Promise<void> => {
    for (const { name, header, encode } of files)
      await writeAtomically(join(folder, name), Buffer.concat([header, encode(history)]));
  };
  const append = async (event: LoggedEvent): Promise<void> => {
    for (const { name, encode } of files) await storage.append!(name, encode([event]));
  };
  return {
    add(event) {
      if (event.type === 'start') pending = pending.then(() => start(event.history));
      else if (event.type === 'metrics' || event.type === 'validation') pending = pending.then(() => append(event));
    },
    done: () => pending,
  };
}
