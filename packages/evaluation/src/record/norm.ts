import * as z from 'zod';

export const norm = z.enum(['linf', 'l2', 'l1', 'l0']);
