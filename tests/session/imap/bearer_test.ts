/** OAUTHBEARER and XOAUTH2 (RFC 7628) where somebody can check tokens. */
import assert from "node:assert/strict";
import { encodeBase64 } from "../../../src/wire/sasl/mod.ts";
import { encodeUtf8 } from "../../../src/core/bytes.ts";
import { serveImap } from "../../../src/session/imap/mod.ts";
import { connPair, type FakeClient, TEST_TLS } from "../../support/fake_conn.ts";
import { answer, command, ImapHarness } from "./harness.ts";

const encode = (text: string) => encodeBase64(encodeUtf8(text));

async function connect(harness: ImapHarness): Promise<FakeClient> {
  const { server, client } = connPair({ tls: TEST_TLS });
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
