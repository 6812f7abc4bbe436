import type { Endpoint, Log } from "../core/ports.ts";

export interface HttpOptions {
  /** The host may be empty: every address, of IPv6 and of IPv4. */
  readonly endpoint: Endpoint;
  readonly metricsText: () => string;
  /** `detail` is shown to whoever can reach the port: figures and words, never a secret. */
  readonly health: () => { ok: boolean; detail: Record<string, unknown> };
  readonly log: Log;
}

export interface HttpListener {
  readonly endpoint: Endpoint;
  close(): Promise<void>;
}

/** The longest path that is looked at. */
const MAX_URL = 2048;
/** How long `close` waits for clients that do not take their answer. */
const CLOSE_TIMEOUT_MS = 2000;

const COMMON_HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'",
};

/** Starts the HTTP listener; rejects when the port cannot be had. */
export async function startHttp(options: HttpOptions): Promise<HttpListener> {
  const abort = new AbortController();
  const server = bind(options, abort.signal);
  const { hostname, port } = server.addr;
  return {
    endpoint: { host: hostname, port },
    close: async () => {
      const timer = setTimeout(() => abort.abort(), CLOSE_TIMEOUT_MS);
      await server.shutdown();
      clearTimeout(timer);
    },
  };
}

function bind(options: HttpOptions, signal: AbortSignal): Deno.HttpServer<Deno.NetAddr> {
  const { host, port } = options.endpoint;
  try {
    // "::" takes IPv4 too, where the machine has IPv6 at all.
    return serve(options, { hostname: host || "::", port, signal });
  } catch (error) {
    const isTaken = error instanceof Deno.errors.AddrInUse || error instanceof Deno.errors.PermissionDenied;
    if (host !== "" || isTaken) throw error;
    return serve(options, { hostname: "0.0.0.0", port, signal });
  }
}

function serve(options: HttpOptions, where: Deno.ServeTcpOptions): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({
    ...where,
    onListen: () => {},
    onError: (error) => {
      options.log.error("http-failed", { error: String(error) });
      return text(500, "Internal error\n");
    },
  }, (request) => answer(request, options));
}

function answer(request: Request, options: HttpOptions): Response {
  if (request.url.length > MAX_URL) return text(414, "The address is too long\n");
  // A client can put anything into Host, and with it into the address.
  const url = URL.parse(request.url);
  if (url === null) return text(400, "The address is not valid\n");
  const handler = handlerOf(url.pathname, options);
  if (handler === null) return text(404, "Not found\n");
  if (request.method !== "GET" && request.method !== "HEAD") {
    return text(405, "Only GET and HEAD are allowed\n", { allow: "GET, HEAD" });
  }
  return handler();
}

function handlerOf(path: string, options: HttpOptions): (() => Response) | null {
  switch (path) {
    case "/healthz":
      return () => healthResponse(options);
    case "/metrics":
      return () =>
        text(200, options.metricsText(), { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
    default:
      return null;
  }
}

function healthResponse(options: HttpOptions): Response {
  const { ok, detail } = options.health();
  const body = JSON.stringify({ status: ok ? "ok" : "unavailable", ...detail }) + "\n";
  return text(ok ? 200 : 503, body, { "content-type": "application/json" });
}

function text(status: number, body: string, headers: Record<string, string> = {}): Response {
  return new Response(body, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", ...COMMON_HEADERS, ...headers },
  });
}
