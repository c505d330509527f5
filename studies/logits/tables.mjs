// Tables and verdicts of run.mjs.
import { formatInterval, intervalOf, markdownTable, mean, pairedInterval } from '../shared/results.mjs';

const column = (runs, arm, pick) => runs.map(({ arms }) => pick(arms[arm]));
const shown = (runs, arm, pick, digits = 3) => formatInterval(intervalOf(column(runs, arm, pick)), digits);
const last = (row) => row.points.at(-1);
const pgd = (row) => last(row)[0];
const worst = (row) => last(row)[2];

/** The signs of the protocol, each with what was found and whether it holds. */
export function verdicts(runs) {
  const ratios = (key) => runs.map(({ arms }) => arms.AT[key] / arms.ST[key]);
  const gaps = ['ST', 'AT / 5', 'AT / 2', 'AT'].map((arm) => mean(column(runs, arm, (row) => row.gap)));
  const overStandard = (pick) => runs.map(({ arms }) => pick(arms['M0, KL']) - pick(arms.ST));
  const against = (id, pick) => pairedInterval(column(runs, `${id}, KL`, pick), column(runs, 'M0, KL', pick));
  const list = (values, digits = 2) => values.map((value) => value.toFixed(digits)).join(', ');
  const bySeed = (name, values, limit, isBelow) => ({
    name,
    found: list(values),
    holds: values.every((value) => (isBelow ? value < limit : value >= limit)),
  });
  const fall = (id, name, pick) => ({
    name: `E3 ${name} of ${id} minus M0, at most -0.05 on average`,
    found: formatInterval(against(id, pick)),
    holds: against(id, pick).mean <= -0.05,
  });
  return [
    bySeed('E1 mean max logit, AT / ST, below 0.85 in every seed', ratios('max'), 0.85, true),
    bySeed('E1 mean gap, AT / ST, below 0.6 in every seed', ratios('gap'), 0.6, true),
    {
      name: 'E1 mean gap falls with the epsilon of training',
      found: list(gaps),
      holds: gaps.every((gap, i) => i === 0 || gap < gaps[i - 1]),
    },
    bySeed('E2 PGD-20 of the M0 student minus ST, at least 0.10 in every seed', overStandard(pgd), 0.1, false),
    bySeed('E2 worst of both losses, the same', overStandard(worst), 0.1, false),
    ...['M3', 'M7'].flatMap((id) => [fall(id, 'PGD-20', pgd), fall(id, 'worst of both losses', worst)]),
  ];
}

/** Markdown of all that was found. */
export function logitReport(head, runs, epsilon) {
  const statistic = (model, inputs, key) =>
    formatInterval(intervalOf(runs.map(({ statistics }) => statistics[model][inputs][key])), 2);
  const keys = ['max', 'centredMax', 'gap', 'confidence', 'maxSkewness', 'gapSkewness', 'correlation'];
  const compared = (key) => formatInterval(intervalOf(runs.map(({ comparison }) => comparison[key])), 2);
  return [
    head,
    markdownTable(
      ['sign', 'found', 'verdict'],
      verdicts(runs).map(({ name, found, holds }) => [name, found, holds ? 'holds' : 'missing']),
    ),
    'Logits:',
    markdownTable(
      [
        'model',
        'images',
        'max',
        'max, centred',
        'gap',
        'confidence',
        'skewness of max',
        'skewness of gap',
        'max with gap',
      ],
      Object.entries(runs[0].statistics).flatMap(([model, byInputs]) =>
        Object.keys(byInputs).map((inputs) => [model, inputs, ...keys.map((key) => statistic(model, inputs, key))]),
      ),
    ),
    `ST beside AT on test images: Spearman's rho of the confidences ${compared('spearman')}; Kendall's tau of the classes that neither predicts ${compared('tau')}; overlap of the best three of these ${compared('overlap')}.`,
    ...robustnessTables(runs, epsilon),
  ].join('\n\n');
}

/** What each arm withstands, and the students of manipulated logits beside that of M0. */
export function robustnessTables(runs, epsilon) {
  const arms = Object.keys(runs[0].arms);
  const isKl = (arm) => /^M\d+, KL$/.test(arm) && arm !== 'M0, KL';
  return [
    `Robustness (share of test images that are classified rightly and withstand), at epsilon ${[epsilon / 5, epsilon / 2, epsilon].join(', ')}; \`worst\`: PGD-20 on cross-entropy and on the margin together:`,
    markdownTable(
      ['arm', 'clean', 'PGD-20', 'PGD-20', 'PGD-20', 'worst', 'worst', 'worst', 'mean max', 'mean gap'],
      arms.map((arm) => [
        arm,
        shown(runs, arm, (row) => row.clean),
        ...[0, 1, 2].map((i) => shown(runs, arm, (row) => row.points[i][0])),
        ...[0, 1, 2].map((i) => shown(runs, arm, (row) => row.points[i][2])),
        shown(runs, arm, (row) => row.max, 2),
        shown(runs, arm, (row) => row.gap, 2),
      ]),
    ),
    'Students of manipulated logits (KL) minus the student of M0, paired by seed, at the largest epsilon:',
    markdownTable(
      ['arm', 'PGD-20', 'worst'],
      arms
        .filter(isKl)
        .map((arm) => [
          arm,
          ...[pgd, worst].map((pick) =>
            formatInterval(pairedInterval(column(runs, arm, pick), column(runs, 'M0, KL', pick))),
          ),
        ]),
    ),
  ];
}
