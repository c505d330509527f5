import { expect, it } from 'vitest';
import { nativeKernels } from '../../conformance/native-kernels.mjs';
import '../register.js';
import { kernels } from './define.js';

it.each([...nativeKernels])('%s has a recorder of its own', (name) => {
  expect(kernels.has(name)).toBe(true);
});
