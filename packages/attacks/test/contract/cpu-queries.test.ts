import { on, tolerances } from './backends.js';
import { testTable } from './suite.js';

on('cpu');
testTable('without gradients', tolerances.cpu);
