import type {
  AnalysisDefinition,
  AnalysisFactory,
  AnalysisSubject,
  AugmentationDefinition,
  AugmentationFactory,
  AveragerDefinition,
  AveragerFactory,
  Certifier,
  CertifierDefinition,
  CertifierFactory,
  Classifier,
  DatasetDefinition,
  DatasetFactory,
  Definition,
  Extras,
  Factory,
  Json,
  ModelDefinition,
  ModelFactory,
  NoExtras,
  ObjectiveDefinition,
  ObjectiveFactory,
  OptimizerDefinition,
  OptimizerFactory,
  Plugin,
  TrainerDefinition,
  TrainerFactory,
  TransformDefinition,
  ThreatModel,
  TransformFactory,
} from './contract/index.js';
import { AdvrobError } from './errors.js';
import { parseOptions } from './parse-options.js';

/** A function that validates options and then makes the product; it carries its definition. */
export function factory<I, O, Product, D extends Definition<I, O>>(
  kind: string,
  definition: D & Definition<I, O>,
  make: (options: O) => Product,
): Factory<I, Product, D & Definition<I, unknown>> {
  const create = (options?: I): Product =>
    make(parseOptions(definition.options, options, `${kind} '${definition.name}'`));
  return Object.assign(create, { definition }) as Factory<I, Product, D & Definition<I, unknown>>;
}

/** Makes the product and notes on it what it was made from. */
function withOrigin<O, Product extends object>(
  definition: { readonly name: string; create(options: O): Product },
  options: O,
): Product {
  return noting(definition.name, options, definition.create(options));
}

function noting<Product extends object>(name: string, options: unknown, product: Product): Product {
  return Object.assign(product, { origin: { name, options } });
}

/** Defines a training objective. */
export function defineObjective<I, O, P extends Extras, E extends Extras = NoExtras>(
  definition: ObjectiveDefinition<I, O, P, E>,
): ObjectiveFactory<I, P, E> {
  return factory('objective', definition, (options: O) => withOrigin(definition, options));
}

/** Defines a weight optimizer. */
export function defineOptimizer<I, O>(definition: OptimizerDefinition<I, O>): OptimizerFactory<I> {
  return factory('optimizer', definition, (options: O) => withOrigin(definition, options));
}

/** Defines a transform of an optimizer's work, such as AWP. */
export function defineTransform<I, O>(definition: TransformDefinition<I, O>): TransformFactory<I> {
  return factory('transform', definition, (options: O) => withOrigin(definition, options));
}

/** Defines a weight average, such as SWA. */
export function defineAverager<I, O>(definition: AveragerDefinition<I, O>): AveragerFactory<I> {
  return factory('averager', definition, (options: O) => withOrigin(definition, options));
}

/** Defines an augmentation, such as random crops. */
export function defineAugmentation<I, O>(definition: AugmentationDefinition<I, O>): AugmentationFactory<I> {
  return factory('augmentation', definition, (options: O) => withOrigin(definition, options));
}

/** Defines a named training recipe. */
export function defineTrainer<I, O>(definition: TrainerDefinition<I, O>): TrainerFactory<I> {
  return factory('trainer', definition, (options: O) => definition.create(options));
}

/** Defines an analysis of models in named roles. */
export function defineAnalysis<I, O, const Role extends string, R extends Json>(
  definition: AnalysisDefinition<I, O, Role, R>,
): AnalysisFactory<I, Role, R> {
  return factory('analysis', definition, (options: O) => ({
    name: definition.name,
    definition: definition as unknown as Definition,
    options,
    roles: definition.roles,
    ...(definition.check && { check: (subject: AnalysisSubject<Role>) => definition.check!(subject, options) }),
    async analyze(context) {
      definition.check?.(context, options);
      return definition.analyze(context, options);
    },
  }));
}

/** Defines a certifier: a method that shows that no adversarial example exists. */
export function defineCertifier<I, O>(definition: CertifierDefinition<I, O>): CertifierFactory<I> {
  return factory('certifier', definition, (options: O): Certifier => ({
    name: definition.name,
    definition: definition as unknown as Definition,
    options,
    origin: { name: definition.name, options },
    norms: definition.norms,
    ...(definition.radii !== undefined && { radii: definition.radii }),
    statement: (threat) => definition.statement(threat, options),
    ...(definition.check && {
      check: (model: Classifier, threat: ThreatModel) => definition.check!(model, threat, options),
    }),
    async certify(model, x, y, threat, { seed = 0, ids, signal, onProgress } = {}) {
      if (!definition.norms.includes(threat.norm))
        throw new AdvrobError(
          'ADVROB_CERTIFY',
          `'${definition.name}' certifies in ${definition.norms.join(', ')}, not in ${threat.norm}`,
        );
      await definition.check?.(model, threat, options);
      const known = ids ?? Int32Array.from({ length: x.shape[0]! }, (_, i) => i);
      return definition.certify({ model, x, y, threat, seed, ids: known, signal, onProgress }, options);
    },
  }));
}

/** Defines a data set. */
export function defineDataset<I, O>(definition: DatasetDefinition<I, O>): DatasetFactory<I> {
  return factory('dataset', definition, async (options: O) => definition.load(options)) as DatasetFactory<I>;
}

/** Defines an architecture. */
export function defineModel<I, O>(definition: ModelDefinition<I, O>): ModelFactory<I> {
  const { name } = definition;
  return factory(
    'model',
    definition,
    (options: O) => (seed: number) => noting(name, options, definition.create(options, seed)),
  );
}

/**
 * Checks a plugin object and keeps its exact type, so that registries know its names and options.
 */
export function definePlugin<const P extends Plugin>(plugin: P): P {
  return plugin;
}
