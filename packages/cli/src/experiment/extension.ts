import type { Json } from '@advrob/core';
import { defaultChecks } from '../config/evaluation-schema.js';

type Value = Json | undefined;
type Keyed = { readonly [key: string]: Json };
type List = readonly Keyed[];

/** How a part of a config may change: the first contradiction in words, or undefined. */
type Rule = (before: Value, after: Value, path: string) => string | undefined;

/**
 * What a config says against one that was run already, as `key: old -> new`; undefined when it only
 * adds to it. It may gain attacks and certifiers in any place (the others keep their order), models, analyses,
 * plugins, an evaluation and checks, and have other words, requirements and notes: nothing that was
 * computed depends on these.
 */
export function contradictionOf(before: Json, after: Json): string | undefined {
  return whole(before, after, '');
}

const free: Rule = () => undefined;

/** Where nothing was, anything may come. */
const added =
  (rule: Rule): Rule =>
  (before, after, path) =>
    before === undefined ? undefined : rule(before, after, path);

const equal: Rule = (before, after, path) => {
  if (!isKeyed(before) || !isKeyed(after))
    return JSON.stringify(before) === JSON.stringify(after)
      ? undefined
      : `${path}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`;
  return keyed({})(before, after, path);
};

/** Key by key, by its own rule or as it was. */
function keyed(rules: Readonly<Record<string, Rule>>): Rule {
  return (before, after, path) => {
    if (!isKeyed(before) || !isKeyed(after)) return equal(before, after, path);
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const found = (rules[key] ?? equal)(before[key], after[key], path === '' ? key : `${path}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** Entries are known by a name; each is there still, as it was. */
function named(nameOf: (entry: Keyed) => string): Rule {
  return (before, after, path) => {
    for (const entry of (before ?? []) as List) {
      const name = nameOf(entry);
      const now = ((after ?? []) as List).find((other) => nameOf(other) === name);
      const found = now === undefined ? `${path}.${name}: removed` : equal(entry, now, `${path}.${name}`);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** Entries are there still, as they were and in their order. */
const ordered: Rule = (before, after, path) => {
  const list = (before ?? []) as List;
  let next = 0;
  const texts = list.map((entry) => JSON.stringify(entry));
  for (const entry of (after ?? []) as List) if (JSON.stringify(entry) === texts[next]) next++;
  return next === list.length
    ? undefined
    : `${path}.${next}: ${texts[next]} is not there as it was, after those before it`;
};

const plugins: Rule = (before, after, path) => {
  const lost = ((before ?? []) as string[]).find((name) => !((after ?? []) as string[]).includes(name));
  return lost === undefined ? undefined : `${path}: ${lost} removed`;
};

/** How many examples the checks looked at may not change; what else they do is known by its own inputs. */
const checks: Rule = (before, after, path) => {
  const [was, is] = [before, after].map((setting) => {
    if (setting === false) return undefined;
    return isKeyed(setting) ? setting['examples'] : defaultChecks.examples;
  });
  return was === undefined || is === undefined ? undefined : equal(was, is, `${path}.examples`);
};

const whole = keyed({
  $schema: free,
  title: free,
  modelCheck: free,
  plugins,
  models: named(({ id }) => String(id)),
  analyses: named(({ id, name }) => String(id ?? name)),
  evaluation: added(keyed({ attacks: ordered, certifiers: ordered, checks, notes: free, require: free })),
});

function isKeyed(value: Value): value is Keyed {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
