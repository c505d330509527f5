import { AdvrobError, didYouMean, optionJsonSchema, pluginKinds, type PluginKind } from '@advrob/core';
import type { Command } from 'commander';
import { jsonFlag, pluginFlag } from '../flags/common-flags.js';
import type { Values } from '../flags/flag.js';
import { terminalOutput } from '../output/terminal.js';
import { addCommand, openRegistry } from './command.js';

const flags = [pluginFlag, jsonFlag] as const;

/** `advrob list [kind]`: what is installed, with options, ranges, defaults and papers. */
export function register(program: Command): void {
  addCommand(
    program,
    'list [kind]',
    'what is installed, with options, ranges, defaults and papers',
    flags,
    listCommand,
  );
}

interface OptionLine {
  readonly name: string;
  readonly type: string;
  readonly default?: unknown;
  readonly description?: string;
}

async function listCommand(kind: string | undefined, given: Values<typeof flags>): Promise<void> {
  const output = terminalOutput(given.json);
  const registry = await openRegistry(given.plugin, output);
  if (kind !== undefined && !(pluginKinds as readonly string[]).includes(kind))
    throw new AdvrobError(
      'ADVROB_USAGE',
      `no kind '${kind}'; ${didYouMean(kind, pluginKinds, `there are ${pluginKinds.join(', ')}`)}`,
    );
  const parts = registry.list(kind as PluginKind | undefined).map(({ kind: partKind, name, plugin, definition }) => ({
    kind: partKind,
    name,
    plugin,
    summary: definition.summary,
    ...(definition.paper !== undefined && { paper: definition.paper }),
    ...('norms' in definition && { norms: definition.norms }),
    ...('knowledge' in definition && { knowledge: definition.knowledge }),
    ...('budget' in definition && { budget: definition.budget }),
    options: optionLines(optionJsonSchema(definition.options)),
  }));
  output.result(parts, () =>
    pluginKinds
      .filter((each) => parts.some((part) => part.kind === each))
      .map((each) => [each.toUpperCase(), ...parts.filter((part) => part.kind === each).map(describe)].join('\n'))
      .join('\n\n'),
  );
}

function describe(part: {
  name: string;
  plugin: string;
  summary: string;
  paper?: string;
  norms?: unknown;
  knowledge?: unknown;
  budget?: unknown;
  options: OptionLine[];
}): string {
  const norms = Array.isArray(part.norms) ? ` [${part.norms.join(', ')}]` : '';
  const options = part.options.map((option) => {
    const value = option.default === undefined ? '' : ` = ${JSON.stringify(option.default)}`;
    return `      ${option.name}: ${option.type}${value}${option.description === undefined ? '' : `  ${option.description}`}`;
  });
  return [
    `  ${part.name}${norms}  ${part.summary}`,
    ...(part.paper === undefined ? [] : [`      ${part.paper}`]),
    ...options,
    `      ${[...access(part), `from ${part.plugin}`].join('; ')}`,
  ].join('\n');
}

/** What an attack has to know of the model, and what it looks for. */
function access({ knowledge, budget }: { knowledge?: unknown; budget?: unknown }): string[] {
  return [
    ...(typeof knowledge === 'string' ? [`sees ${knowledge}`] : []),
    ...(budget === 'minimal' ? ['looks for the smallest perturbation'] : []),
  ];
}

function optionLines(schema: Record<string, unknown>): OptionLine[] {
  const properties = (schema['properties'] ?? {}) as Record<string, Record<string, unknown>>;
  return Object.entries(properties).map(([name, property]) => ({
    name,
    type: typeOf(property),
    ...('default' in property && { default: property['default'] }),
    ...(typeof property['description'] === 'string' && { description: property['description'] }),
  }));
}

/**
 * A JSON Schema type in a few words, e.g. `integer >= 1` or `'a' | 'b'`; a part that the command
 * finds by name: `model`, `attack`.
 */
function typeOf(property: Record<string, unknown>): string {
  if (typeof property['advrob'] === 'string') return property['advrob'];
  if (Array.isArray(property['enum'])) return property['enum'].map((value) => JSON.stringify(value)).join(' | ');
  const alternatives = property['anyOf'] ?? property['oneOf'];
  if (Array.isArray(alternatives))
    return alternatives.map((each) => typeOf(each as Record<string, unknown>)).join(' | ');
  if ('const' in property) return JSON.stringify(property['const']);
  const limits = [
    ['minimum', '>='],
    ['exclusiveMinimum', '>'],
    ['maximum', '<='],
    ['exclusiveMaximum', '<'],
  ].flatMap(([key, sign]) => {
    const limit = property[key!];
    return typeof limit === 'number' && Math.abs(limit) < Number.MAX_SAFE_INTEGER ? [`${sign} ${limit}`] : [];
  });
  return [String(property['type'] ?? 'any'), ...limits].join(' ');
}
