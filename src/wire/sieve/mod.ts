/**
 * Sieve's grammar (RFC 5228 section 8), text to a tree: nothing here knows what a command means, and nothing runs.
 *
 * - `tokens.ts` cuts the text, `parser.ts` makes commands, tests and arguments of it, each with its line and column.
 * - What does not fit is a `SieveError` that names the place. Budgets (`SieveLimits`) bound the size of a script, its nesting and
 *   its number of nodes, so that no script costs more than it is long.
 */
export * from "./ast.ts";
export * from "./errors.ts";
export * from "./limits.ts";
export * from "./parser.ts";
export { formatString } from "./format.ts";
