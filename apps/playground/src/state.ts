import type { Norm } from '@advrob/core';
import type { BackendName, Options } from './protocol.js';

/** Everything that the link holds. */
export interface State {
  attack: string;
  norm: Norm;
  epsilon: number;
  /** Those that differ from the defaults of the method. */
  options: Options;
  /** Names of the zoo, or `own`. */
  models: [left: string, right: string];
  picture: { readonly digit: number } | { readonly drawn: Uint8Array };
  show: 'confidence' | 'logits';
  backend: BackendName;
}

export const start: State = {
  attack: 'pgd',
  norm: 'linf',
  epsilon: 0.15,
  options: {},
  models: ['mnist/standard', 'mnist/pgd-at'],
  picture: { digit: 7 },
  show: 'confidence',
  backend: 'wasm',
};

export const norms = ['linf', 'l2', 'l1', 'l0'] as const;
const backends = ['wasm', 'webgl', 'cpu'] as const;

/** The part of a link behind its #. */
export function linkOf({ attack, norm, epsilon, options, models, picture, show, backend }: State): string {
  const parts: [string, string][] = [
    ['attack', attack],
    ['norm', norm],
    ['epsilon', String(epsilon)],
    ['models', models.join(',')],
    'digit' in picture ? ['digit', String(picture.digit)] : ['picture', base64Of(picture.drawn)],
    ...(show === start.show ? [] : [['show', show] as [string, string]]),
    ...(backend === start.backend ? [] : [['backend', backend] as [string, string]]),
    ...Object.entries(options).map(([name, value]): [string, string] => [`option.${name}`, String(value)]),
  ];
  // Commas and slashes may stand in a fragment, and read better than their codes.
  return new URLSearchParams(parts).toString().replaceAll('%2C', ',').replaceAll('%2F', '/');
}

/** The state of a link; what it lacks, or what cannot be, is as at the start. */
export function stateOf(link: string): State {
  const given = new URLSearchParams(link.replace(/^#/, ''));
  const among = <T extends string>(name: string, known: readonly T[], otherwise: T): T =>
    known.find((each) => each === given.get(name)) ?? otherwise;
  const epsilon = Number(given.get('epsilon') ?? start.epsilon);
  const models = (given.get('models') ?? '').split(',');
  const digit = Number(given.get('digit') ?? Number.NaN);
  const drawn = bytesOf(given.get('picture') ?? '');
  const options = [...given].filter(([name]) => name.startsWith('option.'));
  return {
    attack: given.get('attack') ?? start.attack,
    norm: among('norm', norms, start.norm),
    epsilon: Number.isFinite(epsilon) && epsilon >= 0 ? epsilon : start.epsilon,
    options: Object.fromEntries(options.map(([name, text]) => [name.slice('option.'.length), valueOf(text)])),
    // A network of the visitor's own is not in the link.
    models: [named(models[0]) ?? start.models[0], named(models[1]) ?? start.models[1]],
    picture: drawn ? { drawn } : Number.isInteger(digit) && digit >= 0 && digit < 10 ? { digit } : start.picture,
    show: among('show', ['confidence', 'logits'], start.show),
    backend: among('backend', backends, start.backend),
  };
}

const named = (name: string | undefined): string | undefined => (name?.includes('/') ? name : undefined);

function valueOf(text: string): number | boolean | string {
  if (text === 'true' || text === 'false') return text === 'true';
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

const pictureSize = 28 * 28;

function base64Of(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

/** Exactly one small picture, or nothing. */
function bytesOf(text: string): Uint8Array | undefined {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (each) => each.charCodeAt(0));
    return bytes.length === pictureSize ? bytes : undefined;
  } catch {
    return undefined;
  }
}
