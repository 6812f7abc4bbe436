import { TimeoutError } from "../core/errors.ts";

/** The time for a whole answer: a server that sends an octet now and then must not hold us for days. */
export function within(totalMs: number, what: string): () => number {
  const until = performance.now() + totalMs;
  return () => {
    const left = until - performance.now();
    if (left <= 0) throw new TimeoutError(`${what} took longer than ${Math.round(totalMs / 1000)} seconds`);
    return left;
  };
}
