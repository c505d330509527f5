import type { Attacked, Plan } from './protocol.js';

export const normWords = { linf: 'L∞', l2: 'L2', l1: 'L1', l0: 'L0' } as const;

/** The half of the page that belongs to one model. */
export interface Side {
  readonly select: HTMLSelectElement;
  readonly root: HTMLElement;
  known(words: string): void;
  /** The picture before any attack; what was shown of another one fades. */
  picture(values: Float32Array, shape: readonly number[]): void;
  /** @param brightest Largest change of both sides: what is drawn strongest. */
  result(result: Attacked, plan: Plan, brightest: number, show: 'confidence' | 'logits'): void;
  failure(words: string): void;
}

/** Most classes whose bars are shown. */
const mostBars = 10;

export function createSide(place: number): Side {
  const name = place === 0 ? 'Left' : 'Right';
  const root = document.createElement('section');
  root.className = 'side';
  root.setAttribute('aria-label', `${name} network`);
  root.innerHTML = `
    <select aria-label="${name} network"></select>
    <p class="quiet known"></p>
    <div class="trio">
      <figure><canvas width="28" height="28" role="img"></canvas><figcaption>Picture<b></b></figcaption></figure>
      <figure><canvas width="28" height="28" role="img"></canvas><figcaption>Change<b></b></figcaption></figure>
      <figure><canvas width="28" height="28" role="img"></canvas><figcaption>After the attack<b></b></figcaption></figure>
    </div>
    <p class="verdict"></p>
    <table class="bars"><caption></caption>
      <thead><tr><th class="head" scope="col">Class</th><th class="head" scope="col">Bars</th><th class="head" scope="col">Picture</th><th class="head" scope="col">After the attack</th></tr></thead>
      <tbody></tbody></table>
    <p class="facts"></p>`;
  const find = <E extends HTMLElement>(selector: string): E => root.querySelector<E>(selector)!;
  const [first, change, last] = [...root.querySelectorAll('canvas')] as [
    HTMLCanvasElement,
    HTMLCanvasElement,
    HTMLCanvasElement,
  ];
  const [ofFirst, ofChange, ofLast] = [...root.querySelectorAll('b')] as [HTMLElement, HTMLElement, HTMLElement];
  const verdict = find('.verdict');
  let clean: Float32Array = new Float32Array();
  let shape: readonly number[] = [28, 28, 1];
  const say = (words: string, kind: '' | 'good' | 'bad'): void => {
    verdict.textContent = words;
    verdict.className = `verdict ${kind}`;
  };
  return {
    select: find('select'),
    root,
    known: (words) => (find('.known').textContent = words),
    picture(values, of) {
      root.classList.add('stale');
      clean = values;
      shape = of;
      paint(first, clean, shape);
      first.setAttribute('aria-label', 'The picture');
    },
    failure(words) {
      root.classList.remove('stale');
      say(words, 'bad');
    },
    result(result, plan, brightest, show) {
      root.classList.remove('stale');
      const { found, distances, outcome } = result;
      const [before, after] = [confidences(result.clean.logits), confidences(found.logits)];
      paint(last, found.pixels, shape);
      paintChange(change, clean, found.pixels, shape, brightest);
      ofFirst.textContent = `${result.clean.prediction}, ${percent(before[result.clean.prediction]!)}`;
      ofChange.textContent = brightest > 0 ? `× ${(1 / brightest).toFixed(brightest > 0.2 ? 1 : 0)}` : 'none';
      ofLast.textContent =
        outcome === 'none' || outcome === 'wrong'
          ? 'unchanged'
          : `${found.prediction}, ${percent(after[found.prediction]!)}`;
      change.setAttribute('aria-label', `The change, at most ${distances.linf.toFixed(3)} in one value`);
      last.setAttribute('aria-label', `After the attack: read as ${found.prediction}`);
      say(...verdictOf(result, after));
      drawBars(find('table'), result, before, after, show);
      find('.facts').textContent = factsOf(result, plan, clean.length);
    },
  };
}

/** The outcome in a sentence. */
function verdictOf(
  { outcome, label, clean, found, closest }: Attacked,
  after: number[],
): [string, '' | 'good' | 'bad'] {
  switch (outcome) {
    case 'wrong':
      return [`Wrong without any attack: reads ${clean.prediction}, it is ${label}`, 'bad'];
    case 'fooled':
      return [`Fooled: reads ${found.prediction} with ${percent(after[found.prediction]!)}`, 'bad'];
    case 'tried':
      return [`Withstood: still reads ${label}, with ${percent(after[label]!)}`, 'good'];
    case 'none':
      return [`Withstood${Number.isFinite(closest) ? `: it takes ${closest.toPrecision(3)}` : ''}`, 'good'];
  }
}

function factsOf(
  { distances: { linf, l2, l0 }, outcome, closest, queries, milliseconds }: Attacked,
  { norm }: Plan,
  size: number,
) {
  const moved =
    outcome === 'fooled' || outcome === 'tried'
      ? [`change L∞ ${linf.toFixed(3)}, L2 ${l2.toFixed(2)}, ${l0} of ${size} values`]
      : [];
  const near =
    Number.isFinite(closest) && closest > 0 ? [`fooled from ${normWords[norm]} ${closest.toPrecision(3)}`] : [];
  const work = outcome === 'wrong' ? [] : [`${queries} queries`];
  const parts = [...moved, ...near, ...work, `${(milliseconds / 1000).toFixed(2)} s`];
  return parts.join(' · ');
}

function drawBars(
  table: HTMLTableElement,
  { clean, found, label }: Attacked,
  before: readonly number[],
  after: readonly number[],
  show: 'confidence' | 'logits',
): void {
  const numClasses = clean.logits.length;
  const [values, others] = show === 'logits' ? [[...clean.logits], [...found.logits]] : [before, after];
  const low = show === 'logits' ? Math.min(0, ...values, ...others) : 0;
  const high = show === 'logits' ? Math.max(...values, ...others, low + 1e-6) : 1;
  const place = (value: number): number => ((value - low) / (high - low)) * 100;
  const bar = (kind: string, value: number): string => {
    const [from, to] = [place(Math.min(0, value)), place(Math.max(0, value))];
    return `<i class="bar ${kind}" style="left:${from.toFixed(2)}%;width:${(to - from).toFixed(2)}%"></i>`;
  };
  const words = (value: number): string => (show === 'logits' ? value.toFixed(1) : percent(value));
  const all = Array.from({ length: numClasses }, (_, i) => i);
  // Of many classes those that matter to either picture.
  const strongest = [...all].sort((a, b) => Math.max(before[b]!, after[b]!) - Math.max(before[a]!, after[a]!));
  const shown = numClasses <= mostBars ? all : strongest.slice(0, mostBars);
  table.caption!.textContent =
    (show === 'logits' ? 'Logits' : 'Confidence') +
    (shown.length < numClasses ? `, ${shown.length} of ${numClasses} classes` : '') +
    ', picture → after';
  table.tBodies[0]!.innerHTML = shown
    .map((each) => {
      const value = (of: readonly number[], top: number): string =>
        `<td class="value${each === top ? ' top' : ''}">${words(of[each]!)}</td>`;
      return `<tr${each === label ? ' class="label"' : ''}><th scope="row">${each}</th><td class="plot">${bar('clean', values[each]!)}${bar('found', others[each]!)}</td>${value(values, clean.prediction)}${value(others, found.prediction)}</tr>`;
    })
    .join('');
}

/** Softmax. */
function confidences(logits: Float32Array): number[] {
  const top = Math.max(...logits);
  const powers = Array.from(logits, (each) => Math.exp(each - top));
  const sum = powers.reduce((total, each) => total + each, 0);
  return powers.map((each) => each / sum);
}

/** A share in whole percent; never 100 or 0 for what is neither. */
export function percent(share: number): string {
  if (share > 0.995 && share < 1) return '>99%';
  if (share > 0 && share < 0.005) return '<1%';
  return `${Math.round(share * 100)}%`;
}

function paint(canvas: HTMLCanvasElement, values: Float32Array, shape: readonly number[]): void {
  const channels = shape[2]!;
  put(canvas, shape, (i) => {
    const level = (channel: number): number => values[i * channels + Math.min(channel, channels - 1)]! * 255;
    return [level(0), level(1), level(2), 255];
  });
}

/** What was added is orange, what was taken away blue, the strongest change of both sides in full. */
function paintChange(
  canvas: HTMLCanvasElement,
  from: Float32Array,
  to: Float32Array,
  shape: readonly number[],
  most: number,
): void {
  const channels = shape[2]!;
  put(canvas, shape, (i) => {
    let strongest = 0;
    for (let c = i * channels; c < (i + 1) * channels; c++)
      if (Math.abs(to[c]! - from[c]!) > Math.abs(strongest)) strongest = to[c]! - from[c]!;
    const alpha = most > 0 ? Math.min(1, Math.abs(strongest) / most) * 255 : 0;
    return strongest > 0 ? [226, 106, 25, alpha] : [38, 124, 201, alpha];
  });
}

function put(canvas: HTMLCanvasElement, [height, width]: readonly number[], colour: (i: number) => number[]): void {
  canvas.width = width!;
  canvas.height = height!;
  const image = new ImageData(width!, height!);
  for (let i = 0; i < width! * height!; i++) image.data.set(colour(i), 4 * i);
  canvas.getContext('2d')!.putImageData(image, 0, 0);
}
