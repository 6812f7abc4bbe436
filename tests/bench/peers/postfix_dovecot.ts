/**
 * Postfix that delivers by LMTP to Dovecot, from Debian's packages (postfix, dovecot-lmtpd, dovecot-imapd), run from private
 * configurations on loopback ports and in a folder of their own; never as system services. Both sync to disk as they come.
 */
import { join } from "node:path";
import { freePorts } from "../../support/ports.ts";
import { USERS } from "../bench.ts";
import { treeCpuSeconds } from "../process.ts";

const SERVICES = [
  "cleanup unix n - n - 0 cleanup",
  "qmgr unix n - n 300 1 qmgr",
  "rewrite unix - - n - - trivial-rewrite",
  "bounce unix - - n - 0 bounce",
  "defer unix - - n - 0 bounce",
  "trace unix - - n - 0 bounce",
  "verify unix - - n - 1 verify",
  "proxymap unix - - n - - proxymap",
  "smtp unix - - n - - smtp",
  "relay unix - - n - - smtp",
  "error unix - - n - - error",
  "retry unix - - n - - error",
  "lmtp unix - - n - - lmtp",
  "anvil unix - - n - 1 anvil",
  "scache unix - - n - 1 scache",
  "postlog unix-dgram n - n - 1 postlogd",
];

export class PostfixDovecot {
  readonly folder: string;
  readonly smtpPort: number;
  readonly #imapPort: number;

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
    for (const pid of this.#masters()) {
      try {
        Deno.kill(pid, "SIGTERM");
      } catch {
        // It is gone already.
      }
    }
    // Their children need a moment to follow before the folder can go.
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #masters(): number[] {
    const files = [join(this.folder, "spool/pid/master.pid"), join(this.folder, "run/master.pid")];
    return files.flatMap((file) => {
      try {
        return [Number(Deno.readTextFileSync(file).trim())];
      } catch {
        return [];
      }
    });
  }

  async #startPostfix(relayTo: string): Promise<void> {
    const at = (name: string) => join(this.folder, name);
    await Deno.mkdir(at("postfix"));
    await Deno.mkdir(at("spool"));
    await Deno.mkdir(at("state"));
    await command("chown", ["postfix", at("state")]);
    await Deno.writeTextFile(
      at("postfix/main.cf"),
      `compatibility_level = 3.6
queue_directory = ${at("spool")}
data_directory = ${at("state")}
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
maillog_file = ${at("postfix.log")}
maillog_file_prefixes = ${this.folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.bench.test
mydestination =
alias_maps =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
virtual_mailbox_domains = bench.test
virtual_mailbox_maps = static:all
virtual_transport = lmtp:unix:${at("lmtp")}
relayhost = ${relayTo}
smtp_tls_security_level = none
smtpd_tls_security_level = none
smtpd_client_connection_count_limit = 0
default_process_limit = 200
`,
    );
    const services = [`127.0.0.1:${this.smtpPort} inet n - n - - smtpd`, ...SERVICES];
    await Deno.writeTextFile(at("postfix/master.cf"), `${services.join("\n")}\n`);
    await command("postfix", ["-c", at("postfix"), "start"]);
    await reachable(this.smtpPort);
  }

  async #startDovecot(): Promise<void> {
    const at = (name: string) => join(this.folder, name);
    await Deno.mkdir(at("mail"));
    await command("chown", ["mail:mail", at("mail")]);
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
    await command("dovecot", ["-c", at("dovecot.conf")]);
    await reachable(this.#imapPort);
  }
}

async function command(name: string, args: readonly string[]): Promise<void> {
  let child: Deno.ChildProcess;
  try {
    // Not piped: the daemons that it starts inherit the pipes and would keep them open.
    child = new Deno.Command(name, { args: [...args], stdin: "null", stdout: "null", stderr: "null" })
      .spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`${name} is missing: apt-get install postfix dovecot-lmtpd dovecot-imapd`);
  }
  const { success, code } = await child.status;
  if (!success) throw new Error(`${name} ${args.join(" ")} failed with exit code ${code}`);
}

async function reachable(port: number): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
