import { join } from "node:path";
import type { Endpoint } from "../../core/ports.ts";
import { locateExistingConfig } from "../config/locate.ts";
import { type Config, CONTROL_SOCKET, formatEndpoint, loadConfig } from "../config/mod.ts";
import { connectControl, type ServerStatus } from "../control/mod.ts";
import { probePort } from "../ports.ts";
import { directoryFindings } from "./check_directory.ts";
import { certificateFindings, dataFolderFindings, type Finding, sieveFindings } from "./check_files.ts";
import { type Command, configOption, EXIT_FAILED, EXIT_OK, textOption } from "./command.ts";
import { counted } from "./queue_options.ts";
import { tableLines } from "./table.ts";

export const check: Command = {
  name: "check",
  usage: "[--config FILE]",
  summary: "check the configuration, its files and the ports, and show what would listen",
  details:
    "Exit code 2: the configuration is wrong. Exit code 1: it is right, but the machine is not ready for it (a\n" +
    "port is taken, a file cannot be read).",
  options: configOption,
  positionals: [0, 0],
  async run(input, deps) {
    const { terminal, clock } = deps;
    const { path } = await locateExistingConfig(textOption(input, "config"), deps.places);
    const config = await loadConfig(path);
    const server = await serverStatus(config);
    const ports = portReports(config, server);
    const findings = [
      ...await certificateFindings(config, clock.now()),
      ...await dataFolderFindings(config.data),
      ...await sieveFindings(config),
      ...directoryFindings(config),
      ...ports.flatMap(({ finding }) => finding === null ? [] : [finding]),
    ];
    terminal.out(`${path} is valid`);
    for (const line of summaryLines(config, server)) terminal.out(line);
    for (const line of tableLines(ports.map(({ cells }) => cells))) terminal.out(`  ${line}`);
    for (const { severity, message } of findings) terminal.err(`${severity}: ${message}`);
    return findings.some(({ severity }) => severity === "error") ? EXIT_FAILED : EXIT_OK;
  },
};

/** What the server says that owns the data folder; null when none runs. */
async function serverStatus(config: Config): Promise<ServerStatus | null> {
  const server = await connectControl(join(config.data, CONTROL_SOCKET), { timeoutMs: 10_000 });
  if (server === null) return null;
  try {
    return await server.status();
  } finally {
    server.close();
  }
}

function summaryLines(config: Config, server: ServerStatus | null): string[] {
  const domains = Object.values(config.directory.domains);
  const accounts = domains.reduce((sum, { accounts }) => sum + Object.keys(accounts).length, 0);
  return [
    `  hostname     ${config.hostname}`,
    `  data         ${config.data}`,
    `  certificate  ${config.tls.certificate ?? "self-signed, made at the first start"}`,
    `  domains      ${counted(domains.length, "domain")}, ${counted(accounts, "account")}`,
    `  server       ${
      server === null ? "not running" : `running as process ${server.pid}, version ${server.version}`
    }`,
    "",
  ];
}

interface PortReport {
  readonly cells: readonly string[];
  readonly finding: Finding | null;
}

function portReports(config: Config, server: ServerStatus | null): PortReport[] {
  return Object.entries(config.listen).flatMap(([name, endpoints]) => {
    if (endpoints.length === 0) return [{ cells: [name, "off", ""], finding: null }];
    return endpoints.map((endpoint) => portReport(name, endpoint, server));
  });
}

function portReport(name: string, endpoint: Endpoint, server: ServerStatus | null): PortReport {
  const where = formatEndpoint(endpoint);
  const isOurs =
    server?.listeners.some((held) =>
      held.name === name && held.endpoint.port === endpoint.port &&
      held.endpoint.path === endpoint.path
    ) ?? false;
  const state = isOurs ? "ours" : probePort(endpoint);
  const error = (message: string): Finding => ({
    severity: "error",
    message: `listen.${name}: ${where} ${message}`,
  });
  switch (state) {
    case "ours":
      return { cells: [name, where, "held by the running server"], finding: null };
    case "free":
      return { cells: [name, where, "free"], finding: null };
    case "taken":
      return {
        cells: [name, where, "TAKEN"],
        finding: error("is taken by another program; stop it or choose another port"),
      };
    case "denied":
      return {
        cells: [name, where, "NOT ALLOWED"],
        finding: error("needs root or CAP_NET_BIND_SERVICE, as all ports below 1024 do"),
      };
    case "no-such-folder":
      return { cells: [name, where, "NO SUCH FOLDER"], finding: error("lies in a folder that is not there") };
    case "no-such-address":
      return { cells: [name, where, "NO SUCH ADDRESS"], finding: error("is not an address of this machine") };
  }
}
