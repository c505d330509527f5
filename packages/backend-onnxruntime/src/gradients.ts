// Inlined by the build: the file cannot be imported in plain Node (extensionless imports, no exports map).
import '@tensorflow/tfjs-core/dist/register_all_gradients';
