import { definePlugin } from '@advrob/core';
import * as attacks from './attacks.js';

/** `sigma-zero` for `sigmaZero`. */
type Kebab<Name> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `-${Lowercase<First>}`}${Kebab<Rest>}`
  : '';
type Named<All> = { [Name in keyof All as Kebab<Name>]: All[Name] };
/** Written out, for who reads the type in an editor. */
type Plain<All> = { readonly [Name in keyof All]: All[Name] };

const byName = Object.fromEntries(Object.values(attacks).map((attack) => [attack.definition.name, attack]));

/** Every attack of this package under its registry name. */
export const plugin = definePlugin({
  name: '@advrob/attacks',
  contract: 1,
  attacks: byName as unknown as Plain<Named<typeof attacks>>,
});
