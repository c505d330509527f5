import { describe, expect, it } from 'vitest';
import { redisAddress, withoutPassword } from './index.js';
import { queueError } from './redis.js';

describe('the address of a queue', () => {
  it('has host, port, database, user, and the password of the URL or the variable', () => {
    expect(redisAddress('redis://localhost', {}).options).toEqual({ host: 'localhost', port: 6379 });
    const { options, name } = redisAddress('redis://me:p%40ss@127.0.0.1:7000/3', { ADVROB_REDIS_PASSWORD: 'other' });
    expect(options).toEqual({ host: '127.0.0.1', port: 7000, db: 3, username: 'me', password: 'p@ss' });
    expect(name).toBe('redis://me@127.0.0.1:7000/3');
    const { options: tls } = redisAddress('rediss://queue.example:6380', { ADVROB_REDIS_PASSWORD: 'x' });
    expect(tls).toMatchObject({ host: 'queue.example', password: 'x', tls: { servername: 'queue.example' } });
    expect(redisAddress('redis://[::1]:6379', {}).options.host).toBe('::1');
  });

  it('on another machine needs TLS and a password, unless told otherwise', () => {
    const refused = (url: string, password?: string): string => {
      try {
        redisAddress(url, { ADVROB_REDIS_PASSWORD: password });
        return 'taken';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(refused('redis://queue:6379', 'x')).toMatch(/has no TLS.*rediss.*--insecure/);
    expect(refused('rediss://queue:6379')).toMatch(/no password.*ADVROB_REDIS_PASSWORD/);
    expect(refused('rediss://queue:6379', 'x')).toBe('taken');
    expect(redisAddress('redis://queue:6379', {}, true).options).toEqual({ host: 'queue', port: 6379 });
    expect(refused('http://u:s3cr3t@queue')).toMatch(/expected redis:\/\/host:port.*got "http:\/\/u@queue"/);
    expect(refused('redis://localhost/x')).toContain('number of a database');
    expect(() => redisAddress('rediss://q', { ADVROB_REDIS_PASSWORD: 'x', ADVROB_REDIS_CA: '/none' })).toThrow(
      'ADVROB_REDIS_CA: /none cannot be read (ENOENT)',
    );
  });

  it('shows no secret, however it is written', () => {
    const { mask } = redisAddress('redis://u:s3%2Fcr3t@localhost', {});
    expect(mask('AUTH u s3/cr3t at redis://u:s3%2Fcr3t@localhost')).toBe('AUTH u *** at redis://u:***@localhost');
    expect(withoutPassword('redis://u:a@b:c@host')).not.toContain('a@b');
    expect(withoutPassword('not a url //u:pw@h and //x:y@z')).toBe('not a url //u@h and //x@z');
    const error = Object.assign(new Error('ERR s3/cr3t'), { command: { name: 'auth', args: ['u', 's3/cr3t'] } });
    const shown = queueError(error, { name: 'redis://localhost', mask });
    expect(`${shown.message}${shown.stack}${JSON.stringify(shown)}${String(shown.cause)}`).not.toContain('s3/cr3t');
  });
});
