import assert from "node:assert/strict";
import { ALICE, BOB, PASSWORD, run, startForPeers } from "./peer.ts";

Deno.test("peer: swaks delivers from outside, with STARTTLS, pipelined, to several recipients", async () => {
  await using peers = await startForPeers();
  const { server } = peers;
  const port = String(server.ports.smtp);
  const common = ["--server", "127.0.0.1", "--port", port, "--from", "carol@foreign.test"];
  await run("swaks", [...common, "--to", ALICE]);
  await run("swaks", [...common, "--to", ALICE, "--tls"]);
  await run("swaks", [...common, "--to", `${ALICE},${BOB}`, "--pipeline"]);
  const unknown = await run("swaks", [...common, "--to", "nobody@example.test"], { code: null });
  assert.equal(unknown.code, 24, unknown.stdout);
  assert.match(unknown.stdout, /550 5\.1\.1/);
  const relay = await run("swaks", [...common, "--to", "victim@foreign.test"], { code: null });
  assert.match(relay.stdout, /550 5\.7\.1/);
  await using alice = await server.imap(ALICE);
  assert.equal(await alice.select(), 3);
});

Deno.test("peer: swaks submits with AUTH PLAIN and LOGIN, and is refused without TLS or with a wrong password", async () => {
  await using peers = await startForPeers();
  const { server } = peers;
  const port = String(server.ports.submission);
  const common = ["--server", "127.0.0.1", "--port", port, "--from", ALICE, "--to", BOB];
  const login = ["--auth-user", ALICE, "--auth-password", PASSWORD];
  await run("swaks", [...common, ...login, "--tls", "--auth", "PLAIN"]);
  await run("swaks", [...common, ...login, "--tls", "--auth", "LOGIN"]);
  const tlsOnConnect = [...common];
  tlsOnConnect[3] = String(server.ports.submissions);
  await run("swaks", [...tlsOnConnect, ...login, "--tls-on-connect", "--auth", "PLAIN"]);
  const plain = await run("swaks", [...common, ...login, "--auth", "PLAIN"], { code: null });
  assert.equal(plain.code, 28, plain.stdout);
  const wrong = ["--auth-user", ALICE, "--auth-password", "wrong"];
  const refused = await run("swaks", [...common, ...wrong, "--tls", "--auth", "PLAIN"], { code: null });
  assert.equal(refused.code, 28, refused.stdout);
  assert.match(refused.stdout, /535 5\.7\.8/);
  const unauthenticated = await run("swaks", [...common, "--tls"], { code: null });
  assert.match(unauthenticated.stdout, /530 5\.7\.0/);
  await using bob = await server.imap(BOB);
  assert.equal(await bob.select(), 3);
});
