/**
 * The control socket: how a command speaks to the running server, `control.sock` in the data folder.
 *
 * Invariants: only the owner of the data folder can connect (0600 in a folder of 0700), and who can may do everything an
 * operator can; our users' passwords never cross it, only their hashes (what another server must be shown does, as it is); the size of a request, the number of connections and the time
 * that one may idle are bounded; a request that cannot be understood gets an error and the connection goes on.
 *
 * Deno asks for `--allow-net` (or `--allow-net=unix:PATH`) besides read and write of the path.
 *
 * @module
 */
export { connectControl, type ControlClient, ControlError } from "./client.ts";
export { makeControlHandlers } from "./handlers.ts";
export { MAX_PAGE, MAX_TRACE_PAGE, type ServerStatus } from "./protocol.ts";
export { type ControlServer, type ControlServerOptions, startControl } from "./server.ts";
