// The figures of the logit comparison on real images: node studies/logits/figures.mjs --figures studies/logits/figures [--fashion folder]
// ST and AT of seed 0 as in run.mjs; writes the histogram of the gap, the scatter of confidences, the mean logits and the grid of the images on which the confidences
// differ most as SVG.
//   --seed 0  --train 10000  --test 1000  --epochs 12  --epsilon 0.1  --hidden 128
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { logitComparison } from '../../packages/analysis-logits/dist/index.js';
import { pgd } from '../../packages/attacks/dist/index.js';
import { createRandom } from '../../packages/core/dist/random.js';
import { createThreat } from '../../packages/core/dist/threat.js';
import { renderFigure } from '../../packages/report/dist/index.js';
import { erm, fit, pgdAt, sgd } from '../../packages/training/dist/index.js';
import { exemplarSvg } from './exemplar-svg.mjs';
import { open } from '../shared/setup.mjs';

const numbers = { seed: 0, train: 10000, test: 1000, epochs: 12, epsilon: 0.1, hidden: 128 };
const { values } = parseArgs({
  options: {
    ...Object.fromEntries(
      Object.entries(numbers).map(([name, value]) => [name, { type: 'string', default: String(value) }]),
    ),
    fashion: { type: 'string' },
    figures: { type: 'string' },
  },
});
if (!values.figures) throw new Error('--figures names the folder to write to');
const settings = Object.fromEntries(Object.keys(numbers).map((name) => [name, Number(values[name])]));
const { seed, epochs, epsilon } = settings;
const { train, test, makeModel } = await open({ ...settings, fashion: values.fashion });
const threat = createThreat({ norm: 'linf', epsilon }, [0, 1]);

async function trained(plan) {
  const model = makeModel(seed);
  const optimizer = sgd({ momentum: 0.9 });
  const course = { batchSize: 100, epochs, seed, learningRate: 0.1, schedule: { name: 'cosine' }, optimizer };
  await fit({ ...course, ...plan, model, data: train, threat });
  return model;
}

const models = {
  standard: await trained({ objective: erm() }),
  robust: await trained({ objective: pgdAt(), attack: pgd({ steps: 3 }) }),
};
const found = await logitComparison({ points: 200, batchSize: 250 }).analyze({
  models,
  data: test,
  threat,
  rng: createRandom({ seed }),
  memo: (_, compute) => compute(),
});
mkdirSync(values.figures, { recursive: true });
const shown = ['logits-gap', 'confidence-scatter', 'mean-non-max-logits'];
for (const { spec, ...figure } of found.figures.filter(({ id }) => shown.includes(id))) {
  const { svg } = await renderFigure({ ...figure, spec: () => spec });
  writeFileSync(join(values.figures, `${figure.id}.svg`), svg);
}
const [positive, negative] = found.galleries[0].groups;
const { byConfidence } = found.exemplars;
const pictured = (side, { pictures }) => side.map((exemplar, i) => ({ ...exemplar, image: pictures[i].image }));
const grid = {
  positive: pictured(byConfidence.positive, positive),
  negative: pictured(byConfidence.negative, negative),
};
writeFileSync(join(values.figures, 'exemplars.svg'), exemplarSvg(grid, found.exemplars));
console.log(JSON.stringify({ confidence: found.confidence, ordering: found.ordering }));
