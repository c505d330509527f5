// The kernels that must run natively for float32 data: a call that reaches the cpu backend fails the conformance command.

const arithmetic = ['Add', 'Sub', 'Multiply', 'RealDiv', 'Maximum', 'Minimum'];
const comparisons = ['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'];
const logical = ['LogicalAnd', 'LogicalOr', 'LogicalNot', 'Select'];
const elementwise = [
  ...['Relu', 'Step', 'Cast', 'Neg', 'Exp', 'Log', 'Sqrt', 'Rsqrt', 'Square', 'Abs', 'Sign', 'Sigmoid', 'Tanh'],
  ...['ClipByValue', 'Softmax'],
];
const reductions = ['Sum', 'Mean', 'Max', 'Min', 'ArgMax'];
const shapes = [
  ...['Reshape', 'Identity', 'ExpandDims', 'Transpose', 'Tile', 'BroadcastTo', 'Slice', 'PadV2', 'Concat', 'OneHot'],
  ...['ZerosLike', 'OnesLike', 'Fill'],
];
const networks = [
  ...['BatchMatMul', '_FusedMatMul', 'Conv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter', 'FusedConv2D'],
  ...['MaxPool', 'MaxPoolGrad', 'AvgPool', 'AvgPoolGrad', 'FusedBatchNorm'],
];

/** What networks, their gradients and optimizers need. */
const firstPriority = [
  ...arithmetic,
  ...comparisons,
  ...logical,
  ...elementwise,
  ...reductions,
  ...shapes,
  ...networks,
];

/** What common models and losses need besides. */
const secondPriority = [
  ...['DepthwiseConv2dNative', 'DepthwiseConv2dNativeBackpropInput', 'DepthwiseConv2dNativeBackpropFilter'],
  ...['FusedDepthwiseConv2D', 'UnsortedSegmentSum'],
  ...['LeakyRelu', 'Prelu', 'Elu', 'EluGrad', 'Relu6', 'Softplus', 'Erf', 'Pow', 'Mod', 'FloorDiv'],
  ...[
    'GatherV2',
    'GatherNd',
    'ScatterNd',
    'StridedSlice',
    'SplitV',
    'Unpack',
    'Pack',
    'Cumsum',
    'Reverse',
    'MirrorPad',
  ],
  ...['ResizeBilinear', 'ResizeBilinearGrad', 'ResizeNearestNeighbor', 'ResizeNearestNeighborGrad'],
  ...['Prod', 'All', 'Any', 'ArgMin', 'TopK', 'SpaceToBatchND', 'BatchToSpaceND', 'DepthToSpace', 'LRN', 'LRNGrad'],
  ...['IsNan', 'IsInf', 'IsFinite'],
  ...['Sin', 'Cos', 'Tan', 'Asin', 'Acos', 'Atan', 'Sinh', 'Cosh', 'Asinh', 'Acosh', 'Atanh'],
];

export const nativeKernels = new Set([...firstPriority, ...secondPriority]);
