/**
 * Thunderbird without a screen, with one account of ours, driven over its own Marionette port: scripts run inside it, with all
 * that its code can do. The profile is new and goes away with it.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { freePort } from "../support/ports.ts";
import { spawn } from "./peer.ts";

export interface Account {
  readonly address: string;
  readonly password: string;
  readonly imapsPort: number;
  /** PEM; trusted there whatever it says. */
  readonly certificate: string;
}

const START_MS = 60_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Names that every script can use. */
const PRELUDE = `
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const server = MailServices.accounts.accounts[0].incomingServer;
const root = server.rootFolder;
const inbox = root.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (what, holds) => {
  for (let tries = 0; !holds(); tries++) {
    if (tries === 200) throw new Error("Not within 20 s: " + what);
    await pause(100);
  }
};
const update = (folder) => new Promise((resolve, reject) => {
  folder.QueryInterface(Ci.nsIMsgImapMailFolder).updateFolderWithListener(null, {
    QueryInterface: ChromeUtils.generateQI(["nsIUrlListener"]),
    OnStartRunningUrl() {},
    OnStopRunningUrl(url, code) { code === 0 ? resolve() : reject(new Error("Update failed: " + code)); },
  });
});
const headers = (folder) => [...folder.messages];
const header = (folder, subject) => headers(folder).find((one) => one.mime2DecodedSubject === subject);
`;

export class Thunderbird {
  readonly #child: Deno.ChildProcess;
  readonly #profile: string;
  readonly #conn: Deno.TcpConn;
  #received = new Uint8Array(0);
  #calls = 0;

  private constructor(child: Deno.ChildProcess, profile: string, conn: Deno.TcpConn) {
    this.#child = child;
    this.#profile = profile;
    this.#conn = conn;
  }

  /** Started, logged in, and its folders known. */
  static async start(folder: string, account: Account): Promise<Thunderbird> {
    const profile = join(folder, "thunderbird");
    await Deno.mkdir(profile);
    const port = freePort();
    await Deno.writeTextFile(join(profile, "user.js"), preferences(account, port));
    const child = spawn("thunderbird", [
      "--headless",
      "--marionette",
      "--remote-allow-system-access",
      "--no-remote",
      "--profile",
      profile,
    ], { env: { HOME: profile } });
    void child.stdout.cancel();
    void child.stderr.cancel();
    const thunderbird = new Thunderbird(child, profile, await connected(port));
    await thunderbird.#receive(); // its greeting
    await thunderbird.#call("WebDriver:NewSession", { capabilities: {} });
    await thunderbird.#call("Marionette:SetContext", { value: "chrome" });
    const der = account.certificate.replace(/-----[^-]*-----|\s/g, "");
    await thunderbird.script(`
      const certificates = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB);
      const overrides = Cc["@mozilla.org/security/certoverride;1"].getService(Ci.nsICertOverrideService);
      const certificate = certificates.constructX509FromBase64(${JSON.stringify(der)});
      overrides.rememberValidityOverride("127.0.0.1", ${account.imapsPort}, {}, certificate, false);
      server.password = ${JSON.stringify(account.password)};
      server.performExpand(null);
      await until("the folders", () => root.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox) !== null);
    `);
    return thunderbird;
  }

  /** Runs the body of an async function inside Thunderbird; what it returns must be JSON. */
  async script(body: string): Promise<unknown> {
    const script = `const done = arguments[arguments.length - 1];
      (async () => { ${PRELUDE} ${body} })().then(
        (value) => done({ value: value ?? null }), (error) => done({ error: error + "\\n" + error.stack }));`;
    const options = { args: [], sandbox: "system", scriptTimeout: START_MS };
    const { value } = await this.#call("WebDriver:ExecuteAsyncScript", { script, ...options }) as {
      value: { value?: unknown; error?: string };
    };
    assert.equal(value.error, undefined, value.error);
    return value.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#conn.close();
    this.#child.kill("SIGKILL");
    await this.#child.stdin.close().catch(() => {});
    await this.#child.status;
    // Its helpers follow a moment later and may still write.
    for (let tries = 0; tries < 50; tries++) {
      try {
        return await Deno.remove(this.#profile, { recursive: true });
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  async #call(name: string, parameters: unknown): Promise<unknown> {
    const message = encoder.encode(JSON.stringify([0, ++this.#calls, name, parameters]));
    for (const bytes of [encoder.encode(`${message.length}:`), message]) {
      for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.#conn.write(rest));
    }
    const [, , error, result] = await this.#receive() as [number, number, unknown, unknown];
    assert.equal(error, null, `${name}: ${JSON.stringify(error)}`);
    return result;
  }

  /** A message is its length in bytes, a colon, and JSON. */
  async #receive(): Promise<unknown> {
    const buffer = new Uint8Array(64 * 1024);
    for (;;) {
      const colon = this.#received.indexOf(58);
      const end = colon + 1 + Number(decoder.decode(this.#received.subarray(0, Math.max(0, colon))));
      if (colon > 0 && this.#received.length >= end) {
        const text = decoder.decode(this.#received.subarray(colon + 1, end));
        this.#received = this.#received.slice(end);
        return JSON.parse(text);
      }
      const read = await this.#conn.read(buffer);
      if (read === null) throw new Error("Thunderbird closed its Marionette connection");
      this.#received = new Uint8Array([...this.#received, ...buffer.subarray(0, read)]);
    }
  }
}

async function connected(port: number): Promise<Deno.TcpConn> {
  for (const end = Date.now() + START_MS;;) {
    try {
      return await Deno.connect({ hostname: "127.0.0.1", port });
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function preferences({ address, imapsPort }: Account, port: number): string {
  const settings = {
    "marionette.port": port,
    "mail.accountmanager.accounts": "account1",
    "mail.accountmanager.defaultaccount": "account1",
    "mail.account.lastKey": 1,
    "mail.account.account1.server": "server1",
    "mail.account.account1.identities": "id1",
    "mail.identity.id1.useremail": address,
    "mail.identity.id1.fullName": "Alice",
    "mail.server.server1.type": "imap",
    "mail.server.server1.hostname": "127.0.0.1",
    "mail.server.server1.port": imapsPort,
    "mail.server.server1.userName": address,
    "mail.server.server1.name": address,
    // TLS from the first byte, and the password in the clear inside it.
    "mail.server.server1.socketType": 3,
    "mail.server.server1.authMethod": 3,
    "mail.server.server1.login_at_startup": false,
    "mail.server.server1.offline_download": false,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": true,
    "mail.provider.suppress_dialog_on_startup": true,
    "mail.shell.checkDefaultClient": false,
    "mailnews.start_page.enabled": false,
    "network.proxy.type": 0,
  };
  return Object.entries(settings).map(([name, value]) =>
    `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`
  ).join("");
}
