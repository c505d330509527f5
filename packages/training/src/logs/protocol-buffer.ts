/** One field of a protocol buffer message in its binary form (https://protobuf.dev/programming-guides/encoding): pieces to be joined. */
export type Field = readonly Uint8Array[];

/** A field of fixed 64 bits. */
export function doubleField(number: number, value: number): Field {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return [varint(number * 8 + 1), bytes];
}

/** A field of fixed 32 bits. */
export function floatField(number: number, value: number): Field {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [varint(number * 8 + 5), bytes];
}

/** A whole number from 0 to 2^53 - 1; 0 is left out, as protocol buffers do. */
export function integerField(number: number, value: number): Field {
  return value === 0 ? [] : [varint(number * 8), varint(value)];
}

/** A message inside a message, or UTF-8 text. */
export function bytesField(number: number, content: Uint8Array): Field {
  return [varint(number * 8 + 2), varint(content.length), content];
}

export function textField(number: number, text: string): Field {
  return bytesField(number, new TextEncoder().encode(text));
}

/** The fields as one message. */
export function join(...fields: readonly Field[]): Uint8Array {
  const pieces = fields.flat();
  const bytes = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}

/** Groups of seven bits, lowest first. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
