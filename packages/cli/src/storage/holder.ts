import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import * as z from 'zod';

/**
 * Who is at work. A process id means something in its own table of processes alone: of one boot of
 * one machine (`boot`), and of one container (`space`); it is given again to others, so the time of
 * the start belongs to it.
 */
const holder = z.strictObject({
  token: z.string(),
  pid: z.int(),
  host: z.string(),
  boot: z.string().nullable(),
  space: z.string().nullable(),
  started: z.string().nullable(),
  since: z.string(),
});
export type Holder = z.infer<typeof holder>;

/** Where the id of a process means something. */
function here(): Pick<Holder, 'host' | 'boot' | 'space'> {
  return {
    host: hostname(),
    boot: ofSystem(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    space: ofSystem(() => readlinkSync('/proc/self/ns/pid')),
  };
}

/** This process, as the holder of a lock with this token. */
export function thisProcess(token: string): Holder {
  const { pid } = process;
  return { token, pid, ...here(), started: startOf(pid), since: new Date().toISOString() };
}

/** When a process was started, in ticks since the boot; null where nobody says. */
function startOf(pid: number): string | null {
  // The name of the program, in parentheses, may hold anything; the start is the 20th field behind it.
  return ofSystem(() => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[19]!);
}

function ofSystem(read: () => string): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** Whether the process of a holder would be seen from here. */
export function isVisible({ host, boot, space }: Holder): boolean {
  const own = here();
  return host === own.host && boot === own.boot && space === own.space;
}

/** Whether the process of a holder that would be seen from here runs. */
export function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // One that ended but was not fetched by its parent does nothing more.
  const state = ofSystem(() => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.charAt(0));
  // Another one may have got its id.
  return state !== 'Z' && state !== 'X' && [started, null].includes(startOf(pid));
}

/** The holder that a lock names; undefined for a text that is none, or only begun. */
export function parseHolder(text: string | undefined): Holder | undefined {
  try {
    return holder.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}
