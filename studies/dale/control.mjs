// A control for studies/dale/run.mjs, added after its first result: PGD-AT alone with as many
// gradients as DALE takes.
//   node studies/dale/control.mjs --fashion folder [--json] [--report studies/dale/README.md]
//
// Why: at rho 0.9 nu ends at 0, so that DALE ends with the loss of PGD-AT, and was still ahead of
// it in clean accuracy. Part of DALE's lead may then be that PGD-AT is not trained to its end.
// Protocol: as there, PGD-AT alone, 18 passes instead of 14 (4 gradients a step instead of 5).
// Report-only: no verdict.
//   --seeds 3  --train 5000  --test 1000  --epochs 18  --epsilon 0.1  --hidden 128  --batch 50
import { marginLoss } from '../../packages/core/dist/losses.js';
import { pgd } from '../../packages/attacks/dist/index.js';
import { fit, pgdAt, sgd } from '../../packages/training/dist/index.js';
import { formatInterval, intervalOf, markdownTable, writeResults } from '../shared/results.mjs';
import { measure, open, readArguments } from '../shared/setup.mjs';

const settings = readArguments({
  seeds: 3,
  train: 5000,
  test: 1000,
  epochs: 18,
  epsilon: 0.1,
  hidden: 128,
  batch: 50,
});
const { json, seeds, epochs, epsilon, batch, fashion, report } = settings;
if (!fashion) {
  console.log('skipped: needs Fashion-MNIST, the folder with its four IDX files: --fashion folder');
  process.exit();
}
const threat = { norm: 'linf', epsilon };
const { train, test, makeModel } = await open(settings);
const attack = pgd({ steps: 3, stepSize: 0.05, start: 'uniform' });

const rows = [];
for (let seed = 0; seed < seeds; seed++) {
  const model = makeModel(seed);
  const run = { batchSize: batch, epochs, seed, learningRate: 0.05, logEvery: 1000 };
  await fit({ ...run, model, data: train, objective: pgdAt(), attack, threat, optimizer: sgd() });
  rows.push(await measure(model, test, threat, marginLoss));
  model.dispose();
  process.stderr.write(`seed ${seed}: ${JSON.stringify(rows.at(-1))}\n`);
}

const columns = ['clean', 'pgd20', 'margin20'];
const cells = columns.map((name) => formatInterval(intervalOf(rows.map((row) => row[name]))));
const text = markdownTable(['arm', 'clean', 'PGD-20', 'margin-20'], [[`PGD-AT, ${epochs} passes`, ...cells]]);
console.log(json ? JSON.stringify({ settings, rows }) : text);
if (report) await writeResults(report, 'control', text);
