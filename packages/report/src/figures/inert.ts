import { AdvrobError } from '@advrob/core';

/**
 * Looks at one part of a spec; throws when the part is more than a drawing of its own data needs.
 */
type Rule = (value: unknown, at: string, used: Used) => void;

/** What a spec has taken so far, so that a small text cannot ask for endless work. */
interface Used {
  rows: number;
  views: number;
  /** Fields that split the figure into panels. */
  readonly splits: Set<string>;
  readonly data: Readonly<Record<string, unknown>>[];
}

/** Rows times views of one figure: more takes minutes to draw. */
const mostMarks = 100_000;
const mostPanels = 64;
const mostNested = 8;

/**
 * Whether a Vega-Lite spec draws its own data and does nothing else: no address is loaded or linked
 * to, no expression is evaluated, and what is drawn stays within limits. A record may come from
 * anyone, and the whole language can do all three.
 *
 * @throws AdvrobError `ADVROB_RECORD` that names what is not allowed, and where.
 */
export function checkInert(spec: unknown): void {
  const used: Used = { rows: 0, views: 0, splits: new Set(), data: [] };
  try {
    view(spec, 'spec', used);
    checkWork(used);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { at, message } = error;
    throw new AdvrobError('ADVROB_RECORD', `${at}: a figure of a record draws its own data alone; ${message}`);
  }
}

function checkWork({ splits, data, rows, views }: Used): void {
  const panels = [...splits].reduce((product, field) => product * new Set(data.map((row) => row[field])).size, 1);
  if (panels > mostPanels) refuse('spec', `expected at most ${mostPanels} panels, found ${panels}`);
  if (rows * views > mostMarks)
    refuse('spec', `expected at most ${mostMarks} marks, found ${rows} rows in ${views} views`);
}

/** What is not allowed, and where. */
class Refused extends Error {
  constructor(
    readonly at: string,
    message: string,
  ) {
    super(message);
  }
}

function refuse(at: string, message: string): never {
  throw new Refused(at, message);
}

/** One of several rules holds; else what is wrong deepest inside is said, or `what` was expected. */
const anyOf =
  (what: string, ...rules: readonly Rule[]): Rule =>
  (value, at, used) => {
    let deepest = new Refused(at, `expected ${what}`);
    for (const rule of rules) {
      try {
        return rule(value, at, used);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        const isObject = typeof value === 'object' && value !== null;
        if (isObject && (error.at.length > deepest.at.length || error.message.startsWith("'"))) deepest = error;
      }
    }
    throw deepest;
  };

const when =
  (what: string, holds: (value: unknown) => boolean): Rule =>
  (value, at) => {
    if (!holds(value)) refuse(at, `expected ${what}`);
  };

const matching = (what: string, pattern: RegExp, most: number): Rule =>
  when(what, (value) => typeof value === 'string' && value.length <= most && pattern.test(value));

const flag = when('true or false', (value) => typeof value === 'boolean');
const nothing = when('null', (value) => value === null);
const number = when('a number', (value) => typeof value === 'number' && Number.isFinite(value));
const length = when('a number up to 10,000', (value) => typeof value === 'number' && Math.abs(value) <= 10_000);
const count = when('a number from 0 to 100', (value) => typeof value === 'number' && value >= 0 && value <= 100);
const text = matching('a text of at most 1,000 letters', /^/, 1000);
const word = matching('a word', /^[A-Za-z][A-Za-z0-9-]*$/, 40);
const colour = matching(
  'a colour',
  /^(#[0-9a-f]{3,8}|[a-z]+|(rgb|hsl)a?\([\d\s.,%/]+\)|var\(--(paper|panel|ink|quiet|line|link|good|bad|series-[1-6])\))$/i,
  40,
);
const format = matching('a format such as .1f', /^[-+]?\$?0?\d{0,2},?(\.\d{1,2})?~?[a-z%]?$/i, 12);
const field = matching('the name of a field', /^[^\\[\]"'`]+$/, 200);
const scalar = when(
  'a text, a number, true, false or null',
  (value) => value === null || ['string', 'number', 'boolean'].includes(typeof value),
);

const list =
  (rule: Rule, most: number): Rule =>
  (value, at, used) => {
    if (!Array.isArray(value)) refuse(at, 'expected a list');
    if (value.length > most) refuse(at, `expected at most ${most} entries, found ${value.length}`);
    value.forEach((one, i) => rule(one, `${at}[${i}]`, used));
  };

/** An object with these keys and no others. */
const object =
  (keys: Readonly<Record<string, Rule>>): Rule =>
  (value, at, used) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(at, 'expected an object');
    for (const [key, inner] of Object.entries(value)) {
      if (inner === undefined) continue;
      if (!Object.hasOwn(keys, key)) refuse(at, `'${key}' is not among the keys that it may have`);
      keys[key]!(inner, `${at}.${key}`, used);
    }
  };

const each = (names: readonly string[], rule: Rule): Readonly<Record<string, Rule>> =>
  Object.fromEntries(names.map((name) => [name, rule]));

const title = anyOf('a text', text, nothing, list(text, 10));
const dashes = list(count, 16);

const markNames = 'area bar circle line point rect rule square text tick trail boxplot errorbar errorband'.split(' ');
const markName = when(`one of the marks ${markNames.join(', ')}`, (value) => markNames.includes(value as string));
const look = {
  ...each('color fill stroke'.split(' '), anyOf('a colour', colour, nothing)),
  ...each('opacity fillOpacity strokeOpacity strokeWidth tension'.split(' '), count),
  ...each('filled clip ticks aria'.split(' '), flag),
  ...each('size thickness cornerRadius width height dx dy angle fontSize radius'.split(' '), length),
  ...each('interpolate shape align baseline orient extent strokeCap strokeJoin'.split(' '), word),
  fontWeight: anyOf('a weight', word, length),
  strokeDash: dashes,
} satisfies Readonly<Record<string, Rule>>;
const part = anyOf('true, false or an object', flag, object(look), matching('transparent', /^transparent$/, 20));
const mark = anyOf(
  `one of the marks ${markNames.join(', ')}`,
  markName,
  object({ type: markName, ...look, ...each('point line box median rule outliers borders band'.split(' '), part) }),
);

const guide = {
  title,
  format,
  values: list(scalar, 200),
  tickCount: count,
  ...each('labels ticks grid domain labelFlush labelBound'.split(' '), flag),
  ...each('labelAngle labelLimit labelPadding titlePadding titleLimit offset minExtent maxExtent'.split(' '), length),
  ...each('labelFontSize titleFontSize tickSize gradientLength symbolSize columns zindex'.split(' '), length),
  ...each('labelAlign labelBaseline labelOrient titleOrient titleAnchor titleAlign orient'.split(' '), word),
  ...each('direction type symbolType'.split(' '), word),
  labelOverlap: anyOf('true, false or a word', flag, word),
} satisfies Readonly<Record<string, Rule>>;

const scale = object({
  type: matching(
    'a type of scale without dates',
    /^(linear|log|pow|sqrt|symlog|band|point|ordinal|quantize|quantile|threshold|bin-ordinal)$/,
    20,
  ),
  ...each('scheme interpolate'.split(' '), word),
  domain: anyOf('a list', list(scalar, 200), word),
  range: anyOf('a list', list(anyOf('a colour, a word or a number', colour, word, length, dashes), 200), word),
  ...each('domainMin domainMax domainMid'.split(' '), number),
  ...each('zero reverse clamp round'.split(' '), flag),
  ...each('padding paddingInner paddingOuter'.split(' '), count),
  nice: anyOf('true, false or a number', flag, count),
});

const channel = object({
  field,
  type: matching('quantitative, ordinal or nominal', /^(quantitative|ordinal|nominal)$/, 20),
  title,
  format,
  scale: anyOf('a scale', scale, nothing),
  ...each('axis legend header'.split(' '), anyOf('a guide', object(guide), nothing)),
  sort: anyOf('an order', word, nothing, list(scalar, 200), object({ field, op: word, order: word })),
  stack: anyOf('a word, true, false or null', word, nothing, flag),
  aggregate: word,
  bin: anyOf('true, false or binned', flag, word, object({ binned: flag, maxbins: count })),
  value: anyOf('a value', colour, word, length, nothing, dashes),
  datum: scalar,
  ...each('bandPosition spacing columns'.split(' '), length),
});

/** A channel that makes a panel of every value of its field. */
const split: Rule = (value, at, used) => {
  channel(value, at, used);
  used.splits.add(String((value as { field?: unknown }).field));
};

const channels = anyOf('a channel', channel, list(channel, 8));
const encoding = object({
  ...each('x y x2 y2 xOffset yOffset xError yError color fill stroke'.split(' '), channels),
  ...each('opacity fillOpacity strokeOpacity strokeWidth strokeDash'.split(' '), channels),
  ...each('size shape angle text detail order'.split(' '), channels),
  ...each('row column facet'.split(' '), split),
});

const facet: Rule = (value, at, used) => {
  const isGrid = typeof value === 'object' && value !== null && ('row' in value || 'column' in value);
  (isGrid ? object({ row: split, column: split }) : split)(value, at, used);
};

const bound = { field, equal: scalar, oneOf: list(scalar, 200), range: list(scalar, 2), valid: flag };
const filter = object({ filter: object({ ...bound, ...each('lt lte gt gte'.split(' '), scalar) }) });

const row: Rule = (value, at, used) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(at, 'expected a row of data');
  Object.entries(value).forEach(([key, cell]) => scalar(cell, `${at}.${key}`, used));
  used.rows++;
  used.data.push(value as Readonly<Record<string, unknown>>);
};

const choices = object(
  each('color fill stroke opacity size shape strokeDash strokeWidth x y xOffset yOffset'.split(' '), word),
);

const view: Rule = (value, at, used) => {
  if (++used.views > mostPanels) refuse(at, `expected at most ${mostPanels} views`);
  if (at.split('.').length > 2 * mostNested) refuse(at, 'it is nested too deep');
  views(value, at, used);
};
const inner = list((value, at, used) => view(value, at, used), 16);
const views = object({
  $schema: text,
  ...each('title description name'.split(' '), title),
  ...each('width height'.split(' '), anyOf('a number or a step', length, object({ step: length }))),
  data: object({ values: list(row, mostMarks), name: text }),
  mark,
  encoding,
  ...each('layer hconcat vconcat concat'.split(' '), inner),
  facet,
  spec: (value, at, used) => view(value, at, used),
  transform: list(filter, 16),
  resolve: object(each('scale axis legend'.split(' '), choices)),
  view: object({ fill: anyOf('a colour', colour, nothing), stroke: anyOf('a colour', colour, nothing) }),
  ...each('columns spacing'.split(' '), length),
});
