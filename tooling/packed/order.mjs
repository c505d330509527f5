// In which order our packages can be published: each after those that it needs.

/**
 * Layers of packages: those of a layer need only packages of the layers before it.
 *
 * @param {readonly { name: string, dependencies?: object, peerDependencies?: object, peerDependenciesMeta?: object }[]} manifests
 * @returns {string[][]} Names, sorted within a layer.
 * @throws Error when packages need each other in a circle.
 */
export function publishingOrder(manifests) {
  const ours = new Set(manifests.map(({ name }) => name));
  const needs = new Map(
    manifests.map(({ name, dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} }) => [
      name,
      Object.keys({ ...dependencies, ...peerDependencies }).filter(
        (other) => ours.has(other) && (other in dependencies || !peerDependenciesMeta[other]?.optional),
      ),
    ]),
  );
  const done = new Set();
  const layers = [];
  while (done.size < needs.size) {
    const layer = [...needs.keys()].filter(
      (name) => !done.has(name) && needs.get(name).every((each) => done.has(each)),
    );
    if (layer.length === 0)
      throw new Error(`need each other: ${[...needs.keys()].filter((name) => !done.has(name)).join(', ')}`);
    layers.push(layer.sort());
    for (const name of layer) done.add(name);
  }
  return layers;
}
