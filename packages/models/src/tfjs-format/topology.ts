import { formatError, isRecord } from './format-error.js';

/** Nesting of real models stays far below; without a limit a hostile file overflows the stack. */
const deepest = 100;

/**
 * Checks that every graph of layers inside a topology can be built: tfjs-layers waits forever for a
 * layer call whose inputs never come.
 *
 * @throws AdvrobError `ADVROB_MODEL_FILE`.
 */
export function checkTopology(file: string, value: unknown, depth = 0): void {
  if (depth > deepest) throw formatError(file, `modelTopology is nested more than ${deepest} levels deep`);
  if (Array.isArray(value)) for (const item of value) checkTopology(file, item, depth + 1);
  if (!isRecord(value)) return;
  if (isGraph(value)) checkGraph(file, value['layers'] as unknown[]);
  for (const item of Object.values(value)) checkTopology(file, item, depth + 1);
}

function isGraph(config: Record<string, unknown>): boolean {
  const has = (...names: string[]) => names.some((name) => name in config);
  return Array.isArray(config['layers']) && has('input_layers', 'inputLayers', 'output_layers', 'outputLayers');
}

/** A call of a layer: how many calls of which layers must have been made before it. */
interface Call {
  readonly layer: string;
  readonly needs: readonly (readonly [layer: string, calls: number])[];
}

function checkGraph(file: string, layers: readonly unknown[]): void {
  const calls = new Map<string, number>();
  let waiting: Call[] = [];
  for (const layer of layers) {
    const { name, isCalled, nodes } = readLayer(file, layer);
    if (calls.has(name)) throw formatError(file, `layer '${name}' occurs twice in modelTopology`);
    calls.set(name, isCalled ? 1 : 0);
    waiting.push(...nodes.map((node) => ({ layer: name, needs: readNeeds(file, name, node) })));
  }
  // Makes the calls in rounds, as tfjs-layers does.
  while (waiting.length > 0) {
    const later = waiting.filter(({ layer, needs }) => {
      if (!needs.every(([other, count]) => (calls.get(other) ?? 0) >= count)) return true;
      if (needs.length > 0) calls.set(layer, calls.get(layer)! + 1);
      return false;
    });
    if (later.length === waiting.length)
      throw formatError(file, `layer '${later[0]!.layer}' has inputs in modelTopology that no layer gives`);
    waiting = later;
  }
}

function readLayer(file: string, layer: unknown): { name: string; isCalled: boolean; nodes: unknown[] } {
  if (!isRecord(layer)) throw formatError(file, 'modelTopology has a layer that is no object');
  const { name, config } = layer;
  if (typeof name !== 'string' || name === '' || !isRecord(config) || config['name'] !== name)
    throw formatError(file, `layer ${JSON.stringify(name)} does not have one name in modelTopology`);
  const nodes = layer['inbound_nodes'] ?? layer['inboundNodes'];
  if (!Array.isArray(nodes)) throw formatError(file, `layer '${name}' has no inbound_nodes in modelTopology`);
  const className = layer['class_name'] ?? layer['className'];
  // These are called by being made.
  const isCalled = ['InputLayer', 'Sequential', 'Model', 'Functional'].includes(String(className));
  return { name, isCalled, nodes };
}

function readNeeds(file: string, name: string, node: unknown): [string, number][] {
  if (!Array.isArray(node)) throw formatError(file, `layer '${name}' has an inbound node that is no list`);
  return node.map((input: unknown): [string, number] => {
    const [layer, index] = Array.isArray(input) ? (input as unknown[]) : [];
    if (typeof layer !== 'string' || !Number.isSafeInteger(index) || (index as number) < 0)
      throw formatError(file, `layer '${name}' has an inbound node that names no layer call`);
    return [layer, (index as number) + 1];
  });
}
