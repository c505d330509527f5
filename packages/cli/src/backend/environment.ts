import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';

export interface Environment {
  readonly backend: string;
  readonly runtime: string;
  readonly platform: string;
  readonly cpu: string;
  readonly versions: Record<string, string>;
}

const packages = [
  'core',
  'analysis-logits',
  'analysis-smoothness',
  'analysis-subspace',
  'attacks',
  'backend-onnxruntime',
  'cli',
  'datasets',
  'evaluation',
  'models',
  'report',
  'trainers-dual-langevin',
  'trainers-entropysgd',
  'trainers-randomized',
  'training',
];

/** Where a run took place: backend, runtime, processor, package versions. */
export function environmentOf(backend: string): Environment {
  const require = createRequire(import.meta.url);
  const versionOf = (name: string): [string, string] => {
    const path = name === '@advrob/cli' ? '../package.json' : `${name}/package.json`;
    return [name, (JSON.parse(readFileSync(require.resolve(path), 'utf8')) as { version: string }).version];
  };
  return {
    backend,
    runtime: `node ${process.versions.node}`,
    platform: `${process.platform} ${process.arch}`,
    cpu: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores`,
    versions: {
      '@tensorflow/tfjs-core': tf.version_core,
      ...Object.fromEntries(packages.map((name) => versionOf(`@advrob/${name}`))),
    },
  };
}
