import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import nodeTls from "node:tls";
import { connect } from "../../src/net/connect.ts";
import { openServerTls, type ServerTlsOptions } from "../../src/net/tls/mod.ts";
import { makeCertificate } from "../support/certificate.ts";
import { FixedClock, RecordingLog } from "../support/fakes.ts";
import { readAll, startListener } from "./harness.ts";
import { PATIENCE_MS } from "../support/patience.ts";

interface Folder extends AsyncDisposable {
  readonly log: RecordingLog;
  readonly clock: FixedClock;
  path(name: string): string;
  write(name: string, text: string): Promise<string>;
  options(more?: Partial<ServerTlsOptions>): ServerTlsOptions;
}

async function makeFolder(): Promise<Folder> {
  const directory = await Deno.makeTempDir();
  const log = new RecordingLog();
  const clock = new FixedClock(Date.now());
  const path = (name: string) => join(directory, name);
  return {
    log,
    clock,
    path,
    async write(name, text) {
      await Deno.writeTextFile(path(name), text);
      return path(name);
    },
    options: (more = {}) => ({
      certificate: null,
      key: null,
      directory: path("tls"),
      hostname: "mx.example.com",
      clock,
      log,
      ...more,
    }),
    async [Symbol.asyncDispose]() {
      await Deno.remove(directory, { recursive: true });
    },
  };
}

Deno.test("net/tls: a self-signed certificate is made at the first start and kept", async () => {
  await using folder = await makeFolder();
  const first = await openServerTls(folder.options());
  const certificate = new X509Certificate(await Deno.readTextFile(folder.path("tls/self-signed.crt")));
  assert.equal(certificate.fingerprint256, first.fingerprint);
  assert.equal(certificate.subjectAltName, "DNS:mx.example.com, DNS:localhost");
  const years = (Date.parse(certificate.validTo) - folder.clock.now()) / (365.25 * 86_400_000);
  assert.ok(years > 9.9 && years < 10.1, `${years} years`);
  assert.ok(Date.parse(certificate.validFrom) < folder.clock.now());
  const { mode } = await Deno.stat(folder.path("tls/self-signed.key"));
  assert.equal(mode! & 0o777, 0o600);
  assert.equal((await Deno.stat(folder.path("tls"))).mode! & 0o777, 0o700);
  const again = await openServerTls(folder.options());
  assert.equal(again.fingerprint, first.fingerprint);
  assert.equal(await again.refresh(), false);
  assert.equal(folder.log.of("certificate-made").length, 1);
});

Deno.test("net/tls: a new self-signed certificate when the old one does not do", async () => {
  await using folder = await makeFolder();
  const first = await openServerTls(folder.options());
  const renamed = await openServerTls(folder.options({ hostname: "other.example.com" }));
  assert.notEqual(renamed.fingerprint, first.fingerprint);
  // Killed between writing the key and the certificate.
  const stray = await makeCertificate({ names: ["x"] });
  await folder.write("tls/self-signed.key", stray.key);
  const repaired = await openServerTls(folder.options({ hostname: "other.example.com" }));
  assert.notEqual(repaired.fingerprint, renamed.fingerprint);
  folder.clock.set(folder.clock.now() + 11 * 365 * 86_400_000);
  const renewed = await openServerTls(folder.options({ hostname: "other.example.com" }));
  assert.notEqual(renewed.fingerprint, repaired.fingerprint);
  assert.equal(folder.log.of("certificate-made").length, 4);
});

Deno.test("net/tls: a host name that is too long for a common name", async () => {
  await using folder = await makeFolder();
  const hostname = `${"a".repeat(60)}.${"b".repeat(60)}.example.com`;
  const tls = await openServerTls(folder.options({ hostname }));
  assert.ok(tls.fingerprint.length > 0);
  assert.equal((await openServerTls(folder.options({ hostname }))).fingerprint, tls.fingerprint);
});

Deno.test("net/tls: configured files that cannot be used are refused, with the reason", async () => {
  await using folder = await makeFolder();
  const one = await makeCertificate({ names: ["one.example"] });
  const two = await makeCertificate({ names: ["two.example"] });
  const certificate = await folder.write("one.crt", one.certificate);
  const key = await folder.write("one.key", one.key);
  const cases: [Partial<ServerTlsOptions>, RegExp][] = [
    [{ certificate, key: null }, /both a certificate and its key/],
    [{ certificate: null, key }, /both a certificate and its key/],
    [{ certificate: folder.path("none.crt"), key }, /Cannot read .*none\.crt/],
    [{ certificate: await folder.write("bad.crt", "nonsense"), key }, /no certificate in PEM form/],
    [{ certificate: await folder.write("empty.crt", ""), key }, /no certificate in PEM form/],
    [{ certificate, key: await folder.write("bad.key", "nonsense") }, /no private key in PEM form/],
    [{ certificate: key, key }, /no certificate in PEM form/],
    [{ certificate, key: await folder.write("two.key", two.key) }, /do not belong together/],
  ];
  for (const [more, reason] of cases) await assert.rejects(openServerTls(folder.options(more)), reason);
});

Deno.test("net/tls: replaced files are picked up; broken ones are not, and that is said once", async () => {
  await using folder = await makeFolder();
  const one = await makeCertificate({ names: ["one.example"] });
  const two = await makeCertificate({ names: ["two.example"] });
  const certificate = await folder.write("a.crt", one.certificate);
  const key = await folder.write("a.key", one.key);
  const tls = await openServerTls(folder.options({ certificate, key }));
  const old = tls.fingerprint;
  assert.equal(await tls.refresh(), false);

  // Half of the pair is new: not usable yet.
  await folder.write("a.crt", two.certificate);
  assert.equal(await tls.refresh(), false);
  assert.equal(await tls.refresh(), false);
  assert.equal(tls.fingerprint, old);
  assert.deepEqual(
    folder.log.of("certificate-not-usable").map(({ fields }) => fields.reason),
    ["The certificate and the key do not belong together"],
  );

  await folder.write("a.key", two.key);
  assert.equal(await tls.refresh(), true);
  assert.equal(tls.fingerprint, new X509Certificate(two.certificate).fingerprint256);

  await Deno.remove(key);
  assert.equal(await tls.refresh(), false);
  await folder.write("a.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
  assert.equal(await tls.refresh(), false);
  assert.equal(folder.log.of("certificate-not-usable").length, 3);
  assert.ok(!JSON.stringify(folder.log.entries).includes("PRIVATE KEY"), "no key in the log");
});

Deno.test("net/tls: the next client sees the replaced certificate, whoever is connected", async () => {
  await using folder = await makeFolder();
  const authority = await makeCertificate({ names: ["Test CA"], authority: true });
  const one = await makeCertificate({ names: ["localhost"], issuer: authority });
  const two = await makeCertificate({ names: ["localhost"], issuer: authority });
  const certificate = await folder.write("a.crt", one.certificate);
  const key = await folder.write("a.key", one.key);
  const tls = await openServerTls(folder.options({ certificate, key }));
  await using server = await startListener(async (conn) => {
    await conn.write(new TextEncoder().encode("hello"));
    await conn.read(PATIENCE_MS);
  }, { tls, implicitTls: true });
  const visit = async () => {
    const client = nodeTls.connect({
      host: "127.0.0.1",
      port: server.port,
      servername: "localhost",
      ca: authority.certificate,
    });
    await once(client, "secureConnect");
    return { client, fingerprint: client.getPeerCertificate().fingerprint256 };
  };
  const before = await visit();
  assert.equal(before.fingerprint, new X509Certificate(one.certificate).fingerprint256);
  await folder.write("a.crt", two.certificate);
  await folder.write("a.key", two.key);
  assert.equal(await tls.refresh(), true);
  const after = await visit();
  assert.equal(after.fingerprint, new X509Certificate(two.certificate).fingerprint256);
  for (const { client } of [before, after]) {
    const [chunk] = await once(client, "data");
    assert.equal(String(chunk), "hello");
    client.destroy();
  }
  // Our own client, which verifies nothing, gets through as well.
  const client = await connect({ host: "127.0.0.1", port: server.port, timeoutMs: PATIENCE_MS, id: "c" });
  await client.startClientTls({ servername: "localhost", verify: false, timeoutMs: PATIENCE_MS });
  const bye = readAll(client);
  client.close();
  await bye;
});

Deno.test("net/tls: an expired certificate is used, with a warning", async () => {
  await using folder = await makeFolder();
  const old = await makeCertificate({ names: ["mx.example.com"], validFromDays: -20, validToDays: -10 });
  const certificate = await folder.write("a.crt", old.certificate);
  const key = await folder.write("a.key", old.key);
  await openServerTls(folder.options({ certificate, key }));
  assert.equal(folder.log.of("certificate-expired").length, 1);
});
