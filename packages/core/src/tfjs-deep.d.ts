/** tfjs ships no types for its deep entry points; importing this one registers every gradient. */
declare module '@tensorflow/tfjs-core/dist/register_all_gradients';
