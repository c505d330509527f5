// Inlined by the build: the file cannot be imported in plain Node (extensionless imports, no exports map).
import '@tensorflow/tfjs-core/dist/register_all_gradients';
// tfjs' gradients of sums and means write arrays of ones as large as what was summed, only to be collected at once.
import './sum-gradients.js';
