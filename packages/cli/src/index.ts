export { defineExperiment, experimentJsonSchema, type Experiment, type ExperimentInput } from './config/schema.js';
export { main } from './program.js';
