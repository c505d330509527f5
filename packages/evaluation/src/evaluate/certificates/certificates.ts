import { AdvrobError, type Classifier } from '@advrob/core';
import { createThreat } from '@advrob/core/threat';
import { radiiOf } from '../radii.js';
import { certifiedReach, certifyBatch, checkAttack, checkCertifiers, isContradicted } from './certify.js';
import { certificatesOfExample, checkAgreement, summarizeCertificates } from './summarize.js';
import type { CertificateRun, Certificates, EvaluationCertifier } from './types.js';

/**
 * Certifiers of an evaluation, for the option `certifiers` of `evaluate`. Each is asked before the
 * attacks. An example with a deterministic certificate of the model itself is not attacked in that ball
 * by attacks with a fixed budget, which cannot succeed; one that succeeds inside of such a certificate
 * stops the evaluation. Probabilistic certificates speak of another classifier, and spare nothing.
 *
 * @throws AdvrobError (from `evaluate`) `ADVROB_NORM`, `ADVROB_OPTION` or `ADVROB_CERTIFY` before any
 *   work; `ADVROB_CERTIFICATE_BROKEN`.
 * @example
 * ```ts
 * import { certificates } from '@advrob/evaluation/certificates';
 * const { result } = await evaluate({
 *   model, data,
 *   attacks: [{ attack: pgd(), norm: 'l2', epsilon: [0.25, 0.5] }],
 *   certifiers: certificates([{ certifier: smoothing(), norm: 'l2', epsilon: [0.25, 0.5] }]),
 * });
 * result.certificates[0].points[0].certified; // of the smoothed classifier
 * ```
 */
export function certificates(entries: readonly EvaluationCertifier[]): Certificates {
  return {
    labels: entries.map(labelOf),
    runsOf: ({ bounds }) => entries.flatMap((entry) => certificateRunsOf(entry, bounds)),
    check: checkCertifiers,
    certify: certifyBatch,
    checkAgreement,
    checkAttack,
    isContradicted,
    isSpared({ runs, certificates }, outcome, index, row) {
      const { entry, norm, epsilon } = runs[index]!;
      // One that looks for a minimal norm measures a distance, which no certificate says.
      if (entry.attack.definition.budget === 'minimal') return false;
      return certificates.some(
        (run, i) => run.norm === norm && certifiedReach(run, outcome.certificates[i]!, row) >= epsilon,
      );
    },
    describe: (runs, describeOptions) =>
      Promise.all(
        runs.map(async ({ entry, label, norm, epsilon, epsilons }) => ({
          label,
          name: entry.certifier.name,
          options: await describeOptions(entry.certifier.options ?? null),
          norm,
          epsilon: epsilon === Infinity ? 'Infinity' : epsilon,
          epsilons: [...epsilons],
        })),
      ),
    summarize: summarizeCertificates,
    ofExample: certificatesOfExample,
  };
}

function certificateRunsOf(entry: EvaluationCertifier, bounds: Classifier['bounds']): CertificateRun[] {
  const { certifier, norm } = entry;
  const label = labelOf(entry);
  if (!certifier.norms.includes(norm))
    throw new AdvrobError(
      'ADVROB_NORM',
      `certifier '${label}' works for ${certifier.norms.join(', ')}, not for ${norm}: choose another norm or certifier`,
    );
  const radii = radiiOf(`certifier '${label}'`, entry.epsilon, certifier.radii === true);
  const runOf = (epsilon: number, epsilons: readonly number[]): CertificateRun => {
    const statement = certifier.statement(createThreat({ norm, epsilon }, bounds));
    return { entry, label, norm, epsilon, epsilons, statement };
  };
  if (!certifier.radii) return radii.map((epsilon) => runOf(epsilon, [epsilon]));
  const finite = radii.filter((epsilon) => epsilon < Infinity);
  return [runOf(radii.length === 1 ? radii[0]! : Infinity, finite)];
}

function labelOf({ label, certifier }: EvaluationCertifier): string {
  return label ?? certifier.name;
}
