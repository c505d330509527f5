/** A field as onnx.proto numbers it: its name here, what it holds, and whether it may come often. */
export interface Field {
  readonly name: string;
  readonly kind: 'int' | 'float' | 'double' | 'string' | 'bytes' | MessageName;
  readonly isRepeated: boolean;
}

export type MessageName = keyof typeof table;

/** Fields that this package reads: `number: name kind`, with `*` where they repeat. */
const table = {
  Model: [
    '1: irVersion int',
    '2: producerName string',
    '3: producerVersion string',
    '7: graph Graph',
    '8: opsets Opset*',
    '14: metadata Entry*',
    '25: functions Function*',
  ],
  Opset: ['1: domain string', '2: version int'],
  Graph: [
    '1: nodes Node*',
    '2: name string',
    '5: initializers Tensor*',
    '11: inputs ValueInfo*',
    '12: outputs ValueInfo*',
    '15: sparseInitializers Sparse*',
  ],
  Node: [
    '1: inputs string*',
    '2: outputs string*',
    '3: name string',
    '4: operator string',
    '5: attributes Attribute*',
    '7: domain string',
    '8: overload string',
  ],
  Attribute: [
    ...[
      '1: name string',
      '2: f float',
      '3: i int',
      '4: s bytes',
      '5: t Tensor',
      '6: g Graph',
      '7: floats float*',
      '8: ints int*',
    ],
    ...[
      '9: strings bytes*',
      '10: tensors Tensor*',
      '11: graphs Graph*',
      '20: type int',
      '21: reference string',
      '22: sparse Sparse',
    ],
  ],
  Tensor: [
    ...[
      '1: dims int*',
      '2: type int',
      '4: floatData float*',
      '5: int32Data int*',
      '6: stringData bytes*',
      '7: int64Data int*',
    ],
    ...[
      '8: name string',
      '9: raw bytes',
      '10: doubleData double*',
      '11: uint64Data int*',
      '13: external Entry*',
      '14: location int',
    ],
  ],
  Sparse: ['1: values Tensor', '2: indices Tensor', '3: dims int*'],
  Entry: ['1: key string', '2: value string'],
  ValueInfo: ['1: name string', '2: type Type'],
  Type: ['1: tensor TensorType', '4: sequence bytes', '5: map bytes', '8: sparse bytes', '9: optional bytes'],
  TensorType: ['1: element int', '2: shape Shape'],
  Shape: ['1: dims Dimension*'],
  Dimension: ['1: value int', '2: parameter string'],
  Function: [
    ...['1: name string', '4: inputs string*', '5: outputs string*', '6: attributes string*', '7: nodes Node*'],
    ...['9: opsets Opset*', '10: domain string', '11: defaults Attribute*', '13: overload string'],
  ],
};

export const messages = Object.fromEntries(
  Object.entries(table).map(([message, lines]) => [message, new Map(lines.map(fieldOf))]),
) as unknown as Readonly<Record<MessageName, ReadonlyMap<number, Field>>>;

function fieldOf(line: string): [number, Field] {
  const [, number, name, kind, star] = /^(\d+): (\w+) (\w+)(\*?)$/.exec(line)!;
  return [Number(number), { name: name!, kind: kind as Field['kind'], isRepeated: star === '*' }];
}

export interface OpsetMessage {
  readonly domain?: string;
  readonly version?: number;
}
export interface EntryMessage {
  readonly key?: string;
  readonly value?: string;
}
export interface TensorMessage {
  readonly dims?: readonly number[];
  readonly type?: number;
  readonly name?: string;
  readonly floatData?: readonly number[];
  readonly int32Data?: readonly number[];
  readonly int64Data?: readonly number[];
  readonly doubleData?: readonly number[];
  readonly uint64Data?: readonly number[];
  readonly stringData?: readonly Uint8Array[];
  raw?: Uint8Array;
  readonly external?: readonly EntryMessage[];
  readonly location?: number;
}
export interface SparseMessage {
  readonly values?: TensorMessage;
  readonly indices?: TensorMessage;
  readonly dims?: readonly number[];
}
export interface AttributeMessage {
  readonly name?: string;
  readonly reference?: string;
  readonly type?: number;
  readonly f?: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly t?: TensorMessage;
  readonly g?: GraphMessage;
  readonly floats?: readonly number[];
  readonly ints?: readonly number[];
  readonly strings?: readonly Uint8Array[];
  readonly tensors?: readonly TensorMessage[];
  readonly graphs?: readonly GraphMessage[];
  readonly sparse?: SparseMessage;
}
export interface NodeMessage {
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly name?: string;
  readonly operator?: string;
  readonly domain?: string;
  readonly overload?: string;
  readonly attributes?: readonly AttributeMessage[];
}
export interface ValueInfoMessage {
  readonly name?: string;
  readonly type?: {
    readonly tensor?: {
      readonly element?: number;
      readonly shape?: { readonly dims?: readonly { readonly value?: number; readonly parameter?: string }[] };
    };
    readonly sequence?: Uint8Array;
    readonly map?: Uint8Array;
    readonly sparse?: Uint8Array;
    readonly optional?: Uint8Array;
  };
}
export interface GraphMessage {
  readonly name?: string;
  readonly nodes?: readonly NodeMessage[];
  readonly initializers?: readonly TensorMessage[];
  readonly sparseInitializers?: readonly SparseMessage[];
  readonly inputs?: readonly ValueInfoMessage[];
  readonly outputs?: readonly ValueInfoMessage[];
}
export interface FunctionMessage {
  readonly name?: string;
  readonly domain?: string;
  readonly overload?: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly attributes?: readonly string[];
  readonly defaults?: readonly AttributeMessage[];
  readonly nodes?: readonly NodeMessage[];
  readonly opsets?: readonly OpsetMessage[];
}
export interface ModelMessage {
  readonly irVersion?: number;
  readonly producerName?: string;
  readonly producerVersion?: string;
  readonly graph?: GraphMessage;
  readonly opsets?: readonly OpsetMessage[];
  readonly metadata?: readonly EntryMessage[];
  readonly functions?: readonly FunctionMessage[];
}
