import type { AccountInfo } from "../../intake/mod.ts";
import { makeDirectory } from "../../intake/mod.ts";
import type { AccountRow } from "../../store/mod.ts";
import { locateExistingConfig } from "../config/locate.ts";
import { formatSize, loadConfig } from "../config/mod.ts";
import { type Command, configOption, EXIT_OK, textOption } from "./command.ts";
import { withOperations } from "./operations.ts";
import { tableLines } from "./table.ts";

export const accountList: Command = {
  name: "account list",
  usage: "[options]",
  summary: "show the accounts, what they hold and whether they can log in",
  options: { ...configOption, json: { type: "boolean", help: "one JSON object a line" } },
  positionals: [0, 0],
  async run(input, deps) {
    const { path } = await locateExistingConfig(textOption(input, "config"), deps.places);
    const config = await loadConfig(path);
    const stored = await withOperations(config, deps, ({ handlers }) => handlers.accounts());
    const entries = merged(makeDirectory(config.directory).accounts(), stored);
    if (input.options.json === true) {
      for (const entry of entries) deps.terminal.out(JSON.stringify(entry));
    } else {
      for (const line of tableLines([HEADINGS, ...entries.map(row)])) deps.terminal.out(line);
    }
    return EXIT_OK;
  },
};

interface AccountEntry {
  readonly account: string;
  readonly name: string | null;
  readonly quota: number | null;
  readonly messages: number;
  readonly bytes: number;
  readonly password: boolean;
  /** False when only its mail is there: it was taken out of the configuration. */
  readonly configured: boolean;
}

const HEADINGS = ["ACCOUNT", "MESSAGES", "SIZE", "QUOTA", "PASSWORD", "NAME"];

function merged(configured: readonly AccountInfo[], stored: readonly AccountRow[]): AccountEntry[] {
  const rows = new Map(stored.map((row) => [row.account, row]));
  const infos = new Map(configured.map((info) => [info.name, info]));
  return [...new Set([...infos.keys(), ...rows.keys()])].sort().map((account) => {
    const [info, row] = [infos.get(account), rows.get(account)];
    return {
      account,
      name: info?.displayName ?? null,
      quota: info?.quota ?? null,
      messages: row?.messages ?? 0,
      bytes: row?.bytes ?? 0,
      password: row?.hasCredential ?? false,
      configured: info !== undefined,
    };
  });
}

function row(entry: AccountEntry): string[] {
  return [
    entry.account,
    String(entry.messages),
    formatSize(entry.bytes),
    entry.quota === null ? "-" : formatSize(entry.quota),
    entry.password ? "set" : "none",
    entry.configured ? entry.name ?? "" : "(not in the configuration)",
  ];
}
