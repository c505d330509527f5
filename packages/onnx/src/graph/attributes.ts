import { refuseFile } from '../errors.js';
import type { AttributeMessage, GraphMessage } from '../format/messages.js';
import { readTensor, type HostTensor, type ReadExternal } from '../format/tensor-data.js';

/** What an attribute holds, by its kind. */
export type Attribute =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'numbers'; readonly value: readonly number[] }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'texts'; readonly value: readonly string[] }
  | { readonly kind: 'tensor'; readonly value: HostTensor }
  | { readonly kind: 'graph'; readonly value: GraphMessage }
  | { readonly kind: 'unsupported'; readonly value: string };

const text = new TextDecoder();

/** By the number of its type, or, in old files without one, by the field that is set. */
export function readAttribute(message: AttributeMessage, readExternal?: ReadExternal): Attribute {
  switch (message.type ?? typeOf(message)) {
    case 1:
      return { kind: 'number', value: message.f ?? 0 };
    case 2:
      return { kind: 'number', value: message.i ?? 0 };
    case 3:
      return { kind: 'text', value: text.decode(message.s) };
    case 4:
      return { kind: 'tensor', value: readTensor(message.t ?? {}, readExternal) };
    case 5:
      return { kind: 'graph', value: message.g ?? {} };
    case 6:
      return { kind: 'numbers', value: message.floats ?? [] };
    case 7:
      return { kind: 'numbers', value: message.ints ?? [] };
    case 8:
      return { kind: 'texts', value: (message.strings ?? []).map((each) => text.decode(each)) };
    case 9:
      return { kind: 'unsupported', value: 'tensors' };
    case 10:
      return { kind: 'unsupported', value: 'graphs' };
    case 11:
    case 12:
      return { kind: 'unsupported', value: 'sparse tensors' };
    case 13:
    case 14:
      return { kind: 'unsupported', value: 'types' };
    default:
      return refuseFile(`attribute '${message.name ?? ''}' is of the unknown type ${message.type}`);
  }
}

function typeOf(message: AttributeMessage): number {
  if (message.f !== undefined) return 1;
  if (message.i !== undefined) return 2;
  if (message.s) return 3;
  if (message.t) return 4;
  if (message.g) return 5;
  if (message.floats) return 6;
  if (message.strings) return 8;
  return 7;
}
