import type { GradConfig, KernelConfig, KernelFunc } from '@tensorflow/tfjs-core';

/** A kernel of one backend, or of every backend, in the place of the one that is registered. */
export interface KernelMend {
  readonly kernelName: string;
  /** Default: every backend. */
  readonly backendName?: string;
  mend(registered: KernelFunc, backendName: string): KernelFunc;
}

/** What is to be made of an entry that somebody registers. */
type Change<T> = (registered: T) => T;

const mark = Symbol.for('advrob.mends');

/**
 * A registry of tfjs that one copy of this module watches: with its changes by the name of a kernel,
 * or by that of a kernel of one backend.
 */
type Registry<T> = Map<string, T> & { [mark]?: { owner: object; changes: Map<string, Change<T>[]> } };

/** This copy of the module. */
const self = {};

/**
 * Registers gradients for good: tfjs' own come again with whatever brings them along, such as
 * tfjs-layers, and would replace them. To give one op of a model another gradient, use
 * `tf.customGrad`.
 */
export function mendGradients(configs: readonly GradConfig[]): void {
  const registry = registryOf<GradConfig>('gradRegistry');
  for (const config of configs) {
    change(registry, config.kernelName, () => config);
    if (registry.get(config.kernelName) === undefined) registry.set(config.kernelName, config);
  }
}

/** Mends kernels that are registered, and those of backends that are loaded later. */
export function mendKernels(mends: readonly KernelMend[]): void {
  const registry = registryOf<KernelConfig>('kernelRegistry');
  for (const { kernelName, backendName, mend } of mends)
    change(registry, backendName === undefined ? kernelName : keyOf(kernelName, backendName), (registered) => ({
      ...registered,
      kernelFunc: mend(registered.kernelFunc, registered.backendName),
    }));
}

/** How tfjs calls a kernel of a backend. */
function keyOf(kernelName: string, backendName: string): string {
  return `${backendName}_${kernelName}`;
}

/** Every copy of tfjs-core in a process shares these. */
function registryOf<T>(name: 'gradRegistry' | 'kernelRegistry'): Registry<T> {
  type Holder = { _tfGlobals?: Map<string, unknown>; process?: Holder };
  const { _tfGlobals, process } = globalThis as Holder;
  // tfjs takes `process` where a worker of a bundle has one, but no window.
  const registry = (_tfGlobals ?? process?._tfGlobals)?.get(name) as Registry<T> | undefined;
  if (registry === undefined)
    throw new Error(`expected tfjs-core 4.22 with its ${name}, found none: import '@tensorflow/tfjs-core' first`);
  registry[mark] ??= { owner: self, changes: watch(registry) };
  return registry;
}

function watch<T>(registry: Registry<T>): Map<string, Change<T>[]> {
  const changes = new Map<string, Change<T>[]>();
  const set = registry.set.bind(registry);
  registry.set = (key, registered) => {
    const { kernelName } = registered as { kernelName: string };
    const wanted = [key, kernelName].filter((name, i, names) => names.indexOf(name) === i);
    const all = wanted.flatMap((name) => changes.get(name) ?? []);
    return set(
      key,
      all.reduce((changed, to) => to(changed), registered),
    );
  };
  return changes;
}

/** The first of several copies of this module does it, the others change nothing. */
function change<T>(registry: Registry<T>, name: string, to: Change<T>): void {
  const { owner, changes } = registry[mark]!;
  if (owner !== self) return;
  for (const [key, registered] of [...registry])
    if (key === name || (registered as { kernelName: string }).kernelName === name)
      Map.prototype.set.call(registry, key, to(registered));
  changes.set(name, [...(changes.get(name) ?? []), to]);
}
