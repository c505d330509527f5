import { on, tolerances } from './backends.js';
import { testTable } from './suite.js';

on('cpu');
testTable('gradients, fixed', tolerances.cpu);
