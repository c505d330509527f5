import { decodeFloats, type RecordedModel } from '@advrob/evaluation';
import { confidenceText, epsilonText, normText } from '../format.js';
import { html, type Html } from '../page/html.js';
import { changeUri, pictureFormat, pictureUri, type PictureFormat } from '../page/picture.js';
import type { Subject } from '../subjects.js';

type Sample = RecordedModel['samples'][number];
type Attacked = Sample['attacked'][number];

/**
 * The first examples of each model: clean, what an attack changed, and the result. Nothing when the
 * examples are no pictures.
 */
export function sampleGrid(subjects: readonly Subject[]): Html | undefined {
  const grids = subjects.flatMap((subject) => {
    const grid = gridOf(subject);
    return grid ? [grid] : [];
  });
  if (grids.length === 0) return undefined;
  return html`<section>
    <h2 id="examples">Examples</h2>
    <p>
      The first examples of the data, not chosen by outcome, each as it is, with what the attack changed (magnified
      around mid-grey), and as the model saw it under attack. In brackets the model's confidence: the softmax
      probability of the class it names.
    </p>
    ${grids}
  </section>`;
}

function gridOf({ name, model, data }: Subject): Html | undefined {
  const format = pictureFormat(data.inputShape, data.bounds);
  const label = strongest(model);
  const shown = model.samples.flatMap((sample) => {
    const attacked = sample.attacked.find(({ attack }) => attack === label);
    return attacked ? [{ sample, attacked }] : [];
  });
  const [first] = shown;
  if (!format || !first) return undefined;
  const factor = magnification(shown, format);
  const className = (index: number): string => data.classNames?.[index] ?? String(index);
  const { attack, norm, epsilon } = first.attacked;
  return html`<figure class="grid">
    <figcaption>
      <b>${name}</b> under ${attack}, ${normText(norm)} ${epsilon === null ? 'without a bound' : epsilonText(epsilon)};
      change magnified ${factor.toPrecision(2)} times
    </figcaption>
    <ol class="cards">
      ${shown.map((one) => card(one.sample, one.attacked, format, factor, className))}
    </ol>
  </figure>`;
}

function card(
  sample: Sample,
  attacked: Attacked,
  format: PictureFormat,
  factor: number,
  className: (index: number) => string,
): Html {
  const clean = decodeFloats(sample.clean.image);
  const adversarial = decodeFloats(attacked.image);
  const label = className(sample.label);
  const says = ({ prediction, confidence }: { prediction: number; confidence: number }): string =>
    prediction < 0 ? 'no number' : `${className(prediction)} (${confidenceText(confidence)})`;
  const isCleanError = sample.clean.prediction !== sample.label;
  const outcome = isCleanError ? 'wrong already' : attacked.success ? 'fooled' : 'withstood';
  return html`<li>
    <div class="label">${label}</div>
    ${picture(pictureUri(clean, format), `Example ${sample.index}, class ${label}, as it is`, format)}
    <div>${says(sample.clean)}</div>
    ${picture(changeUri(clean, adversarial, format, factor), `Change of example ${sample.index}, magnified`, format)}
    ${picture(pictureUri(adversarial, format), `Example ${sample.index} under ${attacked.attack}`, format)}
    <div>${says(attacked)}</div>
    <div class="${outcome === 'withstood' ? 'good' : 'bad'}">${outcome}</div>
  </li>`;
}

function picture(uri: string, alt: string, { width, height }: PictureFormat): Html {
  return html`<img src="${uri}" alt="${alt}" width="${width}" height="${height}" />`;
}

/** Of the attacks that are shown the one that the model withstands least. */
function strongest(model: RecordedModel): string | undefined {
  const rate = (label: string): number =>
    model.attacks.find((attack) => attack.label === label)?.points.at(-1)?.robust.rate ?? 1;
  const labels = [...new Set(model.samples.flatMap(({ attacked }) => attacked.map(({ attack }) => attack)))];
  return labels.sort((a, b) => rate(a) - rate(b))[0];
}

/** The factor that makes the largest change of the grid span half of the greys. */
function magnification(shown: readonly { sample: Sample; attacked: Attacked }[], { bounds }: PictureFormat): number {
  let largest = 0;
  for (const { sample, attacked } of shown) {
    const clean = decodeFloats(sample.clean.image);
    decodeFloats(attacked.image).forEach((value, i) => (largest = Math.max(largest, Math.abs(value - clean[i]!))));
  }
  return largest === 0 ? 1 : (0.5 * (bounds[1] - bounds[0])) / largest;
}
