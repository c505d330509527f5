import { AdvrobError, type Classifier } from '@advrob/core';
import { exactDistances } from '@advrob/core/attack';
import { createThreat } from '@advrob/core/threat';
import * as tf from '@tensorflow/tfjs-core';
import { checkTensor } from '../check-plugins.js';
import { classify } from '../classify.js';
import { selectRows } from '../rows.js';
import type { BatchOutcome, CertificateOutcome } from '../outcome.js';
import type { AttackedRows, CertificateBatch, CertificateRun, PlannedRuns } from './types.js';

/** Whether the certifiers can treat the model: before any work. @throws AdvrobError what they throw. */
export async function checkCertifiers(certificates: readonly CertificateRun[], model: Classifier): Promise<void> {
  for (const { entry, norm, epsilon } of certificates)
    await entry.certifier.check?.(model, createThreat({ norm, epsilon }, model.bounds));
}

/** Certifies a batch: where a certificate is of the model itself, the rows that it has right. */
export async function certifyBatch(work: CertificateBatch): Promise<CertificateOutcome> {
  const { model, batch, run, clean, seed, signal } = work;
  const all = clean.labels.map((_, row) => row);
  const isOfModel = run.statement.of === 'model';
  const rows = isOfModel ? all.filter((row) => clean.labels[row] === clean.predictions[row]) : all;
  if (rows.length === 0) return { rows, verdict: [], prediction: [], passes: [] };
  const [x, y] = selectRows(batch, rows);
  const threat = createThreat({ norm: run.norm, epsilon: run.epsilon }, model.bounds);
  let counterexamples: tf.Tensor | null = null;
  try {
    const ids = Int32Array.from(rows, (row) => batch.ids[row]!);
    const found = await run.entry.certifier.certify(model, x, y, threat, { seed, ids, signal });
    ({ counterexamples } = found);
    const lists = [found.verdicts, found.prediction, found.passes, found.radius ?? rows];
    const isWhole = lists.every(({ length }) => length === rows.length);
    if (!isWhole || (run.epsilon === Infinity && found.radius === null))
      throw new AdvrobError(
        'ADVROB_CERTIFY',
        `certifier '${run.label}': expected verdicts, classes, passes${run.epsilon === Infinity ? ' and radii' : ''} of ${rows.length} examples, got ${lists.map(({ length }) => length).join(', ')}`,
      );
    const isConfirmed = found.counterexamples
      ? await confirm(work, found.counterexamples, x, await y.data())
      : undefined;
    return {
      rows,
      verdict: found.verdicts.map((verdict, i) =>
        verdict === 'falsified' && isConfirmed?.[i] === false ? 'open' : verdict,
      ),
      prediction: Array.from(found.prediction),
      ...(found.radius && { radius: Array.from(found.radius, (value) => (value < Infinity ? value : null)) }),
      passes: Array.from(found.passes),
    };
  } finally {
    tf.dispose([x, y]);
    if (counterexamples instanceof tf.Tensor && !counterexamples.isDisposed) counterexamples.dispose();
  }
}

/** At which rows the model is wrong, in a fresh forward pass, and the point in the ball and the bounds. */
async function confirm(
  { model, run }: CertificateBatch,
  points: tf.Tensor,
  x: tf.Tensor,
  labels: ArrayLike<number>,
): Promise<boolean[]> {
  checkTensor(`certifier '${run.label}', its counterexamples`, points, x.shape, 'ADVROB_CERTIFY');
  const { predictions } = await classify(model, points);
  const [values, clean] = [(await points.data()) as Float32Array, (await x.data()) as Float32Array];
  const distances = exactDistances(run.norm, values, clean, labels.length);
  const size = values.length / labels.length;
  const [low, high] = model.bounds;
  return predictions.map((predicted, i) => {
    const isInside = values.subarray(i * size, (i + 1) * size).every((value) => value >= low && value <= high);
    // Points are float32: their distance is known to about 1e-6 of it.
    return predicted !== labels[i] && isInside && distances[i]! <= run.epsilon * (1 + 1e-6);
  });
}

/**
 * The largest radius at which a row has a deterministic certificate of the model itself; -1 without
 * one.
 */
export function certifiedReach(
  { statement, epsilon }: CertificateRun,
  outcome: CertificateOutcome,
  row: number,
): number {
  if (statement.kind !== 'deterministic' || statement.of !== 'model') return -1;
  const place = outcome.rows.indexOf(row);
  if (place < 0) return -1;
  if (outcome.radius !== undefined) return outcome.radius[place] ?? Infinity;
  return outcome.verdict[place] === 'certified' ? epsilon : -1;
}

/** Of a certificate that leaves rounding out its rim, as a share of the radius, is no part. */
const rim = 1e-4;

/** The share of a certified radius inside of which no point may fool the model. */
function slackOf({ statement, norm }: CertificateRun): number {
  return statement.rounding === 'none' && norm !== 'l0' ? 1 - rim : 1;
}

/**
 * Whether what is kept of an attack contradicts a certificate in its norm, as when a certifier came
 * later: the attack is run again, which tells.
 */
export function isContradicted(
  { runs, certificates }: PlannedRuns,
  { attacks, certificates: found }: BatchOutcome,
  index: number,
): boolean {
  const { rows, success, fooledBy, distance } = attacks[index]!;
  const own = certificates.flatMap((certificate, i) =>
    certificate.norm === runs[index]!.norm ? [{ certificate, outcome: found[i]! }] : [],
  );
  return rows.some(
    (row, place) =>
      success[place] === 1 &&
      fooledBy[place] !== 'clean' &&
      own.some(({ certificate, outcome }) => {
        const reach = certifiedReach(certificate, outcome, row);
        return reach >= 0 && distance[place]! <= reach * slackOf(certificate);
      }),
  );
}

/**
 * @throws AdvrobError `ADVROB_CERTIFICATE_BROKEN` when an attack has fooled the model inside of a
 *   deterministic certificate: one of the two is wrong, and so is every number that stands on it.
 */
export async function checkAttack(
  { certificates }: PlannedRuns,
  outcome: BatchOutcome,
  { run, batch, rows, x, result: { success, fooledBy, adversarial } }: AttackedRows,
): Promise<void> {
  const hits = rows.flatMap((_, place) => (success[place] && fooledBy[place] !== 'clean' ? [place] : []));
  for (const [i, certificate] of certificates.entries()) {
    const reaches = hits.map((place) => certifiedReach(certificate, outcome.certificates[i]!, rows[place]!));
    if (!reaches.some((reach) => reach >= 0)) continue;
    const [points, clean] = [(await adversarial.data()) as Float32Array, (await x.data()) as Float32Array];
    const distances = exactDistances(certificate.norm, points, clean, rows.length);
    const slack = slackOf(certificate);
    const broken = hits.findIndex((place, hit) => reaches[hit]! >= 0 && distances[place]! <= reaches[hit]! * slack);
    if (broken < 0) continue;
    const place = hits[broken]!;
    throw new AdvrobError(
      'ADVROB_CERTIFICATE_BROKEN',
      `attack '${run.label}' fooled the model at example ${batch.ids[rows[place]!]!} at ${certificate.norm} distance ${distances[place]!}, ` +
        `where certifier '${certificate.label}' says that nothing can up to ${reaches[broken]!}: one of the two is wrong; report it with the model`,
    );
  }
}
