import { AdvrobError, type Json, type Registry } from '@advrob/core';
import { blobName, type Artefact, type ArtefactStore, type Work } from '@advrob/scale';
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { readFlags, withoutFlags } from '../commands/command.js';
import { parseSetting } from '../config/settings.js';
import { findModelFile, modelName } from '../experiment/load-model.js';
import { chooseParts } from '../flags/chosen-parts.js';
import { jsonFlag, pluginFlag } from '../flags/common-flags.js';
import { evaluationFlags, type EvaluationFlags } from '../flags/evaluation-flags.js';
import { modelFlag } from '../flags/model-flags.js';
import { writeAtomically } from '../storage/files.js';
import { freeTexts } from './texts.js';

/** Of an evaluation as a work: its command line without what is of one machine. */
const subjectSchema = z.strictObject({
  args: z.array(z.string().max(4000)).max(400),
  model: z.strictObject({ name: z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/), isFolder: z.boolean() }),
});

/** Before the name of a folder or file that every worker has at a place of its own. */
const localMark = 'local:';
const outFlag = evaluationFlags.find(({ long }) => long === '--out')!;
/** Flags that no work has: each machine has its own, and plugins are code. */
const ownFlags = [modelFlag, pluginFlag, jsonFlag, outFlag];

/** An evaluation as a work says it. */
export interface PlannedSubject {
  readonly subject: Json;
  readonly artefacts: readonly Artefact[];
  /** Puts the files that it needs into a store. */
  upload(store: ArtefactStore): Promise<void>;
}

/**
 * Makes of the command line of a single run what workers on other machines can be told: files of the
 * model by their content, those of the data by a name that each worker maps (`--data`).
 *
 * @throws AdvrobError `ADVROB_USAGE` for what no worker elsewhere could find.
 */
export async function planSubject(
  args: readonly string[],
  given: EvaluationFlags,
  registry: Registry,
): Promise<PlannedSubject> {
  const parts = chooseParts(registry, given, given.set, ['attack']);
  const [attacks, certifiers] = [parts.attack, parts.certify];
  for (const part of [...attacks, ...certifiers]) {
    const [text] = freeTexts(registry, attacks.includes(part) ? 'attacks' : 'certifiers', part);
    if (text !== undefined)
      throw new AdvrobError(
        'ADVROB_USAGE',
        `--on: the option ${part.name}.${text} names something that workers elsewhere do not have: divide the evaluation by --shard instead`,
      );
  }
  const dataset = parts.dataset[0]!;
  const local = freeTexts(registry, 'datasets', dataset);
  const inside = local.find((path) => path.includes('.') || typeof dataset.options[path] !== 'string');
  if (inside !== undefined)
    throw new AdvrobError(
      'ADVROB_USAGE',
      `--on: the option ${dataset.name}.${inside} names something inside of another option, which workers elsewhere could not map: divide the evaluation by --shard instead`,
    );
  const shared = withoutFlags(args, ownFlags).map((arg, i, all) =>
    all[i - 1] === '--set' ? withLocal(arg, dataset.name, local) : arg,
  );
  const { files, isFolder } = await modelFiles(given.model);
  const wished = modelName(given.model);
  const name = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/.test(wished) ? wished : 'model';
  const contents = await Promise.all(
    files.map(async (path) => ({ name: basename(path), bytes: await readFile(path) })),
  );
  const artefacts = contents.map(({ name: file, bytes }) => ({
    name: file,
    sha256: hashOf(bytes),
    bytes: bytes.length,
  }));
  return {
    subject: { args: shared, model: { name, isFolder } },
    artefacts,
    async upload(store) {
      for (const [i, { sha256 }] of artefacts.entries()) await store.create(blobName(sha256), contents[i]!.bytes);
    },
  };
}

function withLocal(setting: string, dataset: string, local: readonly string[]): string {
  const { owner, key } = parseSetting(setting);
  return owner === dataset && local.includes(key) ? `${dataset}.${key}=${localMark}${dataset}.${key}` : setting;
}

/** The files of a model. */
async function modelFiles(path: string): Promise<{ files: string[]; isFolder: boolean }> {
  const found = await findModelFile(path);
  if (found === undefined) throw new AdvrobError('ADVROB_MODEL_MISSING', `no model at ${path}`);
  if ((await stat(found)).isDirectory()) {
    const { weightsManifest = [] } = JSON.parse(await readFile(join(found, 'model.json'), 'utf8')) as {
      weightsManifest?: { paths: string[] }[];
    };
    const names = ['model.json', ...weightsManifest.flatMap(({ paths }) => paths)];
    return { files: names.map((name) => join(found, name)), isFolder: true };
  }
  // Weights of an ONNX file may lie beside it.
  const beside = found.endsWith('.onnx') ? await readdir(dirname(found)) : [];
  const own = basename(found);
  const files = beside.filter((name) => name.startsWith(`${own}.`) || name.startsWith(`${own}_`));
  return { files: [found, ...files.map((name) => join(dirname(found), name))], isFolder: false };
}

/** What a worker has of its own. */
export interface WorkerSite {
  readonly plugins: readonly string[];
  /** Places of data on this machine, by `part.option`. */
  readonly data: ReadonlyMap<string, string>;
  readonly registry: Registry;
  /** Where models are kept. */
  readonly cache?: string | undefined;
}

/**
 * The command line by which this machine computes for a work, with the files of the model in place.
 * What a work says is text of anyone: parts are looked up by name, flags by their rules, and text
 * that may be a path is refused unless it is one that this worker was told of.
 *
 * @param folder - Where what is computed is written.
 * @throws AdvrobError `ADVROB_WORK` for what is no evaluation, or cannot be computed here.
 */
export async function argsOf(work: Work, store: ArtefactStore, site: WorkerSite, folder: string): Promise<string[]> {
  const refuse = (why: string): AdvrobError =>
    new AdvrobError('ADVROB_WORK', `the work '${work.title}' cannot be computed here: ${why}`);
  const parsed = subjectSchema.safeParse(work.subject);
  if (work.kind !== 'evaluation' || !parsed.success) throw refuse('it is no evaluation of this version');
  const { args, model } = parsed.data;
  if (args.some((arg) => arg === '--' || ownFlags.some(({ long }) => arg === long || arg.startsWith(`${long}=`))))
    throw refuse('it has flags that no work has');
  const placed = args.map((arg, i) => (args[i - 1] === '--set' ? withPlace(arg, site.data) : arg));
  const own = [...site.plugins.flatMap((plugin) => [pluginFlag.long!, plugin]), outFlag.long!, folder];
  const before = readWorkFlags([...args, ...own, modelFlag.long!, model.name], refuse);
  checkTexts(before, site, refuse);
  const path = await placeModel(work, model, store, site.cache, refuse);
  return [...placed, ...own, modelFlag.long!, path];
}

function readWorkFlags(args: readonly string[], refuse: (why: string) => AdvrobError): EvaluationFlags {
  try {
    return readFlags(evaluationFlags, args);
  } catch (error) {
    if (error instanceof AdvrobError) throw refuse(error.message.replace(` [${error.code}]`, '').slice(0, 200));
    throw error;
  }
}

/** @throws AdvrobError `ADVROB_WORK` for text in options that may be a path and was not mapped. */
function checkTexts(
  given: EvaluationFlags,
  { registry, data }: WorkerSite,
  refuse: (why: string) => AdvrobError,
): void {
  let parts: ReturnType<typeof chooseParts>;
  try {
    parts = chooseParts(registry, given, given.set, ['attack']);
  } catch (error) {
    if (error instanceof AdvrobError) throw refuse(error.message.replace(` [${error.code}]`, ''));
    throw error;
  }
  const kinds = { dataset: 'datasets', attack: 'attacks', certify: 'certifiers', architecture: 'models' } as const;
  for (const flag of ['dataset', 'attack', 'certify', 'architecture'] as const)
    for (const part of parts[flag])
      for (const key of freeTexts(registry, kinds[flag], part)) {
        const name = `${part.name}.${key}`;
        if (flag !== 'dataset' || part.options[key] !== `${localMark}${name}`)
          throw refuse(`${name} may name a file, which a work may not do`);
        if (!data.has(name)) throw refuse(`say where it is on this machine: --data ${name}=<path>`);
      }
}

function withPlace(setting: string, data: ReadonlyMap<string, string>): string {
  const [, name, mark] = /^([^=]+)=local:(.*)$/s.exec(setting) ?? [];
  const place = name === mark && name !== undefined ? data.get(name) : undefined;
  return place === undefined ? setting : `${name}=${JSON.stringify(place)}`;
}

/** Puts the files of the model into a folder of their own; gives the path of the model. */
async function placeModel(
  { artefacts }: Work,
  { name, isFolder }: z.infer<typeof subjectSchema>['model'],
  store: ArtefactStore,
  cache = join(homedir(), '.cache', 'advrob', 'models'),
  refuse: (why: string) => AdvrobError,
): Promise<string> {
  const [first] = artefacts;
  if (first === undefined) throw refuse('it names no file of its model');
  const folder = join(cache, hashOf(Buffer.from(JSON.stringify(artefacts))).slice(0, 32), name);
  for (const { name: file, sha256 } of artefacts) {
    const path = join(folder, file);
    const there = await readFile(path).catch(() => undefined);
    if (there && hashOf(there) === sha256) continue;
    const bytes = await store.get(blobName(sha256));
    if (bytes === undefined) throw refuse(`${file} of its model is not in ${store.name}`);
    if (hashOf(bytes) !== sha256)
      throw refuse(
        `${file} of its model is damaged in ${store.name}: remove ${blobName(sha256)} there and start the evaluation again`,
      );
    await writeAtomically(path, bytes);
  }
  return isFolder ? folder : join(folder, first.name);
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
