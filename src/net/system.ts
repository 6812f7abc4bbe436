import type { Clock, Random } from "../core/ports.ts";

/** The longest delay a timer takes; more would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep(ms, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(ms, MAX_TIMER_MS));
      signal?.addEventListener("abort", done);
    });
  },
};

/** The machine's source of chance; good enough for keys. */
export const systemRandom: Random = {
  bytes(length) {
    const bytes = new Uint8Array(length);
    // getRandomValues gives at most 64 KiB at a time.
    for (let at = 0; at < length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
    return bytes;
  },
  fraction() {
    const [high, low] = crypto.getRandomValues(new Uint32Array(2));
    // 53 bits, as many as a number holds.
    return ((high! >>> 5) * 2 ** 26 + (low! >>> 6)) / 2 ** 53;
  },
};
