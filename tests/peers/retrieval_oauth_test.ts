//   login.provider.test (a token endpoint, HTTPS) <-- Mailden --token--> Dovecot --is it good?--> the same endpoint (RFC 7662)
//   the refresh token changes with each use, access tokens are taken back, and at last nothing is given any more
import assert from "node:assert/strict";
import { join } from "node:path";
import { makeCertificate } from "../support/certificate.ts";
import { startDnsAuthority } from "../support/dns_authority.ts";
import { DovecotProvider } from "../support/dovecot_provider.ts";
import { Mailden } from "../support/mailden.ts";
import { until } from "./peer.ts";

const ALICE = "alice@example.test";
const LOGIN_HOST = "login.provider.test";

/** Gives tokens, and says which of them are good. */
class TokenServer {
  readonly refreshTokens = new Set<string>();
  readonly accessTokens = new Set<string>();
  asked = 0;

  /** RFC 6749 section 6; each refresh token is good for once. */
  readonly give = async (request: Request): Promise<Response> => {
    this.asked++;
    const form = new URLSearchParams(await request.text());
    const isOurs = form.get("grant_type") === "refresh_token" && form.get("client_id") === "mailden" &&
      form.get("client_secret") === "client-secret-1";
    if (!isOurs || !this.refreshTokens.delete(form.get("refresh_token") ?? "")) {
      return Response.json({ error: "invalid_grant" }, { status: 400 });
    }
    const tokens = { access: `access-token-${this.asked}`, refresh: `refresh-token-${this.asked}` };
    this.accessTokens.add(tokens.access);
    this.refreshTokens.add(tokens.refresh);
    return Response.json({
      access_token: tokens.access,
      refresh_token: tokens.refresh,
      token_type: "Bearer",
      expires_in: 3600,
    });
  };

  /** RFC 7662. */
  readonly judge = async (request: Request): Promise<Response> => {
    const token = new URLSearchParams(await request.text()).get("token") ?? "";
    return Response.json(
      this.accessTokens.has(token) ? { active: true, username: "alice" } : { active: false },
    );
  };
}

interface World {
  readonly tokens: TokenServer;
  readonly dovecot: DovecotProvider;
  readonly server: Mailden;
}

async function start(
  stack: AsyncDisposableStack,
  { protocol, mechanism, networks }: {
    readonly protocol: "imap" | "pop3";
    readonly mechanism: "XOAUTH2" | "OAUTHBEARER";
    readonly networks: readonly string[];
  },
): Promise<World> {
  const authority = await makeCertificate({ names: ["Test CA"], authority: true });
  const own = await makeCertificate({ names: [LOGIN_HOST], issuer: authority });
  const tokens = new TokenServer();
  const loopback = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const endpoint = Deno.serve({ ...loopback, cert: own.certificate, key: own.key }, tokens.give);
  stack.defer(() => endpoint.shutdown());
  const introspection = Deno.serve(loopback, tokens.judge);
  stack.defer(() => introspection.shutdown());
  const url = `http://127.0.0.1:${introspection.addr.port}/introspect`;
  const dovecot = stack.use(await DovecotProvider.start({ introspection: { url, mechanism } }));
  const dns = stack.use(await startDnsAuthority({ zones: { [LOGIN_HOST]: { A: ["127.0.0.1"] } } }));
  const server = stack.use(await Mailden.prepare({ accounts: { [ALICE]: "a" } }));
  await Deno.writeTextFile(join(server.directory, "ca.pem"), authority.certificate);
  await Deno.writeTextFile(join(server.directory, "client"), "client-secret-1\n");
  const source = {
    name: "there",
    protocol,
    host: "127.0.0.1",
    port: protocol === "imap" ? dovecot.imapPort : dovecot.pop3Port,
    tls: "none",
    user: "alice",
    oauth2: {
      token_url: `https://${LOGIN_HOST}:${endpoint.addr.port}/token`,
      client_id: "mailden",
      client_secret_file: "client",
    },
    every: "1h",
    idle: false,
    allow_networks: networks,
  };
  await server.configure({
    dns: { servers: [dns.address] },
    outbound: { ca_file: "ca.pem" },
    domains: { "example.test": { accounts: { alice: { retrieve: [source] } } } },
  });
  return { tokens, dovecot, server };
}

async function giveRefreshToken({ server, tokens }: World, token: string): Promise<void> {
  tokens.refreshTokens.add(token);
  const args = ["retrieve", "secret", "--account", ALICE, "--password-stdin"];
  const { code, stderr } = await server.command(args, { stdin: `${token}\n` });
  assert.equal(code, 0, stderr);
}

/** Puts a message into Dovecot's Maildir, as an LDA does. */
async function post({ dovecot }: World, subject: string): Promise<void> {
  await dovecot.deliver(`Subject: ${subject}\n\nHello\n`);
}

async function subjects(server: Mailden): Promise<string[]> {
  await using imap = await server.imap(ALICE);
  if (await imap.select("INBOX") === 0) return [];
  const { untagged } = await imap.ok("FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])");
  return untagged.flatMap((line) => /Subject: (\S+)/.exec(line)?.[1] ?? []).sort();
}

async function arrives(world: World, subject: string): Promise<void> {
  await until(
    `${subject} is here; Dovecot says ${await world.dovecot.log()}`,
    async () => (await subjects(world.server)).includes(subject),
  );
}

for (const [protocol, mechanism] of [["imap", "OAUTHBEARER"], ["pop3", "XOAUTH2"]] as const) {
  Deno.test(`peer: Dovecot: ${protocol} with ${mechanism}: tokens that change, end, and are refused`, async () => {
    await using stack = new AsyncDisposableStack();
    const world = await start(stack, { protocol, mechanism, networks: ["127.0.0.0/8"] });
    const { server, tokens } = world;
    await giveRefreshToken(world, "refresh-token-0");
    await post(world, "a");
    await server.serve();
    await arrives(world, "a");
    assert.equal(tokens.asked, 1);

    // Kept as long as it lives.
    await post(world, "b");
    await server.command(["retrieve", "now"]);
    await arrives(world, "b");
    assert.equal(tokens.asked, 1);

    // Taken back before its time: another one at once.
    tokens.accessTokens.clear();
    await post(world, "c");
    await server.command(["retrieve", "now"]);
    await arrives(world, "c");
    assert.equal(tokens.asked, 2);

    // The refresh token that came with the last one outlives the process.
    await server.kill();
    await post(world, "d");
    await server.serve();
    await arrives(world, "d");
    assert.equal(tokens.asked, 3);

    // Nothing is given any more: that is said, and not asked for again, not even after a restart.
    tokens.accessTokens.clear();
    tokens.refreshTokens.clear();
    await server.command(["retrieve", "now"]);
    await server.waitForLog(({ event, kind }) => event === "retrieval-failed" && kind === "refused");
    const status = async () => (await server.command(["retrieve", "status"])).stdout;
    const refused = await status();
    assert.match(refused, /the log-in was refused/);
    assert.match(refused, /login\.provider\.test:\d+ gives no token for the refresh token: invalid_grant/);
    await server.stop();
    await server.serve();
    assert.match(await status(), /invalid_grant/);
    assert.equal(tokens.asked, 4);

    // A new one is tried at once.
    await post(world, "e");
    await giveRefreshToken(world, "refresh-token-new");
    await arrives(world, "e");
    assert.deepEqual(await subjects(server), ["a", "b", "c", "d", "e"]);
    const said = JSON.stringify(server.log) + refused + await status();
    assert.doesNotMatch(said, /access-token|refresh-token|client-secret/);
  });
}

Deno.test("peer: a token endpoint that is not on the public Internet is not asked", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await start(stack, { protocol: "imap", mechanism: "XOAUTH2", networks: [] });
  await giveRefreshToken(world, "refresh-token-0");
  await world.server.serve();
  const { problem } = await world.server.waitForLog("retrieval-failed");
  assert.match(String(problem), /login\.provider\.test leads to 127\.0\.0\.1, which is not on the public/);
  assert.equal(world.tokens.asked, 0);
});
