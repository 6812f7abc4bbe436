import assert from "node:assert/strict";
import { startHttp } from "../../src/web/mod.ts";
import { RecordingLog } from "../support/fakes.ts";

interface Case {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly body: RegExp;
  readonly type?: string;
  readonly allow?: string;
}

const CASES: readonly Case[] = [
  {
    method: "GET",
    path: "/healthz",
    status: 200,
    body: /^\{"status":"ok","queue":3\}\n$/,
    type: "application/json",
  },
  { method: "HEAD", path: "/healthz", status: 200, body: /^$/ },
  { method: "GET", path: "/healthz?x=1", status: 200, body: /"status":"ok"/ },
  {
    method: "GET",
    path: "/metrics",
    status: 200,
    body: /^up 1\n$/,
    type: "text/plain; version=0.0.4; charset=utf-8",
  },
  { method: "POST", path: "/metrics", status: 405, body: /GET and HEAD/, allow: "GET, HEAD" },
  { method: "DELETE", path: "/healthz", status: 405, body: /GET and HEAD/, allow: "GET, HEAD" },
  { method: "GET", path: "/", status: 404, body: /^Not found\n$/ },
  { method: "GET", path: "/metrics/", status: 404, body: /^Not found\n$/ },
  { method: "GET", path: "/../healthz/..%2f", status: 404, body: /^Not found\n$/ },
  { method: "POST", path: "/nothing", status: 404, body: /^Not found\n$/ },
  { method: "GET", path: `/${"a".repeat(5000)}`, status: 414, body: /too long/ },
];

function start(health: () => { ok: boolean; detail: Record<string, unknown> }, log = new RecordingLog()) {
  return startHttp({ endpoint: { host: "127.0.0.1", port: 0 }, metricsText: () => "up 1\n", health, log });
}

Deno.test("http: paths and methods", async () => {
  const http = await start(() => ({ ok: true, detail: { queue: 3 } }));
  try {
    for (const { method, path, status, body, type, allow } of CASES) {
      const response = await fetch(`http://127.0.0.1:${http.endpoint.port}${path}`, {
        method,
        ...(method === "POST" ? { body: "ignored" } : {}),
      });
      assert.equal(response.status, status, `${method} ${path.slice(0, 40)}`);
      assert.match(await response.text(), body);
      if (type !== undefined) assert.equal(response.headers.get("content-type"), type);
      if (allow !== undefined) assert.equal(response.headers.get("allow"), allow);
      assert.equal(response.headers.get("cache-control"), "no-store");
    }
  } finally {
    await http.close();
  }
});

Deno.test("http: an unhealthy server answers 503, a broken check 500 without details", async () => {
  let broken = false;
  const log = new RecordingLog();
  const http = await start(() => {
    if (broken) throw new Error("secret path");
    return { ok: false, detail: { store: "closed" } };
  }, log);
  try {
    const url = `http://127.0.0.1:${http.endpoint.port}/healthz`;
    const unwell = await fetch(url);
    assert.equal(unwell.status, 503);
    assert.deepEqual(await unwell.json(), { status: "unavailable", store: "closed" });
    broken = true;
    const failed = await fetch(url);
    assert.equal(failed.status, 500);
    assert.equal(await failed.text(), "Internal error\n");
    assert.equal(log.of("http-failed").length, 1);
  } finally {
    await http.close();
  }
});

Deno.test("http: a taken port is reported, and close frees it", async () => {
  const http = await start(() => ({ ok: true, detail: {} }));
  const again = {
    endpoint: http.endpoint,
    metricsText: () => "",
    health: () => ({ ok: true, detail: {} }),
    log: new RecordingLog(),
  };
  await assert.rejects(() => startHttp(again), Deno.errors.AddrInUse);
  await http.close();
  await (await startHttp(again)).close();
});

Deno.test("http: a Host that makes no address is the client's mistake, and no error of ours", async () => {
  const log = new RecordingLog();
  const http = await start(() => ({ ok: true, detail: {} }), log);
  try {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: http.endpoint.port });
    const request = "GET /healthz HTTP/1.1\r\nHost: POST / HTTP/1.1\r\nConnection: close\r\n\r\n";
    await conn.write(new TextEncoder().encode(request));
    const answer = await new Response(conn.readable).text();
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.deepEqual(log.of("http-failed"), []);
  } finally {
    await http.close();
  }
});
