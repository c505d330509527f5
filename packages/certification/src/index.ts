import { definePlugin } from '@advrob/core';

export default definePlugin({ name: '@advrob/certification', contract: 1, certifiers: {} });
