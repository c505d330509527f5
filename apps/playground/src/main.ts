// The page: what its controls ask of the worker, and what comes back.
import { readDigits } from './digits.js';
import { createEngine } from './engine.js';
import { createMeasurement } from './measurement.js';
import { byId, complain, input, select } from './page.js';
import { createPictureControls } from './picture-controls.js';
import { valuesOf } from './pictures.js';
import { createPlanControls } from './plan-controls.js';
import type { Answer, Attacked, BackendName, Expects, ModelInfo, Plan } from './protocol.js';
import { createSide, normWords } from './results.js';
import { linkOf, start, stateOf, type State } from './state.js';

/** A line of `models.json`. */
interface Known {
  readonly name: string;
  readonly norm: Plan['norm'];
  readonly epsilon: number;
  readonly clean: Share;
  readonly robust: Share;
}
interface Share {
  readonly rate: number;
  readonly interval: readonly [number, number];
}

const titles: Readonly<Record<string, string>> = {
  standard: 'Standard',
  'pgd-at': 'PGD-AT',
  dale: 'DALE',
  rat: 'RAT',
};
const digitShape = [28, 28, 1];

const state: State = stateOf(location.hash);
const sides = [createSide(0), createSide(1)] as const;
byId('sides').append(...sides.map(({ root }) => root));

let known: readonly Known[] = [];
let own: ModelInfo | undefined;
let ownName = '';
let job = -1;
let isAttacking = false;
const results: (Attacked | undefined)[] = [undefined, undefined];
/** Whether the worker has begun; whether the page has its files; after a stop nothing is attacked until something changes. */
const is = { begun: false, loaded: false, stopped: false };
let since = performance.now();
let firstAttack: number | undefined;

const engine = createEngine(state.backend, hear);
const pictures = createPictureControls(state, attack);
const controls = createPlanControls(state, (isDrag) => (isDrag ? attackSoon() : attack()));
const measurement = createMeasurement(measurable, (measure) => {
  const number = engine.run({ kind: 'measure', ...measure });
  input('stop').disabled = false;
  return number;
});
void load().catch((error: unknown) => complain((error as Error).message));

async function load(): Promise<void> {
  const [models, digits] = await Promise.all([fetched('models.json'), fetched('digits.bin')]);
  known = (await models.json()) as Known[];
  pictures.fill(readDigits(new Uint8Array(await digits.arrayBuffer())));
  is.loaded = true;
  showModels();
  attack();
}

async function fetched(path: string): Promise<Response> {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path} could not be loaded (${answer.status})`);
  return answer;
}

/* What the worker says. */

function hear(answer: Answer): void {
  switch (answer.kind) {
    case 'ready':
      is.begun = true;
      controls.fill(answer.attacks);
      sayBackend();
      if (!is.stopped) attack();
      return;
    case 'opened':
      own = answer.model;
      byId('own-words').textContent = `${ownName}: takes ${own.inputShape.join(' × ')}, ${own.numClasses} classes.`;
      // A fresh worker opens it again, wherever it stands by now.
      if (!state.models.includes('own')) state.models[1] = 'own';
      showModels();
      return attack();
    case 'attacked':
      if (answer.job !== job) return;
      results[answer.result.side] = answer.result;
      return showResults();
    case 'measured':
      return measurement.is(answer.job) ? measurement.show(answer.result) : undefined;
    case 'done':
      return ended(answer.job);
    case 'failed':
      if (answer.side !== undefined)
        return answer.job === job ? sides[answer.side]!.failure(answer.message) : undefined;
      complain(answer.message);
      if (answer.job === undefined) byId('own-words').textContent = '';
      return answer.job === undefined ? undefined : ended(answer.job);
  }
}

function ended(number: number): void {
  if (measurement.is(number)) measurement.end();
  if (number === job) {
    isAttacking = false;
    firstAttack ??= performance.now() - since;
    sayBackend();
    sayOutcome();
  }
  input('stop').disabled = !isAttacking && !measurement.isRunning();
}

/* What is asked of it. */

function attack(): void {
  history.replaceState(undefined, '', `#${linkOf(state)}`);
  is.stopped = false;
  if (!is.begun || !is.loaded) return;
  complain();
  const source = pictures.source();
  const subjects = state.models.flatMap((model, side) => {
    const shape = model === 'own' && own ? own.inputShape : digitShape;
    try {
      const pixels = valuesOf(source, shape, pictures.isInverted());
      sides[side]!.picture(pixels, shape);
      return [{ side, model, pixels }];
    } catch (error) {
      sides[side]!.failure(`This network cannot take the picture: ${(error as Error).message}`);
      return [];
    }
  });
  results.fill(undefined);
  const label = source.kind === 'grey' ? source.label : undefined;
  job = engine.run({ kind: 'attack', plan: controls.plan(), label, subjects });
  isAttacking = true;
  input('stop').disabled = false;
}

/** While a slider is dragged, the worker gets what it can follow. */
let soon: ReturnType<typeof setTimeout> | undefined;
function attackSoon(): void {
  clearTimeout(soon);
  soon = setTimeout(attack, 60);
}

function measurable(): ReturnType<Parameters<typeof createMeasurement>[0]> {
  const takesDigits = own?.inputShape.join() === digitShape.join() && own.numClasses === 10;
  if (state.models.includes('own') && !takesDigits)
    return `${ownName} does not take digits of 28 × 28 × 1 in ten classes, so it cannot be measured on them.`;
  return { plan: controls.plan(), models: [...state.models], titles: state.models.map(titleOf) };
}

/** A fresh worker: what runs ends at once. */
function beginAgain(backend: BackendName, isStop: boolean): void {
  if (measurement.isRunning()) measurement.end();
  state.backend = backend;
  history.replaceState(undefined, '', `#${linkOf(state)}`);
  [job, isAttacking, firstAttack, since] = [-1, false, undefined, performance.now()];
  Object.assign(is, { begun: false, stopped: isStop });
  input('stop').disabled = true;
  engine.restart(backend);
}

/* What is shown. */

function titleOf(name: string): string {
  return name === 'own' ? ownName : (titles[name.split('/')[1]!] ?? name);
}

function showResults(): void {
  const made = results.filter((each) => each !== undefined);
  const most = Math.max(0, ...made.map(({ distances }) => distances.linf));
  for (const result of made) sides[result.side]!.result(result, controls.plan(), most, state.show);
}

function sayOutcome(): void {
  const outcomes = results.map((result, side) => {
    const title = titleOf(state.models[side]!);
    if (!result) return `${title}: no result`;
    const { outcome, found, label, clean } = result;
    if (outcome === 'wrong') return `${title} reads ${clean.prediction} before any attack`;
    return outcome === 'fooled' ? `${title} is fooled and reads ${found.prediction}` : `${title} still reads ${label}`;
  });
  byId('status').textContent = `${outcomes.join('. ')}.`;
}

function sayBackend(): void {
  const name = { wasm: 'WebAssembly', webgl: 'WebGL', cpu: 'plain JavaScript' }[state.backend];
  const first =
    firstAttack === undefined ? '' : `; the first attack was done after ${(firstAttack / 1000).toFixed(1)} s`;
  byId('backend-words').textContent = `Runs on ${name}, in a worker beside the page${first}.`;
}

function showModels(): void {
  const names = [...known.map(({ name }) => name), ...(own ? ['own'] : [])];
  sides.forEach(({ select: list }, i) => {
    if (!names.includes(state.models[i]!)) state.models[i] = start.models[i]!;
    list.replaceChildren(...names.map((name) => new Option(titleOf(name), name, false, name === state.models[i])));
    sayKnown(i);
  });
}

function sayKnown(i: number): void {
  const found = known.find(({ name }) => name === state.models[i]);
  const share = ({ rate, interval: [low, high] }: Share): string =>
    `${(rate * 100).toFixed(1)}% (${(low * 100).toFixed(0)}–${(high * 100).toFixed(0)})`;
  sides[i]!.known(
    found
      ? `Measured: ${share(found.clean)} right, ${share(found.robust)} under AutoAttack at ${normWords[found.norm]} ${found.epsilon}`
      : `${ownName}, from this machine`,
  );
}

/* What the visitor does besides. */

byId('controls').addEventListener('submit', (event) => event.preventDefault());
sides.forEach(({ select: list }, i) =>
  list.addEventListener('change', () => {
    state.models[i] = list.value;
    sayKnown(i);
    attack();
  }),
);
document.querySelectorAll<HTMLInputElement>('[name=show]').forEach((each) => {
  each.checked = each.value === state.show;
  each.addEventListener('change', () => {
    state.show = each.value as State['show'];
    history.replaceState(undefined, '', `#${linkOf(state)}`);
    showResults();
  });
});
select('backend').value = state.backend;
select('backend').addEventListener('change', () => beginAgain(select('backend').value as BackendName, false));
byId('stop').addEventListener('click', () => {
  beginAgain(state.backend, true);
  byId('status').textContent = 'Stopped.';
});
byId('share').addEventListener('click', () => {
  const isPartly = pictures.isForeign() || state.models.includes('own');
  const say = (words: string) => () => (byId('status').textContent = words);
  const copied = isPartly
    ? 'Copied, without your own picture or network, which stay here.'
    : 'Copied: the link holds all that is set here.';
  navigator.clipboard.writeText(location.href).then(say(copied), say('The link is in the address bar.'));
});
// Another link in the same tab: the page begins again with it.
addEventListener('hashchange', () => location.reload());

byId('open-model').addEventListener('click', () => input('model-files').click());
input('model-files').addEventListener('change', () => void openModel([...(input('model-files').files ?? [])]));
async function openModel(files: readonly File[]): Promise<void> {
  const [first] = files;
  if (!first) return;
  complain();
  ownName = (files.find(({ name }) => name.endsWith('.json')) ?? first).name;
  byId('own-words').textContent = `Reading ${ownName}…`;
  const read = files.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) }));
  engine.send({ kind: 'open', files: await Promise.all(read), expects: select('expects').value as Expects });
}

addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('dropping');
});
addEventListener('dragleave', () => document.body.classList.remove('dropping'));
addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('dropping');
  const files = [...(event.dataTransfer?.files ?? [])];
  const picture = files.find(({ type }) => type.startsWith('image/'));
  if (picture) return void pictures.open(picture);
  byId<HTMLDetailsElement>('own').open = true;
  void openModel(files);
});
