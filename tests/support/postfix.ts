/**
 * Postfix from Debian's package, run from a private configuration on a loopback port and in a folder of its own; never as a
 * system service.
 *
 * @example
 * const postfix = await Postfix.start({ folder, host: "127.0.0.1", port: 2525, settings: { myhostname: "mx.test" } });
 * await postfix.stop();
 */
import { join } from "node:path";
import process from "node:process";

const SERVICES = [
  "pickup unix n - n 60 1 pickup",
  "cleanup unix n - n - 0 cleanup",
  "qmgr unix n - n 300 1 qmgr",
  "tlsmgr unix - - n 1000? 1 tlsmgr",
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
  "virtual unix - n n - - virtual",
  "lmtp unix - - n - - lmtp",
  "anvil unix - - n - 1 anvil",
  "scache unix - - n - 1 scache",
  "postlog unix-dgram n - n - 1 postlogd",
];

const STOP_MS = 5_000;

export interface PostfixOptions {
  /** Where all its files go. Its daemons give up root, so they must be able to get there; whoever made it removes it. */
  readonly folder: string;
  readonly host: string;
  readonly port: number;
  /** Parameters of main.cf beside those that make it private. */
  readonly settings: Readonly<Record<string, string>>;
}

export class Postfix {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Resolves when it takes connections. */
  static async start(options: PostfixOptions): Promise<Postfix> {
    const postfix = new Postfix(options.folder);
    try {
      await postfix.#configure(options);
      await runQuietly("postfix", ["-c", postfix.configFolder, "start"], { from: "postfix" });
      await reachable(options);
      return postfix;
    } catch (error) {
      const log = postfix.log();
      await postfix.stop();
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`Postfix did not start: ${why}. Its log:\n${log}`, { cause: error });
    }
  }

  get configFolder(): string {
    return join(this.#folder, "postfix");
  }

  /** The process that started all others; null when there is none. */
  get masterPid(): number | null {
    try {
      return Number(Deno.readTextFileSync(join(this.#folder, "spool/pid/master.pid")).trim());
    } catch {
      return null;
    }
  }

  log(): string {
    try {
      return Deno.readTextFileSync(join(this.#folder, "postfix.log"));
    } catch {
      return "";
    }
  }

  /** How many messages it has still to deliver. */
  queued(): number {
    return ["maildrop", "incoming", "active", "deferred", "hold"]
      .reduce((sum, queue) => sum + countFiles(join(this.#folder, "spool", queue)), 0);
  }

  /** Ends it and waits until all its processes are gone; those that do not go are killed. */
  async stop(): Promise<void> {
    const pid = this.masterPid;
    if (pid === null) return;
    // The master leads a process group of its own, and its children stay in it.
    signalGroup(pid, "SIGTERM");
    const begin = Date.now();
    while (signalGroup(pid, 0)) {
      const passed = Date.now() - begin;
      // Killed processes that nobody waits for stay in the table: they do no harm.
      if (passed > 2 * STOP_MS) return;
      if (passed > STOP_MS) signalGroup(pid, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #configure({ host, port, settings }: PostfixOptions): Promise<void> {
    const at = (name: string) => join(this.#folder, name);
    await Deno.mkdir(this.configFolder);
    await Deno.mkdir(at("spool"));
    await Deno.mkdir(at("state"));
    await runQuietly("chown", ["postfix", at("state")], { from: "postfix" });
    const parameters = {
      compatibility_level: "3.6",
      queue_directory: at("spool"),
      data_directory: at("state"),
      daemon_directory: "/usr/lib/postfix/sbin",
      command_directory: "/usr/sbin",
      maillog_file: at("postfix.log"),
      maillog_file_prefixes: this.#folder,
      // It wants an address that is written at an interface; where it listens stands in master.cf.
      inet_interfaces: "127.0.0.1",
      inet_protocols: "ipv4",
      mydestination: "",
      alias_maps: "",
      mynetworks: "127.0.0.0/8",
      smtpd_relay_restrictions: "permit_mynetworks, reject",
      ...settings,
    };
    const lines = Object.entries(parameters).map(([name, value]) => `${name} = ${value}\n`);
    await Deno.writeTextFile(join(this.configFolder, "main.cf"), lines.join(""));
    const services = [`${host}:${port} inet n - n - - smtpd`, ...SERVICES];
    await Deno.writeTextFile(join(this.configFolder, "master.cf"), `${services.join("\n")}\n`);
  }
}

/** Runs a command that may leave daemons behind; `from`: the Debian packages that have it. */
export async function runQuietly(
  name: string,
  args: readonly string[],
  options: { readonly from: string },
): Promise<void> {
  let child: Deno.ChildProcess;
  try {
    // Not piped: the daemons that it starts inherit the pipes and would keep them open.
    child = new Deno.Command(name, { args: [...args], stdin: "null", stdout: "null", stderr: "null" })
      .spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`${name} is missing: apt-get install ${options.from}`);
  }
  const { success, code } = await child.status;
  if (!success) throw new Error(`${name} ${args.join(" ")} failed with exit code ${code}`);
}

/** Waits until somebody listens there. */
export async function reachable(
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      (await Deno.connect({ hostname: host, port })).close();
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Whether there was a process to take it; 0 only asks. */
function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-leader, signal);
    return true;
  } catch {
    return false;
  }
}

function countFiles(folder: string): number {
  let count = 0;
  try {
    for (const entry of Deno.readDirSync(folder)) {
      count += entry.isDirectory ? countFiles(join(folder, entry.name)) : 1;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return count;
}
