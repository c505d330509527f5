/**
 * A queue of BullMQ on Redis or Valkey, as an engine of `@advrob/scale`.
 *
 * @packageDocumentation
 */
export { connectBullmq, type BullmqOptions } from './engine.js';
export { redisAddress, withoutPassword, type RedisAddress } from './redis.js';
