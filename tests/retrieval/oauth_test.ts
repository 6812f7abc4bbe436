import assert from "node:assert/strict";
import { decodeUtf8 } from "../../src/core/bytes.ts";
import { AccessTokens } from "../../src/retrieval/oauth.ts";
import { RetrievalError } from "../../src/retrieval/errors.ts";
import { BearerExchange } from "../../src/wire/sasl/mod.ts";
import { bearerResponse } from "../../src/wire/sasl/client.ts";
import { FixedClock } from "../support/fakes.ts";
import { scripted } from "./scripted.ts";

const OAUTH = {
  tokenUrl: "https://login.provider.test/o/token?v=2",
  clientId: "mailden",
  clientSecret: "shh&",
};
const request = (refreshToken: string) => ({
  oauth: OAUTH,
  refreshToken,
  allowNetworks: [],
  signal: new AbortController().signal,
});

function tokens(answer: string, chunkSize?: number) {
  const asked: string[] = [];
  const clock = new FixedClock();
  const world = scripted({
    clock,
    ...(chunkSize === undefined ? {} : { chunkSize }),
    script: async (peer) => {
      let head = "";
      for (let line = await peer.readLine(); line !== "" && line !== null; line = await peer.readLine()) {
        head += `${line}\n`;
      }
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      asked.push(`${head}\n${decodeUtf8(await peer.readBytes(length))}`);
      peer.write(answer);
    },
  });
  return { access: new AccessTokens(world.deps), asked, clock };
}

function http(status: string, body: unknown): string {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
}

Deno.test("OAuth 2: a refresh token becomes an access token, which is kept as long as it lives (RFC 6749 section 6)", async () => {
  const answer = { access_token: "at.1", token_type: "Bearer", expires_in: 3600, refresh_token: "rt2" };
  const { access, asked, clock } = tokens(http("200 OK", answer), 1);
  assert.deepEqual(await access.get(request("rt1")), { token: "at.1", isFresh: true, refreshToken: "rt2" });
  const [first] = asked;
  assert.match(first!, /^POST \/o\/token\?v=2 HTTP\/1\.1\nHost: login\.provider\.test\n/);
  assert.match(
    first!,
    /\ngrant_type=refresh_token&refresh_token=rt1&client_id=mailden&client_secret=shh%26$/,
  );
  assert.deepEqual(await access.get(request("rt2")), { token: "at.1", isFresh: false, refreshToken: null });
  assert.equal(asked.length, 1);
  clock.set(clock.now() + 3_600_000 - 30_000);
  await access.get(request("rt2"));
  assert.equal(asked.length, 2);
  access.forget();
  await access.get(request("rt2"));
  assert.equal(asked.length, 3);
});

Deno.test("OAuth 2: what gives no token (RFC 6749 section 5.2)", async () => {
  const table: [string, RetrievalError["kind"], RegExp][] = [
    [
      http("400 Bad Request", { error: "invalid_grant" }),
      "refused",
      /no token for the refresh token: invalid_grant/,
    ],
    [http("401 Unauthorized", "nope"), "refused", /login\.provider\.test gives no token/],
    [http("500 Oops", {}), "trouble", /answers with 500/],
    [http("200 OK", { access_token: "a b\r\nc" }), "trouble", /gives no token/],
    [http("200 OK", "null"), "trouble", /gives no token/],
    [http("302 Found", ""), "trouble", /answers with 302/],
    ["SMTP\r\n\r\n", "trouble", /not HTTP/],
    ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "trouble", /broke off/],
    [`HTTP/1.1 200 OK\r\nX: ${"x".repeat(70_000)}`, "trouble", /more than 65536 bytes/],
  ];
  for (const [answer, kind, expected] of table) {
    await assert.rejects(tokens(answer).access.get(request("rt1")), (error: unknown) => {
      assert.ok(error instanceof RetrievalError);
      assert.equal(error.kind, kind, error.message);
      assert.match(error.message, expected);
      assert.ok(!error.message.includes("rt1"));
      return true;
    });
  }
});

Deno.test("bearerResponse: what the server's machine reads (RFC 7628 section 3.1, XOAUTH2)", () => {
  for (const mechanism of ["OAUTHBEARER", "XOAUTH2"] as const) {
    const claim = { user: "a=b,c@example.net", token: "ya29.x-_~+/==" };
    const response = bearerResponse(mechanism, { ...claim, host: "imap.example.net", port: 993 });
    assert.deepEqual(new BearerExchange(mechanism).start(response), { kind: "token", claim });
  }
});
