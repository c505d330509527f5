import * as tf from '@tensorflow/tfjs-core';
import type { Certifier, CertifyResult, Norm, ThreatModel } from '../contract/index.js';
import { AdvrobError } from '../errors.js';
import { createThreat, norms } from '../threat.js';
import { ensure, type Check } from './check.js';
import { linearClassifier } from './linear-classifier.js';

/** Two classes on three inputs; wide bounds, so that they cut no ball. */
const slopes = [0.6, -1.1, 0.4];
const bounds = [-20, 20] as const;
/** Inputs, near and far from the boundary, the last of the class that it is not said to be of. */
const points = [
  [0.9, -0.4, 0.7],
  [0.3, 0.1, -0.2],
  [-0.5, 0.6, 0.1],
  [-0.2, -0.1, 0.1],
  [0.4, 0.2, 0.5],
];
const labels = [0, 0, 1, 1, 1];

const scoreOf = (x: readonly number[]): number => x.reduce((sum, value, i) => sum + value * slopes[i]!, 0);

/** How far the boundary is in a norm; below 0 where the label is not the class. */
function distanceOf(row: number, norm: Norm): number {
  const sizes = slopes.map(Math.abs);
  const dual = { linf: sizes.reduce((sum, size) => sum + size, 0), l2: Math.hypot(...sizes), l1: Math.max(...sizes) };
  const sign = labels[row] === 0 ? 1 : -1;
  return norm === 'l0' ? NaN : (sign * scoreOf(points[row]!)) / dual[norm];
}

/** float32 scores, and radii at which rounding decides. */
const slack = 1e-5;

/**
 * What every certifier must keep to: sound on a linear classifier, where the distance of the boundary
 * is known in every norm (also for a majority vote under symmetric noise, whose boundary is the same);
 * every example by itself; inputs and memory as they were; a statement; refusals by name.
 *
 * @param make - The certifier; probabilistic ones with as few draws as give certificates.
 * @example
 * ```ts
 * import { certifierContract } from '@advrob/core/testing';
 * for (const { name, run } of certifierContract(() => myCertifier())) test(name, run);
 * ```
 */
export function certifierContract(make: () => Certifier): readonly Check[] {
  const known = async (certifier: Certifier): Promise<ThreatModel[]> => {
    const found: ThreatModel[] = [];
    for (const norm of certifier.norms)
      for (const epsilon of norm === 'l0' ? [1] : [0.05, 0.4]) {
        const threat = createThreat({ norm, epsilon }, bounds);
        const model = makeModel();
        try {
          await certifier.check?.(model, threat);
          found.push(threat);
        } catch (error) {
          // A certifier whose options decide about norms refuses some that it names.
          ensure(
            error instanceof AdvrobError && error.code === 'ADVROB_CERTIFY',
            `check of ${norm} threw ${String(error)}: expected an AdvrobError ADVROB_CERTIFY`,
          );
        } finally {
          model.dispose();
        }
      }
    ensure(found.length > 0, 'it treats a linear classifier in none of its norms');
    return found;
  };

  return [
    {
      name: 'says what its certificates hold for',
      async run() {
        const certifier = make();
        for (const threat of await known(certifier)) {
          const { kind, alpha, text } = certifier.statement(threat);
          ensure(text.trim().length > 0, 'the statement has no text');
          ensure(
            kind === 'deterministic' ? alpha === undefined : alpha !== undefined && alpha > 0 && alpha < 1,
            `a ${kind} statement has alpha ${String(alpha)}`,
          );
        }
      },
    },
    {
      name: 'certifies nothing that is false on a linear classifier, and something',
      async run() {
        const certifier = make();
        let certified = 0;
        for (const threat of await known(certifier)) {
          const isKnown = threat.norm !== 'l0' && certifier.statement(threat).of !== 'ablated';
          await certifying(certifier, threat, [0, 1, 2, 3, 4], (found) => {
            for (const [row, verdict] of found.verdicts.entries()) {
              const distance = distanceOf(row, threat.norm);
              const what = `example ${row} in ${threat.norm} ${threat.epsilon}, whose boundary is at ${distance}`;
              if (verdict === 'certified') {
                certified++;
                ensure(found.prediction[row] === labels[row], `${what}: certified as class ${found.prediction[row]}`);
                ensure(!isKnown || distance >= threat.epsilon * (1 - slack), `${what}: certified`);
              }
              if (verdict === 'falsified')
                ensure(!isKnown || distance <= threat.epsilon * (1 + slack), `${what}: falsified`);
              const isOwn = found.radius !== null && found.prediction[row] === labels[row];
              ensure(
                !isOwn || !isKnown || found.radius![row]! <= Math.max(0, distance) * (1 + slack),
                `${what}: radius ${found.radius?.[row]}`,
              );
            }
          });
        }
        ensure(certified > 0, 'it certified none of the examples');
      },
    },
    {
      name: 'the result of an example does not depend on the others, nor on their order',
      async run() {
        const certifier = make();
        for (const threat of await known(certifier)) {
          const together = await certifying(certifier, threat, [0, 1, 2, 3, 4], summary);
          const reversed = await certifying(certifier, threat, [4, 3, 2, 1, 0], summary);
          const alone = await certifying(certifier, threat, [2], summary);
          ensure(
            JSON.stringify(reversed) === JSON.stringify([...together].reverse()),
            `${threat.norm}: another order gives other results: draw by the ids`,
          );
          ensure(
            JSON.stringify(alone[0]) === JSON.stringify(together[2]),
            `${threat.norm}: alone it is another result`,
          );
        }
      },
    },
    {
      name: 'leaves inputs and memory as they were',
      async run() {
        const certifier = make();
        const threats = await known(certifier);
        for (const threat of threats) await certifying(certifier, threat, [0, 3], () => undefined);
        const before = tf.memory().numTensors;
        for (const threat of threats) await certifying(certifier, threat, [0, 3], () => undefined);
        const left = tf.memory().numTensors - before;
        ensure(left === 0, `${left} tensors are left, or inputs were disposed`);
      },
    },
    {
      name: 'refuses norms that it does not name, and options that it does not have',
      async run() {
        const certifier = make();
        for (const norm of norms.filter((each) => !certifier.norms.includes(each)))
          await certifying(certifier, createThreat({ norm, epsilon: 1 }, bounds), [0], () => undefined).then(
            () => ensure(false, `it certified in ${norm}`),
            (error) =>
              ensure(
                error instanceof AdvrobError && error.code === 'ADVROB_CERTIFY',
                `in ${norm}: expected an AdvrobError ADVROB_CERTIFY, got ${String(error)}`,
              ),
          );
        const schema = certifier.definition?.options;
        const validated = await schema?.['~standard'].validate({ certainlyNoOption: 1 });
        ensure(schema === undefined || validated?.issues !== undefined, 'a typing error in its options is not refused');
      },
    },
  ];
}

function makeModel(): ReturnType<typeof linearClassifier> {
  return linearClassifier({ weights: slopes.map((slope) => [slope, 0]), bias: [0, 0], bounds });
}

/** Certifies some of the points, each under its own identity. */
async function certifying<T>(
  certifier: Certifier,
  threat: ThreatModel,
  rows: readonly number[],
  read: (found: CertifyResult) => T,
): Promise<T> {
  const model = makeModel();
  const x = tf.tensor2d(rows.map((row) => [...points[row]!]));
  const y = tf.tensor1d(
    rows.map((row) => labels[row]!),
    'int32',
  );
  try {
    const found = await certifier.certify(model, x, y, threat, { seed: 1, ids: Int32Array.from(rows) });
    const lists = {
      verdicts: found.verdicts,
      prediction: found.prediction,
      passes: found.passes,
      radius: found.radius,
    };
    for (const [name, list] of Object.entries(lists))
      ensure(list === null || list.length === rows.length, `'${name}' has ${list?.length} entries for ${rows.length}`);
    ensure(!x.isDisposed && !y.isDisposed, 'it disposed its inputs');
    ensure(
      found.counterexamples === null || found.counterexamples.shape.join() === x.shape.join(),
      `counterexamples of shape [${found.counterexamples?.shape.join(', ')}]: expected [${x.shape.join(', ')}]`,
    );
    found.counterexamples?.dispose();
    return read(found);
  } finally {
    tf.dispose([x, y]);
    model.dispose();
  }
}

function summary({ verdicts, prediction, radius, passes }: CertifyResult): unknown[] {
  return verdicts.map((verdict, i) => [verdict, prediction[i], radius?.[i] ?? null, passes[i]]);
}
