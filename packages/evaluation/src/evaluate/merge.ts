import { AdvrobError, type RunStorage } from '@advrob/core';
import * as z from 'zod';
import { checkIsSame, checkSame, type Fingerprint } from '../journal/fingerprint.js';
import { encode, readJournal, sealed, unsealed, writePieces } from '../journal/journal.js';
import { adversarialName, readAdversarial } from '../record/adversarial.js';
import { journalLine, journalName, piecesOf, runOf, type JournalLine } from './outcome.js';
import { placesOf, type Share } from './shard.js';
import { countBatches } from './work.js';

/** What a shard has left. */
export interface MergeableShard {
  /** For messages, such as its folder. */
  readonly name: string;
  readonly storage: RunStorage;
  /** Which part it should be; left out: whatever it holds. */
  readonly share?: Share | undefined;
}

/** What merging needs of a fingerprint. */
const grid = z.looseObject({
  batchSize: z.int().min(1),
  data: z.looseObject({ length: z.int().min(1) }),
  attacks: z.array(z.looseObject({ label: z.string() })),
  certifiers: z.array(z.unknown()).default([]),
});
type Grid = z.infer<typeof grid>;

/** A finished piece as a shard has it. */
interface Found {
  readonly shard: MergeableShard;
  readonly line: JournalLine;
  /** The line as the shard has written it. */
  readonly bytes: Uint8Array;
}

/**
 * Makes one evaluation of its shards: writes the `evaluation.jsonl` that a single run writes, times
 * aside, and copies the adversarial examples that were saved. `evaluate` with that storage then
 * computes nothing more and gives the result of a single run. Nothing is written before all shards
 * were read and found right.
 *
 * @throws AdvrobError `ADVROB_EVALUATION_MISMATCH` when a shard, or what the storage holds, is of
 *   another evaluation, naming what differs with both values; `ADVROB_FILE_DAMAGED` naming a damaged
 *   shard; `ADVROB_SHARD` naming what is missing, unfinished or there twice.
 * @example
 * ```ts
 * import { evaluate } from '@advrob/evaluation';
 * import { mergeShards } from '@advrob/evaluation/shards';
 * await mergeShards([{ name: 'a', storage: a }, { name: 'b', storage: b }], storage);
 * const { result } = await evaluate({ ...options, storage });
 * ```
 */
export async function mergeShards(shards: readonly MergeableShard[], storage: RunStorage): Promise<void> {
  const pieces = new Map<string, Found>();
  let first: { name: string; header: string; fingerprint: Fingerprint } | undefined;
  for (const shard of shards) {
    const { header, found } = await readShard(shard);
    const fingerprint = JSON.parse(header) as Fingerprint;
    first ??= { name: shard.name, header, fingerprint };
    checkIsSame(first.fingerprint, fingerprint, `${shard.name} is a shard of another evaluation than ${first.name}`);
    checkNew(pieces, shard, found);
    // Within a shard a later line replaces one whose adversarial examples were lost.
    for (const { line, bytes } of found)
      pieces.set(keyOf(line.batch, runOf(line)), {
        shard,
        line,
        bytes: header === first.header ? bytes : resealed(bytes, header, first.header),
      });
  }
  const parsed = grid.safeParse(first?.fingerprint);
  if (first === undefined || !parsed.success)
    throw new AdvrobError('ADVROB_SHARD', 'there is no shard to merge: expected one or more that were begun');
  checkComplete(parsed.data, shards, pieces);
  const before = await storage.read(journalName);
  const headerBefore = before && readJournal(before, z.never()).header;
  if (headerBefore !== undefined) checkSame(JSON.parse(headerBefore), first.fingerprint, journalName);
  for (const { shard, line } of pieces.values()) await copyAdversarial(parsed.data, shard, line, storage);
  await writePieces(storage, journalName, inOrder(parsed.data, pieces, first.header));
}

async function readShard(shard: MergeableShard): Promise<{ header: string; found: Omit<Found, 'shard'>[] }> {
  const { name, storage, share } = shard;
  const title = share ? `shard ${share.index}/${share.count} (${name})` : name;
  const bytes = await storage.read(journalName);
  if (bytes === undefined)
    throw new AdvrobError('ADVROB_SHARD', `${title} is missing: there is no ${journalName} in it: compute it`);
  const { header, lines, kept, damaged } = readJournal(bytes, journalLine);
  if (header === undefined || damaged.length > 0)
    throw new AdvrobError(
      'ADVROB_FILE_DAMAGED',
      `${title}: ${journalName} is damaged in line ${damaged.join(', ')}: start that shard again, it computes anew what is lost`,
    );
  return { header, found: lines.map((line, i) => ({ line, bytes: kept[i]! })) };
}

/** A line under another header that says the same, such as one of a session with a plugin more. */
function resealed(bytes: Uint8Array, before: string, header: string): Uint8Array {
  return encode(`${sealed(unsealed(new TextDecoder().decode(bytes).trimEnd(), before)!, header)}\n`);
}

function keyOf(batch: number, run: number): string {
  return `${batch}/${run}`;
}

/** @throws AdvrobError `ADVROB_SHARD` when another shard has pieces of this one. */
function checkNew(
  pieces: ReadonlyMap<string, Found>,
  { name }: MergeableShard,
  found: readonly Pick<Found, 'line'>[],
): void {
  const twice = found.flatMap(({ line }) => {
    const other = pieces.get(keyOf(line.batch, runOf(line)));
    return other ? [{ line, other, isSame: JSON.stringify(other.line.outcome) === JSON.stringify(line.outcome) }] : [];
  });
  const worst = twice.find(({ isSame }) => !isSame) ?? twice[0];
  if (worst === undefined) return;
  throw new AdvrobError(
    'ADVROB_SHARD',
    `batch ${worst.line.batch} is in ${worst.other.shard.name} and in ${name}, with ${worst.isSame ? 'the same' : 'another'} result: ` +
      `merge shards of one division, each once${worst.isSame ? '' : '; one of the two was computed by something that is not repeatable'}`,
  );
}

/** @throws AdvrobError `ADVROB_SHARD` when pieces are missing, or are not what the evaluation has. */
function checkComplete(expected: Grid, shards: readonly MergeableShard[], pieces: ReadonlyMap<string, Found>): void {
  const { batchSize, data } = expected;
  const pieceNumbers = piecesOf(expected.attacks.length, expected.certifiers.length);
  const batches = countBatches(data, batchSize);
  for (const { shard, line } of pieces.values()) {
    const isThere = line.batch < batches && pieceNumbers.includes(runOf(line));
    const isRight =
      line.type !== 'clean' || line.outcome.ids.length === Math.min(batchSize, data.length - line.batch * batchSize);
    if (!isThere || !isRight)
      throw new AdvrobError(
        'ADVROB_SHARD',
        `${shard.name} holds a batch ${line.batch} that the evaluation does not have`,
      );
  }
  const isMissing = (batch: number): boolean => pieceNumbers.some((run) => !pieces.has(keyOf(batch, run)));
  const missing = Array.from({ length: batches }, (_, batch) => batch).filter(isMissing);
  if (missing.length === 0) return;
  const told = new Set<number>();
  const unfinished = shards.flatMap(({ name, share }) => {
    const places = share ? placesOf(share, batches) : [];
    const own = places.filter(isMissing);
    for (const place of own) told.add(place);
    return own.length === 0
      ? []
      : [
          `shard ${share!.index}/${share!.count} (${name}) is unfinished, ${own.length} of its ${places.length} batches are missing: start it again`,
        ];
  });
  const others = missing.filter((place) => !told.has(place));
  if (others.length > 0)
    unfinished.push(`no shard has batch ${briefly(others)} of ${batches}: compute the shards that have them`);
  throw new AdvrobError('ADVROB_SHARD', unfinished.join('; '));
}

function briefly(places: readonly number[]): string {
  return places.length > 8 ? `${places.slice(0, 8).join(', ')} and ${places.length - 8} more` : places.join(', ');
}

async function copyAdversarial(
  { attacks }: Grid,
  { name, storage }: MergeableShard,
  line: JournalLine,
  to: RunStorage,
): Promise<void> {
  if (line.type !== 'attack' || !line.outcome.saved?.places.length || to === storage) return;
  const file = adversarialName(attacks, line.run, line.batch);
  const bytes = await storage.read(file);
  try {
    await readAdversarial({ ...storage, read: async () => bytes }, file);
  } catch (cause) {
    throw new AdvrobError(
      'ADVROB_FILE_DAMAGED',
      `${name}: ${file} is ${bytes === undefined ? 'not there' : 'damaged'}: start that shard again, it computes anew what is lost`,
      { cause },
    );
  }
  await to.write(file, bytes!);
}

/** The bytes of the journal of a single run. */
function inOrder(
  { attacks, certifiers, data, batchSize }: Grid,
  pieces: ReadonlyMap<string, Found>,
  header: string,
): Uint8Array[] {
  const lines = [encode(`${sealed(header, '')}\n`)];
  for (let batch = 0; batch < countBatches(data, batchSize); batch++)
    for (const run of piecesOf(attacks.length, certifiers.length)) lines.push(pieces.get(keyOf(batch, run))!.bytes);
  return lines;
}
