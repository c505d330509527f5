import { AdvrobError, nearNames, type AnyFactory, type Norm, type Registry } from '@advrob/core';
import type { BackendChoice } from '../backend/select.js';
import { experimentSchema, type ExperimentInput } from '../config/schema.js';
import { runExperiment } from '../experiment/run-experiment.js';
import { parseEpsilon } from '../flags/common-flags.js';
import { chooseParts } from '../flags/chosen-parts.js';
import { defaultDataset, type DataFlags } from '../flags/data-flags.js';
import type { ModelFlags } from '../flags/model-flags.js';
import { inputOf } from '../flags/model-flags.js';
import { recordText } from '../output/record-text.js';
import type { Output } from '../output/terminal.js';

export interface AnalyzeFlags extends ModelFlags, DataFlags {
  readonly model: readonly string[];
  readonly norm: Norm;
  readonly epsilon?: string;
  readonly seed: number;
  readonly out: string;
}

/** What a command is run with. */
export interface CommandSite {
  readonly registry: Registry;
  readonly backend: BackendChoice;
  /** As it was typed. */
  readonly command: string;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** `advrob analyze`: one analysis of saved models; writes record.json and the page. An experiment without training, so that it is resumed and kept like one. */
export async function analyzeCommand(name: string, flags: AnalyzeFlags, site: CommandSite): Promise<void> {
  const experiment = experimentSchema.parse(describe(name, flags, site.registry));
  const { record, report } = await runExperiment({ ...site, experiment, folder: flags.out });
  site.output.result(record, () => [...recordText(record), `report: ${report}`].join('\n\n'));
}

/** The flags as an experiment. */
function describe(name: string, flags: AnalyzeFlags, registry: Registry): ExperimentInput {
  const { definition } = registry.find('analyses', name) as AnyFactory & { definition: { roles: readonly string[] } };
  const models = modelsByRole(name, definition.roles, flags.model);
  const named = flags.dataset ?? (definition.roles.length > 0 ? defaultDataset : undefined);
  const parts = chooseParts(registry, { ...flags, dataset: named, analysis: name }, flags.set, ['analysis']);
  const [dataset, architecture] = [parts.dataset[0], parts.architecture[0]];
  const input = inputOf(flags);
  return {
    version: 1,
    name: 'analysis',
    title: definition.summary.replace(/\.$/, ''),
    seed: flags.seed,
    ...(dataset && { dataset }),
    ...(flags.epsilon !== undefined && { threat: { norm: flags.norm, epsilon: parseEpsilon(flags.epsilon) } }),
    analyses: [
      {
        ...parts.analysis[0]!,
        split: flags.split,
        ...(flags.take !== undefined && { take: flags.take }),
        ...(models && {
          models: Object.fromEntries(
            Object.entries(models).map(([role, weights]) => [
              role,
              {
                weights,
                ...(architecture && { architecture }),
                ...(flags.outputs && { outputs: flags.outputs }),
                ...(Object.keys(input).length > 0 && { input }),
              },
            ]),
          ),
        }),
      },
    ],
  };
}

/** `--model standard=a.safetensors --model robust=b.safetensors`; of an analysis of one role also `--model a.safetensors`. */
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
    const near = nearNames(unknown, roles);
    throw new AdvrobError(
      'ADVROB_USAGE',
      `--model ${unknown}=...: '${name}' ${rolesText(roles)}${near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ''}`,
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
