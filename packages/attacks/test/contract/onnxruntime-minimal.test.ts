import { on, tolerances } from './backends.js';
import { testTable } from './suite.js';

on('onnxruntime');
testTable('gradients, minimal', tolerances.onnxruntime);
