import type { Clock, Metrics } from "../core/ports.ts";

export interface WatchOptions {
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Bytes of memory that the process has. */
  readonly memory?: () => number;
  readonly tickMs?: number;
  readonly windowMs?: number;
}

/** Twenty looks a second cost nothing that can be measured, and miss no stall longer than that. */
const TICK_MS = 50;
/** How long the gauge shows the longest delay: about as often as Prometheus asks. */
const WINDOW_MS = 15_000;

/**
 * Watches the process itself: how late the main thread comes to its timers, which is how long some task held it, and how much
 * memory there is.
 */
export function watchProcess(options: WatchOptions): { stop(): void } {
  const { metrics, clock, memory = () => Deno.memoryUsage().rss } = options;
  const { tickMs = TICK_MS, windowMs = WINDOW_MS } = options;
  let last = clock.now();
  let windowStart = last;
  let longest = 0;

  function publish(): void {
    metrics.gauge("mailden_main_thread_delay_seconds", longest / 1000);
    metrics.gauge("mailden_process_resident_memory_bytes", memory());
  }

  function tick(): void {
    const time = clock.now();
    const delay = Math.max(0, time - last - tickMs);
    last = time;
    metrics.observe("mailden_main_thread_delays_seconds", delay / 1000);
    if (delay > longest) {
      longest = delay;
      // A stall is shown at once and not at the end of its window.
      publish();
    }
    if (time - windowStart < windowMs) return;
    publish();
    windowStart = time;
    longest = 0;
  }

  publish();
  const timer = setInterval(tick, tickMs);
  return { stop: () => clearInterval(timer) };
}
