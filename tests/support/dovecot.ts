/**
 * Dovecot's IMAP server from Debian's package (dovecot-imapd), run from a private configuration on a loopback port, in a folder of
 * its own; never as a system service. Alice, bob and carol may log in with `secret`, as in the dialogues. What Dovecot has as plugins,
 * or only when asked for, is switched on: access control with shared mailboxes, quota, annotations, compression.
 */
import { join } from "node:path";
import { freePort } from "./ports.ts";
import { reachable, runQuietly } from "./postfix.ts";

const USERS = ["alice", "bob", "carol"];
const SPECIAL = ["Drafts", "Sent", "Junk", "Trash", "Archive"];

export class Dovecot {
  readonly port: number;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.port = freePort();
  }

  static async start(): Promise<Dovecot> {
    const folder = await Deno.makeTempDir({ prefix: "dovecot-" });
    // The daemons give up root and must still get to their folders.
    await Deno.chmod(folder, 0o755);
    const dovecot = new Dovecot(folder);
    try {
      await dovecot.wipe();
      const config = join(folder, "dovecot.conf");
      await Deno.writeTextFile(config, dovecot.#config());
      await Deno.writeTextFile(
        join(folder, "users"),
        USERS.map((user) => `${user}:{PLAIN}secret::::::user=${user}@example.com\n`).join(""),
      );
      await runQuietly("dovecot", ["-c", config], { from: "dovecot-imapd" });
      await reachable({ host: "127.0.0.1", port: dovecot.port });
      return dovecot;
    } catch (error) {
      await dovecot[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Empties all mailboxes. Nobody may be logged in. */
  async wipe(): Promise<void> {
    const mail = join(this.#folder, "mail");
    // A process whose client has just gone may still write.
    while (await isThere(mail)) {
      await Deno.remove(mail, { recursive: true }).catch(() =>
        new Promise((resolve) => setTimeout(resolve, 20))
      );
    }
    await Deno.mkdir(mail);
    await runQuietly("chown", ["mail:mail", mail], { from: "coreutils" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const pidFile = join(this.#folder, "run/master.pid");
    try {
      const pid = Number((await Deno.readTextFile(pidFile)).trim());
      Deno.kill(pid, "SIGTERM");
      while (await isThere(pidFile)) await new Promise((resolve) => setTimeout(resolve, 50));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    await Deno.remove(this.#folder, { recursive: true });
  }

  #config(): string {
    const at = (name: string) => join(this.#folder, name);
    const special = SPECIAL.map((name) =>
      `  mailbox ${name} {\n    auto = subscribe\n    special_use = \\${name}\n  }\n`
    );
    return `protocols = imap
listen = 127.0.0.1
base_dir = ${at("run")}
state_dir = ${at("run-state")}
log_path = ${at("dovecot.log")}
ssl = no
disable_plaintext_auth = no
mail_location = sdbox:${at("mail")}/%u
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 100
auth_failure_delay = 0
auth_username_format = %Ln
auth_mechanisms = plain login
mail_attribute_dict = file:%h/dovecot-attributes
mail_plugins = acl quota
protocol imap {
  mail_plugins = acl quota imap_acl imap_quota imap_zlib
  imap_metadata = yes
}
plugin {
  acl = vfile
  acl_anyone = allow
  acl_shared_dict = file:${at("mail")}/shared-mailboxes
  quota = count:User quota
  quota_vsizes = yes
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
passdb {
  driver = passwd-file
  args = ${at("users")}
}
userdb {
  driver = static
  args = uid=mail gid=mail home=${at("mail")}/%u
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox INBOX {
    auto = subscribe
  }
${special.join("")}}
namespace shared {
  type = shared
  separator = /
  prefix = Shared/%%u/
  location = sdbox:${at("mail")}/%%u
  subscriptions = no
  list = children
}
service imap-login {
  inet_listener imap {
    port = ${this.port}
  }
  inet_listener imaps {
    port = 0
  }
}
`;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false;
  }
}
