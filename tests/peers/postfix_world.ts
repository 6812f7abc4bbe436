/** A Postfix that is the exchanger of away.test, stores into Maildirs, and knows the way back to a Mailden at one.test. */
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { makeWorld, type World } from "../e2e/world.ts";
import { makeCertificate } from "../support/certificate.ts";
import type { ConfigPart, Mailden } from "../support/mailden.ts";
import { Postfix, runQuietly } from "../support/postfix.ts";
import { SmtpClient } from "../support/smtp_client.ts";

export const ALICE = "alice@one.test";
export const CAROL = "carol@away.test";

const WAIT_MS = 30_000;

export interface Pair extends AsyncDisposable {
  readonly mailden: Mailden;
  readonly postfix: Postfix;
  /** Waits until such a line stands in Postfix's log. */
  waitForLog(pattern: RegExp): Promise<void>;
  /** A connection to Postfix, which takes anything from us. */
  toPostfix(): Promise<SmtpClient>;
  /** Waits until Carol has so many letters; they have LF line ends, byte for byte in Latin-1. */
  waitForCarol(count: number): Promise<string[]>;
  /** Waits until neither has anything left to deliver. */
  waitForQuiet(): Promise<void>;
}

export async function startPair(config: ConfigPart = {}): Promise<Pair> {
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await makeWorld());
  const folder = await Deno.makeTempDir({ prefix: "mailden-postfix-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const [ours, theirs] = [world.address(), world.address()];
  world.dns.set("away.test", { MX: [{ preference: 10, exchange: "mx.away.test" }] });
  world.dns.set("mx.away.test", { A: [theirs] });
  const postfix = await startPostfix(world, { folder, ours, theirs });
  stack.defer(() => postfix.stop());
  const mailden = stack.use(
    await world.mailden({
      host: ours,
      hostname: "mx.one.test",
      accounts: { [ALICE]: "a" },
      config: { outbound: { port: world.smtpPort, bdat_size: "64KiB", idle_time: "1s" }, ...config },
    }),
  );
  const all = stack.move();
  return {
    mailden,
    postfix,
    async waitForLog(pattern) {
      await until(() => pattern.test(postfix.log()), () => postfix.log());
    },
    async toPostfix() {
      const client = await SmtpClient.connect({ host: theirs, port: world.smtpPort });
      await client.ehlo();
      return client;
    },
    async waitForCarol(count) {
      const letters = join(folder, "mail/carol/new");
      await until(() => filesIn(letters).length >= count, () => postfix.log());
      return filesIn(letters).map((name) => latin1File(join(letters, name)));
    },
    async waitForQuiet() {
      await until(async () => {
        const { stdout } = await mailden.command(["queue", "list", "--json"]);
        return postfix.queued() === 0 && !stdout.includes("@");
      }, () => postfix.log());
    },
    async [Symbol.asyncDispose]() {
      await all.disposeAsync();
    },
  };
}

async function startPostfix(
  world: World,
  { folder, ours, theirs }: { readonly folder: string; readonly ours: string; readonly theirs: string },
): Promise<Postfix> {
  const at = (name: string) => join(folder, name);
  // Its daemons give up root and must still get to their folders.
  await Deno.chmod(folder, 0o755);
  await Deno.mkdir(at("mail"));
  await runQuietly("chown", ["mail:mail", at("mail")], { from: "postfix" });
  const { certificate, key } = await makeCertificate({ names: ["mx.away.test"] });
  await Deno.writeTextFile(at("tls.pem"), `${key}\n${certificate}\n`, { mode: 0o600 });
  await Deno.writeTextFile(at("mailboxes"), `${CAROL} carol/\n`);
  await Deno.writeTextFile(
    at("aliases"),
    `circle@away.test circle@one.test\nback@away.test ${ALICE}\n`,
  );
  await Deno.writeTextFile(at("transport"), `one.test smtp:[${ours}]:${world.smtpPort}\n`);
  return await Postfix.start({
    folder,
    host: theirs,
    port: world.smtpPort,
    settings: {
      myhostname: "mx.away.test",
      // The names are in our DNS only, which Postfix cannot be told to ask.
      smtpd_peername_lookup: "no",
      smtp_host_lookup: "native",
      virtual_mailbox_domains: "away.test",
      virtual_mailbox_base: at("mail"),
      virtual_mailbox_maps: `texthash:${at("mailboxes")}`,
      virtual_alias_maps: `texthash:${at("aliases")}`,
      virtual_minimum_uid: "1",
      // The user `mail`, whose number Debian has fixed.
      virtual_uid_maps: "static:8",
      virtual_gid_maps: "static:8",
      virtual_transport: "virtual",
      transport_maps: `texthash:${at("transport")}`,
      smtpd_tls_security_level: "may",
      smtpd_tls_chain_files: at("tls.pem"),
      smtpd_tls_received_header: "yes",
      smtp_tls_security_level: "encrypt",
      smtp_tls_loglevel: "1",
    },
  });
}

async function until(met: () => boolean | Promise<boolean>, report: () => string): Promise<void> {
  const deadline = Date.now() + WAIT_MS;
  while (!await met()) {
    if (Date.now() > deadline) {
      throw new Error(
        `It did not happen in ${WAIT_MS} ms. The end of Postfix's log:\n${report().slice(-8000)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function filesIn(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function latin1File(path: string): string {
  return Buffer.from(Deno.readFileSync(path)).toString("latin1");
}
