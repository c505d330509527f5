import { AdvrobError, type Norm } from '@advrob/core';
import { measuredData, type DataDescription, type RecordedModel, type RunRecord } from '@advrob/evaluation';

/** A model of the report. */
export interface Subject {
  /** Unique in the report. */
  readonly name: string;
  readonly model: RecordedModel;
  readonly record: RunRecord;
  /** What it was measured on. */
  readonly data: DataDescription;
}

/** All models of the records; names that occur twice get the title of their record. */
export function subjectsOf(records: readonly RunRecord[]): Subject[] {
  if (records.length === 0) throw new AdvrobError('ADVROB_RECORD', 'expected at least one record, got none');
  const plain = records.flatMap((record) =>
    record.models.map((model) => ({ name: model.name, model, record, data: measuredData(record) })),
  );
  const isShared = (name: string): boolean => plain.filter((other) => other.name === name).length > 1;
  const titled = plain.map((subject) => ({
    ...subject,
    name: isShared(subject.name) ? `${subject.name} (${subject.record.title})` : subject.name,
  }));
  return titled.map((subject, i) => {
    const isStillShared = titled.some((other, j) => j !== i && other.name === subject.name);
    return isStillShared ? { ...subject, name: `${subject.name} #${i + 1}` } : subject;
  });
}

/**
 * The radius at which the table compares, per norm: where most attacks on most models were run; of
 * equals the largest.
 */
export type Headline = ReadonlyMap<Norm, number>;

/** @param wanted - Radii that the caller asks for. */
export function headlineOf(
  subjects: readonly Subject[],
  wanted: Readonly<Partial<Record<Norm, number>>> = {},
): Headline {
  const votes = new Map<Norm, Map<number, number>>();
  for (const { model } of subjects)
    for (const { norm, points } of model.attacks)
      for (const { epsilon } of points) {
        const ofNorm = votes.get(norm) ?? new Map<number, number>();
        votes.set(norm, ofNorm.set(epsilon, (ofNorm.get(epsilon) ?? 0) + 1));
      }
  return new Map(
    [...votes].map(([norm, ofNorm]) => {
      const best = [...ofNorm].sort(([a, m], [b, n]) => n - m || b - a)[0]![0];
      return [norm, wanted[norm] ?? best];
    }),
  );
}
