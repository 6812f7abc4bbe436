/**
 * Dovecot as a provider that mail is fetched from: IMAP and POP3 from Debian's packages (dovecot-imapd, dovecot-pop3d), with
 * passwords or with OAuth 2 tokens, run from a private configuration on loopback ports, in a folder of its own; never as a system
 * service. Alice may log in with `secret`.
 */
import { join } from "node:path";
import { freePort } from "./ports.ts";
import { reachable, runQuietly } from "./postfix.ts";

export interface DovecotProviderOptions {
  /** Takes OAuth 2 tokens in place of passwords, and asks there whose they are (RFC 7662). */
  readonly introspection?: { readonly url: string; readonly mechanism: "XOAUTH2" | "OAUTHBEARER" };
}

export class DovecotProvider implements AsyncDisposable {
  readonly imapPort = freePort();
  readonly pop3Port = freePort();
  readonly #folder: string;
  readonly #options: DovecotProviderOptions;

  private constructor(folder: string, options: DovecotProviderOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  static async start(options: DovecotProviderOptions = {}): Promise<DovecotProvider> {
    const folder = await Deno.makeTempDir({ prefix: "dovecot-" });
    // The daemons give up root and must still get to their folders.
    await Deno.chmod(folder, 0o755);
    const dovecot = new DovecotProvider(folder, options);
    try {
      await Deno.mkdir(join(folder, "mail"));
      await runQuietly("chown", ["mail:mail", join(folder, "mail")], { from: "coreutils" });
      await Deno.writeTextFile(join(folder, "users"), "alice:{PLAIN}secret\n");
      await Deno.writeTextFile(join(folder, "oauth2"), dovecot.#oauth());
      await Deno.writeTextFile(join(folder, "dovecot.conf"), dovecot.#config());
      await dovecot.#run();
      return dovecot;
    } catch (error) {
      await dovecot[Symbol.asyncDispose]();
      throw error;
    }
  }

  async restart(): Promise<void> {
    await this.#stop();
    await this.#run();
  }

  /** Puts a message into alice's Maildir; lines end in LF. */
  async deliver(text: string): Promise<void> {
    await runQuietly("install", ["-d", "-o", "mail", "-g", "mail", ...this.#maildir], { from: "coreutils" });
    const name = `${Math.floor(Date.now() / 1000)}.M${crypto.randomUUID()}.test`;
    const tmp = join(this.#folder, name);
    await Deno.writeTextFile(tmp, text);
    await runQuietly("chown", ["mail:mail", tmp], { from: "coreutils" });
    await Deno.rename(tmp, join(this.#maildir.at(-1)!, name));
  }

  get #maildir(): readonly string[] {
    const home = join(this.#folder, "mail", "alice");
    return [home, ...["cur", "tmp", "new"].map((part) => join(home, part))];
  }

  /** What it has written, for a test that failed. */
  async log(): Promise<string> {
    return await Deno.readTextFile(join(this.#folder, "dovecot.log")).catch(() => "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #run(): Promise<void> {
    await runQuietly("dovecot", ["-c", join(this.#folder, "dovecot.conf")], { from: "dovecot-imapd" });
    for (const port of [this.imapPort, this.pop3Port]) await reachable({ host: "127.0.0.1", port });
  }

  async #stop(): Promise<void> {
    const pidFile = join(this.#folder, "run/master.pid");
    let pid: number;
    try {
      pid = Number((await Deno.readTextFile(pidFile)).trim());
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      throw error;
    }
    Deno.kill(pid, "SIGTERM");
    while (await Deno.lstat(pidFile).then(() => true, () => false)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  #oauth(): string {
    return `introspection_url = ${this.#options.introspection?.url ?? ""}
introspection_mode = post
force_introspection = yes
username_attribute = username
active_attribute = active
active_value = true
`;
  }

  #config(): string {
    const at = (name: string) => join(this.#folder, name);
    const { introspection } = this.#options;
    const passdb = introspection === undefined
      ? { mechanisms: "plain", driver: "passwd-file", args: at("users") }
      : { mechanisms: introspection.mechanism.toLowerCase(), driver: "oauth2", args: at("oauth2") };
    const ports = { imap: this.imapPort, imaps: 0, pop3: this.pop3Port, pop3s: 0 };
    const listener = (name: keyof typeof ports) =>
      `  inet_listener ${name} {\n    port = ${ports[name]}\n  }\n`;
    return `protocols = imap pop3
listen = 127.0.0.1
base_dir = ${at("run")}
state_dir = ${at("run-state")}
log_path = ${at("dovecot.log")}
ssl = no
disable_plaintext_auth = no
auth_mechanisms = ${passdb.mechanisms}
auth_failure_delay = 0
mail_location = maildir:${at("mail")}/%u
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 100
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
passdb {
  driver = ${passdb.driver}
  args = ${passdb.args}
}
userdb {
  driver = static
  args = uid=mail gid=mail home=${at("mail")}/%u
}
namespace inbox {
  inbox = yes
}
service imap-login {
${listener("imap")}${listener("imaps")}}
service pop3-login {
${listener("pop3")}${listener("pop3s")}}
`;
  }
}
