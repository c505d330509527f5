/** What a plugin can start with. */
export const kinds = ['attack', 'objective', 'trainer', 'analysis', 'certifier', 'dataset', 'model'] as const;
export type Kind = (typeof kinds)[number];

interface KindFacts {
  /** One line for those who have to choose. */
  readonly summary: string;
  /** What `advrob list` calls them. */
  readonly listed: string;
  readonly article: 'a' | 'an';
  /** In a sentence. Default: the kind itself. */
  readonly noun?: string;
  /** Packages that the source imports, beside core, tfjs and zod. */
  readonly imported?: readonly string[];
  /** Packages that only the tests import. */
  readonly tested?: readonly string[];
}

/** All that tells the kinds apart, but for their folders in `templates/`. */
export const factsOf: Readonly<Record<Kind, KindFacts>> = {
  attack: { summary: 'searches adversarial examples', listed: 'attacks', article: 'an' },
  objective: { summary: 'what training minimises', listed: 'objectives', article: 'an' },
  trainer: {
    summary: 'a recipe of objective, optimizer and schedule',
    listed: 'trainers',
    article: 'a',
    imported: ['@advrob/training'],
  },
  analysis: {
    summary: 'a question to one or more models, answered with tables and figures',
    listed: 'analyses',
    article: 'an',
    tested: ['@advrob/datasets'],
  },
  certifier: { summary: 'shows that no adversarial example exists', listed: 'certifiers', article: 'a' },
  dataset: {
    summary: 'labelled examples in three splits',
    listed: 'datasets',
    article: 'a',
    noun: 'data set',
    imported: ['@advrob/datasets'],
  },
  model: { summary: 'an architecture', listed: 'models', article: 'a' },
};
