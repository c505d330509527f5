import { refuseFile } from '../errors.js';
import { messages, type Field, type MessageName, type ModelMessage, type TensorMessage } from './messages.js';
import { WireReader, wireTypes } from './wire.js';

const deepest = 64;
const wireOf = { int: wireTypes.varint, float: wireTypes.fixed32, double: wireTypes.fixed64 } as const;

/** @throws OnnxError `ADVROB_ONNX_FILE` when the bytes are no protobuf of this form. */
export function decodeModel(bytes: Uint8Array): ModelMessage {
  return decode(new WireReader(plain(bytes)), 'Model', 0) as ModelMessage;
}

/** A tensor alone, as `.pb` files of test data are. */
export function decodeTensor(bytes: Uint8Array): TensorMessage {
  return decode(new WireReader(plain(bytes)), 'Tensor', 0) as TensorMessage;
}

/** Without the methods of a Buffer, whose `slice` does not copy. */
function plain({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

function decode(reader: WireReader, message: MessageName, depth: number): Record<string, unknown> {
  if (depth > deepest) refuseFile(`messages lie more than ${deepest} deep in each other`);
  const found: Record<string, unknown> = {};
  while (!reader.isAtEnd) {
    const tag = reader.varint();
    const [number, wireType] = [Math.floor(tag / 8), tag & 7];
    if (number <= 0) refuseFile(`no protobuf: field ${number} at byte ${reader.at}`);
    const field = messages[message].get(number);
    if (!field) reader.skip(wireType);
    else if (field.isRepeated) readMany(reader, field, wireType, depth, (found[field.name] ??= []) as unknown[]);
    else found[field.name] = readOne(reader, field, wireType, depth);
  }
  return found;
}

function readOne(reader: WireReader, { name, kind }: Field, wireType: number, depth: number): unknown {
  const wanted = kind in wireOf ? wireOf[kind as keyof typeof wireOf] : wireTypes.bytes;
  if (wireType !== wanted) refuseFile(`field ${name} has wire type ${wireType} at byte ${reader.at}`);
  if (kind === 'int') return reader.varint();
  if (kind === 'float') return reader.float();
  if (kind === 'double') return reader.double();
  if (kind === 'string') return reader.string();
  const part = reader.delimited();
  return kind === 'bytes' ? part : decode(new WireReader(part), kind, depth + 1);
}

/** One more value, or many numbers packed behind each other. */
function readMany(reader: WireReader, field: Field, wireType: number, depth: number, values: unknown[]): void {
  if (wireType !== wireTypes.bytes || !(field.kind in wireOf)) {
    values.push(readOne(reader, field, wireType, depth));
    return;
  }
  const packed = new WireReader(reader.delimited());
  while (!packed.isAtEnd) values.push(readOne(packed, field, wireOf[field.kind as keyof typeof wireOf], depth));
}
