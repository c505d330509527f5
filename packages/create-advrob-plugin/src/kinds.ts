/** What a plugin can start with. */
export const kinds = ['attack', 'objective', 'trainer', 'analysis', 'dataset', 'model'] as const;
export type Kind = (typeof kinds)[number];

/** One line for each kind, for those who have to choose. */
export const summaries: Readonly<Record<Kind, string>> = {
  attack: 'searches adversarial examples',
  objective: 'what training minimises',
  trainer: 'a recipe of objective, optimizer and schedule',
  analysis: 'a question to one or more models, answered with tables and figures',
  dataset: 'labelled examples in three splits',
  model: 'an architecture',
};

/** What `advrob list` calls them. */
export const listed: Readonly<Record<Kind, string>> = {
  attack: 'attacks',
  objective: 'objectives',
  trainer: 'trainers',
  analysis: 'analyses',
  dataset: 'datasets',
  model: 'models',
};

/** Packages that the source of a kind imports, beside core, tfjs and zod. */
export const imported: Readonly<Record<Kind, readonly string[]>> = {
  attack: [],
  objective: [],
  trainer: ['@advrob/training'],
  analysis: [],
  dataset: ['@advrob/datasets'],
  model: [],
};

/** Packages that only the tests of a kind import. */
export const tested: Readonly<Record<Kind, readonly string[]>> = {
  attack: [],
  objective: [],
  trainer: [],
  analysis: ['@advrob/datasets'],
  dataset: [],
  model: [],
};
