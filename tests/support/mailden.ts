/**
 * The real program, for tests from end to end: `main.ts serve` as a process of its own with narrow permissions, on free
 * ports of a loopback address and with its data in a temporary folder. It can be stopped, killed and started again on the
 * same data. Everything is removed at the end of an `await using` block.
 *
 * @example
 * await using server = await Mailden.start({ accounts: { "alice@example.test": "secret" } });
 * await using smtp = await server.smtp();
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { stringify } from "yaml";
import { httpGet } from "./http.ts";
import { ImapClient } from "./imap_client.ts";
import { ManageSieveClient } from "./managesieve_client.ts";
import { permissionFlags } from "./permissions.ts";
import { Pop3Client } from "./pop3_client.ts";
import { freePort } from "./ports.ts";
import { type LogLine, Program, type ProgramCommand } from "./program.ts";
import { SmtpClient } from "./smtp_client.ts";
import { PATIENCE_MS } from "./patience.ts";

export const SERVICES = [
  "smtp",
  "submission",
  "submissions",
  "imap",
  "imaps",
  "pop3",
  "pop3s",
  "managesieve",
  "http",
] as const;
export type Service = typeof SERVICES[number];

/** Part of the configuration file, as it stands there (DESIGN.md section 5). */
export type ConfigPart = { [key: string]: unknown };

export interface MaildenOptions {
  readonly hostname?: string;
  /** The loopback address to listen on; 127.0.0.1 by default. See `loopbackAddress` for one that is ours alone. */
  readonly host?: string;
  /** Ports that must be these; the others are free ones. */
  readonly ports?: Partial<Record<Service, number>>;
  /** Login names with their passwords (null: none yet). Their domains become ours. */
  readonly accounts?: Readonly<Record<string, string | null>>;
  /** Laid over the configuration made from the options above, section by section. */
  readonly config?: ConfigPart;
  /** Where the folder with configuration and data is made; the system's place for temporary files by default. */
  readonly parent?: string;
  /** Lets the server's output go: for benchmarks, where reading it would take part of the machine. */
  readonly discardOutput?: boolean;
  /** How to start the program, given its folder, instead of `main.ts` of this checkout. */
  readonly program?: (directory: string) => ProgramCommand;
}

const ROOT = join(import.meta.dirname!, "..", "..");

export class Mailden {
  readonly directory: string;
  readonly host: string;
  readonly hostname: string;
  ports: Record<Service, number>;
  readonly #options: MaildenOptions;
  #config: ConfigPart;
  #program: Program | null = null;
  /** The log lines of programs that ended before this one. */
  #earlier: LogLine[] = [];

  private constructor(directory: string, options: MaildenOptions) {
    this.directory = directory;
    this.host = options.host ?? "127.0.0.1";
    this.hostname = options.hostname ?? "mx.example.test";
    this.#options = options;
    this.ports = this.#choosePorts();
    this.#config = this.#makeConfig();
  }

  /** Writes the configuration, sets the passwords, starts the server and waits until it is ready. */
  static async start(options: MaildenOptions = {}): Promise<Mailden> {
    const mailden = await Mailden.prepare(options);
    try {
      await mailden.serve();
      return mailden;
    } catch (error) {
      await mailden[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** As `start`, without starting: for tests that look at the command line, or change the data before. */
  static async prepare(options: MaildenOptions = {}): Promise<Mailden> {
    const { parent } = options;
    const place = { prefix: "mailden-test-", ...(parent === undefined ? {} : { dir: parent }) };
    const mailden = new Mailden(await Deno.makeTempDir(place), options);
    await Deno.mkdir(mailden.dataDirectory);
    await mailden.#saveConfig();
    for (const [account, password] of Object.entries(options.accounts ?? {})) {
      if (password !== null) await mailden.setPassword(account, password);
    }
    return mailden;
  }

  get configFile(): string {
    return join(this.directory, "mailden.yaml");
  }

  get dataDirectory(): string {
    const { data } = this.#options.config ?? {};
    return typeof data === "string" ? data : join(this.directory, "data");
  }

  get pid(): number {
    return this.#running.pid;
  }

  /** All structured log lines so far, those of programs that ended included. */
  get log(): readonly LogLine[] {
    return [...this.#earlier, ...this.#program?.log ?? []];
  }

  /** Everything the program now running has written. */
  get output(): string {
    return this.#program?.output ?? "";
  }

  get config(): ConfigPart {
    return this.#config;
  }

  /** Starts the server (again) on the same data and waits until /healthz answers. */
  async serve(): Promise<void> {
    for (let attempt = 0;; attempt++) {
      const program = this.#launch();
      if (await this.#ready(program)) return;
      const said = program.output;
      await program.kill("SIGKILL");
      const clash = /AddrInUse|address.*in use|EADDRINUSE/i.test(said);
      if (!clash || attempt === 3) throw new Error(`mailden serve did not get ready. It said:\n${said}`);
      this.ports = this.#choosePorts();
      await this.configure({ listen: this.#listen() });
    }
  }

  /** Lays a part over the configuration file; a running server sees it at the next `reload`. */
  async configure(part: ConfigPart): Promise<void> {
    this.#config = merge(this.#config, part);
    await this.#saveConfig();
  }

  /** SIGHUP; waits for the log line that says what became of it. */
  async reload(): Promise<LogLine> {
    const from = this.#running.log.length;
    this.#running.signal("SIGHUP");
    return await this.#running.waitForLog((line) => /^reload(ed$|-)/.test(line.event), { from });
  }

  /** SIGTERM; resolves with the exit code when the program has ended. */
  async stop(): Promise<number> {
    return await this.#end("SIGTERM");
  }

  /** SIGKILL: what a power cut is like for the process. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  signal(signal: Deno.Signal): void {
    this.#running.signal(signal);
  }

  /** Resolves with the exit code when the program ends by itself. */
  async exited(): Promise<number> {
    return await this.#running.exited;
  }

  /** Waits for a log line, also one that is already there. */
  async waitForLog(
    match: string | ((line: LogLine) => boolean),
    options: { from?: number; timeoutMs?: number } = {},
  ): Promise<LogLine> {
    return await this.#running.waitForLog(
      typeof match === "string" ? (line) => line.event === match : match,
      options,
    );
  }

  /** Runs another command of the program with this configuration. */
  async command(
    args: readonly string[],
    options: { stdin?: string; rawArguments?: boolean } = {},
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const program = new Program(
      this.#command([...args, ...options.rawArguments ? [] : ["--config", this.configFile]]),
      {
        cwd: this.directory,
        stdin: options.stdin ?? "",
      },
    );
    const code = await program.exited;
    return { code, stdout: program.stdout, stderr: program.stderr };
  }

  async setPassword(account: string, password: string): Promise<void> {
    const { code, stderr, stdout } = await this.command(
      ["account", "password", account, "--password-stdin"],
      {
        stdin: `${password}\n`,
      },
    );
    assert.equal(code, 0, `account password ${account} failed: ${stderr}${stdout}`);
  }

  async health(): Promise<{ status: number; body: string }> {
    return await httpGet(this.host, this.ports.http, "/healthz");
  }

  /** The text of /metrics. */
  async metrics(): Promise<string> {
    return (await httpGet(this.host, this.ports.http, "/metrics")).body;
  }

  /** The sum of all samples of one metric; 0 when there is none. */
  async metric(name: string): Promise<number> {
    const samples = (await this.metrics()).split("\n").filter((line) =>
      line.startsWith(name) && /^[ {]/.test(line.slice(name.length))
    );
    return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  }

  /** A connection to port 25, with EHLO said. */
  async smtp(): Promise<SmtpClient> {
    const client = await SmtpClient.connect({ host: this.host, port: this.ports.smtp });
    await client.ehlo();
    return client;
  }

  /** A connection to the submission port: STARTTLS, and logged in when an account is given. */
  async submission(account?: string): Promise<SmtpClient> {
    const client = await SmtpClient.connect({ host: this.host, port: this.ports.submission });
    await client.ehlo();
    await client.startTls();
    if (account !== undefined) await client.login(account, this.#password(account));
    return client;
  }

  /** A connection to the IMAPS port, logged in when an account is given. */
  async imap(account?: string): Promise<ImapClient> {
    const client = await ImapClient.connect({ host: this.host, port: this.ports.imaps, tls: true });
    if (account !== undefined) await client.login(account, this.#password(account));
    return client;
  }

  /** A connection to the POP3S port, logged in when an account is given. */
  async pop3(account?: string): Promise<Pop3Client> {
    const client = await Pop3Client.connect({ host: this.host, port: this.ports.pop3s, tls: true });
    if (account !== undefined) await client.login(account, this.#password(account));
    return client;
  }

  /** A connection to the ManageSieve port: STARTTLS, and logged in when an account is given. */
  async managesieve(account?: string): Promise<ManageSieveClient> {
    const client = await ManageSieveClient.connect({ host: this.host, port: this.ports.managesieve });
    await client.startTls();
    if (account !== undefined) await client.login(account, this.#password(account));
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#program !== null) await this.#end("SIGKILL");
    await Deno.remove(this.directory, { recursive: true });
  }

  get #running(): Program {
    if (this.#program === null) throw new Error("The server does not run");
    return this.#program;
  }

  #password(account: string): string {
    const password = this.#options.accounts?.[account];
    if (typeof password !== "string") throw new Error(`The test gave ${account} no password`);
    return password;
  }

  #launch(): Program {
    if (this.#program !== null) throw new Error("The server runs already");
    const command = this.#command(["serve", "--config", this.configFile]);
    const discard = this.#options.discardOutput ?? false;
    this.#program = new Program(command, { cwd: this.directory, discard });
    return this.#program;
  }

  async #end(signal: Deno.Signal): Promise<number> {
    const program = this.#running;
    const code = await program.kill(signal);
    this.#earlier.push(...program.log);
    this.#program = null;
    return code;
  }

  /** False when the program ended, or did not answer in time. */
  async #ready(program: Program): Promise<boolean> {
    let ended = false;
    void program.exited.then(() => ended = true);
    const until = Date.now() + PATIENCE_MS;
    while (Date.now() < until && !ended) {
      const health = await this.health().catch(() => null);
      if (health?.status === 200) return true;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    this.#program = null;
    return false;
  }

  #command(args: readonly string[]): ProgramCommand {
    const program = this.#options.program?.(this.directory) ??
      fromCheckout(this.directory, this.dataDirectory);
    return { ...program, args: [...program.args, ...args] };
  }

  /** A different port for each service. */
  #choosePorts(): Record<Service, number> {
    const taken = new Set(Object.values(this.#options.ports ?? {}));
    const ports = SERVICES.map((name) => {
      const wanted = this.#options.ports?.[name];
      if (wanted !== undefined) return [name, wanted];
      let port = freePort(this.host);
      while (taken.has(port)) port = freePort(this.host);
      taken.add(port);
      return [name, port];
    });
    return Object.fromEntries(ports) as Record<Service, number>;
  }

  #listen(): ConfigPart {
    const endpoints = SERVICES.map((name) => [name, `${this.host}:${this.ports[name]}`]);
    return Object.fromEntries(endpoints);
  }

  #makeConfig(): ConfigPart {
    const domains: Record<string, { accounts: Record<string, ConfigPart> }> = {};
    for (const account of Object.keys(this.#options.accounts ?? {})) {
      const at = account.lastIndexOf("@");
      const domain = domains[account.slice(at + 1)] ??= { accounts: {} };
      domain.accounts[account.slice(0, at)] = {};
    }
    const basis = { hostname: this.hostname, data: this.dataDirectory, listen: this.#listen(), domains };
    return merge(basis, this.#options.config ?? {});
  }

  async #saveConfig(): Promise<void> {
    await Deno.writeTextFile(this.configFile, stringify(this.#config));
  }
}

/** `main.ts` of this checkout, which may touch nothing but the folders (and read its own source, for the workers). */
function fromCheckout(...folders: string[]): ProgramCommand {
  const flags = permissionFlags({ data: folders, read: [join(ROOT, "src")] });
  return { command: Deno.execPath(), args: ["run", "--cached-only", ...flags, join(ROOT, "main.ts")] };
}

/** Lays mappings over each other, key by key; any other value replaces the one below it. */
function merge(below: ConfigPart, above: ConfigPart): ConfigPart {
  const merged: ConfigPart = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const old = merged[key];
    merged[key] = isMapping(old) && isMapping(value) ? merge(old, value) : value;
  }
  return merged;
}

function isMapping(value: unknown): value is ConfigPart {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
