/**
 * The web room: HTTP. For now it shows how the server is: `/healthz` for a supervisor and `/metrics` for
 * Prometheus. It takes no body, keeps no session and knows no secret, so it may listen without TLS on loopback.
 *
 * Invariants: every path has a fixed list of methods (405 otherwise) and every unknown path is 404; an answer is made
 * without waiting for anything; the number of requests at work and the size of the registry are bounded.
 *
 * @module
 */
export { type HttpListener, type HttpOptions, startHttp } from "./http.ts";
export { makeMetrics } from "./metrics.ts";
