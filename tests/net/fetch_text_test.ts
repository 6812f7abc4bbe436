import assert from "node:assert/strict";
import type { DnsAnswer, Resolver } from "../../src/core/ports.ts";
import { FetchError, type FetchTextOptions, makeFetchText } from "../../src/net/fetch_text.ts";
import { makeClientTrust } from "../../src/net/tls/trust.ts";
import { makeCertificate } from "../support/certificate.ts";
import { PATIENCE_MS } from "../support/patience.ts";

const root = await makeCertificate({ names: ["Root"], authority: true });
const good = await makeCertificate({ names: ["good.test"], issuer: root });

function resolverTo(addresses: readonly string[]): Resolver {
  const answer = <T>(records: readonly T[]): Promise<DnsAnswer<T>> =>
    Promise.resolve({ kind: "found", records, ttl: 1, authentic: false });
  return {
    a: () => answer(addresses),
    aaaa: () => answer<string>([]),
    mx: () => answer<never>([]),
    txt: () => answer<never>([]),
    tlsa: () => answer<never>([]),
    ptr: () => answer<never>([]),
  };
}

function serve(handler: (request: Request) => Response | Promise<Response>) {
  return Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert: good.certificate,
    key: good.key,
    onListen: () => {},
  }, handler);
}

function fetchFrom(
  port: number,
  options: Partial<FetchTextOptions> & { addresses?: readonly string[] } = {},
) {
  const { addresses = ["127.0.0.1"], ...rest } = options;
  return makeFetchText(resolverTo(addresses))({
    url: "https://good.test/file.txt",
    maxBytes: 1000,
    timeoutMs: PATIENCE_MS,
    mediaType: "text/plain",
    port,
    trust: makeClientTrust(root.certificate),
    ...rest,
  });
}

const text = (body: string, init: ResponseInit = {}) =>
  new Response(body, { headers: { "content-type": "text/plain; charset=utf-8" }, ...init });

Deno.test("fetch: a text, from whichever address answers", async () => {
  await using server = serve((request) => {
    assert.equal(new URL(request.url).hostname, "good.test");
    return text(`you asked for ${new URL(request.url).pathname}`);
  });
  const found = await fetchFrom(server.addr.port, { addresses: ["127.0.0.9", "127.0.0.1"] });
  assert.equal(found, "you asked for /file.txt");
});

const REFUSED: readonly [string, () => Response, RegExp][] = [
  ["not found", () => text("no", { status: 404 }), /answers with 404/],
  ["a redirect", () => Response.redirect("https://elsewhere.test/"), /answers with 302/],
  ["a web page", () => new Response("<p>", { headers: { "content-type": "text/html" } }), /gives text\/html/],
  ["too much", () => text("x".repeat(1001)), /more than 1000 bytes/],
];

for (const [what, answer, words] of REFUSED) {
  Deno.test(`fetch: ${what} is an error`, async () => {
    await using server = serve(answer);
    await assert.rejects(fetchFrom(server.addr.port), (error) => {
      assert.ok(error instanceof FetchError);
      assert.match(error.message, words);
      assert.ok(!error.untrusted);
      return true;
    });
  });
}

Deno.test("fetch: a certificate of nobody, or for another name, is told apart from other errors", async () => {
  await using server = serve(() => text("secret"));
  for (
    const options of [{ trust: makeClientTrust(null) }, { url: "https://other.test/file.txt" }]
  ) {
    await assert.rejects(
      fetchFrom(server.addr.port, options),
      (error) => error instanceof FetchError && error.untrusted,
    );
  }
});

Deno.test("fetch: a server that says nothing, and a host without address", async () => {
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await assert.rejects(fetchFrom(silent.addr.port, { timeoutMs: 200 }), /took too long/);
  silent.close();
  await assert.rejects(fetchFrom(1, { addresses: [] }), /has no address/);
  await assert.rejects(fetchFrom(1, { url: "http://good.test/" }), /Only https/);
});
