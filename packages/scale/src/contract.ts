import { AdvrobError, type Json } from '@advrob/core';
import { differencesOf } from '@advrob/core/identity';
import * as z from 'zod';

/** As JSON in a work. */
export const contract = z.strictObject({
  node: z.string().max(20),
  platform: z.string().max(60),
  identity: z.record(z.string(), z.json()),
});

/**
 * What every process that computes for a work must share with the one that planned it, so that all
 * give the same bits.
 */
export interface Contract {
  /** Major version of Node, whose `Math` may round otherwise. */
  readonly node: string;
  /** `linux x64` */
  readonly platform: string;
  /**
   * What the work stands on: versions, plugins, backend with its threads, data, models with what
   * they answer to fixed inputs (their canary). Compared key by key by the runner.
   */
  readonly identity: Readonly<Record<string, Json>>;
}

/** The contract of what this process computes. */
export function contractHere(identity: Contract['identity']): Contract {
  return {
    node: process.versions.node.split('.')[0]!,
    platform: `${process.platform} ${process.arch}`,
    identity,
  };
}

/**
 * Compares what can be seen before anything is loaded.
 *
 * @param known - Parts of the identity that are known here; others are left to the runner.
 * @throws AdvrobError `ADVROB_CONTRACT` naming everything that differs, with both values.
 */
export function checkContract(wanted: Contract, known: Contract['identity'] = {}): void {
  const { node, platform } = contractHere({});
  const asked = Object.fromEntries(Object.keys(known).map((key) => [key, wanted.identity[key] ?? null]));
  refuseDifferences(
    differencesOf({ node: wanted.node, platform: wanted.platform, ...asked }, { node, platform, ...known }),
  );
}

/** @throws AdvrobError `ADVROB_CONTRACT` where there are differences. */
function refuseDifferences(differences: readonly string[]): void {
  if (differences.length > 0)
    throw new AdvrobError(
      'ADVROB_CONTRACT',
      `this worker would give other bits than the work was planned with: ${differences.join('; ')}. Start workers with the versions, plugins and threads of the one that planned it, on machines of one kind (in Kubernetes: a node selector)`,
    );
}
