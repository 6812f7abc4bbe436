import { setImmediate } from "node:timers";

/** The cost, about one per byte looked at, after which a long task lets others in: some milliseconds of work. */
const SLICE = 512 * 1024;

/**
 * Runs a long task that yields the cost of its steps, and gives the thread away between slices. Resolves to null as soon as
 * `isCancelled` says so.
 */
export async function runInSlices<T>(
  task: Generator<number, T>,
  isCancelled: () => boolean = () => false,
): Promise<T | null> {
  let cost = 0;
  for (;;) {
    const step = task.next();
    if (step.done === true) return step.value;
    cost += step.value;
    if (cost < SLICE) continue;
    cost = 0;
    await breathe();
    if (isCancelled()) {
      task.return(undefined as never);
      return null;
    }
  }
}

/** One turn of the event loop: messages and sockets get their chance. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => resolve()));
}
