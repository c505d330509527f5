import type { Kind } from './kinds.js';

/** What a template is filled in with. */
export interface Names {
  /** The registry name, such as `my-attack`. */
  readonly name: string;
  /** The export, such as `myAttack`. */
  readonly identifier: string;
  /** The package, such as `advrob-plugin-my-attack`. */
  readonly packageName: string;
}

// Names that no `const` can have.
const reserved = new Set(
  'arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof undefined var void while with yield'.split(
    ' ',
  ),
);

/**
 * All names of a plugin from its registry name.
 *
 * @param packageName Default `advrob-plugin-<name>`.
 * @throws Error for a name that is not in small letters, digits and single hyphens, or a package
 *   name that npm refuses.
 */
export function namesOf(kind: Kind, name: string, packageName = `advrob-plugin-${name}`): Names {
  if (!/^[a-z][a-z\d]*(-[a-z\d]+)*$/.test(name))
    throw new Error(`the name '${name}' should be small letters, digits and single hyphens, such as my-${kind}`);
  if (!/^(@[a-z\d~-][a-z\d._~-]*\/)?[a-z\d~-][a-z\d._~-]*$/.test(packageName) || packageName.length > 214)
    throw new Error(`npm refuses the package name '${packageName}': use advrob-plugin-${name} or @you/${name}`);
  const camel = name.replace(/-([a-z\d])/g, (_, letter: string) => letter.toUpperCase());
  const identifier = reserved.has(camel) ? `${camel}${kind[0]!.toUpperCase()}${kind.slice(1)}` : camel;
  return { name, identifier, packageName };
}
