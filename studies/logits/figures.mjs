// The figures of the logit comparison on real images:
//   node studies/logits/figures.mjs --figures studies/logits/figures [--fashion folder]
// ST and AT of seed 0 as in run.mjs; writes the histogram of the gap, the scatter of confidences,
// the mean logits and the grid of the images on which the confidences differ most as SVG.
//   --seed 0  --train 10000  --test 1000  --epochs 12  --epsilon 0.1  --hidden 128
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { logitComparison } from '../../packages/analysis-logits/dist/index.js';
import { pgd } from '../../packages/attacks/dist/index.js';
import { createRandom } from '../../packages/core/dist/random.js';
import { createThreat } from '../../packages/core/dist/threat.js';
import { decodeFloats } from '../../packages/evaluation/dist/index.js';
import { encodePng, renderFigure } from '../../packages/report/dist/index.js';
import { erm, fit, pgdAt, sgd } from '../../packages/training/dist/index.js';
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

/**
 * A grid of images as one SVG file: what the two models say of the examples on which their
 * confidences differ most. `grid`: { positive, negative } of the logit comparison; `shape`,
 * `bounds` and `classNames` of its data.
 */
function exemplarSvg(grid, { shape, bounds, classNames }) {
  const [cell, picture, across] = [104, 84, 8];
  const [height, width, channels = 1] = shape;
  const nameOf = (label) => classNames?.[label] ?? String(label);
  const uriOf = (image) => {
    const pixels = Uint8Array.from(decodeFloats(image), (value) =>
      Math.round((255 * (value - bounds[0])) / (bounds[1] - bounds[0])),
    );
    return `data:image/png;base64,${Buffer.from(encodePng(pixels, width, height, channels)).toString('base64')}`;
  };
  let y = 0;
  const parts = Object.entries({
    positive: 'AT is the more confident one',
    negative: 'ST is the more confident one',
  }).map(([side, title]) => {
    const top = y + 24;
    const cells = grid[side].map(({ image, label, standard, robust }, i) => {
      const [left, at] = [(i % across) * cell, top + Math.floor(i / across) * (cell + 30)];
      const words = [nameOf(label), `ST ${standard.confidence.toFixed(2)}  AT ${robust.confidence.toFixed(2)}`];
      const lines = words.map((text, line) => `<text x="${left}" y="${at + picture + 12 + 13 * line}">${text}</text>`);
      return `<image x="${left}" y="${at}" width="${picture}" height="${picture}" href="${uriOf(image)}"/>${lines.join('')}`;
    });
    const heading = `<text x="0" y="${y + 14}" font-weight="bold">${title}</text>`;
    y = top + Math.ceil(grid[side].length / across) * (cell + 30);
    return heading + cells.join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${across * cell}" height="${y}" viewBox="0 0 ${across * cell} ${y}" font-family="sans-serif" font-size="11" role="img"><title>Images that both models classify rightly and on which their confidences differ most</title><rect width="100%" height="100%" fill="#ffffff"/>\n${parts.join('\n')}\n</svg>\n`;
}
