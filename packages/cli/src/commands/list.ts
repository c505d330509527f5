import { AdvrobError, didYouMean, optionJsonSchema, pluginKinds, type PluginKind } from '@advrob/core';
import type { Command } from 'commander';
import { jsonFlag, pluginFlag } from '../flags/common-flags.js';
import type { Values } from '../flags/flag.js';
import { terminalOutput, terminalWidth, wrapped } from '../output/terminal.js';
import { addCommand, openRegistry } from './command.js';

const flags = [pluginFlag, jsonFlag] as const;

/**
 * `advrob list [what]`: all parts by name, those of a kind with a sentence each, or everything about
 * one.
 */
export function register(program: Command): void {
  addCommand(
    program,
    'list [what]',
    'what is installed; of a kind (attacks, trainers, ...) a sentence each; of a name its options, ranges, defaults and paper',
    flags,
    listCommand,
    ['list', 'list attacks', 'list pgd'],
  );
}

interface OptionLine {
  readonly name: string;
  readonly type: string;
  readonly default?: unknown;
  readonly description?: string;
}

interface PartLine {
  readonly kind: PluginKind;
  readonly name: string;
  readonly plugin: string;
  readonly summary: string;
  readonly paper?: string;
  readonly norms?: unknown;
  readonly knowledge?: unknown;
  readonly budget?: unknown;
  readonly options: readonly OptionLine[];
}

async function listCommand(what: string | undefined, given: Values<typeof flags>): Promise<void> {
  const output = terminalOutput(given.json);
  const registry = await openRegistry(given.plugin, output);
  const all = registry.list().map(({ kind, name, plugin, definition }): PartLine => ({
    kind,
    name,
    plugin,
    summary: definition.summary,
    ...(definition.paper !== undefined && { paper: definition.paper }),
    ...('norms' in definition && { norms: definition.norms }),
    ...('knowledge' in definition && { knowledge: definition.knowledge }),
    ...('budget' in definition && { budget: definition.budget }),
    options: optionLines(optionJsonSchema(definition.options)),
  }));
  const parts = all.filter(({ kind, name }) => what === undefined || kind === what || name === what);
  if (parts.length === 0 && !(pluginKinds as readonly string[]).includes(what!)) {
    const known = [...pluginKinds, ...all.map(({ name }) => name)];
    throw new AdvrobError(
      'ADVROB_USAGE',
      `no kind and no part '${what!}'; ${didYouMean(what!, known, `kinds are ${pluginKinds.join(', ')}`)}`,
    );
  }
  const width = terminalWidth();
  output.result(parts, () => {
    if (what === undefined) return overview(parts, width);
    return parts.some(({ name }) => name === what)
      ? parts.map((part) => describe(part, width)).join('\n\n')
      : ofKind(parts, width);
  });
}

/** Every name, a kind after the other. */
function overview(parts: readonly PartLine[], width: number): string {
  const kinds = pluginKinds.filter((kind) => parts.some((part) => part.kind === kind));
  const texts = kinds.map((kind) => {
    const names = parts.filter((part) => part.kind === kind).map(({ name }) => name);
    return wrapped(names.join(', '), width, { first: `${kind}: `, next: '  ' });
  });
  const more = wrapped('One kind: advrob list attacks. One part, with its options: advrob list pgd.', width);
  return [...texts, '', more].join('\n');
}

/** A sentence for each part of a kind. */
function ofKind(parts: readonly PartLine[], width: number): string {
  return parts
    .map(({ name, norms, summary, ...part }) =>
      wrapped([summary, ...access(part).map((each) => `(${each})`)].join(' '), width, {
        first: `${name}${normsOf(norms)}  `,
        next: '    ',
      }),
    )
    .join('\n');
}

function normsOf(norms: unknown): string {
  return Array.isArray(norms) ? ` [${norms.join(', ')}]` : '';
}

function describe(part: PartLine, width: number): string {
  const options = part.options.map(({ name, type, default: value, description = '' }) => {
    const first = `  ${name}: ${type}${value === undefined ? '' : ` = ${JSON.stringify(value)}`}  `;
    return wrapped(description, width, { first, next: '      ' });
  });
  return [
    wrapped(part.summary, width, { first: `${part.name}${normsOf(part.norms)}  `, next: '  ' }),
    ...(part.paper === undefined ? [] : [wrapped(part.paper, width, { first: '  ', next: '  ' })]),
    ...options,
    wrapped([...access(part), `one of the ${part.kind} of ${part.plugin}`].join('; '), width, {
      first: '  ',
      next: '  ',
    }),
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
