/**
 * Dovecot from Debian's packages (dovecot-imapd, dovecot-lmtpd), run from a private configuration on loopback ports and in a folder
 * of its own; never as a system service. Maildir, synced to disk as Dovecot does by default, no full-text index, as Debian
 * ships it; only the limits on connections are raised.
 */
import { join } from "node:path";
import { makeCertificate } from "../../support/certificate.ts";
import { freePorts } from "../../support/ports.ts";
import { reachable, runQuietly } from "../../support/postfix.ts";
import { treeCpuSeconds, treeMegabytes } from "../process.ts";

const PACKAGES = "dovecot-imapd dovecot-lmtpd";
const STOP_MS = 10_000;

export class Dovecot {
  readonly imapPort: number;
  readonly imapsPort: number;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    [this.imapPort, this.imapsPort] = freePorts(2) as [number, number];
  }

  static async start(parent: string): Promise<Dovecot> {
    const folder = await Deno.makeTempDir({ dir: parent, prefix: "dovecot-" });
    // The daemons give up root and must still get to their folders.
    await Deno.chmod(parent, 0o755);
    await Deno.chmod(folder, 0o755);
    const dovecot = new Dovecot(folder);
    await dovecot.#configure();
    await runQuietly("dovecot", ["-c", dovecot.#at("dovecot.conf")], { from: PACKAGES });
    await reachable({ host: "127.0.0.1", port: dovecot.imapPort });
    return dovecot;
  }

  /** Where it takes mail by LMTP. */
  get lmtpSocket(): string {
    return this.#at("lmtp");
  }

  get pid(): number | null {
    try {
      return Number(Deno.readTextFileSync(this.#at("run/master.pid")).trim());
    } catch {
      return null;
    }
  }

  cpuSeconds(): number {
    const { pid } = this;
    return pid === null ? 0 : treeCpuSeconds(pid);
  }

  memoryMegabytes(): number {
    const { pid } = this;
    return pid === null ? 0 : treeMegabytes(pid);
  }

  /** The Maildir of a user's INBOX. */
  maildir(user: string): string {
    return join(this.#at("mail"), user);
  }

  /** Removes what it keeps of headers and structures, as before the first access of an IMAP client; the index stays. */
  async forget(user: string): Promise<void> {
    for await (const { name } of Deno.readDir(this.maildir(user))) {
      if (name.startsWith("dovecot.index.cache")) await Deno.remove(join(this.maildir(user), name));
    }
  }

  async stop(): Promise<void> {
    const { pid } = this;
    if (pid === null) return;
    try {
      Deno.kill(pid, "SIGTERM");
    } catch {
      return; // It is gone already.
    }
    // It removes the file at its end; its children need a moment more before the folder can go.
    for (const until = Date.now() + STOP_MS; this.pid !== null && Date.now() < until;) await pause(50);
    await pause(300);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #at(name: string): string {
    return join(this.#folder, name);
  }

  async #configure(): Promise<void> {
    await Deno.mkdir(this.#at("mail"));
    await runQuietly("chown", ["mail:mail", this.#at("mail")], { from: "coreutils" });
    const { certificate, key } = await makeCertificate({ names: ["mx.bench.test"] });
    await Deno.writeTextFile(this.#at("cert.pem"), certificate);
    await Deno.writeTextFile(this.#at("key.pem"), key, { mode: 0o600 });
    await Deno.writeTextFile(this.#at("dovecot.conf"), this.#settings());
  }

  #settings(): string {
    return `protocols = lmtp imap
listen = 127.0.0.1
base_dir = ${this.#at("run")}
state_dir = ${this.#at("run-state")}
log_path = ${this.#at("dovecot.log")}
ssl = yes
ssl_cert = <${this.#at("cert.pem")}
ssl_key = <${this.#at("key.pem")}
disable_plaintext_auth = no
mail_location = maildir:${this.#at("mail")}/%u
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
first_valid_gid = 1
default_vsz_limit = 1G
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=mail gid=mail home=${this.#at("mail")}/%u
}
protocol imap {
  mail_max_userip_connections = 0
}
service anvil {
  client_limit = 30000
}
service auth {
  client_limit = 30000
}
service imap {
  process_limit = 12000
}
service lmtp {
  unix_listener ${this.lmtpSocket} {
    mode = 0666
  }
}
service imap-login {
  process_limit = 12000
  inet_listener imap {
    port = ${this.imapPort}
  }
  inet_listener imaps {
    port = ${this.imapsPort}
  }
}
`;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
