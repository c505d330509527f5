import { AdvrobError, didYouMean, type AnyFactory, type Registry } from '@advrob/core';
import type { Command } from 'commander';
import { parseExperiment } from '../config/load.js';
import type { ExperimentInput } from '../config/schema.js';
import { runExperiment } from '../experiment/run-experiment.js';
import { chooseParts } from '../flags/chosen-parts.js';
import { backendFlags, jsonFlag, normFlag, parseEpsilon, pluginFlag, seedFlag } from '../flags/common-flags.js';
import { defaultDataset, exampleFlags } from '../flags/data-flags.js';
import { flag, type Values } from '../flags/flag.js';
import { inputOf, onnxOf, modelCheckFlag, modelFlags, savedModel } from '../flags/model-flags.js';
import { recordText } from '../output/record-text.js';
import { addCommand, defaultFolder, ready, type Call } from './command.js';

const flags = [
  ...backendFlags,
  flag('--model <path>', `${savedModel}; of an analysis of several models <role>=<path> for each`, { repeated: true }),
  ...modelFlags,
  modelCheckFlag,
  flag('--dataset <name>', `default: ${defaultDataset} where the analysis looks at models`),
  ...exampleFlags('the analysis'),
  normFlag,
  flag('--epsilon <radius>', 'of attacks inside the analysis, e.g. 0.3 or 8/255'),
  seedFlag,
  pluginFlag,
  flag(
    '--out <folder>',
    'for record.json and the page, default below runs/; started again, it goes on where it was stopped',
  ),
  jsonFlag,
] as const;
type AnalyzeFlags = Values<typeof flags>;

/**
 * `advrob analyze`: one analysis of saved models; writes record.json and the page. An experiment
 * without training, so that it is resumed and kept like one.
 */
export function register(program: Command, call: Call): void {
  addCommand(
    program,
    'analyze <analysis>',
    'look at saved models by an analysis, see: advrob list analyses',
    flags,
    (name, given) => analyzeCommand(name, given, call),
    [
      'analyze loss-surface --model net.onnx --epsilon 0.1 --take 64',
      'analyze logit-comparison --model standard=a.safetensors \\\n    --model robust=b.safetensors --epsilon 0.1',
    ],
  );
}

async function analyzeCommand(name: string, given: AnalyzeFlags, { args, commandLine, signal }: Call): Promise<void> {
  const site = await ready(given);
  const experiment = parseExperiment(describe(name, given, site.registry));
  const { record, report } = await runExperiment({
    ...site,
    command: commandLine,
    signal,
    experiment,
    folder: given.out ?? defaultFolder(name, args),
  });
  site.output.result(record, () => [...recordText(record), `report: ${report}`].join('\n\n'));
}

/** The flags as an experiment. */
function describe(name: string, given: AnalyzeFlags, registry: Registry): ExperimentInput {
  const { definition } = registry.find('analyses', name) as AnyFactory & { definition: { roles: readonly string[] } };
  const models = modelsByRole(name, definition.roles, given.model);
  const named = given.dataset ?? (definition.roles.length > 0 ? defaultDataset : undefined);
  const parts = chooseParts(registry, { ...given, dataset: named, analysis: name }, given.set, ['analysis']);
  const [dataset, architecture] = [parts.dataset[0], parts.architecture[0]];
  const input = inputOf(given);
  const onnx = onnxOf(given);
  return {
    version: 1,
    name: 'analysis',
    title: definition.summary.replace(/\.$/, ''),
    seed: given.seed,
    modelCheck: given.modelCheck,
    ...(dataset && { dataset }),
    ...(given.epsilon !== undefined && { threat: { norm: given.norm, epsilon: parseEpsilon(given.epsilon) } }),
    analyses: [
      {
        ...parts.analysis[0]!,
        split: given.split,
        ...(given.take !== undefined && { take: given.take }),
        ...(models && {
          models: Object.fromEntries(
            Object.entries(models).map(([role, weights]) => [
              role,
              {
                weights,
                ...(architecture && { architecture }),
                ...(given.outputs && { outputs: given.outputs }),
                ...(Object.keys(input).length > 0 && { input }),
                ...(onnx && { onnx }),
              },
            ]),
          ),
        }),
      },
    ],
  };
}

/**
 * `--model standard=a.safetensors --model robust=b.safetensors`; of an analysis of one role also
 * `--model a.safetensors`.
 */
function modelsByRole(
  name: string,
  roles: readonly string[],
  given: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (roles.length === 0 && given.length === 0) return undefined;
  const pairs = given.map((text): [string, string] => {
    const [, role, path] = /^([a-z][a-z0-9-]*)=(.+)$/.exec(text) ?? [];
    if (role !== undefined && path !== undefined) return [role, path];
    if (roles.length === 1) return [roles[0]!, text];
    throw new AdvrobError('ADVROB_USAGE', `--model ${text}: '${name}' ${rolesText(roles)}`);
  });
  const unknown = pairs.find(([role]) => !roles.includes(role))?.[0];
  if (unknown !== undefined) {
    const hint = didYouMean(unknown, roles, '');
    throw new AdvrobError(
      'ADVROB_USAGE',
      `--model ${unknown}=...: '${name}' ${rolesText(roles)}${hint ? `; ${hint}` : ''}`,
    );
  }
  const models = Object.fromEntries(pairs);
  const open = roles.filter((role) => models[role] === undefined);
  if (open.length > 0 || pairs.length > roles.length)
    throw new AdvrobError('ADVROB_USAGE', `--model: '${name}' ${rolesText(roles)}`);
  return models;
}

function rolesText(roles: readonly string[]): string {
  if (roles.length === 0) return 'looks at no models';
  if (roles.length === 1) return `looks at one model: --model <path>`;
  return `compares models in the roles ${roles.join(', ')}: ${roles.map((role) => `--model ${role}=<path>`).join(' ')}`;
}
