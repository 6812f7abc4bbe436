/**
 * How long a test waits for what must come, before it says what did not. Nothing is proved by it: it only ends a test that would hang, so
 * it is far longer than the busiest machine needs.
 */
export const PATIENCE_MS = 120_000;
