import { AdvrobError } from '@advrob/core';

/**
 * Byte strings by name that several machines share. Names are parts of letters, digits, `.`, `_` and
 * `-` joined by `/`, of which none begins with `.`. What is in a store is done; a queue beside it
 * only says who does what.
 */
export interface ArtefactStore {
  /** For messages; never holds a secret. */
  readonly name: string;
  /** Undefined where there is nothing of that name. */
  get(name: string): Promise<Uint8Array | undefined>;
  /**
   * Makes the content unless the name exists. Of several calls at once exactly one gives true. The
   * content is whole and durable when it resolves; after a kill it is there as a whole or not at all.
   */
  create(name: string, bytes: Uint8Array): Promise<boolean>;
  /** Names below a folder, ascending; `after`: those after this name alone. */
  list(folder: string, after?: string): AsyncIterable<string>;
  /** Removes a name; one that is not there is no error. */
  remove(name: string): Promise<void>;
}

const partOfName = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;
/** The longest name; a part is at most 200 characters. */
const longest = 1000;

/**
 * A name as it was given, which every store calls first: jobs and folders may come from anyone.
 *
 * @throws AdvrobError `ADVROB_STORE` for one that is no name of a store.
 */
export function checkedName(name: string): string {
  const isName = name.length <= longest && name.split('/').every((part) => partOfName.test(part) && part.length <= 200);
  if (isName) return name;
  throw new AdvrobError(
    'ADVROB_STORE',
    `${JSON.stringify(name.slice(0, 100))} is no name in a store: expected letters, digits, '.', '_' and '-', with '/' between parts that do not begin with '.'`,
  );
}
