import { definePlugin } from '@advrob/core';
import { __identifier__ } from './__name__.js';

export { __identifier__ };

export default definePlugin({ name: '__package__', contract: 1, certifiers: { '__the-name__': __identifier__ } });
