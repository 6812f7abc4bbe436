/**
 * The local trial: what `serve` starts when there is no configuration. Its configuration is a file like any other, in the
 * trial's data folder, so that every command works with it; only its ports may move when others are there.
 */
import { dirname } from "node:path";
import type { Endpoint, Random } from "../core/ports.ts";
import { makeDirectory } from "../intake/mod.ts";
import { makeCredential } from "../store/credential.ts";
import type { Config, ListenerName } from "./config/mod.ts";
import { nextFreePort, probePort } from "./ports.ts";
import { randomPassword } from "./random_password.ts";
import type { Running, RunningListener } from "./running.ts";

export const TRIAL_ACCOUNT = "me@localhost";

const TRIAL_FILE =
  `# The local trial that "serve" made because it found no configuration: for this machine only.
# For a real server see config.example.yaml.
hostname: localhost
data: .
listen:
  smtp: "127.0.0.1:2525"
  submission: "127.0.0.1:2587"
  submissions: "127.0.0.1:2465"
  imap: "127.0.0.1:2143"
  imaps: "127.0.0.1:2993"
  pop3: "127.0.0.1:2110"
  pop3s: "127.0.0.1:2995"
  managesieve: "127.0.0.1:24190"
  http: "127.0.0.1:8080"
domains:
  localhost:
    accounts:
      me: {}
`;

/** Writes the trial's configuration unless it is there. */
export async function ensureTrialFile(path: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    await Deno.writeTextFile(path, TRIAL_FILE, { createNew: true, mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

/** A port that another program has, and the one taken instead. */
export interface MovedPort {
  readonly name: string;
  readonly from: Endpoint;
  readonly to: Endpoint;
}

/** The configuration with free ports; what had to move is in `moved`. */
export function withFreePorts(
  config: Config,
): { readonly config: Config; readonly moved: readonly MovedPort[] } {
  const reserved = new Set(Object.values(config.listen).flat().map((endpoint) => endpoint.port));
  const moved: MovedPort[] = [];
  const listen = { ...config.listen };
  for (const name of Object.keys(listen) as ListenerName[]) {
    listen[name] = listen[name].map((from) => {
      if (probePort(from) !== "taken") return from;
      const port = nextFreePort(from, reserved);
      if (port === null) return from;
      reserved.add(port);
      const to = { host: from.host, port };
      moved.push({ name, from, to });
      return to;
    });
  }
  return { config: { ...config, listen }, moved };
}

/** Gives the trial's account a password if it has none yet; returns it, the one time that it can be shown. */
export async function ensureTrialPassword(
  running: Running,
  { config, random }: { readonly config: Config; readonly random: Random },
): Promise<string | null> {
  // Somebody may have removed it.
  if (makeDirectory(config.directory).account(TRIAL_ACCOUNT) === null) return null;
  if (await running.store.accounts.credential(TRIAL_ACCOUNT) !== null) return null;
  const password = randomPassword(random);
  await running.control.setCredential(TRIAL_ACCOUNT, await makeCredential(password, random));
  return password;
}

export interface TrialReport {
  readonly listeners: readonly RunningListener[];
  readonly moved: readonly MovedPort[];
  /** Null when it was shown at an earlier start. */
  readonly password: string | null;
  readonly folder: string;
  readonly program: string;
}

/** What the person at the terminal is told. */
export function trialLines(report: TrialReport): string[] {
  const { listeners, moved, password, folder, program } = report;
  const width = Math.max(...listeners.map(({ name }) => name.length));
  return [
    "This is a local trial of Mailden, for this machine only. No configuration was found.",
    "",
    ...moved.map(({ name, from, to }) =>
      `Port ${from.port} (${name}) is taken by another program; ${name} uses ${to.port} instead.`
    ),
    ...(moved.length > 0 ? [""] : []),
    `  account   ${TRIAL_ACCOUNT}`,
    password === null
      ? `  password  was shown at the first start; to set another: ${program} account password ${TRIAL_ACCOUNT}`
      : `  password  ${password}`,
    `  data      ${folder}`,
    "",
    ...listeners.map(({ name, endpoint }) => `  ${name.padEnd(width)}  ${endpoint.host}:${endpoint.port}`),
    "",
    ...tryLines(listeners, password ?? "PASSWORD"),
  ];
}

/** Three commands that any machine with curl can run: send, receive from outside, read. */
function tryLines(listeners: readonly RunningListener[], password: string): string[] {
  const at = (name: ListenerName): string | null => {
    const found = listeners.find((listener) => listener.name === name)?.endpoint;
    return found === undefined ? null : `${found.host}:${found.port}`;
  };
  const [submissions, smtp, imaps] = [at("submissions"), at("smtp"), at("imaps")];
  const lines = ["Try it (the certificate is self-signed, hence -k):"];
  if (submissions !== null) {
    lines.push(
      "",
      "  # send a message to yourself, logged in",
      `  printf 'From: ${TRIAL_ACCOUNT}\\r\\nTo: ${TRIAL_ACCOUNT}\\r\\nSubject: Hello\\r\\n\\r\\nIt works.\\r\\n' |`,
      `    curl -k --url smtps://${submissions} --user '${TRIAL_ACCOUNT}:${password}' \\`,
      `      --mail-from ${TRIAL_ACCOUNT} --mail-rcpt ${TRIAL_ACCOUNT} --upload-file -`,
    );
  }
  if (smtp !== null) {
    lines.push(
      "",
      "  # as another mail server would",
      `  printf 'From: you@example.org\\r\\nTo: ${TRIAL_ACCOUNT}\\r\\nSubject: From outside\\r\\n\\r\\nHello.\\r\\n' |`,
      `    curl --url smtp://${smtp} --mail-from you@example.org --mail-rcpt ${TRIAL_ACCOUNT} --upload-file -`,
    );
  }
  if (imaps !== null) {
    lines.push(
      "",
      "  # read the first message",
      `  curl -k --user '${TRIAL_ACCOUNT}:${password}' 'imaps://${imaps}/INBOX;MAILINDEX=1'`,
    );
  }
  return [...lines, "", "Control-C stops it."];
}
