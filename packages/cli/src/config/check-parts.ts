import {
  AdvrobError,
  didYouMean,
  issuesInWords,
  optionJsonSchema,
  optionNames,
  type PluginKind,
  type Registry,
} from '@advrob/core';
import { attackLosses } from '@advrob/core/losses';
import { part, type Part } from './part-schema.js';
import type { Experiment, TrainingSettings } from './schema.js';

type Path = readonly PropertyKey[];

/** A part that a config names, and where. */
type NamedPart = Part & { readonly kind: PluginKind; readonly path: Path };

/** What the kinds are called in a sentence. */
const words: Readonly<Record<PluginKind, string>> = {
  datasets: 'data set',
  models: 'architecture',
  trainers: 'trainer',
  objectives: 'objective',
  optimizers: 'optimizer',
  transforms: 'transform',
  averagers: 'averager',
  augmentations: 'augmentation',
  attacks: 'attack',
  analyses: 'analysis',
  certifiers: 'certifier',
};

/**
 * Looks up every part that an experiment names, and checks what can be of its options, so that all
 * mistakes are told at once, each with its place; nothing is made or read.
 *
 * @param placeOf - `file:line:column` of the value at a path.
 * @throws AdvrobError `ADVROB_CONFIG` with a line for each.
 */
export function checkParts(experiment: Experiment, registry: Registry, placeOf: (path: Path) => string): void {
  const problems = [
    ...partsOf(experiment).flatMap((named) => problemsOf(named, registry)),
    ...lossesOf(experiment).flatMap(({ path, name }) => unknownName('loss', name, Object.keys(attackLosses), path)),
  ];
  if (problems.length === 0) return;
  const lines = problems.map(({ path, says }) => `${placeOf(path)}: ${path.map(String).join('.')}: ${says}`);
  throw new AdvrobError('ADVROB_CONFIG', lines.join('\n'));
}

interface Problem {
  readonly path: Path;
  readonly says: string;
}

function unknownName(what: string, name: string, known: readonly string[], path: Path): Problem[] {
  if (known.includes(name)) return [];
  return [{ path, says: `no ${what} '${name}': ${didYouMean(name, known)}` }];
}

function problemsOf({ kind, name, options, path }: NamedPart, registry: Registry): Problem[] {
  const known = registry.list(kind).map((each) => each.name);
  const problems = unknownName(words[kind], name, known, [...path, 'name']);
  if (problems.length > 0) return problems;
  const schema = registry.find(kind, name).definition.options;
  const { properties = {} } = optionJsonSchema(schema) as { properties?: Record<string, { advrob?: unknown }> };
  const isMade = (key: PropertyKey | undefined) => typeof properties[String(key)]?.advrob === 'string';
  // Options that are parts themselves are checked as such; models are looked for when they are loaded.
  const inner = Object.entries(options).flatMap(([key, value]): Problem[] => {
    const innerKind = { dataset: 'datasets', attack: 'attacks' }[String(properties[key]?.advrob)] as
      PluginKind | undefined;
    const given = innerKind === undefined ? undefined : part.safeParse(value);
    if (!given?.success) return [];
    return problemsOf({ kind: innerKind!, ...given.data, path: [...path, 'options', key] }, registry);
  });
  return [...optionProblems(schema, { name, options, path }, isMade), ...inner];
}

function optionProblems(
  schema: Parameters<typeof optionNames>[0],
  { name, options, path }: Omit<NamedPart, 'kind'>,
  isMade: (key: PropertyKey | undefined) => boolean,
): Problem[] {
  const result = schema['~standard'].validate(options);
  if (result instanceof Promise || result.issues === undefined) return [];
  const known = optionNames(schema);
  return issuesInWords(result.issues, options).flatMap(({ path: inside, words: says, unknownKeys }) => {
    const where = [...path, 'options', ...inside];
    if (isMade(inside[0])) return [];
    if (unknownKeys === undefined) return [{ path: where, says }];
    const keys = inside.length === 0 ? known : [];
    return unknownKeys.map((key) => ({
      path: [...where, key],
      says: `${name} has no such option${keys.length > 0 ? `; ${didYouMean(key, keys)}` : ''}`,
    }));
  });
}

/** Every part that an experiment names. */
function partsOf({ dataset, architecture, training, models, evaluation, analyses }: Experiment): NamedPart[] {
  const at = (kind: PluginKind, path: Path, given: Part | undefined): NamedPart[] =>
    given === undefined ? [] : [{ kind, path, ...given }];
  return [
    ...at('datasets', ['dataset'], dataset),
    ...at('models', ['architecture'], architecture),
    ...trainingParts(training, ['training']),
    ...models.flatMap((model, i) => [
      ...at('models', ['models', i, 'architecture'], model.architecture),
      ...trainingParts(model.train, ['models', i, 'train']),
    ]),
    ...(evaluation?.attacks ?? []).flatMap((each, i) => at('attacks', ['evaluation', 'attacks', i], each)),
    ...(evaluation?.certifiers ?? []).flatMap((each, i) => at('certifiers', ['evaluation', 'certifiers', i], each)),
    ...analyses.flatMap((each, i) => at('analyses', ['analyses', i], each)),
  ];
}

function trainingParts(settings: TrainingSettings | undefined, path: Path): NamedPart[] {
  if (settings === undefined) return [];
  const { trainer, objective, attack, optimizer, averager, transforms = [], augmentations = [], validation } = settings;
  const single: readonly (readonly [PluginKind, Path, Part | undefined])[] = [
    ['trainers', ['trainer'], trainer],
    ['objectives', ['objective'], objective],
    ['attacks', ['attack'], attack],
    ['optimizers', ['optimizer'], optimizer],
    ['averagers', ['averager'], averager],
    ...transforms.map((each, i) => ['transforms', ['transforms', i], each] as const),
    ...augmentations.map((each, i) => ['augmentations', ['augmentations', i], each] as const),
    ['attacks', ['validation', 'attack'], validation?.attack],
  ];
  return single.flatMap(([kind, inside, given]) =>
    given === undefined ? [] : [{ kind, path: [...path, ...inside], ...given }],
  );
}

function lossesOf({ evaluation }: Experiment): { path: Path; name: string }[] {
  return (evaluation?.attacks ?? []).flatMap(({ loss }, i) =>
    loss === undefined ? [] : [{ path: ['evaluation', 'attacks', i, 'loss'], name: loss }],
  );
}
