/** What the gallery's commands and figures take for MNIST, by norm. */
export const radii = { linf: 0.2, l2: 2, l1: 20, l0: 30 };
