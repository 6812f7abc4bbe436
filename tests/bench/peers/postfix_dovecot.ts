/**
 * Postfix that delivers by LMTP to Dovecot, from Debian's packages (postfix, dovecot-lmtpd, dovecot-imapd), run from private
 * configurations on loopback ports and in a folder of their own; never as system services. Both sync to disk as they come.
 */
import { join } from "node:path";
import { freePorts } from "../../support/ports.ts";
import { Postfix, reachable, runQuietly } from "../../support/postfix.ts";
import { USERS } from "../bench.ts";
import { treeCpuSeconds } from "../process.ts";

const PACKAGES = "dovecot-lmtpd dovecot-imapd";

export class PostfixDovecot {
  readonly folder: string;
  readonly smtpPort: number;
  readonly #imapPort: number;
  #postfix: Postfix | null = null;

  private constructor(folder: string) {
    this.folder = folder;
    [this.smtpPort, this.#imapPort] = freePorts(2) as [number, number];
  }

  /** `relayTo`: where mail for other domains goes, as `[127.0.0.1]:2525`. */
  static async start(parent: string, options: { readonly relayTo?: string } = {}): Promise<PostfixDovecot> {
    const folder = await Deno.makeTempDir({ dir: parent, prefix: "postfix-" });
    // The daemons give up root and must still get to their folders.
    await Deno.chmod(parent, 0o755);
    await Deno.chmod(folder, 0o755);
    const peer = new PostfixDovecot(folder);
    try {
      await peer.#startDovecot();
      await peer.#startPostfix(options.relayTo ?? "");
    } catch (error) {
      await peer.stop();
      throw error;
    }
    return peer;
  }

  /** All that their processes, past ones too, have used. */
  cpuSeconds(): number {
    return this.#masters().reduce((sum, pid) => sum + treeCpuSeconds(pid), 0);
  }

  /** How many messages are in the mailboxes. */
  delivered(): number {
    let count = 0;
    for (const user of USERS) {
      try {
        for (const _ of Deno.readDirSync(join(this.folder, "mail", user, "new"))) count++;
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    return count;
  }

  async stop(): Promise<void> {
    await this.#postfix?.stop();
    const dovecot = this.#dovecotPid();
    if (dovecot === null) return;
    try {
      Deno.kill(dovecot, "SIGTERM");
    } catch {
      // It is gone already.
    }
    // Its children need a moment to follow before the folder can go.
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #masters(): number[] {
    return [this.#postfix?.masterPid ?? null, this.#dovecotPid()].filter((pid) => pid !== null);
  }

  #dovecotPid(): number | null {
    try {
      return Number(Deno.readTextFileSync(join(this.folder, "run/master.pid")).trim());
    } catch {
      return null;
    }
  }

  async #startPostfix(relayTo: string): Promise<void> {
    this.#postfix = await Postfix.start({
      folder: this.folder,
      host: "127.0.0.1",
      port: this.smtpPort,
      settings: {
        myhostname: "mx.bench.test",
        virtual_mailbox_domains: "bench.test",
        virtual_mailbox_maps: "static:all",
        virtual_transport: `lmtp:unix:${join(this.folder, "lmtp")}`,
        relayhost: relayTo,
        smtp_tls_security_level: "none",
        smtpd_tls_security_level: "none",
        smtpd_client_connection_count_limit: "0",
        default_process_limit: "200",
      },
    });
  }

  async #startDovecot(): Promise<void> {
    const at = (name: string) => join(this.folder, name);
    await Deno.mkdir(at("mail"));
    await runQuietly("chown", ["mail:mail", at("mail")], { from: PACKAGES });
    await Deno.writeTextFile(
      at("dovecot.conf"),
      `protocols = lmtp imap
listen = 127.0.0.1
base_dir = ${at("run")}
state_dir = ${at("run-state")}
log_path = ${at("dovecot.log")}
ssl = no
disable_plaintext_auth = no
mail_location = maildir:${at("mail")}/%u
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
first_valid_gid = 1
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=mail gid=mail home=${at("mail")}/%u
}
service lmtp {
  unix_listener ${at("lmtp")} {
    mode = 0666
  }
}
service imap-login {
  inet_listener imap {
    port = ${this.#imapPort}
  }
  inet_listener imaps {
    port = 0
  }
}
`,
    );
    await runQuietly("dovecot", ["-c", at("dovecot.conf")], { from: PACKAGES });
    await reachable({ host: "127.0.0.1", port: this.#imapPort });
  }
}
