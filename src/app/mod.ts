/**
 * The app room: what makes a program of the rooms. `main.ts` runs a command line, `cli/` has one file per command,
 * `config/` the one YAML file, `control/` the socket between a command and the running server, `log/` the log, `server.ts` the
 * life of a server, and `wire_up.ts`, the composition root, is the only place that knows every room.
 *
 * Invariants: one process owns a data folder (`lock.ts`); a command works with and without a running server; a
 * configuration is used only when all of it is right; exit code 2 means that nothing was done.
 *
 * @module
 */
export { main } from "./main.ts";
