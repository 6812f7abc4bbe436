import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { ConfigError, defaultConfig, loadConfig, parseConfig } from "../../src/app/config/mod.ts";
import { defaultIntakeLimits } from "../../src/intake/limits.ts";
import { defaultImapLimits } from "../../src/session/imap/limits.ts";
import { defaultSmtpLimits } from "../../src/session/smtp/limits.ts";

const FILE = "/etc/mailden/mailden.yaml";

/** A bad file, and the lines of the error without the file's name. */
const BAD: readonly (readonly [name: string, text: string, ...errors: string[]])[] = [
  ["an empty file", "", "1:1: hostname: Missing, expected a domain name such as example.com"],
  ["no section at all", "just words\n", ': Found "just words", expected a section with keys and values'],
  [
    "an unknown key, nearly right",
    "hostname: mx.example.com\nlisen: {}\n",
    '2:1: Unknown key "lisen"; did you mean "listen"?',
  ],
  [
    "an unknown key, far from any",
    "hostname: mx.example.com\nstore:\n  frobnicate: 1\n",
    '3:3: store: Unknown key "frobnicate"; the keys here are undelete_days',
  ],
  [
    "keys of later versions",
    'hostname: mx.example.com\nlisten: { lmtp: off, caldavs: ":8443" }\n',
    '2:22: listen: Unknown key "caldavs"; the keys here are smtp, submission, submissions, imap, imaps, pop3, pop3s, lmtp, managesieve, http',
  ],
  [
    "networks, and a unix socket where none can be",
    "hostname: mx.example.com\nlisten: { imap: /run/imap.sock, lmtp: run/lmtp.sock }\nproxy: { networks: [10.0.0.0/33] }\n",
    '2:17: listen.imap: Found "/run/imap.sock", expected ":25" for all addresses, "127.0.0.1:25" or "[::1]:25", a list of these, or off',
    '2:39: listen.lmtp: Found "run/lmtp.sock", expected ":25" for all addresses, "127.0.0.1:25" or "[::1]:25", a unix socket such as "/run/mailden/lmtp.sock", a list of these, or off',
    '3:21: proxy.networks[0]: Found "10.0.0.0/33", expected an address such as "192.0.2.7" or a range such as "10.0.0.0/8" or "2001:db8::/32"',
  ],
  [
    "a unix socket twice",
    "hostname: mx.example.com\nlisten: { lmtp: [/run/lmtp.sock, /run/lmtp.sock] }\n",
    "2:17: listen.lmtp: /run/lmtp.sock is also taken by listen.lmtp, expected a different port for each service",
  ],
  [
    "a size",
    "hostname: mx.example.com\nlimits:\n  message_size: 50XiB\n",
    '3:17: limits.message_size: Found "50XiB", expected a size such as 500KiB, 50MiB or 10GiB',
  ],
  [
    "a duration without a unit, and one that is too long",
    "hostname: mx.example.com\nqueue: { first_retry: 5, give_up_after: 9w }\n",
    "2:23: queue.first_retry: Found 5, expected a duration such as 30s, 5m, 4h or 5d (1ms to 24d)",
    '2:41: queue.give_up_after: Found "9w", expected a duration such as 30s, 5m, 4h or 5d (1ms to 24d)',
  ],
  [
    "an empty value",
    "hostname: mx.example.com\nplaintext_auth:\n",
    "2:1: plaintext_auth: Found nothing, expected never or loopback",
  ],
  [
    "endpoints, one of a list",
    'hostname: mx.example.com\nlisten:\n  smtp: [":25", "mx:25"]\n  imap: 143\n',
    '3:17: listen.smtp[1]: Found "mx:25", expected ":25" for all addresses, "127.0.0.1:25" or "[::1]:25"',
    '4:9: listen.imap: Found 143, expected ":25" for all addresses, "127.0.0.1:25" or "[::1]:25", a list of these, or off',
  ],
  [
    "the same port twice, also through all addresses",
    'hostname: mx.example.com\nlisten:\n  imap: "127.0.0.1:25"\n  pop3: ":993"\n',
    "3:9: listen.imap: 127.0.0.1:25 is also taken by listen.smtp, expected a different port for each service",
    "4:9: listen.pop3: *:993 is also taken by listen.imaps, expected a different port for each service",
  ],
  [
    "a section where a list belongs, and the other way round",
    "hostname: mx.example.com\ndns:\n  servers: {}\nlimits: [1]\n",
    "3:12: dns.servers: Found a section, expected a list",
    "4:9: limits: Found a list, expected a section with keys and values",
  ],
  [
    "a DNS server",
    "hostname: mx.example.com\ndns: { servers: [9.9.9.9, dns.example.com] }\n",
    '2:27: dns.servers[1]: Found "dns.example.com", expected an address such as "9.9.9.9", "127.0.0.1:5353" or "[::1]:53"',
  ],
  [
    "a certificate without its key",
    "hostname: mx.example.com\ntls:\n  certificate: x.pem\n",
    "2:1: tls.key: Missing, expected a file name, because tls.certificate is set; leave both out for a self-signed certificate",
  ],
  [
    "a relay without a host, or with half a log-in",
    "hostname: mx.example.com\noutbound:\n  relay: { port: 0 }\n",
    "3:10: outbound.relay.host: Missing, expected a host name such as relay.example.com, or an IP address",
    "3:18: outbound.relay.port: Found 0, expected a whole number from 1 to 65535",
  ],
  [
    "a relay's user without a password",
    "hostname: mx.example.com\noutbound: { relay: { host: r.example, user: me } }\n",
    "2:20: outbound.relay.password_file: Missing, expected a value, because user is set",
  ],
  [
    "a relay's password file that is not there",
    "hostname: mx.example.com\noutbound: { relay: { host: r.example, user: me, password_file: /nonexistent/p } }\n",
    "2:64: outbound.relay.password_file: Found a file that cannot be read: No such file or directory (os error 2): " +
    "readfile '/nonexistent/p'",
  ],
  [
    "a data folder whose name is too long for a socket",
    `hostname: mx.example.com\ndata: /${"d".repeat(100)}\n`,
    "2:7: data: Found a path of 101 bytes, expected at most 94, because the control socket is made there",
  ],
  [
    "a key twice",
    "hostname: mx.example.com\ndata: /a\ndata: /b\n",
    "3:1: This key is here twice, expected each key once in its section",
  ],
  [
    "broken YAML",
    "hostname: [mx\nlimits: {}\n",
    "2:1: This is not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
  ],
  [
    "a domain that is none, and one that is there twice",
    'hostname: mx.example.com\ndomains:\n  Example.com: {}\n  example.com.: {}\n  "a b": {}\n',
    "4:3: domains: The domain example.com is here twice, expected all its accounts in one section",
    '5:3: domains: Found "a b", expected a domain name such as example.com',
  ],
  [
    "names that are there twice",
    "hostname: mx.example.com\ndomains:\n  example.com:\n    accounts:\n      alice: { aliases: [sales, ALICE] }\n" +
    "      bob:\n    aliases:\n      Sales: [bob]\n",
    '5:33: domains."example.com".accounts.alice.aliases[1]: alice@example.com is already an account or an alias, expected a new name',
    '8:7: domains."example.com".aliases: sales@example.com is already an account or an alias, expected a new name',
  ],
  [
    "names that are none",
    'hostname: mx.example.com\ndomains:\n  example.com:\n    accounts:\n      "a b":\n      c@example.com: {}\n' +
    "      d: { aliases: [x@elsewhere.org] }\n",
    '5:7: domains."example.com".accounts: Found "a b", expected the part of an address before the @: letters, digits and . _ - +',
    '6:7: domains."example.com".accounts: Found "c@example.com", expected the part of an address before the @: letters, digits and . _ - +',
    '7:22: domains."example.com".accounts.d.aliases[0]: Found "x@elsewhere.org", expected a name in one of the domains configured here',
  ],
  [
    "aliases and catch-alls that lead to nobody",
    "hostname: mx.example.com\ndomains:\n  example.com:\n    accounts: { alice: {} }\n    aliases:\n" +
    "      info: [alcie, bob@elsewhere.org]\n      none: []\n    catch_all: postmater\n",
    '6:14: domains."example.com".aliases.info[0]: Found "alcie", expected an account or alias of example.com; did you mean "alice"?',
    '7:13: domains."example.com".aliases.none: Found an empty list, expected at least one name or address',
    '8:16: domains."example.com".catch_all: Found "postmater", expected an account or alias of example.com',
  ],
  [
    "aliases that go round in a circle",
    "hostname: mx.example.com\ndomains:\n  example.com:\n    aliases:\n      a: [b]\n      b: [a]\n",
    '5:7: domains."example.com".aliases: Alias a@example.com -> b@example.com -> a@example.com goes round in a circle; ' +
    "take one of these targets out",
  ],
  [
    "a quota and an account's unknown key, in one go",
    "hostname: mx example\ndomains:\n  example.com:\n    accounts:\n      alice:\n        quota: lots\n        alias: [x]\n",
    '1:11: hostname: Found "mx example", expected a domain name such as example.com',
    '6:16: domains."example.com".accounts.alice.quota: Found "lots", expected a size such as 500KiB, 50MiB or 10GiB, or null',
    '7:9: domains."example.com".accounts.alice: Unknown key "alias"; did you mean "aliases"?',
  ],
];

function errorOf(text: string): ConfigError {
  try {
    parseConfig(text, FILE);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: `No error for ${JSON.stringify(text)}` });
}

for (const [name, text, ...errors] of BAD) {
  Deno.test(`config: ${name}`, () => {
    assert.deepEqual(
      errorOf(text).message.split("\n"),
      errors.map((line) => line.startsWith(": ") ? `${FILE}:1:1${line}` : `${FILE}:${line}`),
    );
  });
}

Deno.test("config: a full file becomes values in the rooms' units", () => {
  const config = parseConfig(
    `
hostname: MX.Example.COM.
data: data
tls: { certificate: tls/c.pem, key: /abs/k.pem }
listen: { smtp: ["127.0.0.1:2525", "[::1]:0"], pop3: off }
dns: { servers: ["9.9.9.9", "::1", "127.0.0.1:53"], timeout: 1s500ms }
plaintext_auth: loopback
limits: { message_size: 1MiB, smtp: { session_time: 1h }, connections: { per_address: 7 } }
queue: { delay_notice_after: null, max_retry: 90s }
domains:
  bücher.example:
    accounts: { Alice: { quota: null }, 123: }
    aliases: { all: [alice, "123"] }
    catch_all: all
`,
    "/srv/mail/m.yaml",
  );
  assert.equal(config.hostname, "mx.example.com");
  assert.equal(config.data, "/srv/mail/data");
  assert.deepEqual(config.tls, { certificate: "/srv/mail/tls/c.pem", key: "/abs/k.pem" });
  assert.deepEqual(config.listen.smtp, [{ host: "127.0.0.1", port: 2525 }, { host: "::1", port: 0 }]);
  assert.deepEqual(config.listen.pop3, []);
  assert.deepEqual(config.dns.servers, ["9.9.9.9", "[::1]:53", "127.0.0.1:53"]);
  assert.equal(config.dns.timeoutMs, 1500);
  assert.equal(config.plaintextAuth, "loopback");
  assert.equal(config.limits.smtp.sessionMs, 3_600_000);
  assert.equal(config.limits.connections.connectionsPerAddress, 7);
  assert.equal(config.queue.delayNoticeAfterMs, null);
  assert.equal(config.queue.retryMaxMs, 90_000);
  const domain = config.directory.domains["bücher.example"]!;
  assert.deepEqual(Object.keys(domain.accounts).sort(), ["123", "Alice"]);
  assert.equal(domain.catchAll, "all");
});

Deno.test("config: one message size for every way in", () => {
  const { limits } = parseConfig("hostname: a.example\nlimits: { message_size: 1MiB }\n", FILE);
  const sizes = [limits.intake.messageSize, limits.smtp.messageSize, limits.imap.messageBytes];
  assert.deepEqual(sizes, [2 ** 20, 2 ** 20, 2 ** 20]);
  // And the rooms' own defaults agree, or the file could not have one key for them.
  assert.equal(defaultSmtpLimits.messageSize, defaultIntakeLimits.messageSize);
  assert.equal(defaultImapLimits.messageBytes, defaultIntakeLimits.messageSize);
});

Deno.test("config: the defaults are the rooms' own", () => {
  const { limits } = defaultConfig("a.example");
  assert.deepEqual(limits.smtp, defaultSmtpLimits);
  assert.deepEqual(limits.imap, defaultImapLimits);
  assert.deepEqual(limits.intake, defaultIntakeLimits);
});

Deno.test("config: at most twenty problems are listed, in the order of the file", () => {
  const keys = Array.from({ length: 50 }, (_, i) => `zz${i}: 1`).join("\n");
  const { problems } = errorOf(`hostname: a.example\n${keys}\n`);
  assert.equal(problems.length, 20);
  assert.deepEqual(problems.map(({ line }) => line), Array.from({ length: 20 }, (_, i) => i + 2));
});

Deno.test("config: a small file does not unfold to a huge value", () => {
  const lines = ["hostname: a.example", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 10; i++) lines.push(`a${i}: &a${i} [${Array(10).fill(`*a${i - 1}`).join(", ")}]`);
  assert.match(errorOf(lines.join("\n")).message, /not valid YAML: Excessive alias count/);
});

Deno.test("config: any text gives a configuration or a ConfigError", () => {
  const word = fc.constantFrom(
    "hostname: a.example",
    "domains:",
    "  example.com:",
    "    accounts: {a: {}}",
    "    aliases: {b: [a]}",
    "limits: {}",
    "*x",
    "&x",
    "? ",
    "- ",
    "[",
    "__proto__: {}",
    "!!js/function 1",
    "\t",
    "\n",
  );
  const text = fc.oneof(fc.string(), fc.array(word, { maxLength: 12 }).map((words) => words.join("\n")));
  fc.assert(
    fc.property(text, (content) => {
      try {
        parseConfig(content, FILE);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("config: the relay's password comes from its file, beside the configuration", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = join(folder, "m.yaml");
    const relay =
      "{ host: Relay.Example.NET, user: me, password_file: relay.secret, tls: implicit, port: 465 }";
    await Deno.writeTextFile(file, `hostname: a.example\noutbound: { relay: ${relay} }\n`);
    await Deno.writeTextFile(join(folder, "relay.secret"), "s3 cret\n");
    assert.deepEqual((await loadConfig(file)).outbound.relay, {
      host: "relay.example.net",
      port: 465,
      user: "me",
      password: "s3 cret",
      tls: "implicit",
    });
    await Deno.writeTextFile(join(folder, "relay.secret"), "\n");
    await assert.rejects(loadConfig(file), {
      message: /Found an empty file, expected the relay's password in it/,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("config: a file that cannot be read is named, without a line", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const missing = join(folder, "none.yaml");
    await assert.rejects(loadConfig(missing), {
      name: "ConfigError",
      message: `${missing}: There is no such file; name another with --config FILE`,
    });
    await assert.rejects(loadConfig(folder), { name: "ConfigError", message: /cannot be read/ });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
