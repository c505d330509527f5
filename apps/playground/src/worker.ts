// All computation, away from the page: models, attacks, measurements. Stopped by ending the worker.
import '@advrob/core/gradients';
import plugin from '@advrob/attacks';
import { optionJsonSchema, type AnyFactory, type Attack, type Classifier, type Norm, type Threat } from '@advrob/core';
import { wilsonInterval } from '@advrob/evaluation';
import { findCard, openModel } from '@advrob/zoo';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { readDigits } from './digits.js';
import { openFiles } from './own-model.js';
import type { Answer, Attacked, AttackInfo, Measured, OptionInfo, Plan, Request, Subject } from './protocol.js';

// Compiled checks of options would need a page that allows new code.
z.config({ jitless: true });
tf.enableProdMode();
const home = new URL('./', self.location.href);
const seed = 1;

const attackFactories = plugin.attacks as unknown as Readonly<Record<string, AnyFactory>>;
const models = new Map<string, Promise<Classifier>>();
/** The last request of each kind is the one that counts: those before it end where they stand. */
const latest = { attack: -1, measure: -1 };

/** Requests that wait: the backend has one state, so they run one after another. */
const waiting: Request[] = [];
let isBusy = false;

self.addEventListener('message', ({ data }: MessageEvent<Request>) => {
  if ('job' in data) latest[data.kind] = data.job;
  waiting.push(data);
  void work();
});

async function work(): Promise<void> {
  if (isBusy) return;
  isBusy = true;
  for (let next = waiting.shift(); next; next = waiting.shift()) await answerTo(next);
  isBusy = false;
}

async function answerTo(request: Request): Promise<void> {
  const job = 'job' in request ? request.job : undefined;
  await handle(request).catch((error: unknown) => say({ kind: 'failed', job, message: wordsOf(error) }));
}

/** What the visitor waits for comes between two parts of a measurement. */
async function attacksFirst(): Promise<void> {
  await messagesIn();
  for (let at = waiting.findIndex(isAttack); at >= 0; at = waiting.findIndex(isAttack))
    await answerTo(waiting.splice(at, 1)[0]!);
}

const isAttack = ({ kind }: Request): boolean => kind === 'attack';

async function handle(request: Request): Promise<void> {
  switch (request.kind) {
    case 'start': {
      await startBackend(request.backend);
      return say({ kind: 'ready', backend: request.backend, attacks: attackInfos() });
    }
    case 'open': {
      const old = models.get('own');
      const model = await openFiles(request.files, request.expects);
      models.set('own', Promise.resolve(model));
      void old?.then((each) => each.dispose?.());
      const { inputShape, numClasses } = model;
      return say({ kind: 'opened', model: { name: 'own', inputShape, numClasses } });
    }
    case 'attack':
      for (const subject of request.subjects) {
        if (latest.attack !== request.job) return;
        try {
          const result = await attackOne(request.plan, request.label, subject);
          say({ kind: 'attacked', job: request.job, result });
        } catch (error) {
          say({ kind: 'failed', job: request.job, side: subject.side, message: wordsOf(error) });
        }
        await messagesIn();
      }
      return say({ kind: 'done', job: request.job });
    case 'measure':
      return measure(request);
  }
}

async function startBackend(name: string): Promise<void> {
  if (name === 'webgl') await import('@tensorflow/tfjs-backend-webgl');
  else if (name === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
  else setWasmPaths(home.href);
  if (!(await tf.setBackend(name))) throw new Error(`${name} does not work in this browser`);
  await tf.ready();
}

function attackInfos(): AttackInfo[] {
  const known = Object.entries(attackFactories).map(([name, { definition }]) => {
    const { summary, knowledge, budget, norms } = definition as unknown as AttackInfo;
    return { name, summary, knowledge, budget, norms, options: optionsOf(definition) };
  });
  // A surrogate cannot be chosen here.
  return known.filter(({ name }) => name !== 'transfer');
}

/** Options that a number, a choice or a switch can set. */
function optionsOf(definition: AnyFactory['definition']): OptionInfo[] {
  const { properties = {} } = optionJsonSchema(definition.options as never) as {
    properties?: Record<string, Record<string, unknown>>;
  };
  return Object.entries(properties).flatMap(([name, { type, enum: choices, ...property }]) => {
    const kind = Array.isArray(choices) ? 'choice' : type;
    if (kind !== 'choice' && kind !== 'integer' && kind !== 'number' && kind !== 'boolean') return [];
    const bound = (...keys: string[]) => keys.map((key) => property[key]).find((each) => typeof each === 'number');
    const maximum = bound('maximum', 'exclusiveMaximum') as number | undefined;
    return [
      {
        name,
        kind,
        value: property['default'] as OptionInfo['value'],
        choices: (choices as string[] | undefined) ?? [],
        minimum: bound('minimum', 'exclusiveMinimum') as number | undefined,
        maximum: maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined,
        description: (property['description'] as string | undefined) ?? '',
      },
    ];
  });
}

function attackOf({ attack, options }: Plan): Attack {
  return (attackFactories[attack] as unknown as (options: unknown) => Attack)(options);
}

function modelOf(name: string): Promise<Classifier> {
  const known = models.get(name);
  if (known) return known;
  if (name === 'own') throw new Error('open a model file first');
  const opened = fetchModel(name);
  models.set(name, opened);
  opened.catch(() => models.delete(name));
  return opened;
}

async function fetchModel(name: string): Promise<Classifier> {
  const card = findCard(name);
  return openModel(card, await fetchBytes(card.weights.file));
}

async function fetchBytes(path: string): Promise<Uint8Array> {
  const answer = await fetch(new URL(path, home));
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${answer.statusText}`);
  return new Uint8Array(await answer.arrayBuffer());
}

async function attackOne(
  plan: Plan,
  label: number | undefined,
  { side, model: name, pixels }: Subject,
): Promise<Attacked> {
  const model = await modelOf(name);
  const begun = performance.now();
  const x = tf.tensor(pixels, [1, ...model.inputShape]);
  const made: tf.Tensor[] = [x];
  try {
    const clean = await scoresOf(model, x);
    const target = label !== undefined && label < model.numClasses ? label : clean.prediction;
    const y = tf.tensor1d([target], 'int32');
    made.push(y);
    const attack = attackOf(plan);
    const threat = { norm: plan.norm, epsilon: plan.epsilon };
    const result = await attack.run(model, x, y, threat, { seed });
    made.push(result.adversarial);
    const isWrong = clean.prediction !== target;
    const isFooled = result.success[0] === 1 && !isWrong;
    const first = { ...(await scoresOf(model, result.adversarial)), pixels: await pixelsOf(result.adversarial) };
    // A measurement ends with the first point that fools; where a fixed budget leads to in the end shows more, unless that
    // point is right again. A minimal norm may have left the ball by then.
    const { budget, knowledge, members } = attack.definition;
    const isFollowed = !isWrong && budget === 'fixed' && knowledge === 'gradients' && !members;
    const last = isFollowed ? await lastOf(attack, model, x, y, threat) : first;
    const found = isFooled && last.prediction === target ? first : last;
    const outcome = isWrong ? 'wrong' : isFooled ? 'fooled' : isFollowed ? 'tried' : 'none';
    return {
      side,
      label: target,
      clean,
      found,
      outcome,
      distances: distancesBetween(pixels, found.pixels),
      closest: result.closest[0]!,
      queries: result.queries[0]!,
      milliseconds: performance.now() - begun,
    };
  } finally {
    tf.dispose(made);
  }
}

/** The last point of an attack, within its budget, and what the model makes of it. */
async function lastOf(
  attack: Attack,
  model: Classifier,
  x: tf.Tensor,
  y: tf.Tensor,
  threat: Threat,
): Promise<Attacked['found']> {
  const point = await attack.maximize(model, x, y, threat, { seed });
  try {
    return { ...(await scoresOf(model, point)), pixels: await pixelsOf(point) };
  } finally {
    point.dispose();
  }
}

async function pixelsOf(x: tf.Tensor): Promise<Float32Array> {
  return Float32Array.from(await x.data());
}

async function scoresOf(model: Classifier, x: tf.Tensor): Promise<{ logits: Float32Array; prediction: number }> {
  const scores = model.logits(x);
  const logits = Float32Array.from(await scores.data());
  scores.dispose();
  return { logits, prediction: logits.indexOf(Math.max(...logits)) };
}

function distancesBetween(from: Float32Array, to: Float32Array): Attacked['distances'] {
  const changes = Array.from(to, (value, i) => Math.abs(value - from[i]!));
  return {
    linf: Math.max(...changes),
    l2: Math.hypot(...changes),
    l1: changes.reduce((sum, each) => sum + each, 0),
    l0: changes.filter((each) => each > 0).length,
  };
}

/** Digits that are attacked between two looks at the messages. */
const together = 10;

/** Robust accuracy over the first digits: an example counts at a radius when it was right and withstood there. */
async function measure({ job, plan, count, epsilons, models: names }: Request & { kind: 'measure' }): Promise<void> {
  const digits = readDigits(await fetchBytes('digits.bin'));
  const attack = attackOf(plan);
  const right = names.map(() => epsilons.map(() => 0));
  for (let from = 0; from < count; from += together) {
    const part = digits.slice(from, Math.min(from + together, count));
    for (const [side, name] of names.entries()) {
      const withstood = await withstoodBy(await modelOf(name), attack, plan.norm, epsilons, part, from);
      withstood.forEach((each, i) => (right[side]![i]! += each));
      if (latest.measure !== job) return;
      say({ kind: 'measured', job, result: measuredOf(side, from + part.length, epsilons, right[side]!) });
      await attacksFirst();
      if (latest.measure !== job) return;
    }
  }
  say({ kind: 'done', job });
}

function measuredOf(side: number, done: number, epsilons: readonly number[], right: readonly number[]): Measured {
  const points = epsilons.map((epsilon, i) => {
    const [low, high] = wilsonInterval(right[i]!, done);
    return { epsilon, right: right[i]!, rate: right[i]! / done, low, high };
  });
  return { side, done, points };
}

/** How many of the digits were right and withstood, at each radius; what fell at one is not attacked at a larger one. */
async function withstoodBy(
  model: Classifier,
  attack: Attack,
  norm: Norm,
  epsilons: readonly number[],
  digits: readonly { label: number; pixels: Float32Array }[],
  first: number,
): Promise<number[]> {
  const counts: number[] = [];
  let standing = digits.map((digit, i) => ({ ...digit, id: first + i }));
  for (const epsilon of epsilons) {
    if (standing.length > 0) {
      const x = tf.tensor(joined(standing.map(({ pixels }) => pixels)), [standing.length, ...model.inputShape]);
      const y = tf.tensor1d(
        standing.map(({ label }) => label),
        'int32',
      );
      try {
        const isFooled = await fooledAt(model, attack, norm, epsilon, x, y, standing);
        standing = standing.filter((_, i) => !isFooled[i]);
      } finally {
        tf.dispose([x, y]);
      }
    }
    counts.push(standing.length);
    await attacksFirst();
  }
  return counts;
}

async function fooledAt(
  model: Classifier,
  attack: Attack,
  norm: Norm,
  epsilon: number,
  x: tf.Tensor,
  y: tf.Tensor1D,
  rows: readonly { id: number; label: number }[],
): Promise<boolean[]> {
  if (epsilon === 0) {
    const scores = tf.tidy(() => tf.argMax(model.logits(x), 1));
    const predictions = await scores.data();
    scores.dispose();
    return rows.map(({ label }, i) => predictions[i] !== label);
  }
  const ids = Int32Array.from(rows, ({ id }) => id);
  const { success, adversarial } = await attack.run(model, x, y, { norm, epsilon }, { seed, ids });
  adversarial.dispose();
  return Array.from(success, (each) => each === 1);
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.forEach((part, i) => all.set(part, i * part.length));
  return all;
}

/** Lets messages in that came while this was computed. */
function messagesIn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function say(answer: Answer): void {
  (self as unknown as { postMessage(answer: Answer): void }).postMessage(answer);
}
