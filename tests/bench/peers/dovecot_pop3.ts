/**
 * Dovecot's POP3 from Debian's package dovecot-pop3d, run from a private configuration on a loopback port and in a folder of its own;
 * never as a system service. Maildir, with Dovecot's own settings.
 */
import { join } from "node:path";
import { freePorts } from "../../support/ports.ts";
import { reachable, runQuietly } from "../../support/postfix.ts";

const PACKAGES = "dovecot-pop3d";
const STOP_MS = 10_000;

export class DovecotPop3 {
  readonly port: number;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.port = freePorts(1)[0]!;
  }

  /** Starts it with these letters in the user's INBOX. */
  static async start(
    parent: string,
    { user, letters }: { readonly user: string; readonly letters: Iterable<string> },
  ): Promise<DovecotPop3> {
    const folder = await Deno.makeTempDir({ dir: parent, prefix: "dovecot-pop3-" });
    // The daemons give up root and must still get to their folders.
    await Deno.chmod(parent, 0o755);
    await Deno.chmod(folder, 0o755);
    const dovecot = new DovecotPop3(folder);
    await dovecot.#fill(user, letters);
    await Deno.writeTextFile(join(folder, "dovecot.conf"), dovecot.#settings());
    await runQuietly("dovecot", ["-c", join(folder, "dovecot.conf")], { from: PACKAGES });
    await reachable({ host: "127.0.0.1", port: dovecot.port });
    return dovecot;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const pid = this.#pid;
    if (pid === null) return;
    Deno.kill(pid, "SIGTERM");
    for (const until = Date.now() + STOP_MS; this.#pid !== null && Date.now() < until;) await pause(50);
    await pause(300);
  }

  get #pid(): number | null {
    try {
      return Number(Deno.readTextFileSync(join(this.#folder, "run/master.pid")).trim());
    } catch {
      return null;
    }
  }

  async #fill(user: string, letters: Iterable<string>): Promise<void> {
    const maildir = join(this.#folder, "mail", user);
    for (const part of ["cur", "new", "tmp"]) await Deno.mkdir(join(maildir, part), { recursive: true });
    let number = 0;
    for (const letter of letters) {
      await Deno.writeTextFile(join(maildir, "cur", `${1_700_000_000 + number}.M${number}.bench:2,`), letter);
      number++;
    }
    await runQuietly("chown", ["-R", "mail:mail", join(this.#folder, "mail")], { from: "coreutils" });
  }

  #settings(): string {
    return `protocols = pop3
listen = 127.0.0.1
base_dir = ${join(this.#folder, "run")}
state_dir = ${join(this.#folder, "run-state")}
log_path = ${join(this.#folder, "dovecot.log")}
ssl = no
disable_plaintext_auth = no
mail_location = maildir:${join(this.#folder, "mail")}/%u
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
  args = uid=mail gid=mail home=${join(this.#folder, "mail")}/%u
}
service pop3-login {
  inet_listener pop3 {
    port = ${this.port}
  }
  inet_listener pop3s {
    port = 0
  }
}
`;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
