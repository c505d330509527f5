import type { Answer, BackendName, Request } from './protocol.js';

/** A request of the page that is answered bit by bit. */
type Job = Request & { readonly kind: 'attack' | 'measure' };

export interface Engine {
  /** Sends a request, under a new number for those that have one. */
  send(request: Exclude<Request, Job>): void;
  run(job: WithoutNumber<Job>): number;
  /** Ends what runs at once; the next request finds a fresh worker with the same models. */
  stop(): void;
  restart(backend: BackendName): void;
}

type WithoutNumber<T> = T extends unknown ? Omit<T, 'job'> : never;

/** The worker, which can be ended in the middle of a computation and begun again. */
export function createEngine(backend: BackendName, onAnswer: (answer: Answer) => void): Engine {
  let current = backend;
  let jobs = 0;
  let opened: Request | undefined;
  let worker = begin();

  function begin(): Worker {
    const made = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
    made.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
      if (made === worker) onAnswer(data);
    });
    made.addEventListener('error', ({ message }) =>
      onAnswer({ kind: 'failed', job: undefined, message: message || 'the worker could not be started' }),
    );
    made.postMessage({ kind: 'start', backend: current } satisfies Request);
    if (opened) made.postMessage(opened);
    return made;
  }

  const again = (): void => {
    worker.terminate();
    worker = begin();
  };
  return {
    send(request) {
      if (request.kind === 'open') opened = request;
      worker.postMessage(request);
    },
    run(job) {
      worker.postMessage({ ...job, job: ++jobs });
      return jobs;
    },
    stop: again,
    restart(name) {
      current = name;
      again();
    },
  };
}
