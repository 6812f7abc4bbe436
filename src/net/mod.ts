/**
 * The outside world: the clock and chance, listening sockets, connections in and out, TLS, and DNS.
 *
 * Invariants. Whatever a peer does (reset, garbage, silence, a flood) ends as a value or a typed error at the caller of
 * `read`, `write` or `startTls`; it is never an unhandled rejection, and never costs more memory than a buffer. A
 * connection is counted from accept until its descriptor is closed. Every wait has a time limit. No room below sees a
 * Deno or Node object: they see `Conn`, `Resolver`, `Clock` and `Random` of core/ports.ts.
 *
 * Layers, from the wire up: `ByteStream` (bytes: tcp_stream.ts, node_stream.ts, tls_stream.ts), `StreamConn`
 * (conn.ts: time limits, TLS upgrade, farewell), `listen` and `connect`.
 */
export {
  type ClientConn,
  type ClientTlsOptions,
  connect,
  type ConnectOptions,
  type TlsPeer,
} from "./connect.ts";
export { makeResolver, type ResolverOptions } from "./dns/mod.ts";
export {
  defaultListenLimits,
  listen,
  type Listener,
  type ListenLimits,
  type ListenOptions,
  type RefusalReason,
} from "./listen.ts";
export { liveNetworks, Networks } from "./networks.ts";
export { systemClock, systemRandom } from "./system.ts";
export { type FetchText, type FetchTextOptions, makeFetchText } from "./fetch_text.ts";
export { type ClientTrust, makeClientTrust } from "./tls/trust.ts";
export { openServerTls, type ServerTls, type ServerTlsOptions } from "./tls/mod.ts";
