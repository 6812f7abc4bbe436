/**
 * Whether work grows as its input does: the same amount is worked through in small pieces and in one large one, on the machine as it is
 * in this moment. No limit in milliseconds, which a busy machine would miss.
 */
import assert from "node:assert/strict";

const PIECES = 16;
/** In one piece linear work takes as long as in sixteen, give or take the caches; quadratic work takes sixteen times as long. */
const MOST = 8;
/** What disturbs a measurement only makes it longer, so that the shortest of several counts; the first one warms up. */
const FEWEST_ROUNDS = 2;
const MOST_ROUNDS = 8;

/** `prepare` makes the input of a size, outside the measurement, and returns the work on it. */
export function assertLinear(size: number, prepare: (size: number) => () => unknown): void {
  const piece = prepare(Math.ceil(size / PIECES));
  const whole = prepare(size);
  const pieces = () => {
    for (let i = 0; i < PIECES; i++) piece();
  };
  let [inPieces, atOnce] = [Infinity, Infinity];
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    inPieces = Math.min(inPieces, timeOf(pieces));
    atOnce = Math.min(atOnce, timeOf(whole));
    if (round >= FEWEST_ROUNDS && atOnce < MOST * inPieces) return;
  }
  assert.fail(`At once it takes ${(atOnce / inPieces).toFixed(1)} times as long as in ${PIECES} pieces`);
}

function timeOf(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
