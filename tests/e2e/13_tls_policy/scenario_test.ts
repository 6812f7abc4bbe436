//   alice --587--> Mailden --DNS (authentic)--> TLSA, _mta-sts
//                     |---HTTPS---> mta-sts.sts.test (a certificate of our own authority)
//                     '---25 + TLS---> right.test, wrong.test (DANE), sts.test (MTA-STS), fake.test (MTA-STS, a wrong certificate)
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { makeCertificate, type TestCertificate } from "../../support/certificate.ts";
import type { DnsEntry } from "../../support/dns_authority.ts";
import { sampleMessage } from "../../support/smtp_client.ts";
import { SmtpSink } from "../../support/smtp_sink.ts";
import { makeWorld, type World } from "../world.ts";

function keyDigest(certificate: TestCertificate): string {
  const key = new Uint8Array(certificate.parsed.publicKey.rawData);
  return `3 1 1 ${createHash("sha256").update(key).digest("hex")}`;
}

/** A domain whose one exchanger is a sink; the DNS says that all of it is authentic. */
async function startDomain(world: World, domain: string, certificate: TestCertificate): Promise<SmtpSink> {
  const host = world.address();
  const authentic = true;
  world.dns.set(domain, { MX: [{ preference: 1, exchange: `mx.${domain}` }], authentic });
  world.dns.set(`mx.${domain}`, { A: [host], authentic });
  return await SmtpSink.start({ host, port: world.smtpPort, certificate });
}

function servePolicies(certificate: TestCertificate, policies: Readonly<Record<string, string>>) {
  return Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert: certificate.certificate,
    key: certificate.key,
    onListen: () => {},
  }, (request) => {
    const policy = policies[new URL(request.url).hostname];
    return new Response(policy ?? "Not here", { status: policy === undefined ? 404 : 200 });
  });
}

Deno.test("e2e: DANE and MTA-STS decide which certificate is good, and mail for a wrong one waits", async () => {
  const authority = await makeCertificate({ names: ["Authority"], authority: true });
  const own = (name: string) => makeCertificate({ names: [name], issuer: authority });
  const [right, wrong, fake] = await Promise.all(
    ["right.test", "wrong.test", "fake.test"].map((name) => makeCertificate({ names: [name] })),
  );
  const https = await makeCertificate({
    names: ["mta-sts.sts.test", "mta-sts.fake.test"],
    issuer: authority,
  });
  const policy = (domain: string) => `version: STSv1\nmode: enforce\nmx: mx.${domain}\nmax_age: 604800\n`;
  await using policies = servePolicies(https, {
    "mta-sts.sts.test": policy("sts.test"),
    "mta-sts.fake.test": policy("fake.test"),
  });

  await using world = await makeWorld();
  await using rightSink = await startDomain(world, "right.test", right!);
  await using wrongSink = await startDomain(world, "wrong.test", wrong!);
  await using stsSink = await startDomain(world, "sts.test", await own("mx.sts.test"));
  await using fakeSink = await startDomain(world, "fake.test", fake!);
  const tlsa = (domain: string, record: string): [string, DnsEntry] => [
    `_${world.smtpPort}._tcp.mx.${domain}`,
    { TLSA: [record], authentic: true },
  ];
  world.dns.set(...tlsa("right.test", keyDigest(right!)));
  world.dns.set(...tlsa("wrong.test", keyDigest(right!)));
  for (const domain of ["sts.test", "fake.test"]) {
    world.dns.set(`_mta-sts.${domain}`, { TXT: ["v=STSv1; id=20260102;"] });
    world.dns.set(`mta-sts.${domain}`, { A: ["127.0.0.1"] });
  }

  await using one = await world.mailden({
    host: world.address(),
    hostname: "mx.one.test",
    accounts: { "alice@one.test": "a" },
    config: { outbound: { port: world.smtpPort, mta_sts_port: policies.addr.port } },
  });
  await Deno.writeTextFile(join(one.directory, "authority.pem"), authority.certificate);
  await one.configure({ outbound: { ca_file: "authority.pem" } });
  assert.equal((await one.reload()).event, "reloaded");

  await using submission = await one.submission("alice@one.test");
  for (const domain of ["right.test", "wrong.test", "sts.test", "fake.test"]) {
    await submission.send({
      from: "alice@one.test",
      to: [`bob@${domain}`],
      message: sampleMessage({ from: "alice@one.test" }),
    });
  }
  await rightSink.waitForAccepted(1);
  await stsSink.waitForAccepted(1);
  const attempt = await one.waitForLog((line) =>
    line.event === "delivery-attempt" && line["host"] === "mx.right.test"
  );
  assert.equal(attempt["policy"], "dane");
  assert.equal(attempt["verified"], "dane");
  const verified = await one.waitForLog((line) =>
    line.event === "delivery-attempt" && line["host"] === "mx.sts.test"
  );
  assert.equal(verified["policy"], "sts", one.output);
  assert.equal(verified["verified"], "pkix");
  for (const [domain, words] of [["wrong.test", "TLSA"], ["fake.test", "not valid"]] as const) {
    const failed = await one.waitForLog((line) =>
      line.event === "delivery-host-failed" && String(line["host"]).startsWith(`mx.${domain}`)
    );
    assert.match(String(failed["reply"]), new RegExp(`^451 4\\.7\\.5 .*${words}`));
  }
  assert.equal(wrongSink.accepted.length + fakeSink.accepted.length, 0);
  assert.match(
    await one.metrics(),
    /mailden_outbound_tls_total\{policy="dane",result="validation-failure"\} 1/,
  );

  // The domain mends its record: the next try goes through.
  world.dns.set(...tlsa("wrong.test", keyDigest(wrong!)));
  assert.equal(await one.stop(), 0);
  await one.serve();
  await one.command(["queue", "flush", "--to", "wrong.test"]);
  await wrongSink.waitForAccepted(1);
});
