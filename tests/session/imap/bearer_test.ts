/** OAUTHBEARER and XOAUTH2 (RFC 7628) where somebody can check tokens. */
import assert from "node:assert/strict";
import { encodeBase64 } from "../../../src/wire/sasl/mod.ts";
import { encodeUtf8 } from "../../../src/core/bytes.ts";
import { serveImap } from "../../../src/session/imap/mod.ts";
import { connPair, type ConnPairOptions, type FakeClient, TEST_TLS } from "../../support/fake_conn.ts";
import { answer, command, ImapHarness } from "./harness.ts";

const encode = (text: string) => encodeBase64(encodeUtf8(text));

async function connect(harness: ImapHarness, options: ConnPairOptions = {}): Promise<FakeClient> {
  const { server, client } = connPair({ tls: TEST_TLS, ...options });
  const deps = {
    ...harness.deps,
    authenticateToken: ({ token }: { readonly token: string }) =>
      Promise.resolve(token === "good" ? "alice@example.com" : null),
  };
  void serveImap(server, deps);
  await client.readLine();
  return client;
}

Deno.test("a good token logs in, with or without an initial response (RFC 7628 section 4.1)", async () => {
  await using harness = new ImapHarness();
  const client = await connect(harness);
  const [list] = await command(client, "CAPABILITY");
  assert.match(list!, / AUTH=OAUTHBEARER AUTH=XOAUTH2 /);
  client.write("a AUTHENTICATE OAUTHBEARER\r\n");
  assert.equal(await client.readLine(), "+ ");
  client.write(`${encode("n,a=alice@example.com,\x01auth=Bearer good\x01\x01")}\r\n`);
  assert.match((await answer(client, "a")).at(-1)!, /^OK \[CAPABILITY .*\] Logged in$/);
  const other = await connect(harness);
  const message = encode("user=alice@example.com\x01auth=Bearer good\x01\x01");
  assert.match((await command(other, `AUTHENTICATE XOAUTH2 ${message}`)).at(-1)!, /^OK /);
  client.close();
  other.close();
});

Deno.test("a bad token is refused in two steps, and is not in the log (RFC 7628 section 3.2.3)", async () => {
  await using harness = new ImapHarness();
  const client = await connect(harness);
  client.write(`a AUTHENTICATE OAUTHBEARER ${encode("n,,\x01auth=Bearer wrongtoken\x01\x01")}\r\n`);
  assert.equal(await client.readLine(), `+ ${encode('{"status":"invalid_token"}')}`);
  client.write("AQ==\r\n");
  assert.deepEqual(await answer(client, "a"), ["NO [AUTHENTICATIONFAILED] Wrong name or password"]);
  assert.doesNotMatch(JSON.stringify(harness.log.entries), /wrongtoken/);
  assert.match(
    (await command(client, "AUTHENTICATE OAUTHBEARER bm9uc2Vuc2U=")).at(-1)!,
    /^BAD OAUTHBEARER: /,
  );
  client.close();
});

Deno.test("without a token the client is told which it needs (RFC 7628 section 4.3)", async () => {
  await using harness = new ImapHarness();
  const client = await connect(harness);
  const query = encode("n,a=alice@example.com,\x01host=mail.example.com\x01port=143\x01auth=\x01\x01");
  for (const [farewell, end] of [["AQ==", /^NO \[AUTHENTICATIONFAILED\] /], ["*", /^BAD /]] as const) {
    client.write(`a AUTHENTICATE OAUTHBEARER ${query}\r\n`);
    assert.equal(await client.readLine(), `+ ${encode('{"status":"invalid_token"}')}`);
    client.write(`${farewell}\r\n`);
    assert.match((await answer(client, "a")).at(-1)!, end);
  }
  client.close();
});

Deno.test("a token needs TLS even where a password does not (RFC 7628 section 3)", async () => {
  await using harness = new ImapHarness({ plaintextAuth: true });
  const client = await connect(harness, { tls: null, remote: { host: "127.0.0.1", port: 1 } });
  const [list] = await command(client, "CAPABILITY");
  assert.match(list!, / AUTH=PLAIN /);
  assert.doesNotMatch(list!, /BEARER|XOAUTH2/);
  const message = encode("n,,\x01auth=Bearer good\x01\x01");
  assert.deepEqual(await command(client, `AUTHENTICATE OAUTHBEARER ${message}`), [
    "NO [CANNOT] No such mechanism",
  ]);
  client.close();
});

Deno.test("a token of 8 KiB fits into a line (RFC 4959 section 6)", async () => {
  await using harness = new ImapHarness();
  const client = await connect(harness);
  const message = encode(`n,,\x01auth=Bearer ${"x".repeat(8192)}\x01\x01`);
  client.write(`a AUTHENTICATE OAUTHBEARER ${message}\r\n`);
  assert.match((await client.readLine())!, /^\+ /);
  client.close();
});
